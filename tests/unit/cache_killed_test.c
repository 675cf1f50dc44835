/* The process that fetches is killed before each of its system calls, one after the other: before
 * it has the lock, before and after the attempt is recorded, while AWS works, between writing and
 * renaming, and after all that. */
#include <sys/ptrace.h>

#include "cache_scenario.h"

#define STOPS_MAX 2000

/* What the next login finds. */
enum finding { FINDS_NOTHING, FINDS_A_FAILURE, FINDS_THE_VALUES, FINDINGS };

static pid_t start_traced_login(void)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        log_in();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return child;
}

/* Runs a login up to its stop of this number, where it is killed. False: it ended before. */
static bool kill_login_at(int stop)
{
    pid_t child = start_traced_login();
    int status = 0;

    for (int i = 0; i < stop; i++) {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            return false;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return true;
}

static enum finding judge(const struct login *login)
{
    if (strcmp(login->values, "A0 B0") == 0)
        return login->source[0] == WIRE_SOURCE_CACHE ? FINDS_THE_VALUES : FINDS_NOTHING;
    CHECK_TEXT(login->values, "? ?");
    CHECK_TEXT(login->reason, "the process that was fetching ended before AWS answered");
    return FINDS_A_FAILURE;
}

static bool check_those_who_follow(int stop, int found[FINDINGS])
{
    struct login login = log_in();

    found[judge(&login)]++;
    CHECK_TEXT(login.problem, "");
    policy.retry_after_ms = 0;
    login = log_in();
    CHECK_TEXT(login.problem, "");
    if (CHECK_TEXT(login.values, "A0 B0"))
        return true;
    printf("# killed at stop %d\n", stop);
    return false;
}

static void whoever_fetches_may_be_killed_anywhere(void)
{
    int found[FINDINGS] = {0};
    bool going = true;

    for (int stop = 0; going && CHECK(stop < STOPS_MAX); stop++) {
        begin();
        going = kill_login_at(stop) && check_those_who_follow(stop, found);
        end();
    }
    for (int i = 0; i < FINDINGS; i++)
        CHECK(found[i] > 0);
}

static void with_old_values_the_next_login_has_them(void)
{
    bool going = true;

    for (int stop = 0; going && CHECK(stop < STOPS_MAX); stop++) {
        struct login login;

        begin();
        log_in();
        policy.ttl_ms = 1;
        poll(NULL, 0, 2);
        going = kill_login_at(stop);
        login = log_in();
        CHECK_TEXT(login.values, "A0 B0");
        CHECK_TEXT(login.problem, "");
        end();
    }
}

static const struct tap_test tests[] = {
    {"whoever fetches may be killed anywhere: nobody is starved, nothing is damaged",
     whoever_fetches_may_be_killed_anywhere},
    {"with old values the next login has them, wherever the fetching one was killed",
     with_old_values_the_next_login_has_them},
};

TAP_MAIN(tests)
