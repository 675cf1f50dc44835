/*
 * Values by way of the cache: fresh ones from memory, the others by one fetch per host.
 *
 * A set (the lookups of one section as planned for one login) is stored, locked and fetched as a
 * whole, so its values always come from one fetch. Of all processes that want a stale set at the
 * same time, the one that gets its lock fetches; the others wait for it, within their own
 * deadlines, and take its outcome, also a failure. Nobody waits for one lock while holding another,
 * so there is no order to keep and nothing to deadlock.
 *
 * An attempt is recorded before it starts. After a failure nobody tries again for retry_after;
 * until then and beyond, values up to max_stale old are served, and say so. A cache that cannot be
 * used (folder missing, not ours, full) makes logins slower, never poorer: everything is fetched,
 * and the problem is reported.
 */
#ifndef SSMENV_CACHE_CACHE_H
#define SSMENV_CACHE_CACHE_H

#include "cache/freshness.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/exchange.h"
#include "ssmenv/wire.h"

struct cache {
    int folder;                 /* -1: no cache */
    struct cache_policy policy; /* ttl_ms is the host's own */
    bool renew;           /* set by who refreshes: no stored value or verdict is good enough */
    struct error problem; /* the first thing that kept the cache from working; for the log */
};

struct cache_set {
    const char *identity; /* borrowed: everything but the lookups that decides what a name means */
    const char *user;     /* borrowed: who asks, where what is asked depends on it; else "" */
    const struct lookup *lookups; /* borrowed; all under this identity, whatever its index */
    struct answer *answers;       /* the caller's array of count empty answers, filled here */
    size_t count;
    enum wire_source source; /* out: CACHE, FETCHED, STALE, or NONE when nothing could be had */
    uint64_t age_ms;         /* out: of what is served from the cache */
    struct error reason;     /* out: why values are stale, or could not be had */
};

/* Fills count answers, one for each lookup, be it ANSWER_FAILED. False: out of memory. */
typedef bool cache_fetch(void *context, struct lookup *lookups, struct answer *answers,
                         size_t count);

/* ttl_ms of policy is the configured one. folder as in PATH_RUNDIR; it
 * must be a folder of this user that nobody else can enter. Never fails: see problem. */
void cache_open(struct cache *cache, const char *folder, const struct cache_policy *policy);
void cache_close(struct cache *cache);

/* CLOCK_BOOTTIME in milliseconds, the time of all that is stored. */
uint64_t cache_now(void);

/* Fills the answers of all sets. After deadline no fetch is begun and no lock is waited for. False:
 * out of memory. */
bool cache_obtain(struct cache *cache, struct cache_set *sets, size_t count,
                  struct deadline deadline, cache_fetch *fetch, void *context);

#endif
