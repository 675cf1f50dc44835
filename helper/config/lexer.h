/*
 * A cursor over the text of one configuration file: line by line, and inside a line byte by byte.
 *
 * The text is borrowed and needs no terminator. Lines end in LF or CRLF; a UTF-8 byte order mark
 * before the first one is skipped. Lines that hold a NUL byte, or a carriage return that does not
 * end the line, are reported and skipped. A comment begins with # at the start of a line or after a
 * blank; blanks are spaces and tabs. There are no continuation lines.
 */
#ifndef SSMENV_CONFIG_LEXER_H
#define SSMENV_CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/arena.h"
#include "config/diagnostics.h"

struct lexer {
    const char *file; /* for messages */
    const char *text;
    size_t length;
    size_t next; /* where the next line begins */
    const char *line;
    size_t line_length; /* without the line's end */
    size_t at;          /* the cursor, an offset into line */
    unsigned number;    /* of the line, from 1 */
    struct diagnostics *diagnostics;
};

void lexer_init(struct lexer *lexer, const char *file, const char *text, size_t length,
                struct diagnostics *diagnostics);

/* Puts the cursor at the start of the next line; false when there is none. */
bool lexer_next_line(struct lexer *lexer);

/* The byte at the cursor, as an unsigned char; -1 at the line's end. */
int lexer_peek(const struct lexer *lexer);
void lexer_skip_blanks(struct lexer *lexer);
/* Skips blanks; true at the line's end or before a comment. */
bool lexer_at_end(struct lexer *lexer);
/* Moves over this text if it is next. */
bool lexer_take(struct lexer *lexer, const char *text);

struct position lexer_position(const struct lexer *lexer, size_t at);

/* Reports a mistake at this offset of the line. Returns false. */
bool lexer_error(const struct lexer *lexer, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool is_blank(int c);
/* A byte that a name may consist of: letter, digit or underscore. */
bool is_name_byte(int c);
bool is_digit(int c);
bool is_control(int c);

#endif
