/*
 * One member of a value that is JSON, as configurations ask for with NAME#member: the pointer is
 * that of RFC 6901. What a member gives is specified with struct lookup (common/exchange.h).
 */
#ifndef SSMENV_AWS_SELECT_H
#define SSMENV_AWS_SELECT_H

#include "common/buffer.h"
#include "common/error.h"

/* Appends the member's text. pointer begins with '/'. Errors name the pointer, never the value. */
bool select_member(const char *json, const char *pointer, struct buffer *text, struct error *error);

#endif
