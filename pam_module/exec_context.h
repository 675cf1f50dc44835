/*
 * The SELinux context that this thread's next exec would run in.
 *
 * pam_selinux sets it for the user's shell. Were it still set when the helper starts, the helper
 * would run in the user's domain; so it is saved and cleared before, and restored after, in the
 * same thread: it is a property of the thread (proc_pid_attr(5)). On a system without SELinux the
 * file cannot be read, and there is nothing to do. The context itself is never logged.
 */
#ifndef SSMENV_MODULE_EXEC_CONTEXT_H
#define SSMENV_MODULE_EXEC_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"

#define EXEC_CONTEXT_BYTES 4096 /* the kernel takes at most a page */

struct exec_context {
    int descriptor; /* open while there is something to restore, else -1 */
    size_t length;
    char bytes[EXEC_CONTEXT_BYTES];
};

/* On a fault nothing has been changed. */
bool exec_context_clear(struct exec_context *context, struct fault *fault);

/* False: the user's processes would run in the wrong domain, so the session must not begin. */
bool exec_context_restore(struct exec_context *context, struct fault *fault);

#endif
