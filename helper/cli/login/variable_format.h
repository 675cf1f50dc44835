/*
 * Variables as text that other programs read back, byte for byte.
 *
 * A format that cannot hold a value refuses, and names the variable: what a program reads must
 * never be something else than what Parameter Store holds, and nothing is ever left out or masked.
 *
 *     shell     export NAME='VALUE'; sh, bash and zsh evaluate it
 *     dotenv    NAME="VALUE" as python-dotenv reads it with its defaults
 *     json      one object, RFC 8259
 *     null      NAME=VALUE and a NUL, as env -0 prints it and /proc/PID/environ has it
 *     systemd   NAME="VALUE" for EnvironmentFile= of systemd.exec(5)
 */
#ifndef SSMENV_CLI_VARIABLE_FORMAT_H
#define SSMENV_CLI_VARIABLE_FORMAT_H

#include "common/buffer.h"
#include "common/error.h"
#include "common/reply.h"

#define VARIABLE_FORMATS "shell|dotenv|json|null|systemd"

/* Appends all variables in the format of this name, one of VARIABLE_FORMATS. */
bool variable_format_write(const char *format, const struct variable *variables, size_t count,
                           struct buffer *text, struct error *error);

#endif
