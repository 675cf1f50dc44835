/*
 * Times several ways of doing a thing in turn, so that whatever slows the machine down for a while
 * slows all of them down, and their ratio within a round stays what it is.
 *
 *     bench-pairs CONFDIR ROUNDS [OPTION…] WAY [-- WAY]…
 *
 * WAY is   login SERVICE VARIABLES            one pam_open_session (login.h)
 * or       program VARIABLES PATH [ARG…]      posix_spawn to reaping; prints the values of so many
 *                                             variables, or with 0 gets this program's output
 * OPTION   descriptors=N                      the hard limit; the soft one stays below it
 *          purge=FOLDER                       removes the files in it before each try
 *
 * Prints one line a round: nanoseconds of each way, and at the end those during which some process
 * of the machine was ready to run and had no processor (/proc/pressure/cpu), which tells rounds
 * that others disturbed. Each round begins with another way. Whatever fails to deliver ends the
 * program with status 1.
 */
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/login.h"

#define WAYS_MAX   8
#define SOFT_LIMIT 1024
#define OUTPUT_MAX 65536

struct way {
    struct login login; /* service NULL: a program */
    char **arguments;   /* of the program, its path first */
};

struct measurement {
    const char *folder;
    const char *purge;
    struct way ways[WAYS_MAX];
    size_t count;
};

extern char **environ;

/* --- programs --- */

static void check_output(int output, const struct way *way)
{
    static char text[OUTPUT_MAX];
    ssize_t length = pread(output, text, sizeof text - 1, 0);
    char name[VARIABLE_NAME_BYTES];
    char value[VARIABLE_VALUE_BYTES];

    text[length > 0 ? length : 0] = '\0';
    for (unsigned i = 1; i <= way->login.variables; i++) {
        variable_make(i, name, value);
        if (strstr(text, value) == NULL) {
            fprintf(stderr, "%s did not deliver %s: %s\n", way->arguments[0], name, text);
            exit(1);
        }
    }
}

static int64_t run_program(const struct way *way, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_t *used = NULL;
    int64_t started;
    int64_t elapsed;
    int status = -1;
    pid_t child;

    posix_spawn_file_actions_init(&actions);
    if (output >= 0) {
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        used = &actions;
    }
    started = now_ns();
    errno = posix_spawn(&child, way->arguments[0], used, NULL, way->arguments, environ);
    if (errno != 0 || waitpid(child, &status, 0) != child)
        give_up(way->arguments[0]);
    elapsed = now_ns() - started;
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0) {
        fprintf(stderr, "%s ended with status %d\n", way->arguments[0], status);
        exit(1);
    }
    return elapsed;
}

static int64_t try_program(const struct way *way)
{
    int64_t elapsed;
    int output;

    if (way->login.variables == 0)
        return run_program(way, -1);
    output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0)
        give_up("memfd_create");
    elapsed = run_program(way, output);
    check_output(output, way);
    close(output);
    return elapsed;
}

/* --- rounds --- */

static void empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
}

static int64_t try_way(const struct measurement *measurement, struct way *way)
{
    if (measurement->purge != NULL)
        empty_folder(measurement->purge);
    return way->login.service != NULL ? login_once(&way->login) : try_program(way);
}

static void run_round(struct measurement *measurement, size_t number)
{
    int64_t elapsed[WAYS_MAX];

    for (size_t i = 0; i < measurement->count; i++) {
        size_t turn = (number + i) % measurement->count;

        elapsed[turn] = try_way(measurement, &measurement->ways[turn]);
    }
    for (size_t i = 0; i < measurement->count; i++)
        printf("%s%lld", i > 0 ? " " : "", (long long)elapsed[i]);
    printf("\n");
    fflush(stdout);
}

/* --- arguments --- */

static void limit_descriptors(const char *number)
{
    rlim_t hard = strtoul(number, NULL, 10);
    struct rlimit limit = {.rlim_cur = hard < SOFT_LIMIT ? hard : SOFT_LIMIT, .rlim_max = hard};

    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        give_up("setrlimit");
}

static bool set_option(struct measurement *measurement, const char *argument)
{
    if (strncmp(argument, "descriptors=", 12) == 0)
        limit_descriptors(argument + 12);
    else if (strncmp(argument, "purge=", 6) == 0)
        measurement->purge = argument + 6;
    else
        return false;
    return true;
}

static void read_way(struct measurement *measurement, char **words)
{
    struct way *way = &measurement->ways[measurement->count++];
    bool is_login = words[0] != NULL && strcmp(words[0], "login") == 0;

    if (measurement->count > WAYS_MAX || words[0] == NULL || words[1] == NULL || words[2] == NULL) {
        errno = EINVAL;
        give_up("a way is: login SERVICE VARIABLES, or: program VARIABLES PATH [ARG…]");
    }
    way->login.folder = measurement->folder;
    way->login.service = is_login ? words[1] : NULL;
    way->login.variables = (unsigned)strtoul(words[is_login ? 2 : 1], NULL, 10);
    way->arguments = words + 2;
}

int main(int argc, char **argv)
{
    struct measurement measurement = {0};
    size_t rounds;
    int next = 3;

    if (argc < 4)
        return 2;
    measurement.folder = argv[1];
    rounds = strtoul(argv[2], NULL, 10);
    while (argv[next] != NULL && set_option(&measurement, argv[next]))
        next++;
    while (next < argc) {
        read_way(&measurement, argv + next);
        while (next < argc && strcmp(argv[next], "--") != 0)
            next++;
        argv[next++] = NULL;
    }
    for (size_t i = 0; i < rounds; i++)
        run_round(&measurement, i);
    return 0;
}
