/* ssmenv completion: prints the script that a shell completes command lines of ssmenv with. */
#include "cli/completion/completion.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"

static const struct {
    const char *word;
    enum completion completion;
} words[] = {
    {"|", COMPLETE_CHOICES},        {"FILE", COMPLETE_FILES}, {"DIR", COMPLETE_FOLDERS},
    {"COMMAND", COMPLETE_COMMANDS}, {"USER", COMPLETE_USERS},
};

enum completion completion_of_option(const struct option *option)
{
    const char *argument = option->argument;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(argument, words[i].word) == 0 ||
            (words[i].completion == COMPLETE_CHOICES && strchr(argument, '|') != NULL))
            return words[i].completion;
    }
    return COMPLETE_NOTHING;
}

/* A user among the operands may be a database's. */
enum completion completion_of_operands(const struct command *command)
{
    for (size_t i = 0; command->operands != NULL && i < sizeof words / sizeof *words; i++) {
        if (words[i].completion != COMPLETE_USERS &&
            strstr(command->operands, words[i].word) != NULL)
            return words[i].completion;
    }
    return COMPLETE_NOTHING;
}

void completion_print_words(FILE *file, const char *text, char between)
{
    for (; *text != '\0'; text++)
        fputc(*text == '|' ? between : *text, file);
}

static const struct {
    const char *name;
    void (*print)(FILE *file);
} shells[] = {
    {"bash", completion_print_bash},
    {"zsh", completion_print_zsh},
};

static int run(const struct command *command, int argc, char **argv)
{
    struct operands operands;
    int code;

    if (!options_parse(command, argc, argv, NULL, &operands, &code))
        return code;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(operands.items[0], shells[i].name) != 0)
            continue;
        shells[i].print(stdout);
        if (fflush(stdout) == 0)
            return EXIT_OK;
        complain(command, "standard output cannot be written");
        return EXIT_FAILED;
    }
    return command_misused(command, "%s is none of %s", operands.items[0], command->operands);
}

const struct command command_completion = {
    .name = "completion",
    .operands = "bash|zsh",
    .least_operands = 1,
    .most_operands = 1,
    .summary = "print the script with which a shell completes ssmenv's arguments",
    .text =
        "It is installed where both shells look for it. This is for shells that look elsewhere.\n",
    .examples = "  eval \"$(ssmenv completion bash)\"     # in ~/.bashrc\n"
                "  ssmenv completion zsh >~/.zfunc/_ssmenv     # a folder of $fpath\n",
    .run = run,
};
