/*
 * SIGCHLD while this thread has a child of its own inside somebody else's program.
 *
 * The disposition is a property of the whole process and stays untouched. The signal is only
 * blocked in this thread, so that a handler of the host's does not run here and reap the helper
 * first. If that happens all the same (the host ignores SIGCHLD, or its handler runs in another
 * thread), the helper counts as reaped.
 *
 * A blocked signal stays pending, and a host that finds one pending looks for a child that is gone
 * already; a handler that calls wait() would then block. So the helper's own SIGCHLD is taken off
 * again. The kernel keeps one pending SIGCHLD only, so another child's may have been dropped on top
 * of ours, or be the one that is pending: in both cases the host gets its signal back. A SIGCHLD
 * that was pending before is left alone.
 */
#ifndef SSMENV_MODULE_CHILD_SIGNAL_H
#define SSMENV_MODULE_CHILD_SIGNAL_H

#include <stdbool.h>
#include <sys/types.h>

struct child_signal {
    bool was_blocked;
    bool was_pending;
};

/* Blocks SIGCHLD in this thread. */
void child_signal_hold(struct child_signal *state);

/* Makes the thread's signals what they were. child: the one that was started in between, or 0 when
 * starting it failed. */
void child_signal_release(const struct child_signal *state, pid_t child);

#endif
