/*
 * Prints where we reach a service: for each line "SERVICE REGION FIPS DUALSTACK" on standard input,
 * the last two yes or no, a line with the URL and the partition, or with the error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"

#define FIELDS 4

static void answer(const char *service, const char *region, char *fips, char *dualstack)
{
    static char fips_key[] = "use_fips_endpoint";
    static char dualstack_key[] = "use_dualstack_endpoint";
    struct setting settings[] = {{fips_key, fips}, {dualstack_key, dualstack}};
    const struct identity identity = {.settings = settings, .count = 2};
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    if (endpoint_find(&endpoint, &identity, service, region, &error))
        printf("%s %s\n", endpoint.url, endpoint.partition);
    else
        printf("%s\n", error.text);
    endpoint_free(&endpoint);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        char *fields[FIELDS] = {NULL};
        char *rest = NULL;

        for (size_t i = 0; i < FIELDS; i++)
            fields[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
        if (fields[FIELDS - 1] != NULL)
            answer(fields[0], fields[1], fields[2], fields[3]);
    }
    free(line);
    return 0;
}
