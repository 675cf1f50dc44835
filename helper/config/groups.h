/*
 * The groups of the login's user, asked from the system's databases (NSS) at the first question and
 * never before: a directory may be slow, and most configurations name no group.
 *
 * Whatever cannot be found out counts as "not a member": an unreachable directory lets nobody in.
 */
#ifndef SSMENV_CONFIG_GROUPS_H
#define SSMENV_CONFIG_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/plan.h"

struct groups {
    bool asked;
    gid_t *ids; /* owned */
    size_t count;
};

#define GROUPS_INIT ((struct groups){0})

/* For struct login's in_group, with a struct groups as its context: whether the user's primary
 * group or a supplementary one has a name that matches. */
bool groups_have(const struct login *login, const char *pattern);

void groups_free(struct groups *groups);

#endif
