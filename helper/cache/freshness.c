#include "cache/freshness.h"

#define JITTER_PERCENT 20

uint64_t freshness_ttl(uint64_t ttl_ms, uint64_t seed)
{
    uint64_t range = ttl_ms / 100 * JITTER_PERCENT;

    return range == 0 ? ttl_ms : ttl_ms - seed % (range + 1);
}

static bool has_denied(const struct store *store)
{
    for (size_t i = 0; i < store->values.answer_count; i++) {
        if (store->values.answers[i].state == ANSWER_DENIED)
            return true;
    }
    return false;
}

/* "Does not exist" is believed as long as a value, "denied" only until the next try is due:
 * somebody is probably mending the policy right now. */
static uint64_t lifetime(const struct store *store, const struct cache_policy *policy)
{
    if (policy->ttl_ms == 0 || !has_denied(store))
        return policy->ttl_ms;
    return policy->retry_after_ms;
}

static bool failed_lately(const struct store *store, const struct cache_policy *policy,
                          uint64_t now, bool abandoned)
{
    if (store->attempt == ATTEMPT_FAILED)
        return now - store->attempt_end < policy->retry_after_ms;
    if (store->attempt == ATTEMPT_RUNNING && abandoned)
        return now - store->attempt_at < policy->retry_after_ms;
    return false;
}

enum freshness freshness_judge(const struct store *store, const struct cache_policy *policy,
                               uint64_t now, bool abandoned)
{
    if (store->fetched_at != 0 && now - store->fetched_at < lifetime(store, policy))
        return FRESH;
    return failed_lately(store, policy, now, abandoned) ? HOLD : FETCH;
}

uint64_t freshness_until(const struct store *store, const struct cache_policy *policy)
{
    uint64_t fresh = store->fetched_at != 0 ? store->fetched_at + lifetime(store, policy) : 0;
    uint64_t held = 0;

    if (store->attempt == ATTEMPT_FAILED)
        held = store->attempt_end + policy->retry_after_ms;
    if (store->attempt == ATTEMPT_RUNNING)
        held = store->attempt_at + policy->retry_after_ms;
    return fresh > held ? fresh : held;
}

bool freshness_is_usable(const struct store *store, const struct cache_policy *policy, uint64_t now)
{
    return store->fetched_at != 0 && now - store->fetched_at <= policy->max_stale_ms &&
           !has_denied(store);
}
