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

/* Asks all providers that a profile can name, in their order, and appends to tried what those say
 * that have nothing (credentials.c). */
enum provider_answer credentials_of_profile(const struct provider_place *place,
                                            struct credential_source *source, struct buffer *tried,
                                            struct error *error);

typedef bool credentials_ask(struct credentials *credentials,
                             const struct credential_source *source,
                             const struct credential_access *access, struct error *error);

/* The role of the EC2 instance, from its metadata service (credentials_instance.c). */
credentials_ask credentials_of_instance;

#endif
