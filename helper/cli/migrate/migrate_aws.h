/*
 * A command whose output becomes a variable's value, as a right side of ssmenv.conf: calls of AWS's
 * command line for one parameter or one secret, with the filters that people put behind them.
 *
 * Only what gives the same value for certain is translated; everything else is refused with the
 * reason. What is asked is what the shell would have asked: options first, then the variables that
 * aws obeys, then the profile's defaults.
 */
#ifndef SSMENV_CLI_MIGRATE_AWS_H
#define SSMENV_CLI_MIGRATE_AWS_H

#include "cli/migrate/migrate_shell.h"
#include "cli/migrate/migrate_variables.h"

/* What ~/.aws/config says about a profile. */
struct aws_profile {
    const char *region; /* NULL: nothing */
    const char *output; /* likewise */
};

struct aws_defaults {
    /* profile is never NULL, but "default". NULL instead of the function: nobody has a profile. */
    struct aws_profile (*profile)(const struct aws_defaults *defaults, const char *profile);
    void *context;
};

struct aws_value {
    bool secret;          /* of Secrets Manager itself */
    const char *name;     /* with a version, a label or a stage, as ssmenv.conf has it */
    const char *member;   /* a JSON pointer; "": the whole value */
    const char *fallback; /* a text for when the command fails; NULL: none */
    const char *region;   /* NULL: what the profile or the instance says */
    const char *profile;  /* NULL: the default one */
    const char *endpoint; /* NULL: AWS's own */
    bool explicit_region; /* it stands in the command itself, as the next one */
    bool explicit_profile;
    bool encrypted; /* without --with-decryption: a SecureString would have come encrypted */
};

/* True when the text speaks of parameters or secrets at all. */
bool aws_is_mentioned(const char *text, size_t length);

/* command is the text of $(…). Its texts belong to the arena of variables. */
bool aws_value_read(const char *command, const struct shell_variables *variables,
                    const struct aws_defaults *defaults, struct aws_value *value,
                    struct error *why);

#endif
