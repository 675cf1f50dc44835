#include "cli/commands.h"

const struct command *const commands[] = {
    &command_check,
    &command_plan,
    &command_completion,
    &command_doctor,
    &command_migrate,
    &command_env,
    &command_exec,
    &command_policy,
    &command_rds_token,
    &command_refresh,
    &command_status,
    &command_purge,
    NULL,
};
