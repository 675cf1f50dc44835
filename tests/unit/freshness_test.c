#include "cache/freshness.h"

#include "tap.h"

#define MINUTE (60 * 1000)
#define HOUR   (60 * MINUTE)

static const struct cache_policy policy = {
    .ttl_ms = 5 * MINUTE, .max_stale_ms = 24 * HOUR, .retry_after_ms = 30 * 1000};

static struct answer found = {.state = ANSWER_FOUND};
static struct answer denied = {.state = ANSWER_DENIED};
static struct answer missing = {.state = ANSWER_MISSING};

/* A set fetched at 1 h on the clock, whose last attempt ended then or failed at failed_at. */
static struct store stored(struct answer *answer, uint64_t failed_at)
{
    return (struct store){.fetched_at = HOUR,
                          .attempt_at = failed_at != 0 ? failed_at : HOUR,
                          .attempt_end = failed_at != 0 ? failed_at : HOUR,
                          .attempt = failed_at != 0 ? ATTEMPT_FAILED : ATTEMPT_SUCCEEDED,
                          .values = {.answers = answer, .answer_count = 1}};
}

static void a_value_is_fresh_for_ttl(void)
{
    struct store store = stored(&found, 0);

    CHECK_INT(freshness_judge(&store, &policy, HOUR + 5 * MINUTE - 1, false), FRESH);
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 5 * MINUTE, false), FETCH);
}

static void a_missing_parameter_is_believed_for_ttl_and_a_denied_one_for_retry_after(void)
{
    struct store store = stored(&missing, 0);

    CHECK_INT(freshness_judge(&store, &policy, HOUR + 5 * MINUTE - 1, false), FRESH);
    store = stored(&denied, 0);
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 29999, false), FRESH);
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 30000, false), FETCH);
}

static void until_then_a_login_does_not_fetch(void)
{
    struct store store = stored(&found, 0);

    CHECK_INT((long long)freshness_until(&store, &policy), HOUR + 5 * MINUTE);
    store = stored(&denied, 0);
    CHECK_INT((long long)freshness_until(&store, &policy), HOUR + 30000);
    store = stored(&found, 2 * HOUR);
    CHECK_INT((long long)freshness_until(&store, &policy), 2 * HOUR + 30000);
    store = stored(&found, HOUR + MINUTE);
    CHECK_INT((long long)freshness_until(&store, &policy), HOUR + 5 * MINUTE);
    store = (struct store){.attempt = ATTEMPT_RUNNING, .attempt_at = HOUR};
    CHECK_INT((long long)freshness_until(&store, &policy), HOUR + 30000);
}

static void after_a_failure_nobody_tries_for_retry_after(void)
{
    struct store store = stored(&found, 2 * HOUR);

    CHECK_INT(freshness_judge(&store, &policy, 2 * HOUR + 29999, false), HOLD);
    CHECK_INT(freshness_judge(&store, &policy, 2 * HOUR + 30000, false), FETCH);
    store = (struct store){.attempt = ATTEMPT_FAILED, .attempt_end = HOUR};
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 1, false), HOLD);
}

static void a_failure_does_not_make_fresh_values_unfresh(void)
{
    struct store store = stored(&found, HOUR + MINUTE);

    CHECK_INT(freshness_judge(&store, &policy, HOUR + 2 * MINUTE, false), FRESH);
}

static void an_attempt_whose_holder_died_counts_as_failed(void)
{
    struct store store = {.attempt = ATTEMPT_RUNNING, .attempt_at = HOUR};

    CHECK_INT(freshness_judge(&store, &policy, HOUR + 1000, false), FETCH);
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 1000, true), HOLD);
    CHECK_INT(freshness_judge(&store, &policy, HOUR + 30000, true), FETCH);
}

static void ttl_zero_always_fetches(void)
{
    struct cache_policy always = policy;
    struct store store = stored(&found, 0);

    always.ttl_ms = 0;
    CHECK_INT(freshness_judge(&store, &always, HOUR, false), FETCH);
    store = stored(&denied, 0);
    CHECK_INT(freshness_judge(&store, &always, HOUR, false), FETCH);
}

static void old_values_are_usable_up_to_max_stale_unless_denied(void)
{
    struct store store = stored(&found, 0);

    CHECK(freshness_is_usable(&store, &policy, 25 * HOUR));
    CHECK(!freshness_is_usable(&store, &policy, 25 * HOUR + 1));
    store = stored(&denied, 0);
    CHECK(!freshness_is_usable(&store, &policy, HOUR));
    store = (struct store){0};
    CHECK(!freshness_is_usable(&store, &policy, HOUR));
}

static void hosts_spread_over_the_last_fifth_of_ttl(void)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;

    for (uint64_t host = 0; host < 1000; host++) {
        uint64_t ttl = freshness_ttl(5 * MINUTE, store_hash(&host, sizeof host));

        least = ttl < least ? ttl : least;
        most = ttl > most ? ttl : most;
    }
    CHECK(least >= 4 * MINUTE && least < 4 * MINUTE + 5000);
    CHECK(most <= 5 * MINUTE && most > 5 * MINUTE - 5000);
    CHECK_INT((long long)freshness_ttl(0, 12345), 0);
}

static const struct tap_test tests[] = {
    {"a value is fresh for ttl", a_value_is_fresh_for_ttl},
    {"a missing parameter is believed for ttl, a denied one for retry_after",
     a_missing_parameter_is_believed_for_ttl_and_a_denied_one_for_retry_after},
    {"until then a login does not fetch", until_then_a_login_does_not_fetch},
    {"after a failure nobody tries for retry_after", after_a_failure_nobody_tries_for_retry_after},
    {"a failure does not make fresh values unfresh", a_failure_does_not_make_fresh_values_unfresh},
    {"an attempt whose holder died counts as failed, for whoever has the lock",
     an_attempt_whose_holder_died_counts_as_failed},
    {"ttl 0 always fetches", ttl_zero_always_fetches},
    {"old values are usable up to max_stale, unless denied",
     old_values_are_usable_up_to_max_stale_unless_denied},
    {"hosts spread over the last fifth of ttl", hosts_spread_over_the_last_fifth_of_ttl},
};

TAP_MAIN(tests)
