#include "cli/migrate/migrate_variables.h"

#include <string.h>

#include "common/buffer.h"
#include "ssmenv/names.h"

#define BLANKS " \t\n"

static struct shell_variable *find_here(const struct shell_variables *variables, const char *name)
{
    const size_t *place = name_table_find(&variables->names, name);

    return place != NULL ? &variables->items[*place] : NULL;
}

static struct shell_variable *add(struct shell_variables *variables, struct shell_variable variable)
{
    variables->items =
        arena_grow(variables->arena, variables->items, variables->count, sizeof *variables->items);
    name_table_put(&variables->names, variables->arena, variable.name, variables->count);
    variables->items[variables->count] = variable;
    return &variables->items[variables->count++];
}

struct shell_variable *shell_variables_find(const struct shell_variables *variables,
                                            const char *name)
{
    for (; variables != NULL; variables = variables->outer) {
        struct shell_variable *variable = find_here(variables, name);

        if (variable != NULL)
            return variable;
    }
    return NULL;
}

struct shell_variable *shell_variables_open(struct shell_variables *variables, const char *name)
{
    struct shell_variable *variable = find_here(variables, name);

    if (variable != NULL)
        return variable;
    return add(variables, (struct shell_variable){.name = arena_copy(variables->arena, name)});
}

struct shell_variables shell_variables_copy(const struct shell_variables *variables)
{
    struct shell_variables copy = {.arena = variables->arena, .outer = variables->outer};

    for (size_t i = 0; i < variables->count; i++)
        add(&copy, variables->items[i]);
    return copy;
}

static bool is_login_name(const char *name)
{
    return strcmp(name, "USER") == 0 || strcmp(name, "LOGNAME") == 0;
}

/* The value that a piece has, or NULL. */
static const char *piece_value(const struct shell_variables *variables,
                               const struct shell_piece *piece, bool in_name, struct error *why)
{
    const struct shell_variable *variable;

    if (piece->kind == SHELL_TEXT)
        return piece->text;
    if (piece->kind != SHELL_VARIABLE) {
        error_set(why, piece->kind == SHELL_COMMAND ? "it needs the output of another command"
                                                    : "it needs an expansion of the shell");
        return NULL;
    }
    variable = shell_variables_find(variables, piece->text);
    if (variable != NULL && variable->value != NULL)
        return variable->value;
    if (variable == NULL && in_name && is_login_name(piece->text))
        return "%u";
    error_set(why,
              variable != NULL ? "the value of $%s is not known" : "$%s has no literal value above",
              piece->text);
    return NULL;
}

/* Outside quotes the shell splits a value at blanks, expands patterns in it, and drops an empty
 * one.
 */
static bool stays_one_word(const struct shell_piece *piece, const char *value)
{
    return piece->quoted || piece->kind == SHELL_TEXT ||
           (value[0] != '\0' && strpbrk(value, BLANKS "*?[") == NULL);
}

static bool join(const struct shell_variables *variables, const struct shell_word *word,
                 bool in_name, const char **text, struct error *why)
{
    struct buffer joined = BUFFER_INIT;
    bool ok = true;

    for (size_t i = 0; ok && i < word->count; i++) {
        const struct shell_piece *piece = &word->pieces[i];
        const char *value = piece_value(variables, piece, in_name, why);

        ok = value != NULL;
        if (ok && in_name && piece->kind == SHELL_TEXT && strchr(value, '%') != NULL)
            ok = error_set(why, "a parameter's name holds no percent sign");
        if (ok && !stays_one_word(piece, value))
            ok = error_set(why, "the value of $%s is split by the shell", piece->text);
        if (ok)
            buffer_append_text(&joined, value);
    }
    if (ok)
        *text = arena_copy(variables->arena, buffer_text(&joined));
    buffer_free(&joined);
    return ok;
}

bool shell_word_text(const struct shell_variables *variables, const struct shell_word *word,
                     const char **text, struct error *why)
{
    return join(variables, word, false, text, why);
}

bool shell_word_name(const struct shell_variables *variables, const struct shell_word *word,
                     const char **text, struct error *why)
{
    return join(variables, word, true, text, why);
}

static void add_text(struct arena *arena, const char ***texts, size_t *count, const char *text,
                     size_t length)
{
    *texts = arena_grow(arena, *texts, *count, sizeof **texts);
    (*texts)[(*count)++] = arena_copy_bytes(arena, text, length);
}

bool shell_word_split(const struct shell_variables *variables, const struct shell_word *word,
                      const char ***texts, size_t *count, struct error *why)
{
    const struct shell_piece *piece = word->pieces;
    const char *text;

    if (word->count != 1 || piece->kind != SHELL_VARIABLE || piece->quoted) {
        if (!shell_word_text(variables, word, &text, why))
            return false;
        add_text(variables->arena, texts, count, text, strlen(text));
        return true;
    }
    text = piece_value(variables, piece, false, why);
    if (text == NULL)
        return false;
    if (strpbrk(text, "*?[") != NULL)
        return error_set(why, "the value of $%s may be expanded by the shell", piece->text);
    for (text += strspn(text, BLANKS); *text != '\0'; text += strspn(text, BLANKS)) {
        size_t length = strcspn(text, BLANKS);

        add_text(variables->arena, texts, count, text, length);
        text += length;
    }
    return true;
}

const char *shell_word_assigns(const struct shell_word *word, struct arena *arena,
                               struct shell_word *value)
{
    const struct shell_piece *first = word->pieces;
    const char *equals;
    const char *rest;

    if (word->count == 0 || first->kind != SHELL_TEXT)
        return NULL;
    equals = strchr(first->text, '=');
    if (equals == NULL || !name_is_valid(first->text, (size_t)(equals - first->text)))
        return NULL;
    rest = equals + 1;
    *value = (struct shell_word){.begin = word->begin, .end = word->end};
    value->pieces = arena_alloc(arena, word->count * sizeof *value->pieces);
    if (*rest != '\0' || word->count == 1)
        value->pieces[value->count++] =
            (struct shell_piece){SHELL_TEXT, arena_copy(arena, rest), first->quoted};
    memcpy(value->pieces + value->count, word->pieces + 1,
           (word->count - 1) * sizeof *value->pieces);
    value->count += word->count - 1;
    return arena_copy_bytes(arena, first->text, (size_t)(equals - first->text));
}
