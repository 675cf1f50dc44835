#include "common/fetcher.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/program.h"
#include "paths.h"

#define FETCHER_NAME "ssmenv-fetch"

struct fetcher {
    pid_t pid;
    int to;   /* write end: its standard input */
    int from; /* read end: its standard output */
};

/* Replaces the last part of a program's path. */
static bool put_name(char path[PATH_MAX], struct error *error)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || (size_t)(slash - path) + sizeof "/" FETCHER_NAME > PATH_MAX)
        return error_set(error, "%s is in no folder", path);
    strcpy(slash + 1, FETCHER_NAME);
    return true;
}

/* Beside the running program, whose folder was checked by whoever started us; else beside the
 * helper that was installed with it. */
static bool find_program(char path[PATH_MAX], struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length <= 0)
        return error_set(error, "/proc/self/exe: %s", strerror(errno));
    path[length] = '\0';
    if (!put_name(path, error))
        return false;
    if (access(path, F_OK) == 0)
        return true;
    strcpy(path, PATH_HELPER);
    return put_name(path, error);
}

/* input and output: ends of pipes. */
static bool spawn(const char *path, int input, int output, pid_t *pid, struct error *error)
{
    char name[] = FETCHER_NAME;
    char parent[32];
    char *arguments[] = {name, parent, NULL};
    struct program program = {.path = path,
                              .arguments = arguments,
                              .input = input,
                              .output = output,
                              .errors = PROGRAM_SAME};

    snprintf(parent, sizeof parent, "--parent=%ld", (long)getpid());
    return program_start(&program, pid, error) || error_context(error, "%s", path);
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

    if (!find_program(path, error) || !program_check(path, error))
        return false;
    if (!program_pipe(input, error) || !program_pipe(output, error) ||
        !spawn(path, input[0], output[1], &fetcher->pid, error))
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
    if (fetcher.to >= 0)
        close(fetcher.to);
    close(fetcher.from);
    program_end(fetcher.pid, FETCHER_NAME, deadline, ok ? NULL : error);
    return ok;
}
