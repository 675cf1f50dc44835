/*
 * seccomp: the process gives up every system call that libcurl, OpenSSL and libc's resolver do not
 * make (https://docs.kernel.org/userspace-api/seccomp_filter.html). The filter is assembled here,
 * without a library, from a table that reads as the policy.
 *
 * A call that is not on the list fails with EPERM. clone3 and calls newer than this table fail with
 * ENOSYS, as on an older kernel, so that libc falls back to what it did before they existed.
 */
#ifndef SSMENV_AWS_SYSTEM_CALLS_H
#define SSMENV_AWS_SYSTEM_CALLS_H

#include <stdbool.h>

/* False when nothing was restricted: an architecture without a table, a kernel without seccomp.
 * Needs no_new_privs, and holds for threads that are started later. */
bool system_calls_restrict(void);

#endif
