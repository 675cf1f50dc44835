/*
 * The arguments of AWS's command line: aws [OPTION…] SERVICE OPERATION [OPTION…].
 */
#ifndef SSMENV_CLI_MIGRATE_CALL_H
#define SSMENV_CLI_MIGRATE_CALL_H

#include "cli/migrate/migrate_query.h"
#include "cli/migrate/migrate_shell.h"
#include "cli/migrate/migrate_variables.h"

struct aws_call {
    enum answer_kind kind;
    const char *name;   /* of the parameter or secret; of several, the last one */
    const char **names; /* of get-parameters */
    size_t name_count;
    const char *region; /* NULL: not written, as with the others */
    const char *profile;
    const char *output;
    const char *query;
    const char *endpoint;
    const char *stage;
    const char *version;
    bool decrypts;
};

/* Reads the command's words from the one that follows aws. */
bool aws_call_read(const struct shell_command *command, size_t first,
                   const struct shell_variables *variables, struct aws_call *call,
                   struct error *why);

#endif
