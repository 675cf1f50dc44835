/* Many logins at once: one fetches, the others wait for it, each until its own deadline. */
#include "cache_scenario.h"

#define LOGINS 60

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

/* A login has a quarter of the module's deadline left when it gives up (see ssmenv-helper). */
#define MODULE_MS 4000
#define OWN_MS    (MODULE_MS / 4 * 3)

static void a_fetch_longer_than_the_deadline_is_tried_once_and_every_login_ends_in_time(void)
{
    begin();
    aws->takes_ms = OWN_MS / 10 * 12;
    CHECK(all_get(LOGINS, OWN_MS, "? ?"));
    CHECK_INT(aws->calls, 1);
    CHECK(aws->slowest_ms <= MODULE_MS);
    end();
}

static void with_old_values_such_a_fetch_holds_nobody_to_the_deadline(void)
{
    begin();
    CHECK(all_get(1, OWN_MS, "A0 B0"));
    policy.ttl_ms = 0;
    aws->takes_ms = OWN_MS / 10 * 12;
    CHECK(all_get(LOGINS, OWN_MS, "A0 B0"));
    CHECK_INT(aws->calls, 2);
    CHECK(aws->slowest_ms <= MODULE_MS);
    end();
}

static void an_attempt_that_takes_long_already_is_not_waited_for_anew(void)
{
    struct login login;
    pid_t holder;
    int first_ms;

    begin();
    log_in();
    policy.ttl_ms = 0;
    aws->running = 0;
    holder = start_slow_login(600000);
    aws->slowest_ms = 0;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    first_ms = aws->slowest_ms;
    aws->slowest_ms = 0;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    CHECK(aws->slowest_ms < first_ms / 2);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    end();
}

/* The holder's values may be those from before a change that the refresh is about. */
static void a_refresh_waits_for_an_earlier_attempt_and_makes_its_own(void)
{
    struct login login;
    pid_t holder;

    begin();
    holder = start_slow_login(300);
    aws->generation = 1;
    renew = true;
    login = log_in();
    CHECK_TEXT(login.values, "A1 B1");
    CHECK_INT(aws->calls, 2);
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

static const struct tap_test tests[] = {
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
    {"a fetch of 1.2 times the deadline is tried once by sixty logins, and each ends in time",
     a_fetch_longer_than_the_deadline_is_tried_once_and_every_login_ends_in_time},
    {"with old values such a fetch holds nobody to the deadline",
     with_old_values_such_a_fetch_holds_nobody_to_the_deadline},
    {"an attempt that takes long already is not waited for anew",
     an_attempt_that_takes_long_already_is_not_waited_for_anew},
    {"a refresh waits for an earlier attempt and makes its own",
     a_refresh_waits_for_an_earlier_attempt_and_makes_its_own},
    {"different sets do not wait for each other", different_sets_do_not_wait_for_each_other},
};

TAP_MAIN(tests)
