/*
 * Asking ssmenv-helper: start it, read its one reply, end it; all of it before a deadline.
 *
 * The helper runs in a session and process group of its own, with default signal dispositions, an
 * empty signal mask, stdin and stderr on /dev/null, stdout on a pipe to us, no other descriptor,
 * and an environment of two fixed variables. It gives up root itself, as its first act.
 *
 * The complete frame decides, not the exit status, and a frame is complete when its announced
 * length has come; the helper may then be still running, or a child of its may hold the pipe open.
 * Whatever happened, its process group is killed (a process that left the group, as setsid does,
 * escapes that) and it is reaped. What is left behind is nothing: no process of the group, no
 * zombie, no descriptor, and signals as they were (child_signal.h). Only a helper that the kernel
 * cannot end before the deadline, because it hangs inside a system call, stays behind as a child of
 * the host.
 */
#ifndef SSMENV_MODULE_SPAWN_H
#define SSMENV_MODULE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"

struct helper_request {
    const char *path; /* resolved and checked: trusted_path.h */
    const char *user;
    const char *service;
    const char *config;
    bool become; /* the host is root: the helper has to become uid and gid */
    uid_t uid;
    gid_t gid;
    int64_t started;  /* when the login began to wait, in clock.h's terms */
    int64_t deadline; /* when it must be over, reaping included */
};

struct helper_reply {
    unsigned char *payload; /* secrets; release with helper_reply_free() */
    size_t length;
    bool context_lost; /* the session must not begin: exec_context.h */
};

/* True: the payload of a WIRE_REPLY frame came, contents unchecked. Otherwise there is a fault. */
bool helper_ask(const struct helper_request *request, struct helper_reply *reply,
                struct fault *fault);

/* Wipes and releases; may be called twice, and on a reply that is all zero. */
void helper_reply_free(struct helper_reply *reply);

#endif
