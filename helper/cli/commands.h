/* The subcommands that there are, in the order in which --help lists them. */
#ifndef SSMENV_CLI_COMMANDS_H
#define SSMENV_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command *const commands[]; /* NULL at the end */

extern const struct command command_check;
extern const struct command command_plan;
extern const struct command command_completion;
extern const struct command command_doctor;
extern const struct command command_migrate;
extern const struct command command_env;
extern const struct command command_exec;
extern const struct command command_policy;
extern const struct command command_rds_token;
extern const struct command command_refresh;
extern const struct command command_status;
extern const struct command command_purge;

#endif
