/*
 * What a stored set is good for at a given moment. Pure functions of the store, the settings and
 * the time, so that tests and simulations run them on paper time.
 */
#ifndef SSMENV_CACHE_FRESHNESS_H
#define SSMENV_CACHE_FRESHNESS_H

#include <stdint.h>

#include "cache/store.h"

/* Settings of [cache], in milliseconds. */
struct cache_policy {
    uint64_t ttl_ms;         /* 0: always fetch */
    uint64_t max_stale_ms;   /* how old values may be that are served while AWS is away */
    uint64_t retry_after_ms; /* after a failure, and after a "denied" */
    bool keep_denied;        /* a "denied" does not purge what was stored */
};

enum freshness {
    FRESH, /* serve it */
    HOLD,  /* an attempt failed a moment ago: do not try again yet */
    FETCH,
};

/* The host's own ttl: up to a fifth shorter, so that hosts that started together do not fetch
 * together. seed: any number that differs from host to host. */
uint64_t freshness_ttl(uint64_t ttl_ms, uint64_t seed);

/* abandoned: the caller holds the set's lock, so an attempt that is still recorded as running has
 * died, which counts as a failure. policy->ttl_ms is the host's own. */
enum freshness freshness_judge(const struct store *store, const struct cache_policy *policy,
                               uint64_t now, bool abandoned);

/* From when on a login fetches; a time that has passed: the next one does. */
uint64_t freshness_until(const struct store *store, const struct cache_policy *policy);

/* Whether the values may be served although they are not fresh. */
bool freshness_is_usable(const struct store *store, const struct cache_policy *policy,
                         uint64_t now);

#endif
