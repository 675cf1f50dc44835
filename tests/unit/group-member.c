/* usage: group-member USER PATTERN…     prints yes or no for each pattern */
#include <stdio.h>

#include "config/groups.h"

int main(int argc, char **argv)
{
    struct groups groups = GROUPS_INIT;
    struct login login = {.in_group = groups_have, .context = &groups};

    if (argc < 3)
        return 2;
    login.user = argv[1];
    for (int i = 2; i < argc; i++)
        puts(login.in_group(&login, argv[i]) ? "yes" : "no");
    groups_free(&groups);
    groups_free(&groups);
    return 0;
}
