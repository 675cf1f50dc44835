/*
 * Many logins at one moment, each in a process of its own, as those of sshd are.
 *
 *     bench-storm CONFDIR SERVICE VARIABLES LOGINS
 *
 * All processes are ready to open their session before the first one does, and stay, as sessions
 * do, until the last one has. Prints one line a login, in no order: nanoseconds from the common
 * start until its pam_open_session was done. A login that did not deliver ends the program with
 * status 1.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/login.h"

#define FAILED (-1)

struct storm {
    /* Each pipe tells one thing by its end. The first two end when each process, the others when
     * the parent has closed its own: so also when one has ended without a word. */
    int ready[2];
    int done[2];
    int start[2];
    int end[2];
    struct shared {
        int64_t started;
        int64_t elapsed[];
    } * shared;
};

static void wait_for_end_of(const int ends[2])
{
    char byte;

    if (read(ends[0], &byte, 1) != 0)
        give_up("a pipe");
}

static void log_in(struct storm *storm, struct login *login, size_t number)
{
    int64_t ended;

    close(storm->start[1]);
    close(storm->end[1]);
    login_begin(login);
    close(storm->ready[1]);
    wait_for_end_of(storm->start);
    login_open(login);
    ended = now_ns();
    storm->shared->elapsed[number] =
        login_delivered(login) ? ended - storm->shared->started : FAILED;
    close(storm->done[1]);
    wait_for_end_of(storm->end);
    login_end(login);
    _exit(0);
}

static void start_all(struct storm *storm, struct login *login, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pid_t child = fork();

        if (child < 0)
            give_up("fork");
        if (child == 0)
            log_in(storm, login, i);
    }
    close(storm->ready[1]);
    close(storm->done[1]);
    wait_for_end_of(storm->ready);
}

static size_t report(const struct storm *storm, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (storm->shared->elapsed[i] == FAILED)
            failed++;
        else
            printf("%lld\n", (long long)storm->shared->elapsed[i]);
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct login login;
    struct storm storm;
    size_t count;
    size_t bytes;
    size_t failed;

    if (argc != 5)
        return 2;
    login = (struct login){
        .folder = argv[1], .service = argv[2], .variables = (unsigned)strtoul(argv[3], NULL, 10)};
    count = strtoul(argv[4], NULL, 10);
    bytes = sizeof *storm.shared + count * sizeof storm.shared->elapsed[0];
    storm.shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (storm.shared == MAP_FAILED || pipe2(storm.ready, O_CLOEXEC) != 0 ||
        pipe2(storm.done, O_CLOEXEC) != 0 || pipe2(storm.start, O_CLOEXEC) != 0 ||
        pipe2(storm.end, O_CLOEXEC) != 0)
        give_up("setting up");
    memset(storm.shared->elapsed, 0xff, count * sizeof storm.shared->elapsed[0]);
    start_all(&storm, &login, count);
    storm.shared->started = now_ns();
    close(storm.start[1]);
    wait_for_end_of(storm.done);
    close(storm.end[1]);
    while (wait(NULL) > 0)
        ;
    failed = report(&storm, count);
    if (failed > 0)
        fprintf(stderr, "%zu of %zu logins did not deliver\n", failed, count);
    return failed > 0 ? 1 : 0;
}
