#include "common/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/frame.h"

#define FETCHER_NAME "ssmenv-fetch"
#define END_WAIT_MS  100

struct fetcher {
    pid_t pid;
    int to;   /* write end: its standard input */
    int from; /* read end: its standard output */
};

/* The file beside the running program. The folder was checked by whoever started us; the file is
 * checked here. */
static bool find_program(char path[PATH_MAX], struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof FETCHER_NAME);
    struct stat status;
    char *slash;

    if (length <= 0)
        return error_set(error, "/proc/self/exe: %s", strerror(errno));
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return error_set(error, "/proc/self/exe names no folder");
    strcpy(slash + 1, FETCHER_NAME);
    if (stat(path, &status) != 0)
        return error_set(error, "%s: %s: install it beside ssmenv-helper", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) ||
        (status.st_mode & 022) != 0)
        return error_set(error, "%s is not a file that only root can write", path);
    return true;
}

/* Ends of pipes that the child gets by dup2 below; everything else is closed on exec. */
static bool spawn(const char *path, int input, int output, pid_t *pid, struct error *error)
{
    static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale_variable[] = "LC_ALL=C";
    char name[] = FETCHER_NAME;
    char parent[32];
    char *argv[] = {name, parent, NULL};
    char *environment[] = {path_variable, locale_variable, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigset_t none;
    int code;

    snprintf(parent, sizeof parent, "--parent=%ld", (long)getpid());
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
    code = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (code == 0)
        code = posix_spawn(pid, path, &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 || error_set(error, "%s cannot be started: %s", path, strerror(code));
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static bool fetcher_start(struct fetcher *fetcher, struct error *error)
{
    char path[PATH_MAX];
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};
    bool started = false;

    if (!find_program(path, error))
        return false;
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) {
        error_set(error, "pipe: %s", strerror(errno));
        goto out;
    }
    if (!spawn(path, input[0], output[1], &fetcher->pid, error))
        goto out;
    fetcher->to = input[1];
    fetcher->from = output[0];
    input[1] = -1;
    output[0] = -1;
    started = true;
out:
    close_pair(input);
    close_pair(output);
    return started;
}

/* How it ended, in words; only asked when no usable result came. */
static void explain_end(int status, struct error *error)
{
    if (WIFSIGNALED(status))
        error_context(error, FETCHER_NAME " was ended by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        error_context(error, FETCHER_NAME " ended with status %d", WEXITSTATUS(status));
    else
        error_context(error, FETCHER_NAME);
}

/* A fetcher that closed its output without an answer is about to end: its status is worth a moment.
 */
static void await_end(const struct fetcher *fetcher, struct deadline deadline)
{
    int descriptor = (int)syscall(SYS_pidfd_open, fetcher->pid, 0);
    struct pollfd poll_descriptor = {.fd = descriptor, .events = POLLIN};

    if (descriptor < 0)
        return;
    poll(&poll_descriptor, 1, deadline_left(deadline_earlier(deadline, deadline_in(END_WAIT_MS))));
    close(descriptor);
}

/* After an answer there is nothing to wait for: a slow exit must not cost the login time. */
static void fetcher_end(struct fetcher *fetcher, bool answered, struct deadline deadline,
                        struct error *error)
{
    int status = 0;

    if (fetcher->to >= 0)
        close(fetcher->to);
    close(fetcher->from);
    if (!answered)
        await_end(fetcher, deadline);
    if (waitpid(fetcher->pid, &status, WNOHANG) == 0) {
        kill(fetcher->pid, SIGKILL);
        while (waitpid(fetcher->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (!answered)
        explain_end(status, error);
}

static bool exchange(struct fetcher *fetcher, const struct request *request,
                     struct deadline deadline, struct result *result, struct error *error)
{
    struct buffer frame = BUFFER_INIT;
    struct buffer payload = BUFFER_INIT;
    bool ok = false;

    payload.limit = LIMIT_RESULT_BYTES;
    request_encode(request, &frame);
    if (buffer_failed(&frame)) {
        error_set(error, "the request is too large");
        goto out;
    }
    if (!frame_write(fetcher->to, frame.data, frame.length, deadline, error))
        goto out;
    close(fetcher->to); /* the end of the request */
    fetcher->to = -1;
    if (!frame_read(fetcher->from, WIRE_RESULT, LIMIT_RESULT_BYTES, deadline, &payload, error) ||
        !result_decode(result, payload.data, payload.length, error))
        goto out;
    ok = result->answer_count == request->lookup_count;
    if (!ok) {
        error_set(error, "it gave %zu answers to %zu lookups", result->answer_count,
                  request->lookup_count);
        result_free(result);
    }
out:
    buffer_free(&frame);
    buffer_free(&payload);
    return ok;
}

bool fetcher_ask(const struct request *request, struct deadline deadline, struct result *result,
                 struct error *error)
{
    struct fetcher fetcher;
    bool ok;

    *result = (struct result){0};
    if (!fetcher_start(&fetcher, error))
        return false;
    ok = exchange(&fetcher, request, deadline, result, error);
    fetcher_end(&fetcher, ok, deadline, error);
    return ok;
}
