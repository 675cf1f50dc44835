/*
 * Running a program for what it prints: without a shell, as the current user, with the environment
 * of a helper (PATH, LC_ALL), nothing to read, its standard error thrown away. It is killed when
 * its time is over or when it prints too much; what it may have started itself goes with the
 * login's process group.
 */
#ifndef SSMENV_AWS_PROCESS_OUTPUT_H
#define SSMENV_AWS_PROCESS_OUTPUT_H

#include <stdbool.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"

/* words: the program and its arguments, behind the last one a NULL. Appends to output, whose limit
 * is what it may print. The error says how it ended, never what it printed. */
bool process_output(char *const *words, struct deadline deadline, struct buffer *output,
                    struct error *error);

#endif
