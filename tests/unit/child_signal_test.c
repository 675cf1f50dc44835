#include "child_signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static volatile sig_atomic_t caught;
static volatile sig_atomic_t caught_process;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    caught++;
    caught_process = info->si_pid;
}

static void begin(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};

    caught = 0;
    caught_process = 0;
    sigaction(SIGCHLD, &action, NULL);
}

static void end(void)
{
    signal(SIGCHLD, SIG_DFL);
}

/* A child that has ended and waits to be reaped; its SIGCHLD has been sent. */
static pid_t ended_child(void)
{
    siginfo_t info;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    return child;
}

static bool is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGCHLD) == 1;
}

static bool is_blocked(void)
{
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGCHLD) == 1;
}

static void the_own_child_is_no_news_for_the_host(void)
{
    struct child_signal state;
    pid_t own;

    begin();
    child_signal_hold(&state);
    CHECK(is_blocked());
    own = ended_child();
    CHECK(is_pending());
    waitpid(own, NULL, 0);
    child_signal_release(&state, own);
    CHECK(!is_blocked() && !is_pending());
    CHECK_INT(caught, 0);
    end();
}

/* Its number was never told: posix_spawn has reaped it. */
static void a_child_that_could_not_be_executed_is_no_news(void)
{
    struct child_signal state;

    begin();
    child_signal_hold(&state);
    waitpid(ended_child(), NULL, 0);
    CHECK(is_pending());
    child_signal_release(&state, 0);
    CHECK_INT(caught, 0);
    end();
}

static void another_child_that_ends_before_the_own_one_is_announced(void)
{
    struct child_signal state;
    pid_t other;
    pid_t own;

    begin();
    child_signal_hold(&state);
    other = ended_child();
    own = ended_child();
    waitpid(own, NULL, 0);
    child_signal_release(&state, own);
    CHECK_INT(caught, 1);
    CHECK_INT(caught_process, other);
    waitpid(other, NULL, 0);
    end();
}

/* The kernel drops the second SIGCHLD while the first one is pending. */
static void another_child_that_ends_after_the_own_one_is_announced(void)
{
    struct child_signal state;
    pid_t other;
    pid_t own;

    begin();
    child_signal_hold(&state);
    own = ended_child();
    other = ended_child();
    waitpid(own, NULL, 0);
    child_signal_release(&state, own);
    CHECK_INT(caught, 1);
    CHECK_INT(caught_process, other);
    waitpid(other, NULL, 0);
    end();
}

static void another_child_is_announced_where_none_could_be_executed(void)
{
    struct child_signal state;
    pid_t other;

    begin();
    child_signal_hold(&state);
    other = ended_child();
    child_signal_release(&state, 0);
    CHECK_INT(caught, 1);
    CHECK_INT(caught_process, other);
    waitpid(other, NULL, 0);
    end();
}

static void a_signal_that_somebody_sent_is_delivered(void)
{
    struct child_signal state;

    begin();
    child_signal_hold(&state);
    kill(getpid(), SIGCHLD);
    child_signal_release(&state, 0);
    CHECK_INT(caught, 1);
    CHECK_INT(caught_process, getpid());
    end();
}

static void a_host_that_blocks_the_signal_finds_it_blocked_and_not_pending(void)
{
    struct child_signal state;
    sigset_t set;
    pid_t own;

    begin();
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    child_signal_hold(&state);
    own = ended_child();
    waitpid(own, NULL, 0);
    child_signal_release(&state, own);
    CHECK(is_blocked() && !is_pending());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    CHECK_INT(caught, 0);
    end();
}

static void a_signal_that_was_pending_before_stays_pending(void)
{
    struct child_signal state;
    sigset_t set;
    pid_t earlier;
    pid_t own;

    begin();
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    earlier = ended_child();
    child_signal_hold(&state);
    own = ended_child();
    waitpid(own, NULL, 0);
    child_signal_release(&state, own);
    CHECK(is_pending());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    CHECK_INT(caught, 1);
    CHECK_INT(caught_process, earlier);
    waitpid(earlier, NULL, 0);
    end();
}

static const struct tap_test tests[] = {
    {"the own child is no news for the host", the_own_child_is_no_news_for_the_host},
    {"a child that could not be executed is no news",
     a_child_that_could_not_be_executed_is_no_news},
    {"another child that ends before the own one is announced",
     another_child_that_ends_before_the_own_one_is_announced},
    {"another child that ends after the own one is announced",
     another_child_that_ends_after_the_own_one_is_announced},
    {"another child is announced where none could be executed",
     another_child_is_announced_where_none_could_be_executed},
    {"a signal that somebody sent is delivered", a_signal_that_somebody_sent_is_delivered},
    {"a host that blocks the signal finds it blocked, and not pending",
     a_host_that_blocks_the_signal_finds_it_blocked_and_not_pending},
    {"a signal that was pending before stays pending",
     a_signal_that_was_pending_before_stays_pending},
};

TAP_MAIN(tests)
