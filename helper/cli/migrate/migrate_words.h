/*
 * The words of a shell start-up file, read the way POSIX sh and bash read them (Shell Command
 * Language, 2.2 and 2.3): what is quoted, what is a variable, what is the output of a command.
 * Nothing is run, and nothing is expanded. What is read is untrusted text; it is borrowed, needs no
 * terminator and may hold any byte.
 *
 * Pieces and their texts belong to the arena.
 */
#ifndef SSMENV_CLI_MIGRATE_WORDS_H
#define SSMENV_CLI_MIGRATE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/arena.h"

enum shell_piece_kind {
    SHELL_TEXT,
    SHELL_VARIABLE, /* $NAME or ${NAME}; text is the name */
    SHELL_COMMAND,  /* $(…) or `…`; text is the command */
    SHELL_OTHER, /* any other expansion, as it stands in the file: ${X:-y}, $((1+1)), ~, $1 … */
};

struct shell_piece {
    enum shell_piece_kind kind;
    const char *text;
    bool quoted;
};

struct shell_word {
    struct shell_piece *pieces;
    size_t count;
    size_t begin; /* offsets into the text */
    size_t end;
};

struct shell_cursor {
    const char *text;
    size_t length;
    size_t at;
    struct arena *arena;
    unsigned nesting;   /* of what is being skipped */
    const char *broken; /* why nothing behind the cursor can be read; NULL while all is well */
};

/* The byte at the cursor, or so far behind it; -1 behind the end. */
int shell_peek(const struct shell_cursor *cursor, size_t ahead);
bool shell_next_is(const struct shell_cursor *cursor, const char *text);

/* Moves over blanks and continued line ends. */
void shell_skip_blanks(struct shell_cursor *cursor);
/* Moves to the end of the line. */
void shell_skip_line(struct shell_cursor *cursor);
/* Moves behind the parenthesis that closes the one before the cursor. */
bool shell_skip_parentheses(struct shell_cursor *cursor);

/* True where a word cannot go on: a blank, a line end, one of ; & | < > ( ) or the end. */
bool shell_ends_word(int c);

/* Reads the word at the cursor, which may be empty. False: broken says why. */
bool shell_word_read(struct shell_cursor *cursor, struct shell_word *word);

/* The word's text when it consists of nothing but text without quotes; else NULL. */
const char *shell_word_bare(const struct shell_word *word);

#endif
