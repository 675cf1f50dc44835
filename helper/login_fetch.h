/*
 * One batch of lookups by way of ssmenv-fetch, under the identities of a configuration: the
 * cache_fetch that logins and refreshing hand to the cache.
 */
#ifndef SSMENV_LOGIN_FETCH_H
#define SSMENV_LOGIN_FETCH_H

#include "config/diagnostics.h"
#include "login_identities.h"

struct login_fetch {
    struct identities identities;
    struct deadline deadline;        /* ssmenv-fetch is ended then */
    struct diagnostics *diagnostics; /* borrowed: takes the fetcher's warnings */
};

/* A cache_fetch; context is the struct login_fetch. Each lookup's identity is an index into the
 * identities, and is changed. */
bool login_fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count);

#endif
