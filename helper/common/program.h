/*
 * Starting another program: with descriptors 0 to 2 as the caller says, nothing above them, default
 * signals, an empty mask and the environment of a helper (PATH and LC_ALL=C), whatever the caller's
 * own may be. It stays in the caller's process group. What becomes of it is the caller's business:
 * whoever starts a program has to wait for it.
 */
#ifndef SSMENV_COMMON_PROGRAM_H
#define SSMENV_COMMON_PROGRAM_H

#include <sys/types.h>

#include "common/error.h"

/* Descriptors for a program: any that is open for the caller, or one of these. */
#define PROGRAM_NULL (-1) /* /dev/null */
#define PROGRAM_SAME (-2) /* the caller's own */

struct program {
    const char *path;       /* with a '/'; without one it is looked for where PATH says */
    char *const *arguments; /* the program's name first, NULL last */
    int input;
    int output;
    int errors;
};

/* Stores the process in pid. The error says why, not which program: the caller knows its name. */
bool program_start(const struct program *program, pid_t *pid, struct error *error);

/* A pipe whose ends are closed on exec and lie above the standard descriptors, so that they can be
 * given to a program in any order, even where the caller was started with closed ones. */
bool program_pipe(int ends[2], struct error *error);

#endif
