/* For tests of locks between processes. */
#ifndef SSMENV_TESTS_LOCK_WAITING_H
#define SSMENV_TESTS_LOCK_WAITING_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* Until the kernel lists the process as one that waits for a lock. */
static inline void await_waiting(pid_t process)
{
    char needle[32];
    bool found = false;

    snprintf(needle, sizeof needle, " %d ", (int)process);
    while (!found) {
        FILE *locks = fopen("/proc/locks", "re");
        char line[256];

        while (locks != NULL && fgets(line, sizeof line, locks) != NULL)
            found = found || (strstr(line, "->") != NULL && strstr(line, needle) != NULL);
        if (locks != NULL)
            fclose(locks);
        poll(NULL, 0, 1);
    }
}

#endif
