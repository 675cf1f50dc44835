#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OPTION_COLUMNS 22 /* an option's name and argument; longer ones get a line of their own */

static void __attribute__((format(printf, 2, 0)))
print_message(const struct command *command, const char *format, va_list arguments)
{
    fprintf(stderr, "ssmenv %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void complain(const struct command *command, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_message(command, format, arguments);
    va_end(arguments);
}

static void print_usage(const struct command *command, FILE *file)
{
    fprintf(file, "usage: ssmenv %s%s%s%s\n", command->name,
            command->option_count > 0 ? " [OPTION...]" : "", command->operands != NULL ? " " : "",
            command->operands != NULL ? command->operands : "");
}

int command_misused(const struct command *command, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_message(command, format, arguments);
    va_end(arguments);
    print_usage(command, stderr);
    fprintf(stderr, "ssmenv %s --help tells more.\n", command->name);
    return command->usage_code != 0 ? command->usage_code : EXIT_USAGE;
}

static void print_option(const struct option *option)
{
    int width = printf("  %s%s%s", option->name, option->argument != NULL ? " " : "",
                       option->argument != NULL ? option->argument : "");

    if (width > OPTION_COLUMNS) {
        putchar('\n');
        width = 0;
    }
    printf("%*s  %s\n", OPTION_COLUMNS - width, "", option->help);
}

void command_help(const struct command *command)
{
    print_usage(command, stdout);
    printf("\nssmenv %s: %s.\n", command->name, command->summary);
    if (command->text != NULL)
        printf("\n%s", command->text);
    if (command->option_count > 0)
        printf("\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    if (command->examples != NULL)
        printf("\nExamples:\n%s", command->examples);
}
