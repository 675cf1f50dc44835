#include "aws/process_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool spawn(char *const *words, int output, pid_t *pid, struct error *error)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale[] = "LC_ALL=C";
    static char *const environment[] = {path, locale, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigset_t none;
    int code;

    sigfillset(&all);
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return error_set(error, "out of memory");
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error_set(error, "out of memory");
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (code == 0)
        code = posix_spawnp(pid, words[0], &actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 || error_set(error, "it cannot be started: %s", strerror(code));
}

static bool await(int descriptor, struct deadline deadline)
{
    struct pollfd waited = {.fd = descriptor, .events = POLLIN};
    int ready;

    do
        ready = poll(&waited, 1, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool read_all(int descriptor, struct deadline deadline, struct buffer *output,
                     struct error *error)
{
    char piece[4096];
    ssize_t count;

    while (await(descriptor, deadline)) {
        count = read(descriptor, piece, sizeof piece);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set(error, "%s", strerror(errno));
        if (count == 0)
            return true;
        buffer_append(output, piece, (size_t)count);
        explicit_bzero(piece, sizeof piece);
        if (buffer_failed(output))
            return error_set(error, "it printed more than %zu bytes", output->limit);
    }
    return error_set(error, "it did not end in time");
}

/* Takes what is left of the process; killed says that it did not end by itself. */
static int reap(pid_t pid, bool finished, struct deadline deadline, bool *killed)
{
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    int status = 0;

    *killed = !finished || descriptor < 0 || !await(descriptor, deadline);
    if (descriptor >= 0)
        close(descriptor);
    if (*killed)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static bool judge(int status, bool killed, struct error *error)
{
    if (killed)
        return error_set(error, "it did not end in time");
    if (WIFSIGNALED(status))
        return error_set(error, "it was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_set(error, "it ended with status %d", WEXITSTATUS(status));
    return true;
}

bool process_output(char *const *words, struct deadline deadline, struct buffer *output,
                    struct error *error)
{
    int ends[2];
    pid_t pid;
    bool ok;
    bool killed;
    int status;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, "pipe: %s", strerror(errno));
    ok = spawn(words, ends[1], &pid, error);
    close(ends[1]);
    if (!ok) {
        close(ends[0]);
        return false;
    }
    ok = read_all(ends[0], deadline, output, error);
    close(ends[0]);
    status = reap(pid, ok, deadline, &killed);
    return ok && judge(status, killed, error);
}
