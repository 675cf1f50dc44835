#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NULL_DEVICE "/dev/null"
#define END_WAIT_MS 100

bool program_check(const char *path, struct error *error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return error_set(error, "%s: %s: it is installed with ssmenv-helper", path,
                         strerror(errno));
    if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) ||
        (status.st_mode & 022) != 0)
        return error_set(error, "%s is not a file that only root can write", path);
    return true;
}

static int describe_descriptor(posix_spawn_file_actions_t *actions, int given, int wanted)
{
    int direction = wanted == STDIN_FILENO ? O_RDONLY : O_WRONLY;

    if (given == PROGRAM_SAME)
        return 0;
    if (given == PROGRAM_NULL)
        return posix_spawn_file_actions_addopen(actions, wanted, NULL_DEVICE, direction, 0);
    return posix_spawn_file_actions_adddup2(actions, given, wanted);
}

static int describe_descriptors(posix_spawn_file_actions_t *actions, const struct program *program)
{
    int code = describe_descriptor(actions, program->input, STDIN_FILENO);

    if (code == 0)
        code = describe_descriptor(actions, program->output, STDOUT_FILENO);
    if (code == 0)
        code = describe_descriptor(actions, program->errors, STDERR_FILENO);
#ifdef __GLIBC__ /* only ssmenv-helper has another: it closed what it inherited */
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
    return code;
}

static int describe_signals(posix_spawnattr_t *attributes, const struct program *program)
{
    int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    sigset_t all;
    sigset_t none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    if (program->own_session)
        flags |= POSIX_SPAWN_SETSID;
    return posix_spawnattr_setflags(attributes, (short)flags);
}

bool program_start(const struct program *program, pid_t *pid, struct error *error)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale[] = "LC_ALL=C";
    static char *const environment[] = {path, locale, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0)
        goto out;
    code = posix_spawnattr_init(&attributes);
    if (code != 0)
        goto out_actions;
    code = describe_descriptors(&actions, program);
    if (code == 0)
        code = describe_signals(&attributes, program);
    if (code == 0)
        code = posix_spawnp(pid, program->path, &actions, &attributes, program->arguments,
                            environment);
    posix_spawnattr_destroy(&attributes);
out_actions:
    posix_spawn_file_actions_destroy(&actions);
out:
    return code == 0 || error_set(error, "it cannot be started: %s", strerror(code));
}

/* How it ended, in words; only asked when no usable result came. */
static void explain_end(const siginfo_t *how, const char *name, struct error *error)
{
    if (how->si_pid != 0 && how->si_code != CLD_EXITED)
        error_context(error, "%s was ended by signal %d", name, how->si_status);
    else if (how->si_pid != 0 && how->si_status != 0)
        error_context(error, "%s ended with status %d", name, how->si_status);
    else
        error_context(error, "%s", name);
}

/* Whoever closed its output without an answer is about to end: its status is worth a moment. */
static void await_end(pid_t pid, struct deadline deadline)
{
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd poll_descriptor = {.fd = descriptor, .events = POLLIN};

    if (descriptor < 0)
        return;
    poll(&poll_descriptor, 1, deadline_left(deadline_earlier(deadline, deadline_in(END_WAIT_MS))));
    close(descriptor);
}

void program_end(pid_t pid, const char *name, struct deadline deadline, struct error *error)
{
    siginfo_t how = {0};

    if (error != NULL)
        await_end(pid, deadline);
    /* It is left for waitpid() to reap: until then its number, and its group's, is its own. */
    if (waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (error != NULL)
        explain_end(&how, name, error);
}

/* Returns a descriptor above the standard ones that means the same, and closes the old one. */
static int raise_descriptor(int descriptor)
{
    int raised;

    if (descriptor > STDERR_FILENO)
        return descriptor;
    raised = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(descriptor);
    return raised;
}

bool program_pipe(int ends[2], struct error *error)
{
    int failure;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, "pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        ends[i] = raise_descriptor(ends[i]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    failure = errno;
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
    return error_set(error, "pipe: %s", strerror(failure));
}
