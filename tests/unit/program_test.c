#include "common/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* What a shell script prints that is started with input. */
static void output_of(const char *script, int input, char *text, size_t size)
{
    char shell[] = "sh";
    char option[] = "-c";
    char copy[256];
    char *arguments[] = {shell, option, copy, NULL};
    struct program program = {
        .path = "/bin/sh", .arguments = arguments, .input = input, .errors = PROGRAM_SAME};
    struct error error = ERROR_INIT;
    size_t length = 0;
    ssize_t count;
    int ends[2];
    pid_t pid;

    snprintf(copy, sizeof copy, "%s", script);
    text[0] = '\0';
    if (!CHECK(program_pipe(ends, &error)))
        return;
    program.output = ends[1];
    if (CHECK(program_start(&program, &pid, &error))) {
        close(ends[1]);
        while (length < size - 1 && (count = read(ends[0], text + length, size - 1 - length)) > 0)
            length += (size_t)count;
        CHECK(waitpid(pid, NULL, 0) == pid);
    }
    text[length] = '\0';
    close(ends[0]);
}

static void a_program_gets_only_path_and_locale(void)
{
    char text[4096];

    setenv("LD_LIBRARY_PATH", "/nowhere", 1);
    output_of("tr '\\0' '\\n' </proc/$$/environ", PROGRAM_NULL, text, sizeof text);
    CHECK_TEXT(text, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                     "LC_ALL=C\n");
    unsetenv("LD_LIBRARY_PATH");
}

static void a_program_has_three_descriptors(void)
{
    char text[4096];
    int leaked = open("/dev/null", O_RDONLY);

    output_of("ls /proc/$$/fd; readlink /proc/$$/fd/0", PROGRAM_NULL, text, sizeof text);
    CHECK_CONTAINS(text, "0\n1\n2\n/dev/null\n");
    close(leaked);
}

static void a_program_starts_with_default_signals(void)
{
    char text[4096];
    sigset_t blocked;
    sigset_t before;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    /* 32 and 33 are the C library's own; some ancestor may have left them ignored. */
    output_of("grep -c 'SigBlk:.0*$\\|SigIgn:.0*\\(180000000\\)*$' /proc/self/status", PROGRAM_NULL,
              text, sizeof text);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    CHECK_TEXT(text, "2\n");
}

/* 0 is closed, so that the first pipe would take it. */
static void pipes_work_where_standard_descriptors_are_closed(void)
{
    struct error error = ERROR_INIT;
    int kept = dup(STDIN_FILENO);
    char text[64] = "";
    int ends[2];

    close(STDIN_FILENO);
    if (CHECK(program_pipe(ends, &error))) {
        CHECK(ends[0] > STDERR_FILENO && ends[1] > STDERR_FILENO);
        CHECK(fcntl(STDIN_FILENO, F_GETFD) < 0);
        CHECK(write(ends[1], "word\n", 5) == 5);
        close(ends[1]);
        output_of("cat", ends[0], text, sizeof text);
        close(ends[0]);
    }
    dup2(kept, STDIN_FILENO);
    close(kept);
    CHECK_TEXT(text, "word\n");
}

static void what_cannot_be_started_says_why(void)
{
    char name[] = "nothing";
    char *arguments[] = {name, NULL};
    struct program program = {.path = "/nonexistent/nothing",
                              .arguments = arguments,
                              .input = PROGRAM_NULL,
                              .output = PROGRAM_NULL,
                              .errors = PROGRAM_NULL};
    struct error error = ERROR_INIT;
    pid_t pid;

    CHECK(!program_start(&program, &pid, &error));
    CHECK_TEXT(error.text, "it cannot be started: No such file or directory");
}

static const struct tap_test tests[] = {
    {"a program gets only PATH and locale", a_program_gets_only_path_and_locale},
    {"a program has three descriptors", a_program_has_three_descriptors},
    {"a program starts with default signals", a_program_starts_with_default_signals},
    {"pipes work where standard descriptors are closed",
     pipes_work_where_standard_descriptors_are_closed},
    {"what cannot be started says why", what_cannot_be_started_says_why},
};

TAP_MAIN(tests)
