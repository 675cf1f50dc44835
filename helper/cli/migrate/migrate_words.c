#include "cli/migrate/migrate_words.h"

#include <string.h>

#include "common/buffer.h"
#include "config/lexer.h"
#include "ssmenv/names.h"

#define NESTING_MAX 64 /* no start-up file nests deeper, and the stack stays small */

int shell_peek(const struct shell_cursor *cursor, size_t ahead)
{
    return ahead < cursor->length - cursor->at ? (unsigned char)cursor->text[cursor->at + ahead]
                                               : -1;
}

bool shell_next_is(const struct shell_cursor *cursor, const char *text)
{
    size_t length = strlen(text);

    return length <= cursor->length - cursor->at &&
           memcmp(cursor->text + cursor->at, text, length) == 0;
}

static bool take(struct shell_cursor *cursor, const char *text)
{
    if (!shell_next_is(cursor, text))
        return false;
    cursor->at += strlen(text);
    return true;
}

static bool break_off(struct shell_cursor *cursor, const char *why)
{
    cursor->broken = why;
    return false;
}

void shell_skip_blanks(struct shell_cursor *cursor)
{
    for (;;) {
        if (is_blank(shell_peek(cursor, 0)))
            cursor->at++;
        else if (!take(cursor, "\\\n"))
            return;
    }
}

void shell_skip_line(struct shell_cursor *cursor)
{
    while (shell_peek(cursor, 0) >= 0 && shell_peek(cursor, 0) != '\n')
        cursor->at++;
}

bool shell_ends_word(int c)
{
    return c < 0 || c == '\n' || is_blank(c) || (c > 0 && strchr(";&|<>()", c) != NULL);
}

/* What a shell nests is read by functions that call each other, NESTING_MAX deep at most.
 * NOLINTBEGIN(misc-no-recursion) */

/* --- finding the end of what is quoted or nested; each stands behind its opening byte --- */

static bool skip_until(struct shell_cursor *cursor, int closing, const char *why)
{
    while (shell_peek(cursor, 0) != closing) {
        if (shell_peek(cursor, 0) < 0)
            return break_off(cursor, why);
        cursor->at++;
    }
    cursor->at++;
    return true;
}

static bool skip_single(struct shell_cursor *cursor)
{
    return skip_until(cursor, '\'', "a single quote is not closed");
}

/* A backslash takes the next byte with it: `…` and $'…'. */
static bool skip_escaped(struct shell_cursor *cursor, int closing, const char *why)
{
    int c;

    while ((c = shell_peek(cursor, 0)) != closing) {
        if (c < 0)
            return break_off(cursor, why);
        cursor->at += c == '\\' && shell_peek(cursor, 1) >= 0 ? 2 : 1;
    }
    cursor->at++;
    return true;
}

static bool skip_backticks(struct shell_cursor *cursor)
{
    return skip_escaped(cursor, '`', "a backtick is not closed");
}

static bool skip_double(struct shell_cursor *cursor);
static bool skip_braces(struct shell_cursor *cursor);

/* Moves over one element of a text that may hold others: a quotation, an expansion or a byte. */
static bool skip_element(struct shell_cursor *cursor, bool in_double_quotes)
{
    if (take(cursor, "\\")) {
        cursor->at += shell_peek(cursor, 0) >= 0;
        return true;
    }
    if (take(cursor, "`"))
        return skip_backticks(cursor);
    if (take(cursor, "$("))
        return shell_skip_parentheses(cursor);
    if (take(cursor, "${"))
        return skip_braces(cursor);
    if (take(cursor, "\""))
        return skip_double(cursor);
    if (!in_double_quotes && take(cursor, "$'"))
        return skip_escaped(cursor, '\'', "a single quote is not closed");
    if (!in_double_quotes && take(cursor, "'"))
        return skip_single(cursor);
    cursor->at++;
    return true;
}

static bool skip_to(struct shell_cursor *cursor, int closing, bool in_double_quotes,
                    const char *why)
{
    if (++cursor->nesting > NESTING_MAX)
        return break_off(cursor, "this is nested too deeply");
    while (shell_peek(cursor, 0) != closing) {
        if (shell_peek(cursor, 0) < 0)
            return break_off(cursor, why);
        if (!skip_element(cursor, in_double_quotes))
            return false;
    }
    cursor->nesting--;
    cursor->at++;
    return true;
}

static bool skip_double(struct shell_cursor *cursor)
{
    return skip_to(cursor, '"', true, "a double quote is not closed");
}

static bool skip_braces(struct shell_cursor *cursor)
{
    return skip_to(cursor, '}', false, "${ is not closed");
}

/* The word at the cursor, if it is this one and a command could begin here. */
static bool keyword_is_next(const struct shell_cursor *cursor, const char *keyword)
{
    return shell_next_is(cursor, keyword) && shell_ends_word(shell_peek(cursor, strlen(keyword)));
}

/* What of $(…) has to be remembered to find its end: comments, and the ) of a case's patterns. */
struct parentheses {
    unsigned open;
    unsigned cases;
    bool command_begins;
    bool word_begins;
};

static bool skip_in_parentheses(struct shell_cursor *cursor, struct parentheses *state)
{
    int c = shell_peek(cursor, 0);
    bool command_began = state->command_begins;

    if (c < 0)
        return break_off(cursor, "a parenthesis is not closed");
    if (take(cursor, "<<<"))
        return true;
    if (shell_next_is(cursor, "<<"))
        return break_off(cursor, "a here-document inside parentheses cannot be read");
    if (c == '#' && state->word_begins) {
        shell_skip_line(cursor);
        return true;
    }
    if (command_began && keyword_is_next(cursor, "case"))
        state->cases++;
    else if (command_began && keyword_is_next(cursor, "esac"))
        state->cases -= state->cases > 0;
    state->word_begins = shell_ends_word(c);
    state->command_begins =
        (command_began && is_blank(c)) || (c > 0 && strchr("\n;&|(", c) != NULL);
    state->open += c == '(';
    state->open -= c == ')' && state->cases == 0;
    return skip_element(cursor, false);
}

bool shell_skip_parentheses(struct shell_cursor *cursor)
{
    struct parentheses state = {.open = 1, .command_begins = true, .word_begins = true};

    if (++cursor->nesting > NESTING_MAX)
        return break_off(cursor, "this is nested too deeply");
    while (state.open > 0) {
        if (!skip_in_parentheses(cursor, &state))
            return false;
    }
    cursor->nesting--;
    return true;
}

/* --- words --- */

struct builder {
    struct shell_cursor *cursor;
    struct shell_word *word;
    struct buffer run; /* of text that has not become a piece yet */
    bool run_is_quoted;
};

static void add(struct builder *builder, enum shell_piece_kind kind, const char *text,
                size_t length, bool quoted)
{
    struct arena *arena = builder->cursor->arena;
    struct shell_word *word = builder->word;

    word->pieces = arena_grow(arena, word->pieces, word->count, sizeof *word->pieces);
    word->pieces[word->count++] =
        (struct shell_piece){kind, arena_copy_bytes(arena, text, length), quoted};
}

static void flush(struct builder *builder)
{
    if (builder->run.length > 0)
        add(builder, SHELL_TEXT, builder->run.data, builder->run.length, builder->run_is_quoted);
    buffer_clear(&builder->run);
}

static void append(struct builder *builder, const char *bytes, size_t length, bool quoted)
{
    if (builder->run_is_quoted != quoted)
        flush(builder);
    builder->run_is_quoted = quoted;
    buffer_append(&builder->run, bytes, length);
}

static void add_piece(struct builder *builder, enum shell_piece_kind kind, const char *text,
                      size_t length, bool quoted)
{
    flush(builder);
    add(builder, kind, text, length, quoted);
}

/* The source from this offset to the cursor, but for so many bytes at its end. */
static void add_source(struct builder *builder, enum shell_piece_kind kind, size_t from,
                       size_t closing, bool quoted)
{
    add_piece(builder, kind, builder->cursor->text + from, builder->cursor->at - closing - from,
              quoted);
}

/* Inside backticks a backslash quotes \ ` $ (and " inside double quotes) before anything is read.
 */
static bool read_backticks(struct builder *builder, bool quoted)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = ++cursor->at;
    struct buffer command = BUFFER_INIT;
    size_t end;

    if (!skip_backticks(cursor))
        return false;
    end = cursor->at - 1;
    for (size_t i = from; i < end; i++) {
        const char *at = cursor->text + i;

        if (at[0] == '\\' && i + 1 < end &&
            (strchr("\\`$", at[1]) != NULL || (quoted && at[1] == '"')) && at[1] != '\0')
            i++;
        buffer_append_char(&command, cursor->text[i]);
    }
    add_piece(builder, SHELL_COMMAND, buffer_text(&command), command.length, quoted);
    buffer_free(&command);
    return true;
}

static bool read_substitution(struct builder *builder, bool quoted)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = cursor->at;
    bool arithmetic = shell_next_is(cursor, "$((");

    cursor->at += 2;
    if (!shell_skip_parentheses(cursor))
        return false;
    if (arithmetic)
        add_source(builder, SHELL_OTHER, from, 0, quoted);
    else
        add_source(builder, SHELL_COMMAND, from + 2, 1, quoted);
    return true;
}

static bool read_braces(struct builder *builder, bool quoted)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = cursor->at;

    cursor->at += 2;
    if (!skip_braces(cursor))
        return false;
    if (name_is_valid(cursor->text + from + 2, cursor->at - from - 3))
        add_source(builder, SHELL_VARIABLE, from + 2, 1, quoted);
    else
        add_source(builder, SHELL_OTHER, from, 0, quoted);
    return true;
}

/* $'…' is text where it has no escapes. */
static bool read_ansi(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = cursor->at;
    size_t length;

    cursor->at += 2;
    if (!skip_escaped(cursor, '\'', "a single quote is not closed"))
        return false;
    length = cursor->at - 1 - (from + 2);
    if (memchr(cursor->text + from, '\\', cursor->at - from) == NULL)
        append(builder, cursor->text + from + 2, length, true);
    else
        add_source(builder, SHELL_OTHER, from, 0, true);
    return true;
}

static bool read_name(struct builder *builder, bool quoted)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = ++cursor->at;

    while (is_name_byte(shell_peek(cursor, 0)))
        cursor->at++;
    if (name_is_valid(cursor->text + from, cursor->at - from))
        add_source(builder, SHELL_VARIABLE, from, 0, quoted);
    else
        add_source(builder, SHELL_OTHER, from - 1, 0, quoted);
    return true;
}

static bool read_double(struct builder *builder);

/* The cursor stands on a $. */
static bool read_dollar(struct builder *builder, bool quoted)
{
    struct shell_cursor *cursor = builder->cursor;
    int c = shell_peek(cursor, 1);

    if (c == '(')
        return read_substitution(builder, quoted);
    if (c == '{')
        return read_braces(builder, quoted);
    if (c == '\'' && !quoted)
        return read_ansi(builder);
    if (c == '"' && !quoted) {
        cursor->at++;
        return read_double(builder);
    }
    if (is_name_byte(c) && !is_digit(c))
        return read_name(builder, quoted);
    if (c > 0 && (is_digit(c) || strchr("?@*#-$!", c) != NULL)) {
        cursor->at += 2;
        add_source(builder, SHELL_OTHER, cursor->at - 2, 0, quoted);
        return true;
    }
    append(builder, "$", 1, quoted);
    cursor->at++;
    return true;
}

static bool read_in_double(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;
    int c = shell_peek(cursor, 0);
    int next = shell_peek(cursor, 1);

    if (c < 0)
        return break_off(cursor, "a double quote is not closed");
    if (c == '$')
        return read_dollar(builder, true);
    if (c == '`')
        return read_backticks(builder, true);
    if (c == '\\' && next == '\n') {
        cursor->at += 2;
        return true;
    }
    if (c == '\\' && next > 0 && strchr("\\\"$`", next) != NULL)
        cursor->at++;
    append(builder, cursor->text + cursor->at, 1, true);
    cursor->at++;
    return true;
}

/* An empty quotation is a piece too: it makes a word of nothing. */
static void end_quotation(struct builder *builder, size_t pieces)
{
    flush(builder);
    if (builder->word->count == pieces)
        add(builder, SHELL_TEXT, "", 0, true);
}

static bool read_double(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t pieces;

    flush(builder);
    pieces = builder->word->count;
    cursor->at++;
    while (shell_peek(cursor, 0) != '"') {
        if (!read_in_double(builder))
            return false;
    }
    cursor->at++;
    end_quotation(builder, pieces);
    return true;
}

/* NOLINTEND(misc-no-recursion) */

static bool read_single(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;
    size_t from = ++cursor->at;
    size_t pieces;

    flush(builder);
    pieces = builder->word->count;
    if (!skip_single(cursor))
        return false;
    append(builder, cursor->text + from, cursor->at - 1 - from, true);
    end_quotation(builder, pieces);
    return true;
}

static void read_backslash(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;

    if (take(cursor, "\\\n"))
        return;
    cursor->at++;
    if (shell_peek(cursor, 0) < 0)
        return;
    append(builder, cursor->text + cursor->at, 1, true);
    cursor->at++;
}

/* A tilde that begins a word or a value, and braces, which may expand. */
static bool may_expand(const struct builder *builder)
{
    const struct shell_cursor *cursor = builder->cursor;
    size_t at = cursor->at;
    int c = shell_peek(cursor, 0);

    if (c == '{')
        return at > builder->word->begin || !shell_ends_word(shell_peek(cursor, 1));
    return c == '~' && (at == builder->word->begin || cursor->text[at - 1] == '=' ||
                        cursor->text[at - 1] == ':');
}

static bool read_part(struct builder *builder)
{
    struct shell_cursor *cursor = builder->cursor;

    switch (shell_peek(cursor, 0)) {
    case '\\':
        read_backslash(builder);
        return true;
    case '\'':
        return read_single(builder);
    case '"':
        return read_double(builder);
    case '`':
        return read_backticks(builder, false);
    case '$':
        return read_dollar(builder, false);
    default:
        break;
    }
    if (may_expand(builder))
        add_piece(builder, SHELL_OTHER, cursor->text + cursor->at, 1, false);
    else
        append(builder, cursor->text + cursor->at, 1, false);
    cursor->at++;
    return true;
}

bool shell_word_read(struct shell_cursor *cursor, struct shell_word *word)
{
    struct builder builder = {.cursor = cursor, .word = word};
    bool ok = true;

    *word = (struct shell_word){.begin = cursor->at};
    while (ok && !shell_ends_word(shell_peek(cursor, 0)))
        ok = read_part(&builder);
    flush(&builder);
    word->end = cursor->at;
    buffer_free(&builder.run);
    return ok;
}

const char *shell_word_bare(const struct shell_word *word)
{
    if (word->count != 1 || word->pieces[0].kind != SHELL_TEXT || word->pieces[0].quoted)
        return NULL;
    return word->pieces[0].text;
}
