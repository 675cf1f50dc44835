/*
 * What a shell offers behind "ssmenv": commands, their options, and what may stand for an option's
 * value or an operand, as far as the tables of the commands tell. The scripts are printed from
 * these tables, so they are as new as the program.
 */
#ifndef SSMENV_CLI_COMPLETION_H
#define SSMENV_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/command.h"

enum completion {
    COMPLETE_NOTHING,
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_USERS,
    COMPLETE_CHOICES, /* of "a|b|c" */
    COMPLETE_COMMANDS,
};

/* By what the usage calls it. */
enum completion completion_of_option(const struct option *option);
enum completion completion_of_operands(const struct command *command);

/* Prints "a|b|c" with another character between the words. */
void completion_print_words(FILE *file, const char *words, char between);

void completion_print_bash(FILE *file);
void completion_print_zsh(FILE *file);

#endif
