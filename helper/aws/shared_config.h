/*
 * The shared credentials file and the shared config file, read together, and the profile that is
 * chosen in them. What both files say, the credentials file decides. Either may be absent.
 *
 * The files are credentials_file and config_file of [aws], /etc/ssmenv/credentials and
 * /etc/ssmenv/config by default; never those of a user's home, never from the environment. They
 * must belong to root (see identity_trusted_uid() for the exception); the credentials file must
 * keep out everybody but its owner and its group, the config file may be read by all.
 */
#ifndef SSMENV_AWS_SHARED_CONFIG_H
#define SSMENV_AWS_SHARED_CONFIG_H

#include <stdbool.h>

#include "aws/profile.h"
#include "common/error.h"
#include "common/exchange.h"

struct shared_file {
    const char *path; /* borrowed from the settings */
    bool absent;
    struct error absence; /* in words */
    struct profile_file contents;
};

struct shared_config {
    struct shared_file credentials;
    struct shared_file config;
    const char *profile; /* borrowed from the settings; "default" where they name none */
};

enum profile_value_state {
    PROFILE_VALUE_FOUND,
    PROFILE_VALUE_ABSENT,
    PROFILE_VALUE_BROKEN, /* it is there, but goes on in an indented line: the error says where */
};

/* A value of the profile, and where it is written. Borrowed. */
struct profile_value {
    const char *text;
    const char *path;
    unsigned line;
};

/* False when a file is there but cannot be believed or understood, and when the settings name a
 * profile that neither file has. Free *config in any case. */
bool shared_config_read(struct shared_config *config, const struct identity *settings,
                        struct error *error);
void shared_config_free(struct shared_config *config);

enum profile_value_state shared_config_find(const struct shared_config *config, const char *key,
                                            struct profile_value *value, struct error *error);
enum profile_value_state shared_file_find(const struct shared_file *file, const char *profile,
                                          const char *key, struct profile_value *value,
                                          struct error *error);

/* Says why the file does not answer: it does not exist, does not have the profile (but which), or
 * the profile does not have the key. */
void shared_file_describe(const struct shared_file *file, const char *profile, const char *key,
                          struct error *answer);

/* Appends what the log should say about the files, "; " between two: what occurs twice, and what
 * the profile has that AWS's SDKs would follow but that is read from [aws] only. */
void shared_config_warn(const struct shared_config *config, const struct identity *settings,
                        struct buffer *text);

#endif
