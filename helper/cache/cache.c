#include "cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cache/folder.h"
#include "cache/lock.h"
#include "cache/set_key.h"
#include "common/buffer.h"

/* Whoever has a usable old value does not wait long for a new one. */
#define STALE_WAIT_MS 500
/* With less time than this a fetch would fail for want of time, and the failure would be
 * everybody's. */
#define FETCH_MIN_MS 50

enum progress {
    WANTED,  /* neither fresh nor known to be unobtainable */
    LOCKED,  /* this process fetches it */
    SETTLED, /* its answers are final */
};

/* One set on its way. */
struct job {
    struct cache_set *set;
    struct buffer key;
    struct store store;
    enum progress progress;
    int lock;
    struct deadline deadline; /* of waiting */
};

struct run {
    struct cache *cache;
    struct job *jobs;
    size_t count;
    uint64_t started;
    struct deadline deadline;
    cache_fetch *fetch;
    void *context;
};

uint64_t cache_now(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void report(struct cache *cache, const struct error *error)
{
    if (!error_is_set(&cache->problem))
        cache->problem = *error;
}

static uint64_t host_seed(void)
{
    struct utsname name;

    return uname(&name) == 0 ? store_hash(name.nodename, strlen(name.nodename)) : 0;
}

static int open_folder(const char *folder, struct error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (descriptor < 0) {
        error_set(error, "no cache: %s: %s", folder, strerror(errno));
        return -1;
    }
    if (fstat(descriptor, &status) == 0 && status.st_uid == geteuid() &&
        (status.st_mode & 077) == 0)
        return descriptor;
    error_set(error, "no cache: %s is not a folder of ours alone", folder);
    close(descriptor);
    return -1;
}

void cache_open(struct cache *cache, const char *folder, const struct cache_policy *policy)
{
    *cache = (struct cache){.policy = *policy};
    cache->policy.ttl_ms = freshness_ttl(policy->ttl_ms, host_seed());
    cache->folder = open_folder(folder, &cache->problem);
}

void cache_close(struct cache *cache)
{
    if (cache->folder >= 0)
        close(cache->folder);
    cache->folder = -1;
}

/* ---- outcomes ---------------------------------------------------------------------------------
 */

static bool serve(struct job *job, enum wire_source source)
{
    struct cache_set *set = job->set;

    for (size_t i = 0; i < set->count; i++) {
        if (!answer_copy(&set->answers[i], &job->store.values.answers[i]))
            return false;
    }
    set->source = source;
    set->age_ms = cache_now() - job->store.fetched_at;
    job->progress = SETTLED;
    return true;
}

static bool give_up(struct job *job, const char *reason)
{
    struct cache_set *set = job->set;

    for (size_t i = 0; i < set->count; i++) {
        if (!answer_set(&set->answers[i], ANSWER_FAILED, reason))
            return false;
    }
    set->source = WIRE_SOURCE_NONE;
    job->progress = SETTLED;
    return true;
}

/* There are no fresh values: old ones, or none. */
static bool fall_back(struct run *run, struct job *job, const char *reason)
{
    error_set(&job->set->reason, "%s", reason);
    if (freshness_is_usable(&job->store, &run->cache->policy, cache_now()))
        return serve(job, WIRE_SOURCE_STALE);
    return give_up(job, reason);
}

static const char *reason_of(const struct store *store)
{
    if (store->attempt == ATTEMPT_RUNNING)
        return "the process that was fetching ended before AWS answered";
    return store->reason != NULL && *store->reason != '\0' ? store->reason
                                                           : "the last fetch failed";
}

/* An attempt that ran or ended since this process began is its own attempt. Who refreshes wants one
 * that began since: values may have been changed a moment ago. */
static bool is_our_outcome(const struct run *run, const struct job *job, bool waited)
{
    const struct store *store = &job->store;

    if (run->cache->renew)
        return store->attempt > ATTEMPT_RUNNING && store->attempt_at > run->started;
    if (store->attempt == ATTEMPT_RUNNING)
        return waited;
    return store->attempt != ATTEMPT_NONE && store->attempt_end > run->started;
}

static bool take_outcome(struct run *run, struct job *job)
{
    if (job->store.attempt == ATTEMPT_SUCCEEDED && job->store.fetched_at != 0)
        return serve(job, WIRE_SOURCE_FETCHED);
    return fall_back(run, job, reason_of(&job->store));
}

static void load(struct run *run, struct job *job)
{
    struct error error = ERROR_INIT;

    store_free(&job->store);
    if (store_load(&job->store, run->cache->folder, buffer_text(&job->key), cache_now, &error) ==
        STORE_DAMAGED)
        report(run->cache, &error);
    if (job->store.fetched_at != 0 && job->store.values.answer_count != job->set->count)
        store_free(&job->store);
}

/* Looks at the store and settles what it settles. */
static bool look(struct run *run, struct job *job, bool locked, bool waited)
{
    load(run, job);
    if ((locked || waited) && is_our_outcome(run, job, waited))
        return take_outcome(run, job);
    if (run->cache->renew)
        return true;
    switch (freshness_judge(&job->store, &run->cache->policy, cache_now(), locked)) {
    case FRESH:
        return serve(job, WIRE_SOURCE_CACHE);
    case HOLD:
        return fall_back(run, job, reason_of(&job->store));
    case FETCH:
        break;
    }
    return true;
}

/* ---- fetching ---------------------------------------------------------------------------------
 */

static void save(struct run *run, struct job *job)
{
    struct error error = ERROR_INIT;

    if (job->lock >= 0 &&
        !store_save(&job->store, run->cache->folder, buffer_text(&job->key), &error))
        report(run->cache, &error);
}

static bool is_new(const struct store *store)
{
    return store->attempt == ATTEMPT_NONE && store->fetched_at == 0;
}

/* A set that is new may be one too many. */
static bool begin_attempt(struct run *run, struct job *job)
{
    if (job->lock >= 0 && is_new(&job->store))
        folder_limit(run->cache->folder);
    if (job->store.user == NULL)
        job->store.user = text_copy(job->set->user != NULL ? job->set->user : "");
    job->store.attempt = ATTEMPT_RUNNING;
    job->store.attempt_at = cache_now();
    save(run, job);
    return job->store.user != NULL;
}

static const char *first_failure(const struct cache_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->answers[i].state == ANSWER_FAILED)
            return set->answers[i].error;
    }
    return NULL;
}

static const char *first_denial(const struct cache_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->answers[i].state == ANSWER_DENIED)
            return set->answers[i].error;
    }
    return NULL;
}

/* A parameter that was deleted or forbidden must not live on in memory. */
static bool is_revoked(const struct run *run, const struct job *job)
{
    const struct result *old = &job->store.values;

    for (size_t i = 0; i < old->answer_count; i++) {
        enum answer_state now = job->set->answers[i].state;

        if (old->answers[i].state == ANSWER_FOUND &&
            (now == ANSWER_MISSING || (now == ANSWER_DENIED && !run->cache->policy.keep_denied)))
            return true;
    }
    return false;
}

static bool keep_values(struct job *job)
{
    struct result values = {.answers = calloc(job->set->count, sizeof(struct answer)),
                            .answer_count = job->set->count};

    if (values.answers == NULL)
        return false;
    for (size_t i = 0; i < values.answer_count; i++) {
        if (!answer_copy(&values.answers[i], &job->set->answers[i])) {
            result_free(&values);
            return false;
        }
    }
    result_free(&job->store.values);
    job->store.values = values;
    job->store.fetched_at = job->store.attempt_at;
    return true;
}

static bool set_reason(struct store *store, const char *reason)
{
    text_free(store->reason);
    store->reason = text_copy(reason);
    return store->reason != NULL;
}

/* What AWS said becomes the store's and the set's new state. */
static bool end_attempt(struct run *run, struct job *job)
{
    struct store *store = &job->store;
    const char *failure = first_failure(job->set);
    bool ok;

    if (failure == NULL && run->cache->policy.keep_denied &&
        freshness_is_usable(store, &run->cache->policy, cache_now()))
        failure = first_denial(job->set);
    if (is_revoked(run, job)) {
        result_free(&store->values);
        store->fetched_at = 0;
    }
    store->attempt_end = cache_now();
    store->attempt = failure != NULL ? ATTEMPT_FAILED : ATTEMPT_SUCCEEDED;
    ok = set_reason(store, failure != NULL ? failure : "") && (failure != NULL || keep_values(job));
    save(run, job);
    if (!ok || failure == NULL || !freshness_is_usable(store, &run->cache->policy, cache_now())) {
        job->set->source = WIRE_SOURCE_FETCHED;
        job->progress = SETTLED;
        return ok;
    }
    return fall_back(run, job, store->reason);
}

static void release(struct job *job)
{
    if (job->lock >= 0)
        close(job->lock);
    job->lock = -1;
}

static size_t locked_lookups(const struct run *run)
{
    size_t total = 0;

    for (size_t i = 0; i < run->count; i++) {
        if (run->jobs[i].progress == LOCKED)
            total += run->jobs[i].set->count;
    }
    return total;
}

/* One batch for all sets that this process holds. */
static bool ask(struct run *run, size_t total)
{
    struct lookup *lookups = calloc(total, sizeof *lookups);
    struct answer *answers = calloc(total, sizeof *answers);
    bool ok = lookups != NULL && answers != NULL;
    size_t next = 0;

    for (size_t i = 0; ok && i < run->count; i++) {
        struct job *job = &run->jobs[i];

        for (size_t j = 0; job->progress == LOCKED && j < job->set->count; j++)
            lookups[next++] = job->set->lookups[j];
    }
    ok = ok && run->fetch(run->context, lookups, answers, total);
    next = 0;
    for (size_t i = 0; answers != NULL && i < run->count; i++) {
        struct job *job = &run->jobs[i];

        for (size_t j = 0; job->progress == LOCKED && j < job->set->count; j++)
            job->set->answers[j] = answers[next++];
    }
    free(lookups);
    free(answers);
    return ok;
}

static bool fetch_locked(struct run *run)
{
    size_t total = locked_lookups(run);
    bool ok = true;

    for (size_t i = 0; ok && i < run->count; i++) {
        if (run->jobs[i].progress == LOCKED)
            ok = begin_attempt(run, &run->jobs[i]);
    }
    ok = ok && ask(run, total);
    for (size_t i = 0; i < run->count; i++) {
        struct job *job = &run->jobs[i];

        if (job->progress != LOCKED)
            continue;
        ok = ok && end_attempt(run, job);
        release(job);
    }
    return ok;
}

/* ---- who fetches, who waits ---------------------------------------------------------------------
 */

static bool try_lock(struct run *run, struct job *job)
{
    struct error error = ERROR_INIT;
    char name[STORE_NAME_BYTES];

    store_name(buffer_text(&job->key), name);
    switch (lock_try(run->cache->folder, name, &job->lock, &error)) {
    case LOCK_BUSY:
        return true;
    case LOCK_ERROR: /* fetched without a lock and not kept */
        report(run->cache, &error);
        job->progress = LOCKED;
        return true;
    case LOCK_HELD:
        break;
    }
    if (!look(run, job, true, false))
        return false;
    if (job->progress == WANTED && deadline_left(run->deadline) < FETCH_MIN_MS &&
        !fall_back(run, job, "no time left to fetch"))
        return false;
    if (job->progress == SETTLED)
        release(job);
    else
        job->progress = LOCKED;
    return true;
}

static bool wait_for(struct run *run, struct job *job)
{
    struct error error = ERROR_INIT;
    char name[STORE_NAME_BYTES];

    store_name(buffer_text(&job->key), name);
    switch (lock_wait(run->cache->folder, name, job->deadline, &job->lock, &error)) {
    case LOCK_HELD: {
        bool ok = look(run, job, false, true);

        release(job);
        return ok;
    }
    case LOCK_ERROR:
        report(run->cache, &error);
        break;
    case LOCK_BUSY:
        break;
    }
    load(run, job);
    return fall_back(run, job, "another login is fetching and AWS has not answered yet");
}

static struct job *first_wanted(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->jobs[i].progress == WANTED)
            return &run->jobs[i];
    }
    return NULL;
}

static bool step(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->jobs[i].progress == WANTED && !try_lock(run, &run->jobs[i]))
            return false;
    }
    if (locked_lookups(run) > 0)
        return fetch_locked(run);
    return first_wanted(run) == NULL || wait_for(run, first_wanted(run));
}

/* An attempt that has been running for long, AWS being away, is not waited for by each login anew.
 */
static int64_t stale_wait(const struct store *store)
{
    uint64_t since = store->attempt == ATTEMPT_RUNNING ? cache_now() - store->attempt_at : 0;

    return since < STALE_WAIT_MS ? STALE_WAIT_MS - (int64_t)since : 0;
}

static bool prepare(struct run *run, struct job *job, struct cache_set *set)
{
    *job = (struct job){.set = set, .lock = -1, .deadline = run->deadline};
    if (run->cache->folder < 0) {
        job->progress = LOCKED;
        return true;
    }
    set_key_write(set->identity, set->lookups, set->count, &job->key);
    if (buffer_failed(&job->key) || !look(run, job, false, false))
        return false;
    if (!run->cache->renew && freshness_is_usable(&job->store, &run->cache->policy, cache_now()))
        job->deadline = deadline_earlier(run->deadline, deadline_in(stale_wait(&job->store)));
    return true;
}

/* A login was served from it; refreshing is no use. */
static void mark_used(struct run *run, const struct job *job)
{
    char name[STORE_NAME_BYTES];

    if (run->cache->folder < 0 || run->cache->renew || job->set->source == WIRE_SOURCE_NONE)
        return;
    store_name(buffer_text(&job->key), name);
    lock_mark_used(run->cache->folder, name);
}

bool cache_obtain(struct cache *cache, struct cache_set *sets, size_t count,
                  struct deadline deadline, cache_fetch *fetch, void *context)
{
    struct run run = {.cache = cache,
                      .jobs = calloc(count, sizeof(struct job)),
                      .count = count,
                      .started = cache_now(),
                      .deadline = deadline,
                      .fetch = fetch,
                      .context = context};
    bool ok = run.jobs != NULL;

    for (size_t i = 0; ok && i < count; i++)
        ok = prepare(&run, &run.jobs[i], &sets[i]);
    if (ok && locked_lookups(&run) > 0)
        ok = fetch_locked(&run);
    while (ok && first_wanted(&run) != NULL)
        ok = step(&run);
    for (size_t i = 0; run.jobs != NULL && i < count; i++) {
        if (ok)
            mark_used(&run, &run.jobs[i]);
        release(&run.jobs[i]);
        buffer_free(&run.jobs[i].key);
        store_free(&run.jobs[i].store);
    }
    free(run.jobs);
    return ok;
}
