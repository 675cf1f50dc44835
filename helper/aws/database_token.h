/*
 * The token with which a database user logs in to RDS instead of with a password
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html): a presigned
 * URL without its scheme. It is made here and sent to nobody; it is a secret for 15 minutes.
 */
#ifndef SSMENV_AWS_DATABASE_TOKEN_H
#define SSMENV_AWS_DATABASE_TOKEN_H

#include <stdbool.h>
#include <time.h>

#include "aws/credentials.h"
#include "common/buffer.h"
#include "common/error.h"

/* endpoint: HOST:PORT. It stands in the token as it is given, and is signed in lower case. Appends
 * the token; false with an error when endpoint or user are not right, or when it cannot be signed.
 */
bool database_token_make(const struct credentials *credentials, const char *region,
                         const char *endpoint, const char *user, time_t now, struct buffer *token,
                         struct error *error);

#endif
