/*
 * Starting another program: with descriptors 0 to 2 as the caller says, nothing above them, default
 * signals, an empty mask and the environment of a helper (PATH and LC_ALL=C), whatever the caller's
 * own may be. It stays in the caller's process group, unless it gets a session of its own. Whoever
 * starts a program has to end it or to wait for it.
 */
#ifndef SSMENV_COMMON_PROGRAM_H
#define SSMENV_COMMON_PROGRAM_H

#include <sys/types.h>

#include "common/deadline.h"
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
    bool own_session;
};

/* Whether root may start this file: a regular one that nobody but root (or the caller) can write.
 */
bool program_check(const char *path, struct error *error);

/* Stores the process in pid. The error says why, not which program: the caller knows its name. */
bool program_start(const struct program *program, pid_t *pid, struct error *error);

/* Ends a program of which nothing more is wanted, with all of its process group if it has a session
 * of its own, and waits for it. error NULL: it has answered. Otherwise it gave no usable answer:
 * its own end is awaited for a moment, by deadline at most, and the error gets its name and how it
 * ended as context. */
void program_end(pid_t pid, const char *name, struct deadline deadline, struct error *error);

/* A pipe whose ends are closed on exec and lie above the standard descriptors, so that they can be
 * given to a program in any order, even where the caller was started with closed ones. */
bool program_pipe(int ends[2], struct error *error);

#endif
