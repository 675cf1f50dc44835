#include "config/quoted.h"

#include <string.h>

#include "common/buffer.h"
#include "ssmenv/names.h"

struct reading {
    struct lexer *lexer;
    struct arena *arena;
    bool template;         /* ${NAME} may stand here */
    struct buffer literal; /* not yet a piece */
    size_t literal_at;     /* where it began */
    struct text *text;
};

struct escape {
    char letter;
    char byte;
};

static const struct escape escapes[] = {
    {'\\', '\\'}, {'"', '"'}, {'n', '\n'}, {'t', '\t'}, {'$', '$'}};

/* What may stand behind the | of ${NAME|…}. */
struct known_modifier {
    const char *name;
    enum modifier modifier;
};

static const struct known_modifier modifiers[] = {{"uri", MODIFIER_URI}, {"lines", MODIFIER_LINES}};

static void add_piece(struct reading *reading, struct piece piece)
{
    struct text *text = reading->text;

    text->pieces = arena_grow(reading->arena, text->pieces, text->count, sizeof piece);
    text->pieces[text->count++] = piece;
}

static void end_literal(struct reading *reading)
{
    struct piece piece = {.position = lexer_position(reading->lexer, reading->literal_at)};

    if (reading->literal.length == 0)
        return;
    piece.literal =
        arena_copy_bytes(reading->arena, reading->literal.data, reading->literal.length);
    add_piece(reading, piece);
    buffer_clear(&reading->literal);
}

static bool read_modifier(struct reading *reading, struct piece *piece)
{
    struct lexer *lexer = reading->lexer;
    size_t at = lexer->at;

    for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++) {
        if (lexer_take(lexer, modifiers[i].name) && lexer_peek(lexer) == '}') {
            piece->modifier = modifiers[i].modifier;
            return true;
        }
        lexer->at = at;
    }
    return lexer_error(lexer, at,
                       "unknown modifier: expected ${NAME}, ${NAME|uri} or ${NAME|lines}");
}

/* The cursor stands behind "${", which begins at offset at. */
static bool read_variable(struct reading *reading, size_t at)
{
    struct lexer *lexer = reading->lexer;
    struct piece piece = {.position = lexer_position(lexer, at)};
    size_t name_at = lexer->at;

    if (!reading->template)
        return lexer_error(lexer, at,
                           "a variable cannot stand here, only constant text; a dollar sign "
                           "itself is written \\$");
    while (is_name_byte(lexer_peek(lexer)))
        lexer->at++;
    if (!name_is_valid(lexer->line + name_at, lexer->at - name_at))
        return lexer_error(lexer, name_at, "expected the name of a variable, as in ${DB_USER}");
    piece.variable = arena_copy_bytes(reading->arena, lexer->line + name_at, lexer->at - name_at);
    if (lexer_take(lexer, "|") && !read_modifier(reading, &piece))
        return false;
    if (!lexer_take(lexer, "}"))
        return lexer_error(lexer, lexer->at,
                           "expected }, |uri} or |lines} after the variable's name");
    end_literal(reading);
    add_piece(reading, piece);
    return true;
}

static bool read_dollar(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;
    size_t at = lexer->at++;

    if (!lexer_take(lexer, "{"))
        return lexer_error(lexer, at,
                           "a dollar sign itself is written \\$ (or stands in single quotes); "
                           "a variable is written ${NAME}");
    return read_variable(reading, at);
}

static bool read_escape(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;
    size_t at = lexer->at++;
    int letter = lexer_peek(lexer);

    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        if (letter == escapes[i].letter) {
            buffer_append_char(&reading->literal, escapes[i].byte);
            lexer->at++;
            return true;
        }
    }
    return lexer_error(lexer, at, "unknown escape: the known ones are \\\\ \\\" \\n \\t \\$");
}

/* One byte, escape or variable at the cursor. */
static bool read_next(struct reading *reading)
{
    struct lexer *lexer = reading->lexer;
    int c = lexer_peek(lexer);

    if (reading->literal.length == 0)
        reading->literal_at = lexer->at;
    if (c == '\\')
        return read_escape(reading);
    if (c == '$')
        return read_dollar(reading);
    buffer_append_char(&reading->literal, (char)c);
    lexer->at++;
    return true;
}

static bool read_double(struct reading *reading, size_t start)
{
    struct lexer *lexer = reading->lexer;

    while (lexer_peek(lexer) >= 0) {
        if (lexer_take(lexer, "\"")) {
            end_literal(reading);
            return true;
        }
        if (!read_next(reading))
            return false;
    }
    return lexer_error(lexer, start, "the quoted text has no end: expected \" on the same line");
}

static bool read_single(struct reading *reading, size_t start)
{
    struct lexer *lexer = reading->lexer;
    const char *begin = lexer->line + lexer->at;
    const char *end = memchr(begin, '\'', lexer->line_length - lexer->at);

    if (end == NULL)
        return lexer_error(lexer, start, "the quoted text has no end: expected ' on the same line");
    reading->literal_at = lexer->at;
    buffer_append(&reading->literal, begin, (size_t)(end - begin));
    lexer->at += (size_t)(end - begin) + 1;
    end_literal(reading);
    return true;
}

bool quoted_is_next(const struct lexer *lexer)
{
    return lexer_peek(lexer) == '"' || lexer_peek(lexer) == '\'';
}

static bool read_quoted(struct lexer *lexer, struct arena *arena, bool template, struct text *text)
{
    struct reading reading = {.lexer = lexer, .arena = arena, .template = template, .text = text};
    size_t start = lexer->at++;
    bool whole;

    *text = (struct text){0};
    whole = lexer->line[start] == '"' ? read_double(&reading, start) : read_single(&reading, start);
    if (whole && buffer_failed(&reading.literal))
        whole = lexer_error(lexer, start, "out of memory");
    buffer_free(&reading.literal);
    return whole;
}

bool quoted_read_template(struct lexer *lexer, struct arena *arena, struct text *text)
{
    return read_quoted(lexer, arena, true, text);
}

const char *quoted_read_constant(struct lexer *lexer, struct arena *arena)
{
    struct text text;

    if (!read_quoted(lexer, arena, false, &text))
        return NULL;
    return text.count == 0 ? "" : text.pieces[0].literal;
}

bool text_is_constant(const struct text *text)
{
    for (size_t i = 0; i < text->count; i++) {
        if (text->pieces[i].variable != NULL)
            return false;
    }
    return true;
}
