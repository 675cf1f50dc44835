/*
 * Credentials and region, found where AWS's SDKs find them.
 *
 * Providers are a table (credentials.c), asked in order, one file each. The first that is
 * configured decides: when it is broken, or one that is not built yet, that is the error; it is
 * never skipped in silence.
 *
 * It takes two steps, because a sandbox closes in between. credentials_prepare() reads files and
 * runs the profile's credential_process; what it leaves is a struct credential_source, which holds
 * the keys or everything that is needed to ask for them. credentials_obtain() then asks over the
 * network, as often as keys expire.
 */
#ifndef SSMENV_AWS_CREDENTIALS_H
#define SSMENV_AWS_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/exchange.h"

#define CREDENTIAL_ROLES_MAX 8 /* assumed one through the other */

/* Temporary credentials are not used in their last minute: a call takes time, and clocks differ. */
#define CREDENTIAL_LIFE_MIN_S 60

struct clock;
struct http;
struct metadata_service;

struct credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL for keys of a user */
    char *warning;       /* NULL, or one line for the log about where they were found */
    int64_t expires;     /* seconds since 1970, or 0 for those that do not */
    int64_t told;        /* the time of whoever gave them, when he did; 0: not known */
};

/* A role that is assumed with credentials, or with the token of a web identity. */
struct assumed_role {
    char *arn;
    char *session_name;
    bool names_instance;      /* the session's name holds %i */
    char *external_id;        /* or NULL */
    unsigned duration;        /* in seconds; 0 leaves it to AWS */
    char *web_identity_token; /* NULL: assumed with credentials */
};

/* What has to be asked before the first role can be assumed. */
enum credential_origin {
    CREDENTIALS_NOWHERE, /* nothing is known yet */
    CREDENTIALS_HELD,    /* nobody: the keys are there */
    CREDENTIALS_OF_WEB_IDENTITY,
    CREDENTIALS_OF_CONTAINER,
    CREDENTIALS_OF_INSTANCE,
    CREDENTIALS_OF_PROCESS, /* which was not run, since there are some that were kept */
};

struct credential_source {
    enum credential_origin origin;
    struct credentials held;
    struct assumed_role roles[CREDENTIAL_ROLES_MAX]; /* the last one is assumed first */
    size_t role_count;
    char *container_url;
    char *container_token; /* or NULL */
    uint16_t container_port;
    char *command; /* that was run for the keys, or not; NULL: none */
    char *place;   /* of what is held, FILE:LINE; NULL for others */
    char *tried; /* what providers answered that have nothing, for "Unable to locate credentials" */
};

/* Whom credentials_obtain() may ask, and how. Borrows everything. */
struct credential_access {
    struct http *http; /* nobody else's: its exchanges are waited for */
    struct metadata_service *metadata;
    const struct identity *settings;
    const char *region;      /* where roles are assumed; may be NULL where there are none */
    const char *instance_id; /* NULL where no session's name holds %i */
    const struct buffer *ca_bundle;
    struct clock *clock;
    unsigned max_attempts;
    struct deadline deadline;
};

/* settings are the keys of [aws]. Reads files and runs a process, asks nobody else. An error names
 * the provider that is configured but broken. Free *source in any case. */
bool credentials_prepare(struct credential_source *source, const struct identity *settings,
                         struct deadline deadline, struct error *error);
/* The same for whoever has kept the credentials that this would lead to: no process is run. */
bool credentials_prepare_for_kept(struct credential_source *source, const struct identity *settings,
                                  struct deadline deadline, struct error *error);
void credential_source_free(struct credential_source *source);

/* Whether the name of a session holds %i, so that the instance's id is needed. */
bool credential_source_names_instance(const struct credential_source *source);

/* When no provider has any the error begins with "Unable to locate credentials" and names each
 * with what it answered. On false nothing has to be freed. */
bool credentials_obtain(struct credentials *credentials, const struct credential_source *source,
                        const struct credential_access *access, struct error *error);

/* Whether obtaining them again may give others. */
bool credentials_can_be_renewed(const struct credential_source *source);
void credentials_free(struct credentials *credentials);

/* Appends "access key AKIA… of FILE:LINE" (of a role, of the instance, …): whoever reads that AWS
 * refuses the credentials has to know which. */
void credentials_name(const struct credentials *credentials, const struct credential_source *source,
                      struct buffer *text);

/* False, with an error, when they end before a call could be made with them. They are compared with
 * the time of whoever gave them: this machine's may be wrong. */
bool credentials_last(const struct credentials *credentials, const struct clock *clock,
                      struct error *error);

/* Whether a text can be an access key id, a secret access key or a session token: visible ASCII, at
 * least one byte. Whatever else reaches us is a damaged file, or an attempt at a header. */
bool credential_is_legal(const char *text);

/* [aws] region, else the profile's; a heap text checked to be a valid region (it becomes part of a
 * host name), or NULL with an error that says where it was looked for. The metadata service is
 * another place, asked by whoever may. */
char *region_find(const struct identity *settings, struct error *error);

/* Whether a region is written anywhere, rightly or wrongly: then nobody else is asked. */
bool region_is_configured(const struct identity *settings);

#endif
