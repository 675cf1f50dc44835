/*
 * What in a shell start-up file is to become a line of ssmenv.conf.
 *
 * A variable is taken over only if it always gets that value, is exported, and the lines that say
 * so can go without anything else changing. Everything else that speaks of parameters is a problem:
 * the file keeps it, and the person who reads the message decides.
 *
 * Nothing is read or written here; texts belong to the arena of the variables.
 */
#ifndef SSMENV_CLI_MIGRATE_LINES_H
#define SSMENV_CLI_MIGRATE_LINES_H

#include "cli/migrate/migrate_aws.h"
#include "common/buffer.h"

struct migrate_variable {
    const char *name;
    struct aws_value value;
    unsigned line;
};

struct migrate_problem {
    unsigned line;
    const char *text; /* begins with the variable's name where there is one */
};

struct migrate_range {
    unsigned first; /* lines, from 1, both included */
    unsigned last;
};

struct migrate_file {
    const char *path;
    struct migrate_variable *variables; /* each name once */
    size_t variable_count;
    struct migrate_problem *problems;
    size_t problem_count;
    struct migrate_range *ranges; /* of lines that can go, in rising order */
    size_t range_count;
    unsigned source_line; /* the first line that reads a file which is not known; 0: none */
};

/* variables: what the files before have set; what this one sets is added. */
void migrate_read(struct migrate_file *file, const char *path, const char *text, size_t length,
                  struct shell_variables *variables, const struct aws_defaults *defaults);

/* Appends the text with those lines turned into comments. */
void migrate_comment_out(const struct migrate_file *file, const char *text, size_t length,
                         struct buffer *changed);

#endif
