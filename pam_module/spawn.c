#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_signal.h"
#include "clock.h"
#include "exec_context.h"
#include "ssmenv/wire.h"

#ifndef P_PIDFD /* the C library knows it since glibc 2.36, the kernel since 5.4 */
#define P_PIDFD ((idtype_t)3)
#endif

/* A part of the time is kept for ending a helper that did not answer: a tenth, at most this. */
#define END_MARGIN_MS 100
/* How long a helper that closed its output without a reply may take to tell its exit status. */
#define STATUS_WAIT_MS 500
#define ARGUMENTS_MAX  9

struct helper {
    const char *path;
    pid_t pid;
    int output; /* read end of its standard output */
    int pidfd;  /* -1 where the kernel has none to give */
    int64_t started;
    int64_t answer_by;
    int64_t deadline;
    bool ended; /* or closed its output */
};

/* --- starting --- */

static void free_arguments(char **arguments)
{
    for (size_t i = 0; arguments[i] != NULL; i++)
        free(arguments[i]);
}

static bool make_arguments(const struct helper_request *request, int timeout_ms,
                           char *arguments[ARGUMENTS_MAX])
{
    size_t count = 0;
    bool ok = asprintf(&arguments[count++], "ssmenv-helper") >= 0 &&
              asprintf(&arguments[count++], "--user=%s", request->user) >= 0 &&
              asprintf(&arguments[count++], "--service=%s", request->service) >= 0 &&
              asprintf(&arguments[count++], "--config=%s", request->config) >= 0 &&
              asprintf(&arguments[count++], "--timeout-ms=%d", timeout_ms) >= 0 &&
              asprintf(&arguments[count++], "--parent=%ld", (long)getpid()) >= 0;

    if (ok && request->become)
        ok = asprintf(&arguments[count++], "--uid=%lu", (unsigned long)request->uid) >= 0 &&
             asprintf(&arguments[count++], "--gid=%lu", (unsigned long)request->gid) >= 0;
    if (!ok)
        count--; /* asprintf leaves its pointer undefined */
    arguments[count] = NULL;
    return ok;
}

/* Both ends are above the standard descriptors, which the host may have closed: dup2 onto itself
 * and the opening of /dev/null would otherwise hit the pipe. */
static bool open_pipe(int ends[2])
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        ends[i] =
            low[i] > STDERR_FILENO ? low[i] : fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    for (int i = 0; i < 2; i++) {
        if (low[i] != ends[i])
            close(low[i]);
    }
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
    return false;
}

static int describe_descriptors(posix_spawn_file_actions_t *actions, int output)
{
    int code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return code;
}

static int describe_signals(posix_spawnattr_t *attributes)
{
    sigset_t all;
    sigset_t none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
}

/* Returns 0 or an errno; posix_spawn reports a failing exec as well. */
static int spawn(struct helper *helper, char **arguments, int output)
{
    char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char locale_variable[] = "LC_ALL=C";
    char *environment[] = {path_variable, locale_variable, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code != 0)
        goto out_actions;
    code = describe_descriptors(&actions, output);
    if (code == 0)
        code = describe_signals(&attributes);
    if (code == 0)
        code =
            posix_spawn(&helper->pid, helper->path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
out_actions:
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        helper->pid = 0;
    return code;
}

/* With the session's security context set aside. False when there is no helper, or when the context
 * is lost; in the latter case a helper may be running. */
static bool spawn_in_own_context(struct helper *helper, char **arguments, int output,
                                 bool *context_lost, struct fault *fault)
{
    struct exec_context context;
    int code;

    if (!exec_context_clear(&context, fault))
        return false;
    code = spawn(helper, arguments, output);
    if (!exec_context_restore(&context, fault)) {
        *context_lost = true;
        return false;
    }
    return code == 0 ||
           fault_set(fault, "%s cannot be started: %s", helper->path, fault_reason(code));
}

static bool helper_start(struct helper *helper, const struct helper_request *request,
                         bool *context_lost, struct fault *fault)
{
    char *arguments[ARGUMENTS_MAX];
    int ends[2] = {-1, -1};
    int left = clock_left(helper->answer_by);
    bool started = false;

    if (left == 0)
        return fault_set(fault, "no time was left to start %s", helper->path);
    if (!make_arguments(request, left, arguments)) {
        fault_set(fault, "out of memory");
        goto out;
    }
    if (!open_pipe(ends)) {
        fault_set(fault, "no pipe to %s: %s", helper->path, fault_reason(errno));
        goto out;
    }
    started = spawn_in_own_context(helper, arguments, ends[1], context_lost, fault);
    if (helper->pid > 0)
        helper->pidfd = (int)syscall(SYS_pidfd_open, helper->pid, 0);
    helper->output = ends[0];
    close(ends[1]);
out:
    free_arguments(arguments);
    return started;
}

/* --- reading --- */

/* True when there are bytes to read, or the end of them. A helper's end wakes us as well, since a
 * child of its may hold the pipe open; what it wrote before it ended is still read. */
static bool await_bytes(struct helper *helper, struct fault *fault)
{
    struct pollfd polled[] = {{.fd = helper->output, .events = POLLIN},
                              {.fd = helper->pidfd, .events = POLLIN}};

    for (;;) {
        int left = clock_left(helper->answer_by);
        int ready = left > 0 ? poll(polled, 2, left) : 0;

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return fault_set(fault, "%s gave no complete answer within %lld ms", helper->path,
                             (long long)(helper->answer_by - helper->started));
        if (polled[0].revents != 0 || poll(polled, 1, 0) > 0)
            return true;
        helper->ended = true;
        return fault_set(fault, "%s ended without a complete answer", helper->path);
    }
}

static bool read_exactly(struct helper *helper, unsigned char *bytes, size_t length,
                         struct fault *fault)
{
    size_t count = 0;

    while (count < length) {
        ssize_t got;

        if (!await_bytes(helper, fault))
            return false;
        got = read(helper->output, bytes + count, length - count);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return fault_set(fault, "%s cannot be read from: %s", helper->path,
                             fault_reason(errno));
        if (got == 0) {
            helper->ended = true;
            return fault_set(fault, "%s ended without a complete answer", helper->path);
        }
        if (got > 0)
            count += (size_t)got;
    }
    return true;
}

static bool read_reply(struct helper *helper, struct helper_reply *reply, struct fault *fault)
{
    unsigned char header[WIRE_HEADER_BYTES];
    size_t length;

    if (!read_exactly(helper, header, sizeof header, fault))
        return false;
    if (!wire_read_header(header, WIRE_REPLY, UINT32_MAX, &length))
        return fault_set(
            fault,
            "%s answered with something that is no reply of version %d: install module "
            "and helper of the same release",
            helper->path, WIRE_VERSION);
    if (length > LIMIT_REPLY_BYTES)
        return fault_set(fault, "%s announced an answer of %zu bytes, more than the %d allowed",
                         helper->path, length, LIMIT_REPLY_BYTES);
    reply->payload = malloc(length > 0 ? length : 1);
    if (reply->payload == NULL)
        return fault_set(fault, "out of memory");
    reply->length = length;
    return read_exactly(helper, reply->payload, length, fault);
}

/* --- ending --- */

/* waitid(2) for the helper and nobody else: a pidfd cannot mean another process later on. */
static int wait_for(const struct helper *helper, siginfo_t *how, int options)
{
    *how = (siginfo_t){0};
    if (helper->pidfd >= 0)
        return waitid(P_PIDFD, (id_t)helper->pidfd, how, options);
    return waitid(P_PID, (id_t)helper->pid, how, options);
}

static void await_end(const struct helper *helper, int64_t until)
{
    struct pollfd polled = {.fd = helper->pidfd, .events = POLLIN};
    int left = clock_left(until);

    if (helper->pidfd >= 0)
        poll(&polled, 1, left);
    else
        poll(NULL, 0, left < 1 ? left : 1);
}

/* While the helper is not reaped, its number is its own. Once somebody else has reaped it, the
 * number stays taken as long as the group has members, and then no process has it: a process of
 * that number means that the number was given out again, and the group with it. */
static void kill_group(const struct helper *helper, bool is_reaped)
{
    if (!is_reaped || (kill(helper->pid, 0) != 0 && errno == ESRCH))
        kill(-helper->pid, SIGKILL);
}

static bool reap(const struct helper *helper)
{
    siginfo_t how;
    bool last = false;

    for (;;) {
        if (wait_for(helper, &how, WEXITED | WNOHANG) != 0)
            return errno == ECHILD;
        if (how.si_pid != 0)
            return true;
        if (last)
            return false;
        await_end(helper, helper->deadline);
        last = clock_left(helper->deadline) == 0;
    }
}

static void explain_end(const siginfo_t *how, struct fault *fault)
{
    if (how->si_pid != 0 && how->si_code == CLD_EXITED)
        fault_add(fault, " (status %d)", how->si_status);
    else if (how->si_pid != 0)
        fault_add(fault, " (signal %d)", how->si_status);
}

/* Returns false when the helper could not be reaped in time. */
static bool helper_end(struct helper *helper, struct fault *fault)
{
    siginfo_t how = {0};
    bool is_reaped;

    if (helper->ended)
        await_end(helper, clock_earlier(helper->answer_by, clock_now() + STATUS_WAIT_MS));
    is_reaped = wait_for(helper, &how, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
    if (helper->ended)
        explain_end(&how, fault);
    kill_group(helper, is_reaped);
    return reap(helper);
}

/* --- all of it --- */

bool helper_ask(const struct helper_request *request, struct helper_reply *reply,
                struct fault *fault)
{
    struct helper helper = {.path = request->path,
                            .output = -1,
                            .pidfd = -1,
                            .started = request->started,
                            .deadline = request->deadline};
    struct child_signal signal_state;
    bool answered;

    helper.answer_by = request->deadline -
                       clock_earlier((request->deadline - request->started) / 10, END_MARGIN_MS);
    *reply = (struct helper_reply){0};
    child_signal_hold(&signal_state);
    answered = helper_start(&helper, request, &reply->context_lost, fault) &&
               read_reply(&helper, reply, fault);
    if (helper.pid > 0 && !helper_end(&helper, fault) && !answered)
        fault_add(fault, "; it could not be ended and is left behind");
    if (helper.output >= 0)
        close(helper.output);
    if (helper.pidfd >= 0)
        close(helper.pidfd);
    child_signal_release(&signal_state, helper.pid);
    if (!answered)
        helper_reply_free(reply);
    return answered;
}

void helper_reply_free(struct helper_reply *reply)
{
    if (reply->payload != NULL)
        explicit_bzero(reply->payload, reply->length);
    free(reply->payload);
    reply->payload = NULL;
    reply->length = 0;
}
