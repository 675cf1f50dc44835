/*
 * What the helper's reply (wire.h, WIRE_REPLY) says, decoded and checked.
 *
 * The helper is not trusted: whoever could speak in its place must not be able to run code in a
 * session. So whoever asks it, the module for a login or ssmenv for a program, decodes the whole
 * reply and holds every name and size against names.h and limits.h before the first variable is
 * used.
 */
#ifndef SSMENV_CHECKED_REPLY_H
#define SSMENV_CHECKED_REPLY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ssmenv/limits.h"
#include "ssmenv/names.h"
#include "ssmenv/wire.h"

struct checked_variable {
    struct wire_text name;
    struct wire_text value; /* a secret */
};

/* Texts point into the payload that was decoded. */
struct checked_reply {
    enum wire_outcome outcome;
    enum wire_source source;
    uint32_t stale_seconds;
    struct wire_text error; /* empty exactly when the outcome is WIRE_COMPLETE */
    struct wire_text warnings[LIMIT_WARNINGS];
    size_t warning_count;
    struct checked_variable variables[LIMIT_VARIABLES];
    size_t variable_count;
};

__attribute__((format(printf, 2, 3))) static inline bool
reply_refuse(char problem[LIMIT_MESSAGE_BYTES], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, LIMIT_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

static inline bool reply_same_text(struct wire_text a, struct wire_text b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Values may be longer on the wire than they are allowed to be, so that the fault can name them. */
static inline void reply_read_head(struct checked_reply *reply, struct wire_reader *reader)
{
    uint8_t outcome = wire_read_u8(reader);
    uint8_t source = wire_read_u8(reader);

    if (outcome > WIRE_FAILED || source > WIRE_SOURCE_STALE)
        reader->failed = true;
    reply->outcome = (enum wire_outcome)outcome;
    reply->source = (enum wire_source)source;
    reply->stale_seconds = wire_read_u32(reader);
    reply->error = wire_read_text(reader, LIMIT_MESSAGE_BYTES);
    reply->warning_count = wire_read_u16(reader);
    if (reply->warning_count > LIMIT_WARNINGS)
        reader->failed = true;
    for (size_t i = 0; i < reply->warning_count && !reader->failed; i++)
        reply->warnings[i] = wire_read_text(reader, LIMIT_MESSAGE_BYTES);
}

static inline void reply_read_variables(struct checked_reply *reply, struct wire_reader *reader)
{
    for (size_t i = 0; i < reply->variable_count && !reader->failed; i++) {
        reply->variables[i].name = wire_read_text(reader, LIMIT_REPLY_BYTES);
        reply->variables[i].value = wire_read_text(reader, LIMIT_REPLY_BYTES);
    }
}

static inline bool reply_check_variable(const struct checked_reply *reply, size_t index,
                                        char problem[LIMIT_MESSAGE_BYTES])
{
    struct wire_text name = reply->variables[index].name;
    size_t value_length = reply->variables[index].value.length;

    if (!name_is_valid(name.bytes, name.length))
        return reply_refuse(problem, "the helper's reply has a variable with an illegal name");
    if (name_is_denied(name.bytes, name.length))
        return reply_refuse(problem, "the helper's reply sets %.*s, which must never be set",
                            (int)name.length, name.bytes);
    if (value_length > LIMIT_VALUE_BYTES)
        return reply_refuse(problem, "the value of %.*s has %zu bytes, more than the %d allowed",
                            (int)name.length, name.bytes, value_length, LIMIT_VALUE_BYTES);
    for (size_t i = 0; i < index; i++) {
        if (reply_same_text(reply->variables[i].name, name))
            return reply_refuse(problem, "the helper's reply sets %.*s twice", (int)name.length,
                                name.bytes);
    }
    return true;
}

static inline bool reply_check_variables(const struct checked_reply *reply,
                                         char problem[LIMIT_MESSAGE_BYTES])
{
    size_t total = 0;

    for (size_t i = 0; i < reply->variable_count; i++) {
        if (!reply_check_variable(reply, i, problem))
            return false;
        total += reply->variables[i].name.length + reply->variables[i].value.length + sizeof "=";
    }
    if (total > LIMIT_ENVIRONMENT_BYTES)
        return reply_refuse(problem,
                            "the variables have %zu bytes together, more than the %d allowed",
                            total, LIMIT_ENVIRONMENT_BYTES);
    return true;
}

/* Decodes and checks everything. When it cannot be used, problem is one line that says why and
 * names the variable, if its name can be told. */
static inline bool reply_check(struct checked_reply *reply, const void *payload, size_t length,
                               char problem[LIMIT_MESSAGE_BYTES])
{
    struct wire_reader reader;

    wire_reader_init(&reader, payload, length);
    reply_read_head(reply, &reader);
    reply->variable_count = wire_read_u16(&reader);
    if (!reader.failed && reply->variable_count > LIMIT_VARIABLES)
        return reply_refuse(problem,
                            "the helper's reply has %zu variables, more than the %d allowed",
                            reply->variable_count, LIMIT_VARIABLES);
    reply_read_variables(reply, &reader);
    if (!wire_reader_done(&reader) ||
        (reply->outcome == WIRE_COMPLETE) != (reply->error.length == 0) ||
        (reply->outcome == WIRE_FAILED && reply->variable_count > 0))
        return reply_refuse(problem,
                            "the helper's reply is malformed: install module and helper of the "
                            "same release");
    return reply_check_variables(reply, problem);
}

#endif
