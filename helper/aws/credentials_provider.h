/*
 * What makes a provider of credentials: a function in a file of its own, and a line in a table in
 * credentials.c. The table's order decides who is asked first.
 *
 * A provider that finds keys in a file leaves them in source->held. One that has to ask for them
 * leaves what it takes to ask, and its origin in source->origin; the function that asks is in the
 * other table.
 */
#ifndef SSMENV_AWS_CREDENTIALS_PROVIDER_H
#define SSMENV_AWS_CREDENTIALS_PROVIDER_H

#include "aws/credentials.h"
#include "aws/shared_config.h"
#include "common/error.h"
#include "common/exchange.h"

enum provider_answer {
    PROVIDER_FOUND,
    PROVIDER_NOT_CONFIGURED, /* the error may say where it looked and what was there */
    PROVIDER_BROKEN,         /* configured, but without success: the error says why */
};

/* Where a provider looks. */
struct provider_place {
    const struct identity *settings;
    struct deadline deadline;           /* of the request */
    bool are_kept;                      /* there are credentials: a process is not run */
    const struct shared_config *config; /* with the profile that is asked */
    const struct provider_place
        *origin; /* the profile whose source_profile names this one, or NULL */
};

struct provider {
    enum provider_answer (*prepare)(const struct provider *provider,
                                    const struct provider_place *place,
                                    struct credential_source *source, struct error *error);
    const char *key;  /* of the profile; its presence configures the provider, where that is so */
    const char *name; /* for errors */
};

typedef enum provider_answer provider_prepare(const struct provider *provider,
                                              const struct provider_place *place,
                                              struct credential_source *source,
                                              struct error *error);

/* Static keys of the profile (credentials_profile.c): those in the credentials file, and those in
 * the config file. A pair always comes from one file. */
provider_prepare credentials_of_credentials_file;
provider_prepare credentials_of_config_file;

/* A role of the profile, assumed with what its source_profile or credential_source gives
 * (credentials_role.c). */
provider_prepare credentials_of_role;

/* The token of a web identity, named by the profile or by [aws] (credentials_web_identity.c). */
provider_prepare credentials_of_web_identity;
provider_prepare credentials_of_configured_web_identity;

/* The profile's credential_process (credentials_process.c). */
provider_prepare credentials_of_process;

/* The endpoint that [aws] names for a container (credentials_container.c). */
provider_prepare credentials_prepare_container;

/* A role that is assumed after all that are there already; NULL with an error. session_name and
 * external_id may be NULL. A '%' of the session's name has no meaning. */
struct assumed_role *credential_source_add_role(struct credential_source *source, const char *arn,
                                                const char *session_name, const char *external_id,
                                                struct error *error);

/* The same for role and session of [aws]; %i in the session's name stays until the id is known. */
struct assumed_role *credential_source_add_configured(struct credential_source *source,
                                                      const struct identity *settings,
                                                      const char *external_id, struct error *error);

/* The role of [aws], which is assumed with whatever credentials are found. To be called before the
 * providers are asked. */
bool credential_source_add_configured_role(struct credential_source *source,
                                           const struct identity *settings, struct error *error);

/* A name that STS takes, on the heap: %i is instance_id, unless that is NULL, every byte outside
 * its alphabet is a '-', and what is missing or too short is "ssmenv". */
char *role_session_name(const char *configured, const char *instance_id);

/* "FILE:LINE" and what follows, on the heap, for source->place; NULL without memory. */
char *credentials_place(const struct profile_value *value, const char *follows);

/* Asks all providers that a profile can name, in their order, and appends to tried what those say
 * that have nothing (credentials.c). */
enum provider_answer credentials_of_profile(const struct provider_place *place,
                                            struct credential_source *source, struct buffer *tried,
                                            struct error *error);

typedef bool credentials_ask(struct credentials *credentials,
                             const struct credential_source *source,
                             const struct credential_access *access, struct error *error);

credentials_ask credentials_of_container;

/* The role of the EC2 instance, from its metadata service (credentials_instance.c). */
credentials_ask credentials_of_instance;

#endif
