/*
 * The groups of the login's user: ssmenv-groups asks the system's databases (NSS) about all
 * patterns of a configuration at the first question, and never before: a directory may be slow,
 * most configurations name no group, and what NSS loads has no business among secrets.
 *
 * Whatever cannot be found out counts as "not a member": an unreachable directory lets nobody in.
 */
#ifndef SSMENV_CONFIG_GROUPS_H
#define SSMENV_CONFIG_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"
#include "config/plan.h"

struct config;

/* Initialised with config and deadline; the rest zero. */
struct groups {
    const struct config *config; /* outlives this */
    struct deadline deadline;    /* of asking */
    struct error error;          /* set when nobody answered */
    bool asked;
    const char **patterns; /* the array is owned, the texts are the configuration's */
    bool *members;         /* owned: for each pattern, whether the user is in such a group */
    size_t count;
};

/* For struct login's in_group, with a struct groups as its context: whether the user's primary
 * group or a supplementary one has a name that matches a pattern of the configuration. */
bool groups_have(const struct login *login, const char *pattern);

/* May be called twice. */
void groups_free(struct groups *groups);

#endif
