/* What one login after the other is served, and when it fetches. */
#include <glob.h>

#include "cache/folder.h"
#include "cache_scenario.h"

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

static int count_locks(void)
{
    glob_t found = {0};
    char pattern[64];
    int count;

    snprintf(pattern, sizeof pattern, "%s/*.lock", folder);
    glob(pattern, 0, NULL, &found);
    count = (int)found.gl_pathc;
    globfree(&found);
    return count;
}

static void a_new_set_makes_room_for_itself(void)
{
    char path[64];

    begin();
    for (int i = 0; i < FOLDER_SETS_MAX; i++) {
        snprintf(path, sizeof path, "%s/%016x.lock", folder, i);
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    log_in();
    CHECK_INT(count_locks(), FOLDER_SETS_MAX / 4 * 3);
    CHECK_INT(log_in().source[0], WIRE_SOURCE_CACHE);
    end();
}

static void without_time_no_attempt_is_begun(void)
{
    struct login login;

    begin();
    log_in_with(&login, 1, 10, "region=us-east-2");
    CHECK_TEXT(login.values, "? ?");
    CHECK_TEXT(login.reason, "no time left to fetch");
    CHECK_INT(aws->calls, 0);
    CHECK_TEXT(log_in().values, "A0 B0");
    end();
}

static void who_refreshes_fetches_what_is_fresh(void)
{
    struct login login;

    begin();
    log_in();
    renew = true;
    aws->generation = 1;
    login = log_in();
    CHECK_TEXT(login.values, "A1 B1");
    CHECK_INT(login.source[0], WIRE_SOURCE_FETCHED);
    renew = false;
    CHECK_TEXT(log_in().values, "A1 B1");
    CHECK_INT(aws->calls, 2);
    end();
}

static void who_refreshes_tries_again_after_a_failure_and_forgets_verdicts(void)
{
    struct login login;

    begin();
    away();
    log_in();
    renew = true;
    aws->state[0] = ANSWER_FOUND;
    aws->state[1] = ANSWER_MISSING;
    CHECK_TEXT(log_in().values, "A0 ?");
    aws->state[1] = ANSWER_FOUND;
    login = log_in();
    CHECK_TEXT(login.values, "A0 B0");
    CHECK_TEXT(login.reason, "");
    end();
}

static void who_refreshes_in_vain_leaves_the_old_values(void)
{
    struct login login;

    begin();
    log_in();
    renew = true;
    away();
    login = log_in();
    CHECK_TEXT(login.reason, "AWS says no");
    CHECK_INT(login.source[0], WIRE_SOURCE_STALE);
    renew = false;
    CHECK_TEXT(log_in().values, "A0 B0");
    CHECK_INT(log_in().source[0], WIRE_SOURCE_CACHE);
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
    {"a new set makes room for itself", a_new_set_makes_room_for_itself},
    {"without time no attempt is begun", without_time_no_attempt_is_begun},
    {"who refreshes fetches what is fresh", who_refreshes_fetches_what_is_fresh},
    {"who refreshes tries again after a failure, and forgets verdicts",
     who_refreshes_tries_again_after_a_failure_and_forgets_verdicts},
    {"who refreshes in vain leaves the old values", who_refreshes_in_vain_leaves_the_old_values},
    {"without a usable folder values are fetched and the log says why",
     without_a_usable_folder_values_are_fetched_and_the_log_says_why},
    {"a damaged file is fetched again, with one line in the log",
     a_damaged_file_is_fetched_again_with_one_line},
};

TAP_MAIN(tests)
