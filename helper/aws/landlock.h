/*
 * Landlock: the process gives up access to files and TCP ports, for good
 * (https://docs.kernel.org/userspace-api/landlock.html). Written against the system calls, since
 * the headers of the oldest systems that we build on do not know the newer rights.
 */
#ifndef SSMENV_AWS_LANDLOCK_H
#define SSMENV_AWS_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Leaves reading what DNS and TLS need, and connecting to ports, 53, 80 and 443. What the kernel
 * cannot restrict stays open. False when nothing was restricted. Needs no_new_privs. */
bool landlock_restrict(const uint16_t *ports, size_t count);

#endif
