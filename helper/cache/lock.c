#include "cache/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define REPEAT_MS  10
#define PATH_BYTES 64

static int open_lock(int folder, const char *name, struct error *error)
{
    char path[PATH_BYTES];
    struct stat status;
    int descriptor;

    snprintf(path, sizeof path, "%s" LOCK_SUFFIX, name);
    descriptor = openat(folder, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        error_set(error, "lock of cached values: %s", strerror(errno));
        return -1;
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
        error_set(error, "lock of cached values: %s is not a file of ours", path);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool is_removed(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

enum lock_result lock_try(int folder, const char *name, int *descriptor, struct error *error)
{
    for (;;) {
        bool held;

        *descriptor = open_lock(folder, name, error);
        if (*descriptor < 0)
            return LOCK_ERROR;
        held = flock(*descriptor, LOCK_EX | LOCK_NB) == 0;
        if (held && !is_removed(*descriptor))
            return LOCK_HELD;
        close(*descriptor);
        *descriptor = -1;
        if (!held)
            return LOCK_BUSY;
    }
}

static void interrupt(int signal_number)
{
    (void)signal_number;
}

/* The alarm repeats, so that one which rings just before flock(2) begins is not the last. */
static void set_alarm(int milliseconds)
{
    struct itimerval timer = {0};

    if (milliseconds > 0) {
        timer.it_value.tv_sec = milliseconds / 1000;
        timer.it_value.tv_usec = milliseconds % 1000 * 1000;
        timer.it_interval.tv_usec = REPEAT_MS * 1000;
    }
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* LOCK_BUSY: the alarm rang. */
static enum lock_result lock_shared(int descriptor)
{
    if (flock(descriptor, LOCK_SH) == 0)
        return LOCK_HELD;
    return errno == EINTR ? LOCK_BUSY : LOCK_ERROR;
}

enum lock_result lock_wait(int folder, const char *name, struct deadline deadline, int *descriptor,
                           struct error *error)
{
    struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART: flock ends with EINTR */
    enum lock_result result = LOCK_BUSY;

    *descriptor = open_lock(folder, name, error);
    if (*descriptor < 0)
        return LOCK_ERROR;
    sigaction(SIGALRM, &action, NULL);
    set_alarm(deadline_left(deadline));
    while (result == LOCK_BUSY && !deadline_passed(deadline))
        result = lock_shared(*descriptor);
    set_alarm(0);
    if (result == LOCK_ERROR)
        error_set(error, "lock of cached values: %s", strerror(errno));
    if (result != LOCK_HELD) {
        close(*descriptor);
        *descriptor = -1;
    }
    return result;
}

void lock_mark_used(int folder, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s" LOCK_SUFFIX, name);
    utimensat(folder, path, NULL, AT_SYMLINK_NOFOLLOW);
}
