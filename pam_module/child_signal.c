#include "child_signal.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigset_t child_only(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return set;
}

void child_signal_hold(struct child_signal *state)
{
    sigset_t set = child_only();
    sigset_t before;
    sigset_t pending;

    sigemptyset(&before);
    sigemptyset(&pending);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    sigpending(&pending);
    state->was_blocked = sigismember(&before, SIGCHLD) == 1;
    state->was_pending = sigismember(&pending, SIGCHLD) == 1;
}

/* The news of another child that waits to be collected, as its SIGCHLD would have told it. */
static bool find_other_news(siginfo_t *news)
{
    *news = (siginfo_t){0};
    return waitid(P_ALL, 0, news, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0 &&
           news->si_pid != 0;
}

/* When the program could not be executed, posix_spawn has reaped its child and told no number: then
 * the signal is ours if the child it tells of is gone. */
static bool is_own(const siginfo_t *news, pid_t child)
{
    siginfo_t state = {0};

    if (news->si_code <= 0) /* sent by kill() or sigqueue() */
        return false;
    if (child > 0)
        return news->si_pid == child;
    return waitid(P_PID, (id_t)news->si_pid, &state, WEXITED | WNOHANG | WNOWAIT) != 0;
}

static void take_own_signal(pid_t child)
{
    static const struct timespec at_once = {0};
    sigset_t set = child_only();
    siginfo_t news;

    if (sigtimedwait(&set, &news, &at_once) != SIGCHLD)
        return;
    if (is_own(&news, child) && !find_other_news(&news))
        return;
    syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &news);
}

void child_signal_release(const struct child_signal *state, pid_t child)
{
    sigset_t set = child_only();

    if (!state->was_pending)
        take_own_signal(child);
    if (!state->was_blocked)
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
