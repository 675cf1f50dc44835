/*
 * The commands of a start-up file that set, export or remove variables, taken apart. A variable
 * whose value is the output of a command that asks AWS is a candidate for ssmenv.conf.
 */
#ifndef SSMENV_CLI_MIGRATE_STATEMENTS_H
#define SSMENV_CLI_MIGRATE_STATEMENTS_H

#include "cli/migrate/migrate_aws.h"

struct candidate {
    const char *name;
    struct aws_value value;
    const char *why; /* it is not taken over; NULL: it is */
};

enum part_kind {
    PART_CANDIDATE,
    PART_EXPORT,     /* export NAME */
    PART_ASSIGNMENT, /* any other value, and unset */
    PART_NOTHING,    /* true and : */
    PART_OTHER,      /* anything else: a command that has to stay */
};

/* A word of a command, or the command as a whole. */
struct part {
    enum part_kind kind;
    size_t command;
    const char *name;
    size_t candidate;   /* of PART_CANDIDATE */
    bool exports;       /* of PART_CANDIDATE and PART_EXPORT: certainly, and not only maybe */
    bool refers_itself; /* of PART_ASSIGNMENT: the new value depends on the old one */
};

struct statements {
    struct shell_script script;
    const char *text;
    struct candidate *candidates;
    size_t candidate_count;
    struct part *parts; /* in the order of the commands */
    size_t part_count;
    size_t ended_by;       /* the command behind which the shell does not read on; SIZE_MAX: none */
    bool aws_is_redefined; /* as a function or an alias */
    struct shell_variables *variables;
    const struct aws_defaults *defaults;
    const char **functions; /* that ask AWS */
    size_t function_count;
    bool exports_all;     /* set -a */
    size_t sources_first; /* the first command that reads an unknown file; SIZE_MAX: none */
};

/* Reads the whole file. variables change as the file's commands change them. */
void statements_read(struct statements *statements, const char *text, size_t length,
                     struct shell_variables *variables, const struct aws_defaults *defaults);

/* The parts of this command: the first one, and how many. */
const struct part *statements_parts(const struct statements *statements, size_t command,
                                    size_t *count);

#endif
