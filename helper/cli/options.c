#include "cli/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/suggestion.h"

struct parsing {
    const struct command *command;
    char **next; /* the argument to read; NULL at the end */
    char *settings;
    int *code;
};

static bool end(struct parsing *parsing, int code)
{
    *parsing->code = code;
    return false;
}

/* name_length: without what stands behind a '='. */
static bool end_with_unknown(struct parsing *parsing, const char *argument, size_t name_length)
{
    const struct command *command = parsing->command;
    char name[64];
    struct suggestion suggestion;

    snprintf(name, sizeof name, "%.*s", (int)name_length, argument);
    suggestion = suggestion_for(name);
    for (size_t i = 0; i < command->option_count; i++)
        suggestion_offer(&suggestion, command->options[i].name);
    if (suggestion.best == NULL)
        return end(parsing, command_misused(command, "there is no option %s", name));
    return end(parsing, command_misused(command, "there is no option %s; did you mean %s?", name,
                                        suggestion.best));
}

/* The option that an argument names, and what stands behind its '='. */
static const struct option *find(const struct command *command, const char *argument,
                                 const char **value)
{
    size_t length = strcspn(argument, "=");

    *value = argument[length] == '=' ? argument + length + 1 : NULL;
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];

        if (strlen(option->name) == length && strncmp(option->name, argument, length) == 0)
            return option;
    }
    return NULL;
}

/* Whether value is one of the words of "a|b|c". */
static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *word = choices; word != NULL; word = strchr(word, '|')) {
        word += *word == '|';
        if (strcspn(word, "|") == length && strncmp(word, value, length) == 0)
            return true;
    }
    return false;
}

/* As seen from the root folder: whoever becomes another user leaves the folder that we are in.
 * NULL: this cannot be told. */
static const char *absolute_path(const char *path)
{
    char *folder = path[0] != '/' ? getcwd(NULL, 0) : NULL;
    char *absolute = NULL;

    if (path[0] == '/')
        return strlen(path) < PATH_MAX ? path : NULL;
    if (folder != NULL && strlen(folder) + strlen("/") + strlen(path) < PATH_MAX &&
        asprintf(&absolute, "%s/%s", folder, path) < 0)
        absolute = NULL;
    free(folder);
    return absolute;
}

static bool take_value(struct parsing *parsing, const struct option *option, const char *value)
{
    if (value == NULL)
        value = *parsing->next != NULL ? *parsing->next++ : NULL;
    if (value == NULL || *value == '\0')
        return end(parsing, command_misused(parsing->command, "%s needs a value", option->name));
    if (strchr(option->argument, '|') != NULL && !is_choice(option->argument, value))
        return end(parsing, command_misused(parsing->command, "%s is one of %s", option->name,
                                            option->argument));
    if (strcmp(option->argument, "FILE") == 0) {
        const char *path = absolute_path(value);

        if (path == NULL)
            return end(parsing, command_misused(parsing->command, "%s is no path", value));
        value = path;
    }
    memcpy(parsing->settings + option->offset, &value, sizeof value);
    return true;
}

static bool take_option(struct parsing *parsing, const char *argument)
{
    const char *value;
    const struct option *option = find(parsing->command, argument, &value);

    if (option == NULL)
        return end_with_unknown(parsing, argument, strcspn(argument, "="));
    if (option->argument != NULL)
        return take_value(parsing, option, value);
    if (value != NULL)
        return end(parsing, command_misused(parsing->command, "%s takes no value", option->name));
    memcpy(parsing->settings + option->offset, &(bool){true}, sizeof(bool));
    return true;
}

static bool count_is_right(struct parsing *parsing, const struct operands *operands)
{
    const struct command *command = parsing->command;

    if (operands->count < command->least_operands)
        return end(parsing, command_misused(command, "too few arguments: %s", command->operands));
    if (operands->count > command->most_operands)
        return end(parsing, command_misused(command, "%s is one argument too many",
                                            operands->items[command->most_operands]));
    return true;
}

bool options_parse(const struct command *command, int argc, char **argv, void *settings,
                   struct operands *operands, int *code)
{
    struct parsing parsing = {
        .command = command, .next = argv + 1, .settings = settings, .code = code};
    bool options_ended = false;

    (void)argc;
    *operands = (struct operands){.items = argv + 1};
    while (*parsing.next != NULL) {
        char *argument = *parsing.next++;

        if (options_ended || argument[0] != '-' || argument[1] == '\0') {
            operands->items[operands->count++] = argument;
            options_ended |= command->ends_at_operand;
        } else if (strcmp(argument, "--") == 0) {
            options_ended = true;
        } else if (strcmp(argument, "--help") == 0) {
            command_help(command);
            return end(&parsing, EXIT_OK);
        } else if (!take_option(&parsing, argument)) {
            return false;
        }
    }
    operands->items[operands->count] = NULL;
    return count_is_right(&parsing, operands);
}
