/*
 * ssmenv: the administrator's command. Each subcommand is a file under cli/ and a row here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"

static const struct command *const commands[] = {
    &command_rds_token,
};

#define COMMANDS (sizeof commands / sizeof commands[0])

int command_misused(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "ssmenv %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nusage: ssmenv %s %s\n", command->name, command->arguments);
    return EXIT_USAGE;
}

static void print_help(FILE *file)
{
    fputs("usage: ssmenv COMMAND [ARGUMENT...]\n\n"
          "Looks after pam_ssmenv, which puts variables from AWS Systems Manager Parameter Store\n"
          "into every session. Commands:\n\n",
          file);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nssmenv COMMAND --help tells more about a command.\n", file);
}

static int help_about(const struct command *command)
{
    printf("usage: ssmenv %s %s\n\n%s.\n\n%s", command->name, command->arguments, command->summary,
           command->help);
    return EXIT_OK;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    command = find_command(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "ssmenv: there is no command \"%s\"; ssmenv --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    if (argc > 2 && strcmp(argv[2], "--help") == 0)
        return help_about(command);
    return command->run(command, argc - 1, argv + 1);
}
