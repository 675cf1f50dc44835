/*
 * The Security Token Service: temporary credentials of a role, and whose credentials are whose
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
 * …/API_AssumeRoleWithWebIdentity.html, …/API_GetCallerIdentity.html), asked for at the region's
 * own endpoint.
 */
#ifndef SSMENV_AWS_STS_H
#define SSMENV_AWS_STS_H

#include "aws/credentials.h"

/* with: who assumes the role; NULL where the role has the token of a web identity, which stands for
 * itself: that call is not signed. On false nothing has to be freed. */
bool sts_assume_role(struct credentials *credentials, const struct assumed_role *role,
                     const struct credentials *with, const struct credential_access *access,
                     struct error *error);

/* Who calls are made as. */
struct caller {
    char *account; /* twelve digits */
    char *arn;
};

/* No policy has to allow this call. On false nothing has to be freed. */
bool sts_get_caller_identity(struct caller *caller, const struct credentials *with,
                             const struct credential_access *access, struct error *error);
void caller_free(struct caller *caller);

/* Reads the answer of an operation. For tests, too. */
bool sts_read_answer(struct credentials *credentials, const char *operation, const char *text,
                     size_t length, struct error *error);

#endif
