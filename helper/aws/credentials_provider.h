/*
 * What makes a provider of credentials: a function in a file of its own, and a line in the table in
 * credentials.c. The table's order decides who is asked first.
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

struct provider {
    enum provider_answer (*find)(const struct provider *provider, const struct identity *settings,
                                 const struct shared_config *config,
                                 struct credentials *credentials, struct error *error);
    const char *key;  /* of the profile; its presence configures the provider, where that is so */
    const char *name; /* for errors */
};

/* Static keys of the profile (credentials_profile.c): those in the credentials file, and those in
 * the config file. A pair always comes from one file. */
enum provider_answer credentials_of_credentials_file(const struct provider *provider,
                                                     const struct identity *settings,
                                                     const struct shared_config *config,
                                                     struct credentials *credentials,
                                                     struct error *error);
enum provider_answer credentials_of_config_file(const struct provider *provider,
                                                const struct identity *settings,
                                                const struct shared_config *config,
                                                struct credentials *credentials,
                                                struct error *error);

#endif
