/*
 * The module's arguments, as they stand behind pam_ssmenv.so in a PAM service file: which there
 * are, and what their values look like. The module reads its arguments by this table, and ssmenv
 * check judges PAM files by it, so both say the same.
 *
 *     config=PATH          the configuration, absolute
 *     helper=PATH          the helper, absolute
 *     timeout=DURATION     most that a login waits, 100ms to 60s
 *     on_error=ignore      let the session begin without its variables
 *     on_error=deny        refuse it
 *     break_glass=GROUP    members are let in all the same
 *     quiet                say nothing to the user
 *     debug                log the names of the variables
 */
#ifndef SSMENV_ARGUMENTS_H
#define SSMENV_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "ssmenv/duration.h"
#include "ssmenv/limits.h"

#define ARGUMENTS_ALLOWED                                                                          \
    "config=PATH helper=PATH timeout=DURATION on_error=ignore|deny break_glass=GROUP quiet debug"

enum argument {
    ARGUMENT_CONFIG,
    ARGUMENT_HELPER,
    ARGUMENT_TIMEOUT,
    ARGUMENT_ON_ERROR,
    ARGUMENT_BREAK_GLASS,
    ARGUMENT_QUIET,
    ARGUMENT_DEBUG,
    ARGUMENTS, /* how many there are; also: an unknown one */
};

static inline bool argument_is_path(const char *value)
{
    return value[0] == '/' && strlen(value) <= LIMIT_PATH_BYTES;
}

static inline bool argument_is_timeout(const char *value)
{
    uint64_t milliseconds;

    return duration_parse(value, strlen(value), &milliseconds) && milliseconds >= TIMEOUT_MIN_MS &&
           milliseconds <= TIMEOUT_MAX_MS;
}

static inline bool argument_is_policy(const char *value)
{
    return strcmp(value, "ignore") == 0 || strcmp(value, "deny") == 0;
}

static inline bool argument_is_name(const char *value)
{
    return *value != '\0';
}

static const struct {
    const char *name;
    bool (*is_value)(const char *value); /* NULL: it takes none */
    const char *expected;
} argument_table[ARGUMENTS] = {
    [ARGUMENT_CONFIG] = {"config", argument_is_path, "an absolute path"},
    [ARGUMENT_HELPER] = {"helper", argument_is_path, "an absolute path"},
    [ARGUMENT_TIMEOUT] = {"timeout", argument_is_timeout,
                          "a duration from 100ms to 60s, for example 3s"},
    [ARGUMENT_ON_ERROR] = {"on_error", argument_is_policy, "ignore or deny"},
    [ARGUMENT_BREAK_GLASS] = {"break_glass", argument_is_name, "the name of a group"},
    [ARGUMENT_QUIET] = {"quiet", NULL, "no value"},
    [ARGUMENT_DEBUG] = {"debug", NULL, "no value"},
};

/* Which argument a text is, ARGUMENTS where none is known by this name, and what stands behind its
 * '=', or NULL. */
static inline enum argument argument_find(const char *text, const char **value)
{
    size_t length = strcspn(text, "=");

    *value = text[length] == '=' ? text + length + 1 : NULL;
    for (int i = 0; i < ARGUMENTS; i++) {
        if (strlen(argument_table[i].name) == length &&
            memcmp(argument_table[i].name, text, length) == 0)
            return (enum argument)i;
    }
    return ARGUMENTS;
}

/* value: as argument_find() stored it. */
static inline bool argument_is_well_formed(enum argument argument, const char *value)
{
    if (argument_table[argument].is_value == NULL)
        return value == NULL;
    return value != NULL && argument_table[argument].is_value(value);
}

#endif
