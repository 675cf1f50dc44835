#include "common/companion.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/program.h"
#include "paths.h"

#define PARENT_OPTION "--parent="

struct running {
    pid_t pid;
    int to;   /* write end: its standard input */
    int from; /* read end: its standard output */
};

/* Replaces the last part of a program's path. */
static bool put_name(char path[PATH_MAX], const char *name, struct error *error)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || (size_t)(slash - path) + sizeof "/" + strlen(name) > PATH_MAX)
        return error_set(error, "%s is in no folder", path);
    strcpy(slash + 1, name);
    return true;
}

static bool find_program(const char *name, char path[PATH_MAX], struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

    if (length <= 0)
        return error_set(error, "/proc/self/exe: %s", strerror(errno));
    path[length] = '\0';
    if (!put_name(path, name, error))
        return false;
    if (access(path, F_OK) == 0)
        return true;
    strcpy(path, PATH_HELPER);
    return put_name(path, name, error);
}

/* input and output: ends of pipes. */
static bool spawn(const char *path, int input, int output, pid_t *pid, struct error *error)
{
    char name[PATH_MAX];
    char parent[sizeof PARENT_OPTION + 20];
    char *arguments[] = {name, parent, NULL};
    struct program program = {.path = path,
                              .arguments = arguments,
                              .input = input,
                              .output = output,
                              .errors = PROGRAM_SAME};

    strcpy(name, strrchr(path, '/') + 1);
    snprintf(parent, sizeof parent, PARENT_OPTION "%ld", (long)getpid());
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

static bool start(const char *name, struct running *running, struct error *error)
{
    char path[PATH_MAX];
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};
    bool started = false;

    if (!find_program(name, path, error) || !program_check(path, error))
        return false;
    if (!program_pipe(input, error) || !program_pipe(output, error) ||
        !spawn(path, input[0], output[1], &running->pid, error))
        goto out;
    running->to = input[1];
    running->from = output[0];
    input[1] = -1;
    output[0] = -1;
    started = true;
out:
    close_pair(input);
    close_pair(output);
    return started;
}

static bool exchange(struct running *running, const struct companion *companion,
                     const struct buffer *question, struct deadline deadline, void *context,
                     struct error *error)
{
    struct buffer payload = BUFFER_INIT;
    bool ok;

    if (!frame_write(running->to, question->data, question->length, deadline, error))
        return false;
    close(running->to); /* the end of the question */
    running->to = -1;
    payload.limit = companion->limit;
    ok =
        frame_read(running->from, companion->answer, companion->limit, deadline, &payload, error) &&
        companion->take(context, &payload, error);
    buffer_free(&payload);
    return ok;
}

bool companion_ask(const struct companion *companion, const struct buffer *question,
                   struct deadline deadline, void *context, struct error *error)
{
    struct running running;
    bool ok;

    if (!start(companion->name, &running, error))
        return false;
    ok = exchange(&running, companion, question, deadline, context, error);
    if (running.to >= 0)
        close(running.to);
    close(running.from);
    program_end(running.pid, companion->name, deadline, ok ? NULL : error);
    return ok;
}

pid_t companion_parent(int argc, char **argv)
{
    char *end = NULL;
    long parent;

    if (argc != 2 || strncmp(argv[1], PARENT_OPTION, sizeof PARENT_OPTION - 1) != 0)
        return 0;
    parent = strtol(argv[1] + sizeof PARENT_OPTION - 1, &end, 10);
    return *end == '\0' && parent > 0 && parent <= INT_MAX ? (pid_t)parent : 0;
}
