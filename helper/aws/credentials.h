/*
 * Credentials and region, found where AWS's SDKs find them.
 *
 * Providers are a table (credentials.c), asked in order, one file each. The first that is
 * configured decides: when it is broken, or one that is not built yet, that is the error; it is
 * never skipped in silence.
 */
#ifndef SSMENV_AWS_CREDENTIALS_H
#define SSMENV_AWS_CREDENTIALS_H

#include <stdint.h>

#include "common/error.h"
#include "common/exchange.h"

struct credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL for keys of a user */
    char *warning;       /* NULL, or one line for the log about where they were found */
};

/* settings are the keys of [aws]. Reads files, asks nobody. When no provider is configured the
 * error begins with "Unable to locate credentials" and names each provider with what it answered.
 */
bool credentials_find(struct credentials *credentials, const struct identity *settings,
                      struct error *error);
void credentials_free(struct credentials *credentials);

/* Whether a text can be an access key id, a secret access key or a session token: visible ASCII, at
 * least one byte. Whatever else reaches us is a damaged file, or an attempt at a header. */
bool credential_is_legal(const char *text);

/* [aws] region, else the profile's; a heap text checked to be a valid region (it becomes part of a
 * host name), or NULL with an error that says where it was looked for. */
char *region_find(const struct identity *settings, struct error *error);

#endif
