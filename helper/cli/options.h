/*
 * Reads a command's arguments by its table of options: --NAME VALUE, --NAME=VALUE and --FLAG in any
 * order among the operands; "--" ends the options. A FILE becomes an absolute path, which is there
 * until the process ends.
 */
#ifndef SSMENV_CLI_OPTIONS_H
#define SSMENV_CLI_OPTIONS_H

#include "cli/command.h"

struct operands {
    char **items; /* within argv, NULL at the end */
    size_t count;
};

/* Fills settings, which the table's offsets point into and which holds the defaults before, and
 * operands; argv is rearranged for it. False: there is nothing more to do than to end with *code,
 * since --help was asked for or the arguments are wrong; both has been printed. */
bool options_parse(const struct command *command, int argc, char **argv, void *settings,
                   struct operands *operands, int *code);

#endif
