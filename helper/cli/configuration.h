/* Loads ssmenv.conf for a command, with the checks of a login, and prints what is wrong with it. */
#ifndef SSMENV_CLI_CONFIGURATION_H
#define SSMENV_CLI_CONFIGURATION_H

#include "cli/command.h"
#include "config/config.h"

/* The option that every command has which reads the configuration; the setting is a path. */
#define OPTION_CONFIG(settings)                                                                    \
    {                                                                                              \
        "--config", "FILE", "another configuration than " PATH_CONFIG, offsetof(settings, config)  \
    }

/* owner: as in config_load(). Warnings are printed as well. False: there are mistakes, and nothing
 * of config may be used; config_free() it all the same. */
bool configuration_load(const struct command *command, struct config *config, const char *path,
                        uid_t owner);

/* Prints errors and warnings, a line each. */
void configuration_complain(const struct command *command, const struct diagnostics *diagnostics);

#endif
