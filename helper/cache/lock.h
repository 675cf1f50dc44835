/*
 * A set's lock: a file beside its store, locked with flock(2), which the kernel releases when its
 * holder dies. Who gets it exclusively fetches; who does not waits for it shared, so that the end
 * of one fetch wakes all waiters at once. The descriptor is closed on exec: a fetcher that outlives
 * its helper holds nothing.
 *
 * Whoever holds a lock exclusively may remove its file together with the store. Who then gets the
 * lock of a removed file takes the one that is there now. The file's time of modification says when
 * a login last used the set.
 */
#ifndef SSMENV_CACHE_LOCK_H
#define SSMENV_CACHE_LOCK_H

#include "common/deadline.h"
#include "common/error.h"

#define LOCK_SUFFIX ".lock"

enum lock_result {
    LOCK_HELD, /* *descriptor is the lock; close(2) releases it */
    LOCK_BUSY, /* somebody else has it; or, waiting, still had it at the deadline */
    LOCK_ERROR,
};

enum lock_result lock_try(int folder, const char *name, int *descriptor, struct error *error);

/* Waits until nobody holds the lock exclusively, and holds it shared then: as long as the
 * descriptor is open, nobody fetches. Uses SIGALRM, which must be the caller's to use. */
enum lock_result lock_wait(int folder, const char *name, struct deadline deadline, int *descriptor,
                           struct error *error);

/* The set was used now. */
void lock_mark_used(int folder, const char *name);

#endif
