/*
 * The subcommands of ssmenv: one file each, one row each in the table of helper/ssmenv.c.
 *
 * Data goes to standard output, messages to standard error. A subcommand returns one of the exit
 * codes below; they are documented in ssmenv(8) and do not change.
 */
#ifndef SSMENV_CLI_COMMAND_H
#define SSMENV_CLI_COMMAND_H

#include <stddef.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* the work could not be done: standard error says why and what to do */
    EXIT_USAGE = 2,  /* the arguments are wrong */
};

struct command {
    const char *name;
    const char *arguments; /* for the usage line: "HOST:PORT USER" */
    const char *summary;   /* one line */
    const char *help;      /* what --help adds: options, examples */
    int (*run)(const struct command *command, int argc, char **argv); /* argv[0] is the name */
};

/* Prints what is wrong and how the command is used, to standard error. Returns EXIT_USAGE. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
