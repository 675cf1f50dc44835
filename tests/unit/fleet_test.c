/* The simulation of fleets runs on the helper's own decisions: what they promise is found in it. */
#include "bench/fleet.h"

#include "tap.h"

static const struct fleet_settings ten_hosts = {
    .seed = 7,
    .hosts = 10,
    .quota = 40,
    .variables = 2,
    .policy = {.ttl_ms = 5 * MINUTE, .max_stale_ms = 24 * 60 * MINUTE, .retry_after_ms = 30000},
    .boot_spread_ms = MINUTE,
    .login_ms = 5 * SECOND,
    .cron_ms = 5 * MINUTE,
    .ends = {5 * MINUTE, 32 * MINUTE, 62 * MINUTE, 122 * MINUTE, 152 * MINUTE},
};

static uint64_t total(const struct fleet *fleet, size_t offset)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < PHASE_COUNT; i++)
        sum += *(const uint64_t *)((const char *)&fleet->counts[i] + offset);
    return sum;
}

#define TOTAL(fleet, field) total(fleet, offsetof(struct fleet_count, field))

static void every_call_is_some_hosts_call(void)
{
    struct fleet fleet;
    uint64_t by_host = 0;
    uint64_t by_second = 0;

    fleet_init(&fleet, &ten_hosts);
    fleet_run(&fleet);
    for (size_t i = 0; i < ten_hosts.hosts; i++)
        by_host += fleet.hosts[i].calls;
    for (size_t i = 0; i < ten_hosts.ends[PHASE_AFTER] / SECOND; i++)
        by_second += fleet.calls_by_second[i];
    CHECK(by_host > 0);
    CHECK_INT((long long)by_host, (long long)TOTAL(&fleet, calls));
    CHECK_INT((long long)by_second, (long long)by_host);
    fleet_free(&fleet);
}

static void no_login_fetches_within_ttl_and_none_much_later(void)
{
    struct fleet fleet;
    uint64_t steady = ten_hosts.ends[PHASE_STEADY] - ten_hosts.ends[PHASE_BOOT];
    uint64_t calls;

    fleet_init(&fleet, &ten_hosts);
    fleet_run(&fleet);
    for (size_t i = 0; i < ten_hosts.hosts; i++)
        CHECK_INT((long long)fleet.hosts[i].fetched_within_ttl, 0);
    calls = fleet.counts[PHASE_STEADY].calls;
    CHECK(calls >= ten_hosts.hosts * (steady / ten_hosts.policy.ttl_ms));
    CHECK(calls <= ten_hosts.hosts * (steady / (ten_hosts.policy.ttl_ms * 4 / 5) + 1));
    fleet_free(&fleet);
}

static void hosts_have_ttls_of_their_own(void)
{
    struct fleet fleet;
    size_t different = 0;

    fleet_init(&fleet, &ten_hosts);
    for (size_t i = 1; i < ten_hosts.hosts; i++) {
        uint64_t ttl = fleet.hosts[i].policy.ttl_ms;

        CHECK(ttl <= ten_hosts.policy.ttl_ms && ttl >= ten_hosts.policy.ttl_ms * 4 / 5);
        different += ttl != fleet.hosts[0].policy.ttl_ms;
    }
    CHECK(different > 0);
    fleet_free(&fleet);
}

static void an_outage_costs_a_try_each_retry_after_and_no_values(void)
{
    struct fleet fleet;
    uint64_t tries = (ten_hosts.ends[PHASE_OUTAGE] - ten_hosts.ends[PHASE_ROTATION]) /
                     (ten_hosts.policy.retry_after_ms + FETCH_MS);
    const struct fleet_count *outage = &fleet.counts[PHASE_OUTAGE];

    fleet_init(&fleet, &ten_hosts);
    fleet_run(&fleet);
    CHECK_INT((long long)outage->without, 0);
    CHECK(outage->stale > outage->logins / 2);
    CHECK(outage->calls <= ten_hosts.hosts * (tries + 1));
    CHECK(outage->calls >= ten_hosts.hosts * tries / 2);
    fleet_free(&fleet);
}

static void values_older_than_max_stale_are_not_served(void)
{
    struct fleet_settings settings = ten_hosts;
    struct fleet fleet;

    settings.policy.max_stale_ms = 10 * MINUTE;
    fleet_init(&fleet, &settings);
    fleet_run(&fleet);
    CHECK(fleet.counts[PHASE_OUTAGE].without > fleet.counts[PHASE_OUTAGE].logins / 2);
    fleet_free(&fleet);
}

static void new_values_arrive_within_ttl_and_the_next_login(void)
{
    struct fleet fleet;
    uint64_t bound =
        ten_hosts.ends[PHASE_STEADY] + ten_hosts.policy.ttl_ms + ten_hosts.cron_ms + 2 * SECOND;

    fleet_init(&fleet, &ten_hosts);
    fleet_run(&fleet);
    for (size_t i = 0; i < ten_hosts.hosts; i++)
        CHECK(fleet.hosts[i].new_values_at <= bound);
    fleet_free(&fleet);
}

static void a_quota_is_never_exceeded_and_what_it_refuses_is_asked_again(void)
{
    struct fleet_settings settings = ten_hosts;
    struct fleet fleet;
    uint64_t answered;
    uint64_t fetches = 0;

    settings.hosts = 1000;
    settings.boot_spread_ms = SECOND;
    settings.login_ms = SECOND;
    settings.ends[PHASE_BOOT] = 10 * SECOND;
    for (size_t i = PHASE_STEADY; i < PHASE_COUNT; i++)
        settings.ends[i] = 5 * MINUTE + i;
    fleet_init(&fleet, &settings);
    fleet_run(&fleet);
    answered = fleet.counts[PHASE_BOOT].calls - fleet.counts[PHASE_BOOT].throttled;
    CHECK(fleet.counts[PHASE_BOOT].throttled > 0);
    CHECK(answered <= 40 * 11);
    CHECK(answered >= 40 * 4);
    for (size_t i = 0; i < settings.hosts; i++)
        fetches += fleet.hosts[i].fetches;
    CHECK(TOTAL(&fleet, calls) > fetches);
    CHECK(TOTAL(&fleet, calls) <= RETRY_ATTEMPTS_DEFAULT * fetches);
    CHECK(fleet.counts[PHASE_STEADY].bare > 0);
    CHECK_INT((long long)fleet.bare, 0);
    fleet_free(&fleet);
}

static void the_same_seed_gives_the_same_simulation(void)
{
    struct fleet_settings other = ten_hosts;
    struct fleet fleets[3];
    size_t bytes = ten_hosts.ends[PHASE_AFTER] / SECOND * sizeof fleets[0].calls_by_second[0];

    other.seed++;
    for (size_t i = 0; i < 3; i++) {
        fleet_init(&fleets[i], i < 2 ? &ten_hosts : &other);
        fleet_run(&fleets[i]);
    }
    CHECK(memcmp(fleets[0].counts, fleets[1].counts, sizeof fleets[0].counts) == 0);
    CHECK(memcmp(fleets[0].calls_by_second, fleets[1].calls_by_second, bytes) == 0);
    CHECK(memcmp(fleets[0].calls_by_second, fleets[2].calls_by_second, bytes) != 0);
    for (size_t i = 0; i < 3; i++)
        fleet_free(&fleets[i]);
}

static const struct tap_test tests[] = {
    {"every call is some host's call", every_call_is_some_hosts_call},
    {"no login fetches within ttl, and none much later",
     no_login_fetches_within_ttl_and_none_much_later},
    {"hosts have ttls of their own", hosts_have_ttls_of_their_own},
    {"an outage costs a try each retry_after, and no values",
     an_outage_costs_a_try_each_retry_after_and_no_values},
    {"values older than max_stale are not served", values_older_than_max_stale_are_not_served},
    {"new values arrive within ttl and the next login",
     new_values_arrive_within_ttl_and_the_next_login},
    {"a quota is never exceeded, and what it refuses is asked again",
     a_quota_is_never_exceeded_and_what_it_refuses_is_asked_again},
    {"the same seed gives the same simulation", the_same_seed_gives_the_same_simulation},
};

TAP_MAIN(tests)
