/*
 * The cache folder as a whole: which sets it holds, and forgetting them.
 *
 * What belongs to one set is up to three files: its store, its lock and, while it is being written,
 * the next store. They are removed by whoever holds the lock exclusively, so that nobody writes
 * what was forgotten a moment before. Nothing but files of ours is ever removed.
 *
 * The folder lies in memory and has a bound: FOLDER_SETS_MAX sets and FOLDER_BYTES_MAX bytes. Past
 * it those go that no login has used for the longest time, down to three quarters of the bound, so
 * that this is not done for each new set.
 */
#ifndef SSMENV_CACHE_FOLDER_H
#define SSMENV_CACHE_FOLDER_H

#include "cache/set_key.h"
#include "cache/store.h"
#include "common/deadline.h"

#define FOLDER_SETS_MAX  2048
#define FOLDER_BYTES_MAX (32 * 1024 * 1024)

/* A set that is stored. A visitor may take key, parts and store over by emptying them here. */
struct stored_set {
    char name[STORE_NAME_BYTES]; /* of its file */
    char *key;
    struct set_key parts; /* of the key */
    struct store store;
    uint64_t unused_ms; /* how long ago a login last used it */
};

/* False ends the visit. */
typedef bool folder_visitor(void *context, struct stored_set *set);

/* Shows every set whose store is whole; now is asked for each. False: the visitor ended it, or the
 * folder cannot be read (the error says so). */
bool folder_visit(int folder, store_clock *now, folder_visitor *visitor, void *context,
                  struct error *error);

/* Forgets one set. A fetch of it that is running is waited for until the deadline; false: it still
 * was, and the set stays. */
bool folder_forget(int folder, const char *name, struct deadline deadline);

/* Forgets all sets, also one whose fetch has not ended by the deadline, and every other file that
 * lies in the folder. Stores how many sets and other files there were. */
bool folder_empty(int folder, struct deadline deadline, size_t *count, struct error *error);

/* Keeps to the bound. Sets that are being fetched are let alone. */
void folder_limit(int folder);

#endif
