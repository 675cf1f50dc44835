#include "config/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ssmenv/limits.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}

bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

bool is_name_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

bool is_control(int c)
{
    return (c >= 0 && c < 0x20) || c == 0x7f;
}

void lexer_init(struct lexer *lexer, const char *file, const char *text, size_t length,
                struct diagnostics *diagnostics)
{
    size_t mark = sizeof BYTE_ORDER_MARK - 1;

    *lexer = (struct lexer){.file = file, .text = text, .length = length, .line = text};
    lexer->diagnostics = diagnostics;
    if (length >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0)
        lexer->next = mark;
}

static void cut_line(struct lexer *lexer)
{
    size_t left = lexer->length - lexer->next;
    const char *end;

    lexer->line = lexer->text + lexer->next;
    end = memchr(lexer->line, '\n', left);
    lexer->line_length = end != NULL ? (size_t)(end - lexer->line) : left;
    lexer->next += lexer->line_length + (end != NULL ? 1 : 0);
    if (lexer->line_length > 0 && lexer->line[lexer->line_length - 1] == '\r')
        lexer->line_length--;
    lexer->at = 0;
    lexer->number++;
}

static bool line_is_text(const struct lexer *lexer)
{
    const char *found = memchr(lexer->line, '\0', lexer->line_length);

    if (found != NULL)
        return lexer_error(lexer, (size_t)(found - lexer->line),
                           "a NUL byte: the file has to be plain text");
    found = memchr(lexer->line, '\r', lexer->line_length);
    if (found != NULL)
        return lexer_error(lexer, (size_t)(found - lexer->line),
                           "a carriage return inside a line: lines end in LF or CRLF, and a text "
                           "that needs one comes from a parameter");
    return true;
}

bool lexer_next_line(struct lexer *lexer)
{
    while (lexer->next < lexer->length) {
        cut_line(lexer);
        if (line_is_text(lexer))
            return true;
    }
    return false;
}

int lexer_peek(const struct lexer *lexer)
{
    return lexer->at < lexer->line_length ? (unsigned char)lexer->line[lexer->at] : -1;
}

void lexer_skip_blanks(struct lexer *lexer)
{
    while (is_blank(lexer_peek(lexer)))
        lexer->at++;
}

bool lexer_at_end(struct lexer *lexer)
{
    lexer_skip_blanks(lexer);
    if (lexer_peek(lexer) == '#')
        return lexer->at == 0 || is_blank(lexer->line[lexer->at - 1]);
    return lexer_peek(lexer) < 0;
}

bool lexer_take(struct lexer *lexer, const char *text)
{
    size_t length = strlen(text);

    if (lexer->line_length - lexer->at < length ||
        memcmp(lexer->line + lexer->at, text, length) != 0)
        return false;
    lexer->at += length;
    return true;
}

struct position lexer_position(const struct lexer *lexer, size_t at)
{
    return (struct position){lexer->file, lexer->number, (unsigned)at + 1};
}

bool lexer_error(const struct lexer *lexer, size_t at, const char *format, ...)
{
    char text[LIMIT_MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diagnostics_add(lexer->diagnostics, SEVERITY_ERROR, lexer_position(lexer, at), "%s", text);
    return false;
}
