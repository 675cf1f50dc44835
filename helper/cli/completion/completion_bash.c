#include "cli/completion/completion.h"

#include "cli/commands.h"

/* bash splits words at '=' and ':' (COMP_WORDBREAKS), so --NAME=VALUE are three of them. Nothing of
 * the bash-completion package is needed, but its completion of whole command lines is used. */
static const char beginning[] =
    "# bash completion for ssmenv, printed by: ssmenv completion bash\n"
    "_ssmenv_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$word\"); }\n"
    "_ssmenv_names() {\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\")\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "_ssmenv() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command=${COMP_WORDS[1]} options=yes operand= at\n"
    "    COMPREPLY=()\n"
    "    if [[ $word == '=' ]]; then\n"
    "        word=\n"
    "    elif [[ $before == '=' && $COMP_CWORD -gt 3 ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

/* Which of the words before is the first operand, and whether options may still come. */
static const char walk_before[] = "    for ((at = 2; at < COMP_CWORD; at++)); do\n"
                                  "        case \"$options$command ${COMP_WORDS[at]}\" in\n"
                                  "        yes*' --') options= ;;\n";
static const char walk_after[] =
    ") if [[ ${COMP_WORDS[at + 1]} == '=' ]]; then ((at++)); fi; ((at++)) ;;\n"
    "        yes*' -'?*) ;;\n"
    "        *) operand=$at; break ;;\n"
    "        esac\n"
    "    done\n";

static const char line_of_another_command[] =
    "        if [[ $operand ]]; then\n"
    "            if declare -F _command_offset >/dev/null; then _command_offset \"$operand\"\n"
    "            else _ssmenv_names -f; fi\n"
    "            return\n"
    "        fi\n";

static void print_offer(FILE *file, enum completion completion, const char *choices)
{
    static const char *const offers[] = {
        [COMPLETE_NOTHING] = ":",
        [COMPLETE_FILES] = "_ssmenv_names -f",
        [COMPLETE_FOLDERS] = "_ssmenv_names -d",
        [COMPLETE_USERS] = "_ssmenv_words \"$(compgen -u)\"",
        [COMPLETE_COMMANDS] = "_ssmenv_names -c",
    };

    if (completion != COMPLETE_CHOICES) {
        fputs(offers[completion], file);
        return;
    }
    fputs("_ssmenv_words '", file);
    completion_print_words(file, choices, ' ');
    fputc('\'', file);
}

static void print_commands(FILE *file)
{
    fputs("    if [[ $COMP_CWORD == 1 ]]; then\n        _ssmenv_words '", file);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(file, "%s ", commands[i]->name);
    fputs("--help --version'\n        return\n    fi\n", file);
}

/* The pattern of all options that take a value. */
static void print_walk(FILE *file)
{
    fputs(walk_before, file);
    fputs("        ''", file);
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (size_t j = 0; j < commands[i]->option_count; j++) {
            if (commands[i]->options[j].argument != NULL)
                fprintf(file, "|'yes%s %s'", commands[i]->name, commands[i]->options[j].name);
        }
    }
    fputs(walk_after, file);
}

static void print_values(FILE *file)
{
    fputs("    case \"$options$command $before\" in\n", file);
    for (size_t i = 0; commands[i] != NULL; i++) {
        for (size_t j = 0; j < commands[i]->option_count; j++) {
            const struct option *option = &commands[i]->options[j];

            if (option->argument == NULL)
                continue;
            fprintf(file, "    'yes%s %s') ", commands[i]->name, option->name);
            print_offer(file, completion_of_option(option), option->argument);
            fputs("; return ;;\n", file);
        }
    }
    fputs("    esac\n", file);
}

static void print_command(FILE *file, const struct command *command)
{
    fprintf(file, "    %s)\n", command->name);
    if (command->ends_at_operand)
        fputs(line_of_another_command, file);
    fputs("        if [[ $options && $word == -* ]]; then _ssmenv_words '", file);
    for (size_t i = 0; i < command->option_count; i++)
        fprintf(file, "%s ", command->options[i].name);
    fputs("--help'\n        else ", file);
    print_offer(file, completion_of_operands(command), command->operands);
    fputs("; fi ;;\n", file);
}

void completion_print_bash(FILE *file)
{
    fputs(beginning, file);
    print_commands(file);
    print_walk(file);
    print_values(file);
    fputs("    case $command in\n", file);
    for (size_t i = 0; commands[i] != NULL; i++)
        print_command(file, commands[i]);
    fputs("    esac\n}\ncomplete -F _ssmenv ssmenv\n", file);
}
