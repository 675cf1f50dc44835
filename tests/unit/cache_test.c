/* AWS is a function here; several logins at once are processes of their own. */
#include "cache/cache.h"

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

#include "tap.h"

#define LOGINS 60

/* What AWS does, shared by all processes of a test. */
static struct aws {
    atomic_int calls;
    atomic_int lookups; /* of the last call */
    atomic_int running;
    enum answer_state state[3]; /* per lookup of the first set */
    int takes_ms;
    int generation; /* part of the value */
} * aws;

static char folder[] = "/tmp/ssmenv-cache-XXXXXX";
static struct cache_policy policy;

static struct lookup first[] = {{LOOKUP_PARAMETER, 0, (char[]){"A"}, (char[]){""}},
                                {LOOKUP_PARAMETER, 0, (char[]){"B"}, (char[]){""}}};
static struct lookup second[] = {{LOOKUP_PARAMETER, 0, (char[]){"C"}, (char[]){""}}};

static void begin(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    aws = mmap(NULL, sizeof *aws, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++)
        aws->state[i] = ANSWER_FOUND;
    policy = (struct cache_policy){
        .ttl_ms = 3600000, .max_stale_ms = 7200000, .retry_after_ms = 3600000};
}

static void end(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_INT(system(command), 0);
    munmap(aws, sizeof *aws);
}

static bool fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count)
{
    int takes_ms = aws->takes_ms;

    (void)context;
    atomic_fetch_add(&aws->calls, 1);
    atomic_store(&aws->lookups, (int)count);
    atomic_store(&aws->running, 1);
    poll(NULL, 0, takes_ms);
    for (size_t i = 0; i < count; i++) {
        enum answer_state state = aws->state[lookups[i].name[0] - 'A'];
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

static void describe(struct login *login, const struct cache_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct answer *answer = &set->answers[i];

        strcat(login->values, i > 0 ? " " : "");
        strcat(login->values, answer->state == ANSWER_FOUND ? answer->entries[0].value : "?");
    }
}

static void log_in_with(struct login *login, size_t sets_wanted, int64_t wait_ms,
                        const char *identity)
{
    struct cache cache;
    struct answer *answers[2] = {calloc(2, sizeof(struct answer)),
                                 calloc(1, sizeof(struct answer))};
    struct cache_set sets[2] = {
        {.identity = identity, .lookups = first, .answers = answers[0], .count = 2},
        {.identity = identity, .lookups = second, .answers = answers[1], .count = 1}};

    *login = (struct login){0};
    cache_open(&cache, folder, &policy);
    CHECK(cache_obtain(&cache, sets, sets_wanted, deadline_in(wait_ms), fetch, NULL));
    cache_close(&cache);
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

static struct login log_in(void)
{
    struct login login;

    log_in_with(&login, 1, 10000, "region=us-east-2");
    return login;
}

static void a_second_login_does_not_fetch(void)
{
    struct login login;

    begin();
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_FETCHED);
    aws->generation = 1;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_CACHE);
    CHECK_INT(aws->calls, 1);
    CHECK_TEXT(login.problem, "");
    end();
}

static void sets_of_one_login_travel_together_and_are_kept_apart(void)
{
    struct login login;

    begin();
    log_in_with(&login, 2, 10000, "i");
    CHECK_TEXT(login.values, "A0 B0 | C0");
    CHECK_INT(aws->calls, 1);
    CHECK_INT(aws->lookups, 3);
    aws->generation = 1;
    log_in_with(&login, 1, 10000, "i");
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(aws->calls, 1);
    end();
}

static void another_identity_never_finds_the_old_values(void)
{
    struct login login;

    begin();
    log_in();
    aws->generation = 1;
    log_in_with(&login, 1, 10000, "region=eu-west-1");
    CHECK_TEXT(login.values, "A1 B1");
    CHECK_INT(aws->calls, 2);
    end();
}

static void away(void)
{
    for (int i = 0; i < 3; i++)
        aws->state[i] = ANSWER_FAILED;
}

static void while_aws_is_away_old_values_are_served_and_one_login_in_retry_after_tries(void)
{
    struct login login;

    begin();
    log_in();
    policy.ttl_ms = 0;
    away();
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    CHECK_TEXT(login.reason, "AWS says no");
    CHECK_INT(aws->calls, 2);
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    CHECK_INT(aws->calls, 2);
    policy.retry_after_ms = 0;
    aws->state[0] = aws->state[1] = ANSWER_FOUND;
    aws->generation = 1;
    login = log_in();
    CHECK_TEXT(login.values, "A1 B1");
    CHECK_INT(login.source[0], WIRE_SOURCE_FETCHED);
    end();
}

static void without_old_values_the_failure_is_remembered(void)
{
    struct login login;

    begin();
    away();
    login = log_in();
    CHECK_TEXT(login.values, "? ?");
    login = log_in();
    CHECK_TEXT(login.values, "? ?");
    CHECK_TEXT(login.reason, "AWS says no");
    CHECK_INT(aws->calls, 1);
    end();
}

static void values_older_than_max_stale_are_not_served(void)
{
    struct login login;

    begin();
    log_in();
    policy.ttl_ms = 0;
    policy.max_stale_ms = 0;
    away();
    poll(NULL, 0, 5);
    login = log_in();
    CHECK_TEXT(login.values, "? ?");
    end();
}

static void a_set_that_failed_in_part_keeps_its_old_values_whole(void)
{
    struct login login;

    begin();
    log_in();
    policy.ttl_ms = 0;
    aws->generation = 1;
    aws->state[1] = ANSWER_FAILED;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    end();
}

static void a_verdict_purges_the_old_value_at_once(void)
{
    static const enum answer_state verdicts[] = {ANSWER_MISSING, ANSWER_DENIED};

    for (size_t i = 0; i < 2; i++) {
        struct login login;

        begin();
        log_in();
        policy.ttl_ms = 0;
        aws->state[1] = verdicts[i];
        login = log_in();
        CHECK_TEXT(login.values, "A0 ?");
        away();
        policy.retry_after_ms = 0;
        login = log_in();
        CHECK(strstr(login.values, "B0") == NULL);
        end();
    }
}

static void a_verdict_beside_a_failure_purges_too(void)
{
    static const enum answer_state verdicts[] = {ANSWER_MISSING, ANSWER_DENIED};

    for (size_t i = 0; i < 2; i++) {
        struct login login;

        begin();
        log_in();
        policy.ttl_ms = 0;
        aws->state[0] = ANSWER_FAILED;
        aws->state[1] = verdicts[i];
        login = log_in();
        CHECK_TEXT(login.values, "? ?");
        end();
    }
}

static void on_denied_stale_keeps_what_was_stored(void)
{
    struct login login;

    begin();
    log_in();
    policy.ttl_ms = 0;
    policy.keep_denied = true;
    aws->state[1] = ANSWER_DENIED;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    CHECK_TEXT(login.reason, "AWS says no");
    aws->state[1] = ANSWER_MISSING;
    policy.retry_after_ms = 0;
    login = log_in();
    CHECK_TEXT(login.values, "A0 ?");
    end();
}

/* Logs in `count` processes at once; true when each of them got these values. */
static bool all_get(int count, int64_t wait_ms, const char *values)
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

static void many_logins_at_once_make_one_fetch(void)
{
    begin();
    aws->takes_ms = 300;
    CHECK(all_get(LOGINS, 60000, "A0 B0"));
    CHECK_INT(aws->calls, 1);
    end();
}

static void many_logins_share_a_failure_too(void)
{
    begin();
    policy.retry_after_ms = 0;
    aws->takes_ms = 300;
    away();
    CHECK(all_get(12, 60000, "? ?"));
    /* Those that began after the end of the first attempt make another one: their own. */
    CHECK(aws->calls >= 1 && aws->calls <= 6);
    end();
}

static void ttl_zero_shares_a_fetch_that_ran_meanwhile(void)
{
    begin();
    policy.ttl_ms = 0;
    aws->takes_ms = 300;
    CHECK(all_get(12, 60000, "A0 B0"));
    CHECK(aws->calls >= 1 && aws->calls <= 6);
    end();
}

/* Starts a login that fetches for a long time, and waits until it does. */
static pid_t start_slow_login(int takes_ms)
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

static void a_holder_that_is_killed_counts_as_a_failure_and_starves_nobody(void)
{
    struct login login;
    pid_t holder;

    begin();
    holder = start_slow_login(600000);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    login = log_in();
    CHECK_TEXT(login.values, "? ?");
    CHECK_TEXT(login.reason, "the process that was fetching ended before AWS answered");
    CHECK_INT(aws->calls, 1);
    policy.retry_after_ms = 0;
    aws->takes_ms = 0;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    end();
}

/* Until the kernel lists the process as one that waits for a lock. */
static void await_waiting(pid_t process)
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

static void those_who_waited_for_a_killed_holder_do_not_start_anew(void)
{
    pid_t holder;
    pid_t waiter;
    int status = 0;

    begin();
    policy.retry_after_ms = 0;
    holder = start_slow_login(600000);
    waiter = fork();
    if (waiter == 0) {
        struct login login = log_in();

        _exit(strcmp(login.values, "? ?") == 0 ? 0 : 1);
    }
    await_waiting(waiter);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    waitpid(waiter, &status, 0);
    CHECK_INT(status, 0);
    CHECK_INT(aws->calls, 1);
    end();
}

static void waiters_end_at_their_own_deadline(void)
{
    struct login login;
    pid_t holder;

    begin();
    holder = start_slow_login(600000);
    log_in_with(&login, 1, 100, "region=us-east-2");
    CHECK_TEXT(login.values, "? ?");
    CHECK_TEXT(login.reason, "another login is fetching and AWS has not answered yet");
    CHECK_INT(aws->calls, 1);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    end();
}

static void waiters_with_old_values_take_them_long_before_their_deadline(void)
{
    struct login login;
    pid_t holder;
    int64_t began;

    begin();
    log_in();
    policy.ttl_ms = 0;
    aws->running = 0;
    holder = start_slow_login(600000);
    began = monotonic_ms();
    log_in_with(&login, 1, 600000, "region=us-east-2");
    CHECK(monotonic_ms() - began < 300000);
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    end();
}

static void different_sets_do_not_wait_for_each_other(void)
{
    struct login login;
    pid_t holder;

    begin();
    holder = start_slow_login(600000);
    aws->takes_ms = 0;
    log_in_with(&login, 1, 600000, "another identity");
    CHECK_TEXT(login.values, "A0 B0");
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    end();
}

static void expect_fetch_without_cache(const char *problem)
{
    struct login login = log_in();

    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_FETCHED);
    CHECK_CONTAINS(login.problem, problem);
}

static void without_a_usable_folder_values_are_fetched_and_the_log_says_why(void)
{
    begin();
    CHECK(chmod(folder, 0750) == 0);
    expect_fetch_without_cache("is not a folder of ours alone");
    CHECK(chmod(folder, 0700) == 0);
    if (geteuid() == 0) {
        CHECK(chown(folder, 12345, 12345) == 0);
        expect_fetch_without_cache("is not a folder of ours alone");
        CHECK(chown(folder, 0, 0) == 0);
    }
    CHECK(rmdir(folder) == 0);
    expect_fetch_without_cache("No such file or directory");
    CHECK(symlink("/tmp", folder) == 0);
    expect_fetch_without_cache("no cache: ");
    CHECK(unlink(folder) == 0 && mkfifo(folder, 0600) == 0);
    expect_fetch_without_cache("no cache: ");
    end();
}

static void a_damaged_file_is_fetched_again_with_one_line(void)
{
    char command[128];
    struct login login;

    begin();
    log_in();
    snprintf(command, sizeof command, "for f in %s/????????????????; do echo junk >$f; done",
             folder);
    CHECK_INT(system(command), 0);
    aws->generation = 1;
    login = log_in();
    CHECK_TEXT(login.values, "A1 B1");
    CHECK_CONTAINS(login.problem, "are discarded: damaged");
    login = log_in();
    CHECK_INT(login.source[0], WIRE_SOURCE_CACHE);
    CHECK_TEXT(login.problem, "");
    end();
}

static const struct tap_test tests[] = {
    {"a second login does not fetch", a_second_login_does_not_fetch},
    {"sets of one login travel together and are kept apart",
     sets_of_one_login_travel_together_and_are_kept_apart},
    {"another identity never finds the old values", another_identity_never_finds_the_old_values},
    {"while AWS is away old values are served, and one login in retry_after tries",
     while_aws_is_away_old_values_are_served_and_one_login_in_retry_after_tries},
    {"without old values the failure is remembered", without_old_values_the_failure_is_remembered},
    {"values older than max_stale are not served", values_older_than_max_stale_are_not_served},
    {"a set that failed in part keeps its old values whole",
     a_set_that_failed_in_part_keeps_its_old_values_whole},
    {"a verdict purges the old value at once", a_verdict_purges_the_old_value_at_once},
    {"a verdict beside a failure purges too", a_verdict_beside_a_failure_purges_too},
    {"on_denied = stale keeps what was stored", on_denied_stale_keeps_what_was_stored},
    {"sixty logins at once make one fetch", many_logins_at_once_make_one_fetch},
    {"logins at once share a failure too", many_logins_share_a_failure_too},
    {"with ttl 0 a fetch that ran meanwhile is shared", ttl_zero_shares_a_fetch_that_ran_meanwhile},
    {"a holder that is killed counts as a failure and starves nobody",
     a_holder_that_is_killed_counts_as_a_failure_and_starves_nobody},
    {"those who waited for a killed holder do not start anew",
     those_who_waited_for_a_killed_holder_do_not_start_anew},
    {"waiters end at their own deadline", waiters_end_at_their_own_deadline},
    {"waiters with old values take them long before their deadline",
     waiters_with_old_values_take_them_long_before_their_deadline},
    {"different sets do not wait for each other", different_sets_do_not_wait_for_each_other},
    {"without a usable folder values are fetched and the log says why",
     without_a_usable_folder_values_are_fetched_and_the_log_says_why},
    {"a damaged file is fetched again, with one line in the log",
     a_damaged_file_is_fetched_again_with_one_line},
};

TAP_MAIN(tests)
