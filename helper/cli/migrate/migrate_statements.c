#include "cli/migrate/migrate_statements.h"

#include <stdint.h>
#include <string.h>

#include "common/buffer.h"
#include "ssmenv/names.h"

static struct arena *arena_of(const struct statements *statements)
{
    return statements->variables->arena;
}

static void add_part(struct statements *statements, struct part part)
{
    statements->parts =
        arena_grow(arena_of(statements), statements->parts, statements->part_count, sizeof part);
    statements->parts[statements->part_count++] = part;
}

static void add_other(struct statements *statements, size_t command)
{
    add_part(statements, (struct part){.kind = PART_OTHER, .command = command});
}

static const struct shell_command *command_at(const struct statements *statements, size_t index)
{
    return &statements->script.commands[index];
}

static bool mentions_aws(const struct statements *statements, const struct shell_command *command)
{
    return aws_is_mentioned(statements->text + command->begin, command->end - command->begin);
}

/* True when the command runs whenever the file is read, in the shell itself. */
static bool always_runs(const struct shell_command *command)
{
    return command->inside == NULL && command->joint == SHELL_JOINT_NONE && !command->background;
}

static bool is_of_candidates(const struct statements *statements, size_t index)
{
    size_t count;
    const struct part *parts = statements_parts(statements, index, &count);

    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind != PART_CANDIDATE && parts[i].kind != PART_EXPORT)
            return false;
    }
    return count > 0;
}

/* As before, or because candidates alone stand in front of it: X=$(...) && export X. */
static bool runs_with_candidates(const struct statements *statements, size_t index)
{
    while (index > 0 && command_at(statements, index)->inside == NULL &&
           command_at(statements, index)->joint == SHELL_JOINT_AND &&
           is_of_candidates(statements, index - 1))
        index--;
    return always_runs(command_at(statements, index));
}

static const char *bare(const struct shell_command *command, size_t word)
{
    const char *text = word < command->word_count ? shell_word_bare(&command->words[word]) : NULL;

    return text != NULL ? text : "";
}

/* --- values --- */

/* The command in a value that consists of $(…) and nothing else. */
static const char *only_command(const struct shell_word *value)
{
    const char *command = NULL;

    for (size_t i = 0; i < value->count; i++) {
        const struct shell_piece *piece = &value->pieces[i];

        if (piece->kind == SHELL_COMMAND && command == NULL)
            command = piece->text;
        else if (piece->kind != SHELL_TEXT || piece->text[0] != '\0')
            return NULL;
    }
    return command;
}

/* The function that asks AWS and is called first of all in this text; NULL: none. */
static const char *called_function(const struct statements *statements, const char *command)
{
    command += strspn(command, " \t\n");
    for (size_t i = 0; i < statements->function_count; i++) {
        size_t length = strlen(statements->functions[i]);

        if (strncmp(command, statements->functions[i], length) == 0 &&
            shell_ends_word(command[length] != '\0' ? (unsigned char)command[length] : -1))
            return statements->functions[i];
    }
    return NULL;
}

static const char *explain(const struct statements *statements, const struct error *why)
{
    return arena_copy(arena_of(statements), why->text);
}

static void judge(const struct statements *statements, const struct shell_word *value,
                  struct candidate *candidate)
{
    struct error why = ERROR_INIT;
    const char *command = only_command(value);
    const char *function = command != NULL ? called_function(statements, command) : NULL;

    if (command == NULL)
        error_set(&why, "the output of aws is only a part of its value: give the parameter a "
                        "variable of its own, and put it into a text as \"...${NAME}...\"");
    else if (function != NULL)
        error_set(&why, "its value comes from the function %s", function);
    else if (aws_value_read(command, statements->variables, statements->defaults, &candidate->value,
                            &why))
        return;
    candidate->why = explain(statements, &why);
}

static bool asks_aws(const struct statements *statements, const struct shell_word *value)
{
    for (size_t i = 0; i < value->count; i++) {
        const struct shell_piece *piece = &value->pieces[i];

        if (piece->kind != SHELL_COMMAND && piece->kind != SHELL_OTHER)
            continue;
        if (aws_is_mentioned(piece->text, strlen(piece->text)) ||
            (piece->kind == SHELL_COMMAND && called_function(statements, piece->text) != NULL))
            return true;
    }
    return false;
}

static void add_candidate(struct statements *statements, size_t command, const char *name,
                          const struct shell_word *value)
{
    struct candidate candidate = {.name = name};

    judge(statements, value, &candidate);
    add_part(statements, (struct part){.kind = PART_CANDIDATE,
                                       .command = command,
                                       .name = name,
                                       .candidate = statements->candidate_count,
                                       .exports = statements->exports_all});
    statements->candidates = arena_grow(arena_of(statements), statements->candidates,
                                        statements->candidate_count, sizeof candidate);
    statements->candidates[statements->candidate_count++] = candidate;
}

static bool refers_to(const struct shell_word *value, const char *name)
{
    for (size_t i = 0; i < value->count; i++) {
        const struct shell_piece *piece = &value->pieces[i];

        if (piece->kind == SHELL_VARIABLE
                ? strcmp(piece->text, name) == 0
                : piece->kind != SHELL_TEXT && strstr(piece->text, name) != NULL)
            return true;
    }
    return false;
}

static void assign(struct statements *statements, size_t index, const char *name,
                   const struct shell_word *value)
{
    const struct shell_command *command = command_at(statements, index);
    struct shell_variable *variable = shell_variables_open(statements->variables, name);
    struct error ignored = ERROR_INIT;
    const char *text = NULL;

    if (command->inside == NULL && asks_aws(statements, value)) {
        add_candidate(statements, index, name, value);
    } else {
        add_part(statements, (struct part){.kind = PART_ASSIGNMENT,
                                           .command = index,
                                           .name = name,
                                           .refers_itself = refers_to(value, name)});
        if (always_runs(command) && !command->goes_on &&
            !shell_word_text(statements->variables, value, &text, &ignored))
            text = NULL;
    }
    variable->value = text;
    variable->exported |= statements->exports_all;
}

/* --- commands that set variables --- */

/* The last part is of this variable. */
static void export_name(struct statements *statements, size_t index, const char *name)
{
    struct part *part = &statements->parts[statements->part_count - 1];

    shell_variables_open(statements->variables, name)->exported = true;
    part->exports = runs_with_candidates(statements, index);
}

/* A word behind export and the like. */
static void take_declared(struct statements *statements, size_t index,
                          const struct shell_word *word, bool exports)
{
    struct shell_word value;
    const char *bare_name = shell_word_bare(word);
    const char *name = shell_word_assigns(word, arena_of(statements), &value);

    if (name != NULL) {
        assign(statements, index, name, &value);
    } else if (bare_name != NULL && name_is_valid(bare_name, strlen(bare_name))) {
        name = bare_name;
        add_part(statements, (struct part){.kind = exports ? PART_EXPORT : PART_OTHER,
                                           .command = index,
                                           .name = name});
    } else {
        add_other(statements, index);
        return;
    }
    if (exports)
        export_name(statements, index, name);
}

struct declaration {
    const char *word;
    const char *options; /* that are understood */
    bool exports;        /* without an option */
};

static const struct declaration declarations[] = {
    {"export", "", true},
    {"declare", "xrg", false},
    {"typeset", "xrg", false},
    {"readonly", "", false},
};

static const struct declaration *find_declaration(const struct shell_command *command)
{
    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++) {
        if (strcmp(declarations[i].word, bare(command, 0)) == 0)
            return &declarations[i];
    }
    return NULL;
}

static void take_declaration(struct statements *statements, size_t index,
                             const struct declaration *declaration)
{
    const struct shell_command *command = command_at(statements, index);
    bool exports = declaration->exports;
    bool understood = true;
    size_t at = 1;

    for (; at < command->word_count && strchr("-+", bare(command, at)[0]) != NULL &&
           bare(command, at)[0] != '\0';
         at++) {
        const char *options = bare(command, at);

        exports = exports || (options[0] == '-' && strchr(options, 'x') != NULL);
        understood = understood && options[0] == '-' &&
                     strspn(options + 1, declaration->options) == strlen(options + 1);
    }
    for (; at < command->word_count; at++)
        take_declared(statements, index, &command->words[at], exports);
    if (!understood)
        add_other(statements, index);
}

static void take_unset(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);

    for (size_t i = 1; i < command->word_count; i++) {
        const char *name = bare(command, i);

        if (!name_is_valid(name, strlen(name)))
            continue;
        shell_variables_open(statements->variables, name)->value = NULL;
        add_part(statements,
                 (struct part){.kind = PART_ASSIGNMENT, .command = index, .name = name});
    }
    add_other(statements, index);
}

/* set -a and set -o allexport, and back with a plus. */
static void take_set(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);

    for (size_t i = 1; i < command->word_count; i++) {
        const char *word = bare(command, i);

        if (!always_runs(command))
            break;
        if ((word[0] == '-' || word[0] == '+') && word[1] != '-' && strchr(word, 'a') != NULL)
            statements->exports_all = word[0] == '-';
        if (strcmp(word, "allexport") == 0)
            statements->exports_all = bare(command, i - 1)[0] == '-';
    }
    add_other(statements, index);
}

static void take_alias(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);

    for (size_t i = 1; i < command->word_count; i++) {
        const struct shell_word *word = &command->words[i];

        if (word->count > 0 && strncmp(word->pieces[0].text, "aws=", 4) == 0)
            statements->aws_is_redefined = true;
    }
    add_other(statements, index);
}

/* return, exit and exec end the file where nothing stands in front of them. */
static void take_end(struct statements *statements, size_t index)
{
    if (always_runs(command_at(statements, index)) && statements->ended_by == SIZE_MAX)
        statements->ended_by = index;
    add_other(statements, index);
}

static void take_nothing(struct statements *statements, size_t index)
{
    if (command_at(statements, index)->word_count == 1)
        add_part(statements, (struct part){.kind = PART_NOTHING, .command = index});
    else
        add_other(statements, index);
}

/* Files that ssmenv migrate reads itself, and those that have nothing to do with aws. */
static const char *const known_files[] = {
    ".bashrc", ".bash_profile", ".profile", ".bash_aliases",   ".bash_login",
    "bashrc",  "bash.bashrc",   "profile",  "bash_completion", "cargo/env",
};

static bool is_known_file(const struct shell_word *word)
{
    const struct shell_piece *last = word->count > 0 ? &word->pieces[word->count - 1] : NULL;
    const char *text = last != NULL && last->kind == SHELL_TEXT ? last->text : "";

    for (size_t i = 0; i < sizeof known_files / sizeof *known_files; i++) {
        size_t length = strlen(known_files[i]);
        size_t at = strlen(text);

        if (at >= length && strcmp(text + at - length, known_files[i]) == 0 &&
            (at == length || text[at - length - 1] == '/'))
            return true;
    }
    return false;
}

static void take_source(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);

    if (statements->sources_first == SIZE_MAX && command->word_count > 1 &&
        !is_known_file(&command->words[1]))
        statements->sources_first = index;
    add_other(statements, index);
}

struct special {
    const char *word;
    void (*take)(struct statements *statements, size_t index);
};

static const struct special specials[] = {
    {"unset", take_unset},   {"set", take_set},  {"alias", take_alias},  {"return", take_end},
    {"exit", take_end},      {"exec", take_end}, {"true", take_nothing}, {":", take_nothing},
    {"source", take_source}, {".", take_source},
};

/* True when the command consists of assignments only. */
static bool take_assignments(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);
    struct shell_word value;

    for (size_t i = 0; i < command->word_count; i++) {
        const struct shell_word *word = &command->words[i];

        if (word->count == 0 || word->pieces[0].quoted ||
            shell_word_assigns(word, arena_of(statements), &value) == NULL)
            return false;
    }
    for (size_t i = 0; i < command->word_count; i++)
        assign(statements, index,
               shell_word_assigns(&command->words[i], arena_of(statements), &value), &value);
    return command->word_count > 0;
}

/* NAME+=VALUE, NAME=(VALUE ...), NAME[0]=VALUE: no value that is followed. */
static void take_addition(struct statements *statements, size_t index)
{
    const char *text = command_at(statements, index)->words[0].pieces[0].text;
    size_t length = strcspn(text, "+=[");

    if (text[length] != '\0' && name_is_valid(text, length)) {
        const char *name = arena_copy_bytes(arena_of(statements), text, length);

        shell_variables_open(statements->variables, name)->value = NULL;
        add_part(statements, (struct part){.kind = PART_ASSIGNMENT,
                                           .command = index,
                                           .name = name,
                                           .refers_itself = text[length] != '='});
    }
    add_other(statements, index);
}

static void take_command(struct statements *statements, size_t index)
{
    const struct shell_command *command = command_at(statements, index);
    const struct declaration *declaration = find_declaration(command);

    if (command->word_count == 0 || command->words[0].count == 0) {
        add_other(statements, index);
        return;
    }
    if (declaration != NULL) {
        take_declaration(statements, index, declaration);
        return;
    }
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (strcmp(specials[i].word, bare(command, 0)) == 0) {
            specials[i].take(statements, index);
            return;
        }
    }
    if (!take_assignments(statements, index))
        take_addition(statements, index);
}

/* A function that asks AWS is remembered from its body on. */
static void remember_function(struct statements *statements, const struct shell_command *command)
{
    if (command->function == NULL)
        return;
    if (strcmp(command->function, "aws") == 0)
        statements->aws_is_redefined = true;
    if (!mentions_aws(statements, command))
        return;
    statements->functions = arena_grow(arena_of(statements), statements->functions,
                                       statements->function_count, sizeof *statements->functions);
    statements->functions[statements->function_count++] = command->function;
}

void statements_read(struct statements *statements, const char *text, size_t length,
                     struct shell_variables *variables, const struct aws_defaults *defaults)
{
    *statements = (struct statements){.text = text,
                                      .ended_by = SIZE_MAX,
                                      .sources_first = SIZE_MAX,
                                      .variables = variables,
                                      .defaults = defaults};
    shell_read(&statements->script, text, length, variables->arena);
    for (size_t i = 0; i < statements->script.count; i++) {
        remember_function(statements, command_at(statements, i));
        take_command(statements, i);
    }
}

const struct part *statements_parts(const struct statements *statements, size_t command,
                                    size_t *count)
{
    size_t low = 0;
    size_t high = statements->part_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (statements->parts[middle].command < command)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < statements->part_count &&
           statements->parts[low + *count].command == command)
        (*count)++;
    return *count != 0 ? &statements->parts[low] : NULL;
}
