/*
 * What a module must leave as it was in its host: signals, limits, descriptors, children and more.
 * The environment that a snapshot holds is released with free().
 */
#ifndef SSMENV_TESTS_SNAPSHOT_H
#define SSMENV_TESTS_SNAPSHOT_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct snapshot {
    sigset_t mask;
    sigset_t pending;
    struct sigaction actions[NSIG];
    struct rlimit limits[RLIM_NLIMITS];
    char descriptors[4096];
    char folder[PATH_MAX];
    char context[4096];
    mode_t umask;
    int dumpable;
    siginfo_t child; /* one that waits to be reaped */
    bool has_children;
    char *environment;
};

static void list_descriptors(char *list, size_t size)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    size_t used = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char target[PATH_MAX] = "";
        int number = atoi(entry->d_name);

        if (entry->d_name[0] == '.' || number == dirfd(folder) ||
            readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1) < 0)
            continue;
        used += (size_t)snprintf(list + used, size - used, "%d=%s,%d ", number, target,
                                 fcntl(number, F_GETFD));
        if (used >= size)
            abort();
    }
    if (folder != NULL)
        closedir(folder);
}

static char *join_environment(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    for (char **variable = environ; *variable != NULL; variable++)
        fprintf(stream, "%s\n", *variable);
    fclose(stream);
    return text;
}

static void read_context(const char *path, char *bytes, size_t size)
{
    FILE *file = path != NULL ? fopen(path, "re") : NULL;

    if (file == NULL)
        return;
    bytes[fread(bytes, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* context_file: what stands in for /proc/thread-self/attr/exec, or NULL. */
static void snapshot_take(struct snapshot *snapshot, const char *context_file)
{
    memset(snapshot, 0, sizeof *snapshot);
    pthread_sigmask(SIG_BLOCK, NULL, &snapshot->mask);
    sigpending(&snapshot->pending);
    for (int number = 1; number < NSIG; number++)
        sigaction(number, NULL, &snapshot->actions[number]);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        getrlimit((__rlimit_resource_t)i, &snapshot->limits[i]);
    list_descriptors(snapshot->descriptors, sizeof snapshot->descriptors);
    if (getcwd(snapshot->folder, sizeof snapshot->folder) == NULL)
        abort();
    read_context(context_file, snapshot->context, sizeof snapshot->context);
    snapshot->umask = umask(0);
    umask(snapshot->umask);
    snapshot->dumpable = prctl(PR_GET_DUMPABLE);
    snapshot->has_children = waitid(P_ALL, 0, &snapshot->child, WEXITED | WNOHANG | WNOWAIT) == 0;
    snapshot->environment = join_environment();
}

/* Field by field, since structs have holes. */
static bool same_signals(const sigset_t *a, const sigset_t *b)
{
    for (int number = 1; number < NSIG; number++) {
        if (sigismember(a, number) != sigismember(b, number))
            return false;
    }
    return true;
}

static bool same_actions(const struct snapshot *a, const struct snapshot *b)
{
    for (int number = 1; number < NSIG; number++) {
        if (a->actions[number].sa_handler != b->actions[number].sa_handler ||
            a->actions[number].sa_flags != b->actions[number].sa_flags ||
            !same_signals(&a->actions[number].sa_mask, &b->actions[number].sa_mask))
            return false;
    }
    return true;
}

/* A line "changed WHAT" for each thing that differs. */
static void snapshot_compare(FILE *report, const struct snapshot *before,
                             const struct snapshot *after)
{
    const struct {
        bool same;
        const char *what;
    } facts[] = {
        {same_signals(&before->mask, &after->mask), "signal mask"},
        {same_signals(&before->pending, &after->pending), "pending signals"},
        {same_actions(before, after), "signal dispositions"},
        {memcmp(before->limits, after->limits, sizeof before->limits) == 0, "limits"},
        {strcmp(before->descriptors, after->descriptors) == 0, "descriptors"},
        {strcmp(before->folder, after->folder) == 0, "folder"},
        {strcmp(before->context, after->context) == 0, "exec context"},
        {before->umask == after->umask, "umask"},
        {before->dumpable == after->dumpable, "dumpable flag"},
        {before->has_children || !after->has_children, "children"},
        {after->child.si_pid == 0, "zombies"},
        {strcmp(before->environment, after->environment) == 0, "own environment"},
    };

    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (!facts[i].same)
            fprintf(report, "changed %s\n", facts[i].what);
    }
    if (strcmp(before->descriptors, after->descriptors) != 0)
        fprintf(report, "descriptors before: %s\ndescriptors after: %s\n", before->descriptors,
                after->descriptors);
}

#endif
