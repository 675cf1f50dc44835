/*
 * One batch of lookups by way of ssmenv-fetch, under the identities of a configuration: the
 * cache_fetch that logins and refreshing hand to the cache.
 *
 * What the fetcher learns about the identities is kept in the cache folder and brought along with
 * the next batch (cache/keepsake_store.h).
 */
#ifndef SSMENV_LOGIN_FETCH_H
#define SSMENV_LOGIN_FETCH_H

#include "cache/cache.h"
#include "config/diagnostics.h"
#include "login_identities.h"

struct login_fetch {
    struct identities identities;
    struct deadline deadline;        /* ssmenv-fetch is ended then */
    struct diagnostics *diagnostics; /* borrowed: takes the fetcher's warnings */
    const struct cache *cache;       /* borrowed; NULL: nothing is kept */
};

/* A cache_fetch; context is the struct login_fetch. Each lookup's identity is an index into the
 * identities, and is changed. */
bool login_fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count);

#endif
