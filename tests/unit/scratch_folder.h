/*
 * A folder of its own for a test that needs files, gone at the end.
 */
#ifndef SSMENV_TESTS_SCRATCH_FOLDER_H
#define SSMENV_TESTS_SCRATCH_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char folder[64];
    char path[256]; /* what scratch_path() returned last */
};

static inline struct scratch scratch_new(void)
{
    struct scratch scratch = {.folder = "/tmp/ssmenv-test-XXXXXX"};

    if (mkdtemp(scratch.folder) == NULL)
        abort();
    return scratch;
}

static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    return scratch->path;
}

/* Writes a file of mode 0644, whatever the umask, and returns its path. */
static inline const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(scratch, name), "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 ||
        chmod(scratch->path, 0644) != 0)
        abort();
    return scratch->path;
}

static inline const char *scratch_make_folder(struct scratch *scratch, const char *name)
{
    if (mkdir(scratch_path(scratch, name), 0755) != 0 || chmod(scratch->path, 0755) != 0)
        abort();
    return scratch->path;
}

static inline int scratch_remove(const char *path, const struct stat *status, int kind,
                                 struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void scratch_end(struct scratch *scratch)
{
    nftw(scratch->folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
