/*
 * From a configuration to the permissions that its logins need, per holder: whoever has the
 * credentials of an identity, and each role that is assumed from there. Every section counts, and
 * every alternative of every line: what one login may need, all of the host's logins need.
 *
 * Offline: what neither the configuration nor an option tells (region, account) becomes the
 * wildcard *, with a warning.
 */
#ifndef SSMENV_CLI_POLICY_COLLECTION_H
#define SSMENV_CLI_POLICY_COLLECTION_H

#include "cli/command.h"
#include "cli/policy/policy_document.h"
#include "config/config.h"

struct policy_wishes {
    const char *account;       /* of parameters that do not name one; NULL: not known */
    const char *key;           /* ARN of the KMS key of the values; NULL: AWS's own */
    const char *database_user; /* [RESOURCE/]USER, for rds-token; NULL: none */
    bool bound;                /* calls have to come from somewhere: see policy_document.h */
};

struct policy_holder {
    const char *label; /* [aws], or [aws central], arn:aws:iam::111122223333:role/params */
    struct policy_document document;
};

struct policy_collection {
    struct policy_holder *holders; /* those that need something */
    size_t count;
    struct arena arena; /* all that the above points to */
};

#define POLICY_COLLECTION_INIT ((struct policy_collection){0})

/* Warnings are complained of, for command. Free *collection in any case. */
bool policy_collect(struct policy_collection *collection, const struct command *command,
                    const struct config *config, const struct policy_wishes *wishes);
void policy_collection_free(struct policy_collection *collection);

#endif
