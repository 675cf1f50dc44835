/*
 * The one error type. It is filled where the fault is found, gains context on the way up, and is
 * printed once, by main(): what failed, with which name, what AWS said, what to do.
 *
 * A text names files, lines, variables, parameters, AWS's codes and request ids; it never holds a
 * value, the right-hand side of a configuration line or the text of a response. Control characters
 * become '?', a text longer than LIMIT_MESSAGE_BYTES - 1 ends in "...". The struct owns nothing.
 */
#ifndef SSMENV_COMMON_ERROR_H
#define SSMENV_COMMON_ERROR_H

#include <stdbool.h>

#include "ssmenv/limits.h"

struct error {
    char text[LIMIT_MESSAGE_BYTES]; /* empty while nothing failed */
};

#define ERROR_INIT ((struct error){0})

/* Replaces the text. Returns false, so that "return error_set(…)" reads as what it is. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "CONTEXT: " before the text. Returns false. */
bool error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool error_is_set(const struct error *error);

#endif
