/*
 * How the module starts the helper: the arguments, each as --NAME=VALUE. They come from a program
 * that runs as root, and are checked all the same, since anybody can start the helper by hand.
 *
 *     --user=U --service=S   the session's user and the PAM service
 *     --config=PATH          absolute
 *     --timeout-ms=N         what is left of the login's deadline
 *     --parent=PID           whom not to outlive
 *     --uid=N --gid=N        whom to become; given exactly when the host is root
 */
#ifndef SSMENV_COMMON_INVOCATION_H
#define SSMENV_COMMON_INVOCATION_H

#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct invocation {
    const char *user; /* borrowed from argv, like the other texts */
    const char *service;
    const char *config;
    int64_t timeout_ms; /* 1 to TIMEOUT_MAX_MS */
    pid_t parent;
    uid_t uid; /* 0: not given */
    gid_t gid; /* 0: not given */
};

bool invocation_parse(struct invocation *invocation, char **argv, struct error *error);

#endif
