#include "cli/completion/completion.h"

#include "cli/commands.h"

static const char beginning[] = "#compdef ssmenv\n"
                                "# zsh completion for ssmenv, printed by: ssmenv completion zsh\n"
                                "_ssmenv() {\n"
                                "    local context state line command=$words[2]\n"
                                "    local -a commands\n"
                                "    commands=(\n";

static const char dispatch[] =
    "    )\n"
    "    if (( CURRENT == 2 )); then\n"
    "        _describe -t commands command commands\n"
    "        _arguments '--help[list the commands]' '--version[print which version this is]'\n"
    "        return\n"
    "    fi\n"
    "    shift words\n"
    "    (( CURRENT-- ))\n"
    "    case $command in\n";

/* As a function of $fpath the file is called; evaluated, it has to register itself. */
static const char end[] =
    "    esac\n"
    "}\n"
    "if [[ $funcstack[1] == _ssmenv ]]; then _ssmenv \"$@\"; else compdef _ssmenv ssmenv; fi\n";

/* Within single quotes, and within _arguments' or _describe's own syntax. */
static void print_escaped(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\'", file);
        else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            fputc('\\', file);
        fputc(*text, file);
    }
}

static void print_action(FILE *file, enum completion completion, const char *choices)
{
    static const char *const actions[] = {
        [COMPLETE_NOTHING] = " ",
        [COMPLETE_FILES] = "_files",
        [COMPLETE_FOLDERS] = "_files -/",
        [COMPLETE_USERS] = "_users",
        [COMPLETE_COMMANDS] = "_command_names -e",
    };

    if (completion != COMPLETE_CHOICES) {
        fputs(actions[completion], file);
        return;
    }
    fputc('(', file);
    completion_print_words(file, choices, ' ');
    fputc(')', file);
}

static void print_option(FILE *file, const struct option *option)
{
    fprintf(file, " \\\n            '%s%s[", option->name, option->argument != NULL ? "=" : "");
    print_escaped(file, option->help);
    fputc(']', file);
    if (option->argument != NULL) {
        fputc(':', file);
        print_escaped(file, option->argument);
        fputc(':', file);
        print_action(file, completion_of_option(option), option->argument);
    }
    fputc('\'', file);
}

static void print_operands(FILE *file, const struct command *command)
{
    if (command->operands == NULL)
        return;
    fprintf(file, " \\\n            '%s:", command->ends_at_operand ? "(-)1" : "*");
    print_escaped(file, command->operands);
    fputc(':', file);
    print_action(file, completion_of_operands(command), command->operands);
    fputc('\'', file);
    if (command->ends_at_operand)
        fputs(" \\\n            '*::arguments:_normal'", file);
}

static void print_command(FILE *file, const struct command *command)
{
    fprintf(file, "    %s)\n        _arguments -S", command->name);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(file, &command->options[i]);
    fputs(" \\\n            '--help[tell more about the command]'", file);
    print_operands(file, command);
    fputs(" ;;\n", file);
}

void completion_print_zsh(FILE *file)
{
    fputs(beginning, file);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(file, "        '%s:", commands[i]->name);
        print_escaped(file, commands[i]->summary);
        fputs("'\n", file);
    }
    fputs(dispatch, file);
    for (size_t i = 0; commands[i] != NULL; i++)
        print_command(file, commands[i]);
    fputs(end, file);
}
