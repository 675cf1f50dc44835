#include "trusted_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

static bool check_owner(const char *path, const struct stat *status, uid_t euid,
                        struct fault *fault)
{
    if (status->st_uid == 0 || status->st_uid == euid)
        return true;
    return fault_set(fault, "%s is owned by uid %u and will not be trusted: chown root %s", path,
                     (unsigned)status->st_uid, path);
}

static bool check_mode(const char *path, const struct stat *status, struct fault *fault)
{
    bool sticky_of_root =
        S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0 && status->st_uid == 0;

    if ((status->st_mode & WRITABLE_BY_OTHERS) == 0 || sticky_of_root)
        return true;
    return fault_set(fault, "%s can be written by others than its owner: chmod go-w %s", path,
                     path);
}

static bool check(const char *path, mode_t type, uid_t euid, struct fault *fault)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return fault_set(fault, "%s: %s", path, fault_reason(errno));
    if ((status.st_mode & S_IFMT) != type)
        return fault_set(fault, "%s is not a %s", path,
                         type == S_IFREG ? "regular file" : "folder");
    return check_owner(path, &status, euid, fault) && check_mode(path, &status, fault);
}

/* Cuts off the last component; "/" stays. */
static void ascend(char *path)
{
    char *slash = strrchr(path, '/');

    slash[slash == path ? 1 : 0] = '\0';
}

char *trusted_path_resolve(const char *path, uid_t euid, struct fault *fault)
{
    char *resolved = realpath(path, NULL);
    char *above = resolved != NULL ? strdup(resolved) : NULL;
    bool trusted = false;

    if (resolved == NULL) {
        fault_set(fault, "%s cannot be used: %s: install it, or correct helper=", path,
                  fault_reason(errno));
        goto out;
    }
    if (above == NULL) {
        fault_set(fault, "out of memory");
        goto out;
    }
    trusted = check(above, S_IFREG, euid, fault);
    while (trusted && strcmp(above, "/") != 0) {
        ascend(above);
        trusted = check(above, S_IFDIR, euid, fault);
    }
out:
    free(above);
    if (trusted)
        return resolved;
    free(resolved);
    return NULL;
}
