/* usage: group-member USER MILLISECONDS PATTERN…     prints yes or no for each pattern, and then
 * what went wrong. Works as nobody, as the helpers do. */
#include <stdio.h>
#include <stdlib.h>

#include "common/privilege.h"
#include "config/config.h"
#include "config/groups.h"
#include "config/section.h"

#define NOBODY 65534

int main(int argc, char **argv)
{
    struct section section = {0};
    struct config config = {.sections = &section, .section_count = 1};
    struct groups groups = {.config = &config};
    struct login login = {.in_group = groups_have, .context = &groups};
    struct error error = ERROR_INIT;

    if (argc < 4 || !privilege_drop(NOBODY, NOBODY, PRIVILEGE_NO_PARENT, &error))
        return 2;
    login.user = argv[1];
    groups.deadline = deadline_in(strtol(argv[2], NULL, 10));
    section.groups.patterns = calloc((size_t)argc, sizeof *section.groups.patterns);
    while (section.groups.patterns != NULL && argv[3 + section.groups.count] != NULL) {
        section.groups.patterns[section.groups.count].text = argv[3 + section.groups.count];
        section.groups.count++;
    }
    for (size_t i = 0; i < section.groups.count; i++)
        puts(login.in_group(&login, section.groups.patterns[i].text) ? "yes" : "no");
    puts(groups.error.text);
    groups_free(&groups);
    groups_free(&groups);
    free(section.groups.patterns);
    return 0;
}
