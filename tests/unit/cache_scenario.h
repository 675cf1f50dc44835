/*
 * Logins by way of the cache, for the tests of helper/cache: AWS is a function here, its state lies
 * in memory that all processes of a test share, and several logins at once are processes.
 */
#ifndef SSMENV_TESTS_CACHE_SCENARIO_H
#define SSMENV_TESTS_CACHE_SCENARIO_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/cache.h"
#include "tap.h"

/* What AWS does, shared by all processes of a test. */
static struct aws {
    atomic_int calls;
    atomic_int lookups; /* of the last call */
    atomic_int running;
    atomic_int slowest_ms;      /* of the logins */
    enum answer_state state[3]; /* per lookup of the first set */
    int takes_ms;
    int generation; /* part of the value */
} * aws;

static char folder[] = "/tmp/ssmenv-cache-XXXXXX";
static struct cache_policy policy;
static bool renew; /* who logs in is no login, but refreshes */

static struct lookup first[] = {{LOOKUP_PARAMETER, 0, (char[]){"A"}, (char[]){""}},
                                {LOOKUP_PARAMETER, 0, (char[]){"B"}, (char[]){""}}};
static struct lookup second[] = {{LOOKUP_PARAMETER, 0, (char[]){"C"}, (char[]){""}}};

static inline void begin(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    aws = mmap(NULL, sizeof *aws, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++)
        aws->state[i] = ANSWER_FOUND;
    renew = false;
    policy = (struct cache_policy){
        .ttl_ms = 3600000, .max_stale_ms = 7200000, .retry_after_ms = 3600000};
}

static inline void end(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_INT(system(command), 0);
    munmap(aws, sizeof *aws);
}

static inline bool fetch(void *context, struct lookup *lookups, struct answer *answers,
                         size_t count)
{
    const struct deadline *deadline = context;
    bool in_time = aws->takes_ms <= deadline_left(*deadline);

    atomic_fetch_add(&aws->calls, 1);
    atomic_store(&aws->lookups, (int)count);
    atomic_store(&aws->running, 1);
    poll(NULL, 0, in_time ? aws->takes_ms : deadline_left(*deadline));
    for (size_t i = 0; i < count; i++) {
        enum answer_state state = in_time ? aws->state[lookups[i].name[0] - 'A'] : ANSWER_FAILED;
        char value[32];

        snprintf(value, sizeof value, "%s%d", lookups[i].name, aws->generation);
        if (!answer_set(&answers[i], state, state == ANSWER_FOUND ? "" : "AWS says no") ||
            (state == ANSWER_FOUND && !answer_add(&answers[i], lookups[i].name, value)))
            return false;
    }
    return true;
}

/* What one login got of its sets. */
struct login {
    char values[64]; /* "A1 B1 | C1", with ? for what is not there */
    enum wire_source source[2];
    char reason[LIMIT_MESSAGE_BYTES];
    char problem[LIMIT_MESSAGE_BYTES];
};

static inline void describe(struct login *login, const struct cache_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct answer *answer = &set->answers[i];

        strcat(login->values, i > 0 ? " " : "");
        strcat(login->values, answer->state == ANSWER_FOUND ? answer->entries[0].value : "?");
    }
}

static inline void note_time(int64_t began)
{
    int took = (int)(monotonic_ms() - began);
    int slowest = atomic_load(&aws->slowest_ms);

    while (took > slowest && !atomic_compare_exchange_weak(&aws->slowest_ms, &slowest, took))
        ;
}

static inline void log_in_with(struct login *login, size_t sets_wanted, int64_t wait_ms,
                               const char *identity)
{
    struct deadline deadline = deadline_in(wait_ms);
    int64_t began = monotonic_ms();
    struct cache cache;
    struct answer *answers[2] = {calloc(2, sizeof(struct answer)),
                                 calloc(1, sizeof(struct answer))};
    struct cache_set sets[2] = {
        {.identity = identity, .lookups = first, .answers = answers[0], .count = 2},
        {.identity = identity, .lookups = second, .answers = answers[1], .count = 1}};

    *login = (struct login){0};
    cache_open(&cache, folder, &policy);
    cache.renew = renew;
    CHECK(cache_obtain(&cache, sets, sets_wanted, deadline, fetch, &deadline));
    cache_close(&cache);
    note_time(began);
    strcpy(login->problem, cache.problem.text);
    for (size_t i = 0; i < 2; i++) {
        struct result done = {.answers = answers[i], .answer_count = sets[i].count};

        if (i > 0 && sets_wanted > 1)
            strcat(login->values, " | ");
        if (i < sets_wanted)
            describe(login, &sets[i]);
        login->source[i] = sets[i].source;
        if (error_is_set(&sets[i].reason))
            strcpy(login->reason, sets[i].reason.text);
        result_free(&done);
    }
}

static inline struct login log_in(void)
{
    struct login login;

    log_in_with(&login, 1, 10000, "region=us-east-2");
    return login;
}

static inline void away(void)
{
    for (int i = 0; i < 3; i++)
        aws->state[i] = ANSWER_FAILED;
}

/* Logs in `count` processes at once; true when each of them got these values. */
static inline bool all_get(int count, int64_t wait_ms, const char *values)
{
    bool all = true;

    fflush(stdout);
    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            struct login login;

            log_in_with(&login, 1, wait_ms, "i");
            _exit(strcmp(login.values, values) == 0 ? 0 : 1);
        }
    }
    for (int i = 0; i < count; i++) {
        int status = 0;

        wait(&status);
        all = all && status == 0;
    }
    return all;
}

/* Starts a login that fetches for a long time, and waits until it does. */
static inline pid_t start_slow_login(int takes_ms)
{
    pid_t child;

    aws->takes_ms = takes_ms;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        log_in();
        _exit(0);
    }
    while (!atomic_load(&aws->running))
        poll(NULL, 0, 1);
    aws->takes_ms = 0;
    return child;
}

/* Until the kernel lists the process as one that waits for a lock. */
static inline void await_waiting(pid_t process)
{
    char needle[32];
    bool found = false;

    snprintf(needle, sizeof needle, " %d ", (int)process);
    while (!found) {
        FILE *locks = fopen("/proc/locks", "re");
        char line[256];

        while (locks != NULL && fgets(line, sizeof line, locks) != NULL)
            found = found || (strstr(line, "->") != NULL && strstr(line, needle) != NULL);
        if (locks != NULL)
            fclose(locks);
        poll(NULL, 0, 1);
    }
}

#endif
