/*
 * The subcommands of ssmenv: one file each, one row each in the table of commands.c.
 *
 * Data goes to standard output, messages to standard error. A subcommand returns one of the exit
 * codes below, or its own where a struct command says so; ssmenv(8) documents them, and they do not
 * change. --help, the usage line and the completions are made of the same tables that the arguments
 * are read with (cli/options.h).
 */
#ifndef SSMENV_CLI_COMMAND_H
#define SSMENV_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* the work could not be done: standard error says why and what to do */
    EXIT_USAGE = 2,  /* the arguments are wrong */
};

struct option {
    const char *name;     /* "--region" */
    const char *argument; /* "REGION"; "shell|json": one of these words; NULL: a flag */
    const char *help;     /* one line, begins small, no full stop */
    size_t offset;        /* into the command's settings: of a const char *, of a bool for a flag */
};

struct command {
    const char *name;
    const char *operands; /* for the usage line: "HOST:PORT USER", "[FILE...]"; NULL: none */
    size_t least_operands;
    size_t most_operands;
    bool ends_at_operand; /* the first operand begins another command line: no options after it */
    int usage_code;       /* when the arguments are wrong; 0: EXIT_USAGE */
    const char *summary;  /* one line, begins small, no full stop */
    const char *text;     /* what --help says beyond the options: whole lines; or NULL */
    const char *examples; /* whole lines, indented by two; or NULL */
    const struct option *options;
    size_t option_count;
    int (*run)(const struct command *command, int argc, char **argv); /* argv[0] is the name */
};

/* How many options a table has. */
#define OPTION_COUNT(table) (sizeof(table) / sizeof *(table))

/* Prints "ssmenv NAME: TEXT" to standard error. */
void complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints what is wrong and how the command is used, to standard error. Returns the command's code
 * for that. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What --help prints. */
void command_help(const struct command *command);

#endif
