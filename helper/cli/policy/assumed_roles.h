/*
 * Which roles an identity assumes on its way to AWS, read from its settings and its profile without
 * asking or starting anybody, for a policy that has to allow each step.
 */
#ifndef SSMENV_CLI_ASSUMED_ROLES_H
#define SSMENV_CLI_ASSUMED_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"
#include "common/error.h"
#include "common/exchange.h"
#include "config/arena.h"

struct assumed_roles {
    const char *arns[CREDENTIAL_ROLES_MAX + 1]; /* in the order in which they are assumed */
    size_t count;
    bool first_is_unsigned; /* a web identity assumes it, for which no policy is needed */
};

/* The strings are the arena's. False when the profile cannot be read: roles then holds what the
 * settings say. */
bool assumed_roles_find(struct assumed_roles *roles, const struct identity *settings,
                        struct arena *arena, struct error *error);

#endif
