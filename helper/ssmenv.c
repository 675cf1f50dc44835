/*
 * ssmenv: the administrator's command. Each subcommand is a file under cli/ and a row of cli/commands.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "config/suggestion.h"
#include "paths.h"

static void print_help(FILE *file)
{
    fputs("usage: ssmenv COMMAND [ARGUMENT...]\n\n"
          "Looks after pam_ssmenv, which puts variables from AWS Systems Manager Parameter Store\n"
          "into every session. Commands:\n\n",
          file);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(file, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs(
        "\nssmenv COMMAND --help tells more about a command, ssmenv --version which one this is.\n",
        file);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static int complain_unknown(const char *name)
{
    struct suggestion suggestion = suggestion_for(name);

    for (size_t i = 0; commands[i] != NULL; i++)
        suggestion_offer(&suggestion, commands[i]->name);
    if (suggestion.best != NULL)
        fprintf(stderr, "ssmenv: there is no command \"%s\"; did you mean %s?\n", name,
                suggestion.best);
    else
        fprintf(stderr, "ssmenv: there is no command \"%s\"; ssmenv --help lists them\n", name);
    return EXIT_USAGE;
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
    if (strcmp(argv[1], "--version") == 0) {
        puts("ssmenv " SSMENV_VERSION);
        return EXIT_OK;
    }
    command = find_command(argv[1]);
    if (command == NULL)
        return complain_unknown(argv[1]);
    return command->run(command, argc - 1, argv + 1);
}
