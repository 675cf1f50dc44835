/* Who can replace a file, and who can read it. */
#include "cli/check/check.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

void check_unseen(struct checking *checking, const char *path, int code)
{
    findings_add(&checking->findings, FINDING_NOTE, in_file(path), "cannot be looked at: %s%s",
                 strerror(code), code == EACCES ? ": run ssmenv check as root" : "");
}

/* Of the child that tries, whose exit status is the error code. */
static void try_as(const struct account *account, const char *path, int mode)
{
    if (setgroups(0, NULL) != 0 || setresgid(account->gid, account->gid, account->gid) != 0 ||
        setresuid(account->uid, account->uid, account->uid) != 0)
        _exit(UCHAR_MAX);
    _exit(access(path, mode) == 0 ? 0 : errno);
}

int helper_access(const struct checking *checking, const char *path, int mode)
{
    int status;
    pid_t pid;

    if (geteuid() != 0 || checking->helper.known != KNOWN_YES)
        return -1;
    pid = fork();
    if (pid == 0)
        try_as(&checking->helper, path, mode);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) == UCHAR_MAX)
        return -1;
    return WEXITSTATUS(status);
}

/* What the line's place says already is not said again. */
static const char *subject(const char *path, struct position place)
{
    return place.file != NULL && strcmp(place.file, path) == 0 ? "it" : path;
}

static bool check_one(struct checking *checking, const char *path, mode_t type,
                      struct position place, struct stat *status)
{
    bool sticky;

    if (lstat(path, status) != 0) {
        check_unseen(checking, path, errno);
        return false;
    }
    sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0 && status->st_uid == 0;
    if ((status->st_mode & S_IFMT) != type)
        findings_add(&checking->findings, FINDING_ERROR, place, "%s is not a %s",
                     subject(path, place), type == S_IFREG ? "regular file" : "folder");
    else if (status->st_uid != 0 && status->st_uid != checking->owner)
        findings_add(&checking->findings, FINDING_ERROR, place,
                     "%s belongs to uid %u, who can replace what root trusts: chown root %s",
                     subject(path, place), (unsigned)status->st_uid, path);
    else if ((status->st_mode & WRITABLE_BY_OTHERS) != 0 && !sticky)
        findings_add(&checking->findings, FINDING_ERROR, place,
                     "%s has mode %04o, so others than root can change it: chmod go-w %s",
                     subject(path, place), (unsigned)(status->st_mode & 07777), path);
    else
        return true;
    return false;
}

/* Cuts off the last component; "/" stays. */
static void ascend(char *path)
{
    char *slash = strrchr(path, '/');

    slash[slash == path ? 1 : 0] = '\0';
}

bool check_trust(struct checking *checking, const char *path, mode_t type, struct position place,
                 struct stat *status)
{
    char *resolved = realpath(path, NULL);
    struct stat unwanted;
    bool trusted;

    if (resolved == NULL && (errno == ENOENT || errno == ENOTDIR)) {
        findings_add(&checking->findings, FINDING_ERROR, place, "%s is not there: install it again",
                     subject(path, place));
        return false;
    }
    if (resolved == NULL) {
        check_unseen(checking, path, errno);
        return false;
    }
    trusted = check_one(checking, resolved, type, place, status != NULL ? status : &unwanted);
    while (trusted && strcmp(resolved, "/") != 0) {
        ascend(resolved);
        trusted = check_one(checking, resolved, S_IFDIR,
                            place.line != 0 ? place : in_file(resolved), &unwanted);
    }
    free(resolved);
    return trusted;
}
