/*
 * A command line split into words as a shell would, without one: blanks separate, '…' is literal,
 * "…" knows \" and \\, a backslash takes the next byte literally (POSIX, Shell Command Language,
 * 2.2). Nothing is expanded, and there are no comments: that is how AWS's command line reads a
 * credential_process.
 */
#ifndef SSMENV_AWS_SHELL_WORDS_H
#define SSMENV_AWS_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define SHELL_WORDS_MAX 64

struct shell_words {
    char *words[SHELL_WORDS_MAX + 1]; /* on the heap, behind the last one a NULL */
    size_t count;
};

/* On false nothing has to be freed. The error shows nothing of the text. */
bool shell_words_split(struct shell_words *split, const char *text, struct error *error);
void shell_words_free(struct shell_words *split);

#endif
