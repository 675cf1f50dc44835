/*
 * A growing run of bytes that holds secrets: it wipes what it gives up, on growth and on free.
 *
 * Failure is sticky: when memory ends or the limit is passed, the buffer is wiped, every further
 * append does nothing and buffer_failed() stays true, so a writer appends without looking and asks
 * once at the end. buffer_free() may be called twice and leaves an empty buffer behind.
 */
#ifndef SSMENV_COMMON_BUFFER_H
#define SSMENV_COMMON_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define BUFFER_LIMIT_DEFAULT ((size_t)64 * 1024 * 1024)

struct buffer {
    char *data; /* length bytes, then a NUL that is not counted; NULL while nothing was appended */
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes it may hold; 0 means BUFFER_LIMIT_DEFAULT */
    bool failed;
};

#define BUFFER_INIT ((struct buffer){0})

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_append_number(struct buffer *buffer, size_t number); /* decimal */
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for length more bytes and returns where they go, or NULL; buffer_grow() adds what was
 * written there. */
char *buffer_reserve(struct buffer *buffer, size_t length);
void buffer_grow(struct buffer *buffer, size_t length);

/* The contents as a C string: "" while empty. Valid until the next append. */
const char *buffer_text(const struct buffer *buffer);
bool buffer_failed(const struct buffer *buffer);

/* Wipes and empties; keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* Wipes, releases and re-initialises. */
void buffer_free(struct buffer *buffer);

/* A heap copy of a text, or NULL; and a free that wipes it first. text may be NULL in both. */
char *text_copy(const char *text);
char *text_copy_bytes(const char *bytes, size_t length);
void text_free(char *text);

#endif
