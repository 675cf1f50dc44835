/*
 * The variables of a user and a service for the commands that hand them on: their common options,
 * and what they do when not all of the variables can be had.
 */
#ifndef SSMENV_CLI_LOGIN_VARIABLES_H
#define SSMENV_CLI_LOGIN_VARIABLES_H

#include "cli/command.h"
#include "cli/login/ask_helper.h"
#include "cli/login/target_user.h"
#include "paths.h"

/* Settings of the options; texts are borrowed from argv. */
struct login_options {
    const char *user; /* NULL: whoever runs the command */
    const char *service;
    const char *config;
    const char *timeout;
    const char *on_error;
};

#define LOGIN_OPTIONS_DEFAULT                                                                      \
    {                                                                                              \
        .service = "ssmenv", .config = PATH_CONFIG, .timeout = "10s", .on_error = "deny"           \
    }

/* The rows of a table of options, for settings with a struct login_options that is called login. */
#define LOGIN_OPTIONS(settings)                                                                    \
    {"--user", "USER", "the user whose variables they are; else whoever runs this",                \
     offsetof(settings, login.user)},                                                              \
        {"--service", "SERVICE", "the service to be in ssmenv.conf; else ssmenv",                  \
         offsetof(settings, login.service)},                                                       \
        {"--config", "FILE", "another configuration than " PATH_CONFIG,                            \
         offsetof(settings, login.config)},                                                        \
        {"--timeout", "DURATION", "the longest to wait, 100ms to 60s; else 10s",                   \
         offsetof(settings, login.timeout)},                                                       \
    {                                                                                              \
        "--on-error", "deny|ignore", "do nothing, or go on with what could be had; else deny",     \
            offsetof(settings, login.on_error)                                                     \
    }

struct login_variables {
    struct target_user user;
    struct helper_answer answer;
    bool complete; /* everything that ssmenv.conf has for this user and service is there */
};

/* Obtains them; only for root. What is wrong with them is printed. False: the command must end with
 * *code. True: they are here, though perhaps not complete. The caller frees variables in both
 * cases. */
bool login_variables_obtain(const struct command *command, const struct login_options *options,
                            struct login_variables *variables, int *code);
void login_variables_free(struct login_variables *variables);

/* Whether --on-error says to go on with what there is. */
bool login_variables_may_lack(const struct login_options *options);

#endif
