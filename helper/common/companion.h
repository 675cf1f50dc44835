/*
 * Asking another program of this project: one process, one frame to its standard input, one frame
 * from its standard output.
 *
 * It is started from the folder that holds the running program, whose path the module has checked,
 * or, when none is there (ssmenv lives elsewhere), from where ssmenv-helper was installed; neither
 * configuration nor environment can name another one. It stays in the caller's process group, so
 * that the module's kill reaches it too, and never outlives companion_ask(): at the deadline it is
 * killed, in every case it is reaped.
 */
#ifndef SSMENV_COMMON_COMPANION_H
#define SSMENV_COMMON_COMPANION_H

#include <sys/types.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"
#include "ssmenv/wire.h"

struct companion {
    const char *name;      /* of its file */
    enum wire_kind answer; /* what it sends */
    size_t limit;          /* of the answer's payload, in bytes */
    /* Takes the answer, or says in error what is wrong with it. */
    bool (*take)(void *context, const struct buffer *payload, struct error *error);
};

/* question: a sealed frame. An error begins with the companion's name and says how it ended. */
bool companion_ask(const struct companion *companion, const struct buffer *question,
                   struct deadline deadline, void *context, struct error *error);

/* The companion's side: who started it with this command line, 0 when nobody of ours did. */
pid_t companion_parent(int argc, char **argv);

#endif
