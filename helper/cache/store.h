/*
 * One set's file in the cache folder: what was fetched, when, and how the last attempt went.
 *
 * A file is named by a hash of its key and repeats the whole key, so that a collision or a changed
 * configuration never finds somebody else's values. It is replaced by rename(2), never changed: a
 * reader needs no lock and never sees half. Anything that is not a whole file of this version, by
 * this user, for this key, is no file.
 *
 * Times are milliseconds on CLOCK_BOOTTIME, which goes on while the machine sleeps and starts anew
 * with the folder, a tmpfs.
 */
#ifndef SSMENV_CACHE_STORE_H
#define SSMENV_CACHE_STORE_H

#include <stdint.h>

#include "common/error.h"
#include "common/exchange.h"

enum attempt {
    ATTEMPT_NONE = 0,
    ATTEMPT_RUNNING =
        1, /* recorded before it starts: whoever finds it without its lock knows it died */
    ATTEMPT_FAILED = 2,
    ATTEMPT_SUCCEEDED = 3,
};

struct store {
    uint64_t fetched_at; /* when the fetch of the values began; 0: there are none */
    uint64_t attempt_at; /* when the last attempt began, and ended */
    uint64_t attempt_end;
    enum attempt attempt;
    char *reason;         /* why the last attempt failed, else "" */
    char *user;           /* whose set it is; "": it is the same for everybody */
    struct result values; /* one answer for each lookup of the set; no warnings */
};

enum store_load {
    STORE_LOADED,
    STORE_ABSENT, /* no file, or one for another key */
    STORE_DAMAGED /* discarded; the error says what was wrong */
};

#define STORE_NAME_BYTES 17
#define STORE_NEW        ".new" /* behind the name of a file that is being written */

/* The file's name for a key: 16 hexadecimal digits. */
void store_name(const char *key, char name[STORE_NAME_BYTES]);

/* The time, as above. Asked after a file was read, which may have been written a moment ago. */
typedef uint64_t store_clock(void);

/* On STORE_LOADED the caller owns store; else it is empty. A time of the future is damage. */
enum store_load store_load(struct store *store, int folder, const char *key, store_clock *now,
                           struct error *error);
/* The same for whoever knows the name only; *key is the caller's, NULL unless STORE_LOADED. */
enum store_load store_read(struct store *store, char **key, int folder, const char *name,
                           store_clock *now, struct error *error);
bool store_save(const struct store *store, int folder, const char *key, struct error *error);
void store_free(struct store *store);

/* FNV-1a, 64 bits (RFC 9923): names and damage, not secrets. */
uint64_t store_hash(const void *bytes, size_t length);

#endif
