#include "config/assignment.h"

#include <string.h>

#include "config/quoted.h"
#include "ssmenv/names.h"

struct reading {
    struct lexer *lexer;
    struct arena *arena;
    struct assignment *assignment;
    struct pending_references *pending;
};

/* --- the left side --- */

static bool judge_name(struct lexer *lexer, size_t at, size_t length)
{
    const char *name = lexer->line + at;

    if (length > LIMIT_NAME_BYTES)
        return lexer_error(lexer, at, "the name is longer than %d bytes", LIMIT_NAME_BYTES);
    if (is_digit((unsigned char)name[0]))
        return lexer_error(lexer, at, "a name does not begin with a digit");
    if (name_is_denied(name, length))
        return lexer_error(lexer, at,
                           "%.*s is never set: it would change how programs of the session run",
                           (int)length, name);
    return true;
}

static bool read_name(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;
    size_t at = lexer->at;
    size_t length;
    int c;

    while (is_name_byte(lexer_peek(lexer)))
        lexer->at++;
    length = lexer->at - at;
    reading->assignment->import = lexer_take(lexer, "*");
    c = lexer_peek(lexer);
    if (c >= 0 && c != '=' && !is_blank(c))
        return lexer_error(lexer, lexer->at,
                           "a name consists of letters, digits and _; expected NAME = ...");
    if (length == 0 && !reading->assignment->import)
        return lexer_error(lexer, at, "expected a name before the =");
    if (length != 0 && !reading->assignment->import && !judge_name(lexer, at, length))
        return false;
    if (reading->assignment->import && length != 0 && !name_is_valid(lexer->line + at, length))
        return lexer_error(lexer, at, "what stands before the * has to begin a name");
    reading->assignment->name = arena_copy_bytes(reading->arena, lexer->line + at, lexer->at - at);
    return true;
}

static bool read_equals(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;

    lexer_skip_blanks(lexer);
    if (lexer_take(lexer, "="))
        return true;
    if (strcmp(reading->assignment->name, "export") == 0)
        return lexer_error(lexer, reading->assignment->position.column - 1,
                           "write NAME = ... without export");
    return lexer_error(lexer, lexer->at, "expected = after the name");
}

/* --- the right side --- */

static bool judge_length(struct reading *reading, const struct alternative *alternative)
{
    size_t length = 0;

    for (size_t i = 0; i < alternative->text.count; i++) {
        const char *literal = alternative->text.pieces[i].literal;

        length += literal != NULL ? strlen(literal) : 0;
    }
    if (length <= LIMIT_VALUE_BYTES)
        return true;
    return lexer_error(reading->lexer, alternative->position.column - 1,
                       "%s: the text is longer than %d bytes", reading->assignment->name,
                       LIMIT_VALUE_BYTES);
}

static bool read_text(struct reading *reading, struct alternative *alternative)
{
    struct lexer *lexer = reading->lexer;

    if (reading->assignment->import)
        return lexer_error(lexer, lexer->at,
                           "a name that ends in * imports a path: expected /path/* or /path/**");
    alternative->kind = ALTERNATIVE_TEXT;
    return quoted_read_template(lexer, reading->arena, &alternative->text) &&
           judge_length(reading, alternative);
}

static bool add_pending(struct reading *reading, const struct word *word,
                        struct reference *reference)
{
    struct pending_references *pending = reading->pending;

    pending->items =
        arena_grow(reading->arena, pending->items, pending->count, sizeof *pending->items);
    pending->items[pending->count++] =
        (struct pending_reference){*word, reading->assignment->import, reference};
    return true;
}

static bool read_word(struct reading *reading, struct alternative *alternative)
{
    struct lexer *lexer = reading->lexer;
    static const struct constants none = {0};
    struct word word;

    if (!word_read(lexer, reading->arena, &word))
        return false;
    if (strcmp(word.text, "unset") == 0) {
        alternative->kind = ALTERNATIVE_UNSET;
        return word.member[0] == '\0' ||
               lexer_error(lexer, alternative->position.column - 1,
                           "unset has no member; a parameter of this name is written ssm:unset");
    }
    alternative->kind = ALTERNATIVE_PARAMETER;
    alternative->reference = arena_alloc(reading->arena, sizeof *alternative->reference);
    if (word.names_constants)
        return add_pending(reading, &word, alternative->reference);
    return reference_judge(&word, reading->assignment->import, &none, reading->arena,
                           alternative->reference, lexer->diagnostics);
}

/* A constant always has a value, a template has one or fails, unset ends the list. */
static bool judge_order(struct reading *reading, const struct alternative *last)
{
    const struct assignment *assignment = reading->assignment;
    const struct alternative *before = last - 1;
    struct lexer *lexer = reading->lexer;
    size_t at = last->position.column - 1;

    if (assignment->import && assignment->count == 1)
        return last->kind == ALTERNATIVE_PARAMETER ||
               lexer_error(lexer, at, "expected /path/* or /path/** before || unset");
    if (assignment->import)
        return (last->kind == ALTERNATIVE_UNSET && assignment->count == 2) ||
               lexer_error(lexer, at, "after an import only || unset may follow");
    if (assignment->count == 1)
        return true;
    if (before->kind == ALTERNATIVE_UNSET)
        return lexer_error(lexer, at, "nothing may follow unset");
    if (before->kind == ALTERNATIVE_TEXT && text_is_constant(&before->text))
        return lexer_error(lexer, at, "nothing may follow a constant: it always has a value");
    if (before->kind == ALTERNATIVE_TEXT && last->kind != ALTERNATIVE_UNSET)
        return lexer_error(lexer, at, "after a text with variables only || unset may follow");
    return true;
}

static bool read_alternative(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;
    struct assignment *assignment = reading->assignment;
    struct alternative *alternative;

    if (lexer_at_end(lexer) || lexer_peek(lexer) == '|')
        return lexer_error(lexer, lexer->at,
                           "expected the name of a parameter, or a text in quotes%s",
                           assignment->count != 0 ? ", or unset" : "");
    assignment->alternatives = arena_grow(reading->arena, assignment->alternatives,
                                          assignment->count, sizeof *alternative);
    alternative = &assignment->alternatives[assignment->count++];
    alternative->position = lexer_position(lexer, lexer->at);
    return (quoted_is_next(lexer) ? read_text(reading, alternative)
                                  : read_word(reading, alternative)) &&
           judge_order(reading, alternative);
}

/* After an alternative: the end, or || and another one. Stores which. */
static bool read_separator(struct reading *reading, bool *another)
{
    struct lexer *lexer = reading->lexer;
    size_t at = lexer->at;

    *another = false;
    if (lexer_at_end(lexer))
        return true;
    *another = lexer_take(lexer, "||");
    if (*another)
        return true;
    if (lexer_peek(lexer) == '|')
        return lexer_error(lexer, lexer->at, "expected || between alternatives");
    if (lexer_peek(lexer) == '#')
        return lexer_error(lexer, lexer->at, "a comment needs a blank before its #");
    if (lexer->at == at)
        return lexer_error(lexer, at, "expected a blank, || or the end of the line");
    return lexer_error(lexer, lexer->at,
                       "expected || or the end of the line: a text with blanks needs quotes");
}

bool assignment_read(struct lexer *lexer, struct arena *arena, struct assignment *assignment,
                     struct pending_references *pending)
{
    struct reading reading = {lexer, arena, assignment, pending};
    bool another = true;

    *assignment = (struct assignment){.position = lexer_position(lexer, lexer->at)};
    if (!read_name(&reading) || !read_equals(&reading))
        return false;
    while (another) {
        if (!read_alternative(&reading) || !read_separator(&reading, &another))
            return false;
    }
    return true;
}

void assignment_judge_pending(const struct pending_references *pending,
                              const struct constants *constants, struct arena *arena,
                              struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < pending->count; i++) {
        const struct pending_reference *item = &pending->items[i];

        reference_judge(&item->word, item->import, constants, arena, item->reference, diagnostics);
    }
}
