/*
 * One simulation of fleet.h.
 *
 *     bench-fleet [SETTING=NUMBER]…
 *
 * Prints one line for each phase, "phase NAME" and the numbers of struct fleet_count; "values
 * P50 P99 MAX", how long after their boot hosts had values, "renewed P50 P99 MAX", after what time
 * they had the values of the rotation, and "recovered P50 P99 MAX", after what time they had
 * fetched again when the outage was over, in seconds, with "-" for never; and "peaks": the
 * calls of the busiest second of every five minutes.
 */
#include "bench/fleet.h"

#include <stddef.h>

#define PEAK_SECONDS 300

static const char *const phases[PHASE_COUNT] = {"boot", "steady", "rotation", "outage", "after"};

/* --- settings --- */

static const struct fleet_settings defaults = {
    .seed = 1,
    .hosts = 10,
    .quota = 40,
    .client = CLIENT_CACHE,
    .variables = 2,
    .policy = {.ttl_ms = 5 * MINUTE, .max_stale_ms = 24 * 60 * MINUTE, .retry_after_ms = 30000},
    .boot_spread_ms = MINUTE,
    .login_ms = 5 * MINUTE,
    .cron_ms = 5 * MINUTE,
    /* Not at the minutes at which cron's jobs run. */
    .ends = {5 * MINUTE, 32 * MINUTE, 62 * MINUTE, 122 * MINUTE, 152 * MINUTE},
};

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"seed", offsetof(struct fleet_settings, seed)},
    {"ttl", offsetof(struct fleet_settings, policy.ttl_ms)},
    {"max_stale", offsetof(struct fleet_settings, policy.max_stale_ms)},
    {"retry_after", offsetof(struct fleet_settings, policy.retry_after_ms)},
    {"refresh", offsetof(struct fleet_settings, refresh_ms)},
    {"refresh_spread", offsetof(struct fleet_settings, refresh_spread_ms)},
    {"boot_spread", offsetof(struct fleet_settings, boot_spread_ms)},
    {"login", offsetof(struct fleet_settings, login_ms)},
    {"cron", offsetof(struct fleet_settings, cron_ms)},
    {"rotation", offsetof(struct fleet_settings, ends[PHASE_STEADY])},
    {"outage", offsetof(struct fleet_settings, ends[PHASE_ROTATION])},
    {"back", offsetof(struct fleet_settings, ends[PHASE_OUTAGE])},
    {"end", offsetof(struct fleet_settings, ends[PHASE_AFTER])},
};

static bool set_number(struct fleet_settings *settings, const char *name, size_t length,
                       uint64_t number)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strlen(numbers[i].name) != length || strncmp(numbers[i].name, name, length) != 0)
            continue;
        memcpy((char *)settings + numbers[i].offset, &number, sizeof number);
        return true;
    }
    return false;
}

static void set(struct fleet_settings *settings, const char *argument)
{
    size_t length = strcspn(argument, "=");
    uint64_t number = argument[length] == '=' ? strtoull(argument + length + 1, NULL, 10) : 0;

    if (strncmp(argument, "hosts=", 6) == 0)
        settings->hosts = number;
    else if (strncmp(argument, "quota=", 6) == 0)
        settings->quota = (double)number;
    else if (strncmp(argument, "client=", 7) == 0 && number <= CLIENT_PER_VARIABLE)
        settings->client = (enum fleet_client)number;
    else if (strncmp(argument, "variables=", 10) == 0)
        settings->variables = (unsigned)number;
    else if (!set_number(settings, argument, length, number)) {
        fprintf(stderr, "bench-fleet: there is no setting %s\n", argument);
        exit(2);
    }
}

/* --- results --- */

static void print_phase(const struct fleet *fleet, size_t number)
{
    const struct fleet_count *counts = &fleet->counts[number];
    uint64_t begin = number > 0 ? fleet->settings.ends[number - 1] : 0;

    printf("phase %s %llu %llu %llu %llu %llu %llu %llu %llu\n", phases[number],
           (unsigned long long)((fleet->settings.ends[number] - begin) / SECOND),
           (unsigned long long)counts->calls, (unsigned long long)counts->throttled,
           (unsigned long long)counts->peak, (unsigned long long)counts->logins,
           (unsigned long long)counts->stale, (unsigned long long)counts->without,
           (unsigned long long)counts->bare);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static void print_quantile(const uint64_t *times, size_t count, double part)
{
    uint64_t time = times[(size_t)((double)(count - 1) * part)];

    if (time == FOREVER)
        printf(" -");
    else
        printf(" %.1f", (double)time / SECOND);
}

static void print_times(const char *what, uint64_t *times, size_t count)
{
    qsort(times, count, sizeof times[0], compare);
    printf("%s", what);
    print_quantile(times, count, 0.5);
    print_quantile(times, count, 0.99);
    print_quantile(times, count, 1);
    printf("\n");
}

static uint64_t time_since(uint64_t time, uint64_t since)
{
    return time == FOREVER ? FOREVER : time - since;
}

static void print_hosts(const struct fleet *fleet)
{
    size_t count = fleet->settings.hosts;
    uint64_t *times = fleet_allocate(count, sizeof *times);

    for (size_t i = 0; i < count; i++)
        times[i] = time_since(fleet->hosts[i].first_values_at, fleet->hosts[i].booted_at);
    print_times("values", times, count);
    for (size_t i = 0; i < count; i++)
        times[i] = time_since(fleet->hosts[i].new_values_at, fleet->settings.ends[PHASE_STEADY]);
    print_times("renewed", times, count);
    for (size_t i = 0; i < count; i++)
        times[i] = time_since(fleet->hosts[i].recovered_at, fleet->settings.ends[PHASE_OUTAGE]);
    print_times("recovered", times, count);
    free(times);
}

static void print_peaks(const struct fleet *fleet)
{
    uint64_t seconds = fleet->settings.ends[PHASE_COUNT - 1] / SECOND;
    uint32_t peak = 0;

    printf("peaks");
    for (uint64_t i = 0; i < seconds; i++) {
        if (fleet->calls_by_second[i] > peak)
            peak = fleet->calls_by_second[i];
        if ((i + 1) % PEAK_SECONDS == 0) {
            printf(" %u", peak);
            peak = 0;
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    struct fleet_settings settings = defaults;
    struct fleet fleet;

    for (int i = 1; i < argc; i++)
        set(&settings, argv[i]);
    fleet_init(&fleet, &settings);
    fleet_run(&fleet);
    for (size_t i = 0; i < PHASE_COUNT; i++)
        print_phase(&fleet, i);
    print_hosts(&fleet);
    print_peaks(&fleet);
    fleet_free(&fleet);
    return 0;
}
