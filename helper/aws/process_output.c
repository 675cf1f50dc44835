#include "aws/process_output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/program.h"

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
    struct program program = {
        .path = words[0], .arguments = words, .input = PROGRAM_NULL, .errors = PROGRAM_NULL};
    int ends[2];
    pid_t pid;
    bool ok;
    bool killed;
    int status;

    if (!program_pipe(ends, error))
        return false;
    program.output = ends[1];
    ok = program_start(&program, &pid, error);
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
