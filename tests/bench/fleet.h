/*
 * A fleet of hosts and one Parameter Store, on paper time: what all of them together ask of it, and
 * what their logins get.
 *
 * Each host decides with the helper's own code: freshness.c says whether a login is served, held or
 * fetches, and how far the host's ttl is from the others'; retry.c says whether and when a refused
 * call is made again. What is made up is the world around it: when hosts boot and users log in, and
 * an AWS that answers as many calls a second as its quota allows (a token bucket that holds one
 * second's worth and that refused calls do not empty) and is away for a while.
 *
 * A simulation owns its hosts; fleet_free() releases them. The same settings, seed included, give
 * the same simulation. All times are milliseconds since the first host booted.
 */
#ifndef SSMENV_BENCH_FLEET_H
#define SSMENV_BENCH_FLEET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/retry.h"
#include "cache/freshness.h"
#include "cache/store.h"
#include "ssmenv/limits.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)

/* The clock of the stores: 0 means "never" there. */
#define BOOTTIME_AT_START ((uint64_t)60 * MINUTE)

/* What answers take: a cold fetcher, a handshake and a call; a refusal; a dead connection. */
#define ANSWER_MIN_MS    40
#define ANSWER_SPREAD_MS 60
#define REFUSAL_MS       20
#define HANG_MS          (60 * SECOND)
#define FETCH_MS         (TIMEOUT_DEFAULT_MS - HELPER_MARGIN_MS - 100) /* of a login */
#define REFRESH_MS       9900                                          /* of ssmenv refresh */
#define STALE_WAIT_MS    500
#define CRON_SPREAD_MS   SECOND

#define FOREVER UINT64_MAX

enum fleet_client {
    CLIENT_CACHE,        /* pam_ssmenv */
    CLIENT_PER_LOGIN,    /* one call for each login */
    CLIENT_PER_VARIABLE, /* one call for each variable of each login */
};

enum fleet_phase {
    PHASE_BOOT,
    PHASE_STEADY,
    PHASE_ROTATION,
    PHASE_OUTAGE,
    PHASE_AFTER,
    PHASE_COUNT,
};

struct fleet_settings {
    uint64_t seed;
    size_t hosts;
    double quota; /* calls a second */
    enum fleet_client client;
    unsigned variables;
    struct cache_policy policy;
    uint64_t refresh_ms;        /* between two runs of ssmenv refresh; 0: only logins fetch */
    uint64_t refresh_spread_ms; /* added to each of them, drawn anew */
    uint64_t boot_spread_ms;    /* all hosts boot within this time */
    uint64_t login_ms;          /* between two logins on a host, on average */
    uint64_t cron_ms;           /* between two cron jobs, at the same second everywhere */
    uint64_t ends[PHASE_COUNT]; /* of the phases; each begins where the one before it ends */
};

/* What happened in one phase. */
struct fleet_count {
    uint64_t calls;
    uint64_t throttled;
    uint64_t peak; /* calls in one second */
    uint64_t logins;
    uint64_t stale;   /* logins with values that were past their ttl, AWS being away or busy */
    uint64_t without; /* logins without values */
    uint64_t bare;    /* hosts without values, at most at one moment */
};

struct fleet_host {
    struct store store;
    struct answer answer;
    struct cache_policy policy; /* with the host's own ttl */
    bool fetching;
    uint64_t fetch_until;
    unsigned waiting; /* logins that will get what the fetch gets */
    uint64_t booted_at;
    uint64_t first_values_at;
    uint64_t new_values_at; /* those of PHASE_ROTATION */
    uint64_t recovered_at;  /* first fetch after the outage */
    uint64_t calls;
    uint64_t fetches;
    uint64_t fetched_within_ttl; /* fetches, by logins, although values were fresh: must stay 0 */
};

enum fleet_event_kind {
    EVENT_BOOT,
    EVENT_LOGIN,
    EVENT_CRON,
    EVENT_REFRESH,
    EVENT_CALL,
    EVENT_FAILED,
    EVENT_FETCHED,
};

struct fleet_event {
    uint32_t next; /* of the same slot */
    uint32_t host;
    uint8_t kind;
    uint8_t attempt;
    uint8_t left; /* variables that are still to be asked for */
};

/* Events wait in slots of SLOT_MS, in the order in which they were made. */
#define SLOT_MS 10
#define NOTHING UINT32_MAX

struct fleet {
    struct fleet_settings settings;
    struct fleet_host *hosts;
    struct fleet_event *events;
    size_t event_count;
    size_t event_capacity;
    uint32_t free_event;
    uint32_t *first;
    uint32_t *last;
    size_t slots;
    uint64_t now;
    uint64_t random;
    double tokens;
    uint64_t tokens_at;
    size_t bare;
    enum fleet_phase phase;
    struct fleet_count counts[PHASE_COUNT];
    uint32_t *calls_by_second;
};

/* --- chance --- */

/* SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t fleet_random(struct fleet *fleet)
{
    uint64_t bits = fleet->random += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

static inline double fleet_random_unit(struct fleet *fleet)
{
    return (double)(fleet_random(fleet) >> 11) / 9007199254740992.0;
}

static inline uint64_t fleet_random_below(struct fleet *fleet, uint64_t end)
{
    return end == 0 ? 0 : fleet_random(fleet) % end;
}

/* An exponentially distributed number of mean 1, drawn by comparing alone (von Neumann 1951), so
 * that it is the same number with every C library. */
static inline double fleet_random_exponential(struct fleet *fleet)
{
    for (double whole = 0;; whole++) {
        double first = fleet_random_unit(fleet);
        double last = first;
        bool odd = true;

        for (double next; (next = fleet_random_unit(fleet)) < last; odd = !odd)
            last = next;
        if (odd)
            return whole + first;
    }
}

/* Until the next of events that know nothing of each other. */
static inline uint64_t fleet_random_gap(struct fleet *fleet, uint64_t mean)
{
    return (uint64_t)(fleet_random_exponential(fleet) * (double)mean);
}

/* --- events --- */

static inline void *fleet_allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        abort();
    return memory;
}

static inline uint32_t fleet_new_event(struct fleet *fleet)
{
    uint32_t number = fleet->free_event;

    if (number != NOTHING) {
        fleet->free_event = fleet->events[number].next;
        return number;
    }
    if (fleet->event_count == fleet->event_capacity) {
        fleet->event_capacity = fleet->event_capacity * 2 + 1024;
        fleet->events = realloc(fleet->events, fleet->event_capacity * sizeof fleet->events[0]);
        if (fleet->events == NULL)
            abort();
    }
    return (uint32_t)fleet->event_count++;
}

static inline void fleet_add(struct fleet *fleet, uint64_t at, struct fleet_event event)
{
    size_t slot = at / SLOT_MS;
    uint32_t number;

    if (slot >= fleet->slots)
        return;
    number = fleet_new_event(fleet);
    event.next = NOTHING;
    fleet->events[number] = event;
    if (fleet->first[slot] == NOTHING)
        fleet->first[slot] = number;
    else
        fleet->events[fleet->last[slot]].next = number;
    fleet->last[slot] = number;
}

static inline void fleet_add_simple(struct fleet *fleet, uint64_t delay, uint32_t host,
                                    enum fleet_event_kind kind)
{
    fleet_add(fleet, fleet->now + delay, (struct fleet_event){.host = host, .kind = (uint8_t)kind});
}

/* --- Parameter Store --- */

enum fleet_answer {
    AWS_ANSWERS,
    AWS_REFUSES,
    AWS_IS_AWAY,
};

static inline struct fleet_count *fleet_counts(struct fleet *fleet)
{
    return &fleet->counts[fleet->phase];
}

static inline enum fleet_answer fleet_call(struct fleet *fleet, struct fleet_host *host)
{
    struct fleet_count *counts = fleet_counts(fleet);
    uint32_t *second = &fleet->calls_by_second[fleet->now / SECOND];
    double quota = fleet->settings.quota;

    host->calls++;
    counts->calls++;
    if (++*second > counts->peak)
        counts->peak = *second;
    if (fleet->phase == PHASE_OUTAGE)
        return AWS_IS_AWAY;
    fleet->tokens += quota * (double)(fleet->now - fleet->tokens_at) / SECOND;
    fleet->tokens = fleet->tokens < quota ? fleet->tokens : quota;
    fleet->tokens_at = fleet->now;
    if (fleet->tokens < 1) {
        counts->throttled++;
        return AWS_REFUSES;
    }
    fleet->tokens -= 1;
    return AWS_ANSWERS;
}

static inline uint64_t fleet_answer_ms(struct fleet *fleet)
{
    return ANSWER_MIN_MS + fleet_random_below(fleet, ANSWER_SPREAD_MS);
}

/* --- a host with pam_ssmenv --- */

static inline uint64_t fleet_boottime(const struct fleet *fleet)
{
    return fleet->now + BOOTTIME_AT_START;
}

static inline void fleet_begin_fetch(struct fleet *fleet, uint32_t number, uint64_t time)
{
    struct fleet_host *host = &fleet->hosts[number];

    host->fetching = true;
    host->fetches++;
    host->fetch_until = fleet->now + time;
    host->store.attempt = ATTEMPT_RUNNING;
    host->store.attempt_at = fleet_boottime(fleet);
    fleet_add(fleet, fleet->now,
              (struct fleet_event){.host = number, .kind = EVENT_CALL, .attempt = 1});
}

static inline void fleet_fetch_call(struct fleet *fleet, const struct fleet_event *event)
{
    struct fleet_host *host = &fleet->hosts[event->host];
    int64_t left = (int64_t)(host->fetch_until - fleet->now) - REFUSAL_MS;
    int64_t delay;

    switch (fleet_call(fleet, host)) {
    case AWS_ANSWERS:
        fleet_add_simple(fleet, fleet_answer_ms(fleet), event->host, EVENT_FETCHED);
        return;
    case AWS_IS_AWAY:
        fleet_add_simple(fleet, host->fetch_until - fleet->now, event->host, EVENT_FAILED);
        return;
    case AWS_REFUSES:
        break;
    }
    delay = retry_delay(RETRY_THROTTLED, event->attempt, RETRY_ATTEMPTS_DEFAULT, 0, left,
                        fleet_random_unit(fleet));
    if (delay < 0)
        fleet_add_simple(fleet, REFUSAL_MS, event->host, EVENT_FAILED);
    else
        fleet_add(fleet, fleet->now + REFUSAL_MS + (uint64_t)delay,
                  (struct fleet_event){.host = event->host,
                                       .kind = EVENT_CALL,
                                       .attempt = (uint8_t)(event->attempt + 1)});
}

static inline void fleet_serve_old(struct fleet *fleet, struct fleet_host *host, uint64_t logins)
{
    if (freshness_is_usable(&host->store, &host->policy, fleet_boottime(fleet)))
        fleet_counts(fleet)->stale += logins;
    else
        fleet_counts(fleet)->without += logins;
}

static inline void fleet_end_fetch(struct fleet *fleet, uint32_t number, bool fetched)
{
    struct fleet_host *host = &fleet->hosts[number];
    struct store *store = &host->store;

    host->fetching = false;
    store->attempt = fetched ? ATTEMPT_SUCCEEDED : ATTEMPT_FAILED;
    store->attempt_end = fleet_boottime(fleet);
    if (!fetched) {
        fleet_serve_old(fleet, host, host->waiting);
    } else {
        if (store->fetched_at == 0) {
            fleet->bare--;
            host->first_values_at = fleet->now;
        }
        store->fetched_at = store->attempt_at;
        if (host->new_values_at == FOREVER && fleet->phase >= PHASE_ROTATION)
            host->new_values_at = fleet->now;
        if (host->recovered_at == FOREVER && fleet->phase == PHASE_AFTER)
            host->recovered_at = fleet->now;
    }
    host->waiting = 0;
}

static inline void fleet_login_cached(struct fleet *fleet, uint32_t number)
{
    struct fleet_host *host = &fleet->hosts[number];
    uint64_t now = fleet_boottime(fleet);

    switch (freshness_judge(&host->store, &host->policy, now, false)) {
    case FRESH:
        return;
    case HOLD:
        fleet_serve_old(fleet, host, 1);
        return;
    case FETCH:
        break;
    }
    if (host->fetching && freshness_is_usable(&host->store, &host->policy, now)) {
        fleet_counts(fleet)->stale++; /* it waits for STALE_WAIT_MS at most */
        return;
    }
    if (!host->fetching) {
        if (host->store.fetched_at != 0 && now - host->store.fetched_at < host->policy.ttl_ms)
            host->fetched_within_ttl++;
        fleet_begin_fetch(fleet, number, FETCH_MS);
    }
    host->waiting++;
}

/* --- a login that asks for itself, as the aws command does --- */

static inline void fleet_plain_call(struct fleet *fleet, const struct fleet_event *event)
{
    enum fleet_answer answer = fleet_call(fleet, &fleet->hosts[event->host]);
    struct fleet_event next = *event;
    uint64_t wait = answer == AWS_IS_AWAY ? HANG_MS : REFUSAL_MS;
    int64_t delay;

    if (answer == AWS_ANSWERS) {
        next.attempt = 1;
        next.left--;
        if (next.left > 0)
            fleet_add(fleet, fleet->now + fleet_answer_ms(fleet), next);
        return;
    }
    delay = retry_delay(answer == AWS_REFUSES ? RETRY_THROTTLED : RETRY_TRANSIENT, event->attempt,
                        RETRY_ATTEMPTS_DEFAULT, 0, HANG_MS, fleet_random_unit(fleet));
    next.attempt++;
    if (delay < 0)
        fleet_counts(fleet)->without++;
    else
        fleet_add(fleet, fleet->now + wait + (uint64_t)delay, next);
}

static inline void fleet_login(struct fleet *fleet, uint32_t number)
{
    enum fleet_client client = fleet->settings.client;
    uint8_t left = client == CLIENT_PER_VARIABLE ? (uint8_t)fleet->settings.variables : 1;

    fleet_counts(fleet)->logins++;
    if (client == CLIENT_CACHE)
        fleet_login_cached(fleet, number);
    else
        fleet_add(
            fleet, fleet->now,
            (struct fleet_event){.host = number, .kind = EVENT_CALL, .attempt = 1, .left = left});
}

/* --- what happens --- */

static inline uint64_t fleet_until_cron(struct fleet *fleet)
{
    uint64_t period = fleet->settings.cron_ms;

    return period - fleet->now % period + fleet_random_below(fleet, CRON_SPREAD_MS);
}

static inline void fleet_refresh(struct fleet *fleet, uint32_t number)
{
    const struct fleet_settings *settings = &fleet->settings;

    if (!fleet->hosts[number].fetching)
        fleet_begin_fetch(fleet, number, REFRESH_MS);
    fleet_add_simple(fleet,
                     settings->refresh_ms + fleet_random_below(fleet, settings->refresh_spread_ms),
                     number, EVENT_REFRESH);
}

static inline void fleet_boot(struct fleet *fleet, uint32_t number)
{
    const struct fleet_settings *settings = &fleet->settings;
    bool is_cached = settings->client == CLIENT_CACHE;

    fleet->hosts[number].booted_at = fleet->now;
    if (is_cached && ++fleet->bare > fleet_counts(fleet)->bare)
        fleet_counts(fleet)->bare = fleet->bare;
    if (is_cached && settings->refresh_ms > 0)
        fleet_add_simple(fleet, 0, number, EVENT_REFRESH);
    fleet_add_simple(fleet, fleet_random_gap(fleet, settings->login_ms), number, EVENT_LOGIN);
    fleet_add_simple(fleet, fleet_until_cron(fleet), number, EVENT_CRON);
}

static inline void fleet_handle(struct fleet *fleet, const struct fleet_event *event)
{
    switch ((enum fleet_event_kind)event->kind) {
    case EVENT_BOOT:
        fleet_boot(fleet, event->host);
        break;
    case EVENT_LOGIN:
        fleet_add_simple(fleet, fleet_random_gap(fleet, fleet->settings.login_ms), event->host,
                         EVENT_LOGIN);
        fleet_login(fleet, event->host);
        break;
    case EVENT_CRON:
        fleet_add_simple(fleet, fleet_until_cron(fleet), event->host, EVENT_CRON);
        fleet_login(fleet, event->host);
        break;
    case EVENT_REFRESH:
        fleet_refresh(fleet, event->host);
        break;
    case EVENT_CALL:
        if (fleet->settings.client == CLIENT_CACHE)
            fleet_fetch_call(fleet, event);
        else
            fleet_plain_call(fleet, event);
        break;
    case EVENT_FAILED:
    case EVENT_FETCHED:
        fleet_end_fetch(fleet, event->host, event->kind == EVENT_FETCHED);
        break;
    }
}

/* --- all of it --- */

/* Hosts are named as EC2 names them, since a host's name decides about its ttl. */
static inline void fleet_init_host(struct fleet_host *host, const struct cache_policy *policy,
                                   size_t number)
{
    char name[64];
    int length = snprintf(name, sizeof name, "ip-10-%u-%u-%u", (unsigned)(number >> 16) & 255,
                          (unsigned)(number >> 8) & 255, (unsigned)number & 255);

    host->answer.state = ANSWER_FOUND;
    host->store.values = (struct result){.answers = &host->answer, .answer_count = 1};
    host->policy = *policy;
    host->policy.ttl_ms = freshness_ttl(policy->ttl_ms, store_hash(name, (size_t)length));
    host->first_values_at = FOREVER;
    host->new_values_at = FOREVER;
    host->recovered_at = FOREVER;
}

static inline void fleet_init(struct fleet *fleet, const struct fleet_settings *settings)
{
    uint64_t end = settings->ends[PHASE_COUNT - 1];

    *fleet = (struct fleet){.settings = *settings,
                            .random = settings->seed,
                            .tokens = settings->quota,
                            .free_event = NOTHING,
                            .slots = (size_t)(end / SLOT_MS)};
    fleet->hosts = fleet_allocate(settings->hosts, sizeof fleet->hosts[0]);
    fleet->first = fleet_allocate(fleet->slots, sizeof fleet->first[0]);
    fleet->last = fleet_allocate(fleet->slots, sizeof fleet->last[0]);
    fleet->calls_by_second = fleet_allocate(end / SECOND + 1, sizeof fleet->calls_by_second[0]);
    memset(fleet->first, 0xff, fleet->slots * sizeof fleet->first[0]);
    for (size_t i = 0; i < settings->hosts; i++) {
        fleet_init_host(&fleet->hosts[i], &settings->policy, i);
        fleet_add_simple(fleet, fleet_random_below(fleet, settings->boot_spread_ms), (uint32_t)i,
                         EVENT_BOOT);
    }
}

static inline void fleet_run_slot(struct fleet *fleet, size_t slot)
{
    uint32_t number;

    while ((number = fleet->first[slot]) != NOTHING) {
        struct fleet_event event = fleet->events[number];

        fleet->first[slot] = event.next;
        fleet->events[number].next = fleet->free_event;
        fleet->free_event = number;
        fleet_handle(fleet, &event);
    }
}

static inline void fleet_run(struct fleet *fleet)
{
    for (size_t slot = 0; slot < fleet->slots; slot++) {
        fleet->now = slot * SLOT_MS;
        while (fleet->now >= fleet->settings.ends[fleet->phase]) {
            fleet->phase++;
            fleet_counts(fleet)->bare = fleet->bare;
        }
        fleet_run_slot(fleet, slot);
    }
}

static inline void fleet_free(struct fleet *fleet)
{
    free(fleet->hosts);
    free(fleet->events);
    free(fleet->first);
    free(fleet->last);
    free(fleet->calls_by_second);
    *fleet = (struct fleet){0};
}

#endif
