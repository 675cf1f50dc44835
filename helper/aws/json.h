/*
 * Reading JSON (RFC 8259) that came from outside.
 *
 * A struct json is a view: the span of one value in the text that it was read from, which must
 * outlive it. Nothing is converted before it is asked for, so a number keeps every digit as written
 * and a string that holds a NUL is found out instead of cut short. cJSON does the parsing, from
 * value to value; the memory it used is wiped (json_use_wiping_memory).
 */
#ifndef SSMENV_AWS_JSON_H
#define SSMENV_AWS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

enum json_kind {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_kind kind;
    const char *text; /* without blanks around it */
    size_t length;
};

/* A walk over the elements of an array or the members of an object. */
struct json_walk {
    const char *next;
    const char *end;
    bool members;
    bool first;
};

/* Lets cJSON take its memory so that it is wiped when given back; once, before the first read. */
void json_use_wiping_memory(void);

/* Reads a text that is one value and nothing else. False when it is not. */
bool json_read(struct json *value, const char *text, size_t length);

/* An empty walk when the value is neither array nor object. */
struct json_walk json_walk(struct json value);
/* The next element, and with an object the string that is its key. False at the end. key may be
 * NULL. */
bool json_next(struct json_walk *walk, struct json *key, struct json *value);

/* The member of this name; of several, the last, as most readers have it. */
bool json_member(struct json object, const char *name, struct json *member);

/* Appends what a string says. False when the value is no string, or when it holds a NUL or bytes
 * that are not UTF-8; text is then unchanged. */
bool json_string(struct json value, struct buffer *text);

/* Whether a text is UTF-8 (RFC 3629). */
bool json_is_utf8(const char *text);

/* Appends a value as JSON without blanks, every digit as written. */
void json_compact(struct json value, struct buffer *text);

/* Appends text as a JSON string, quotes included. */
void json_quote(struct buffer *json, const char *text);

#endif
