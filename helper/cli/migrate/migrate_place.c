#include "cli/migrate/migrate_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ssmenv/limits.h"

static int open_folder(const char *path, size_t length, struct error *error)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS};
    char folder[LIMIT_PATH_BYTES];
    int descriptor;

    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, length != 0 ? path : ".", length != 0 ? length : 1);
    folder[length != 0 ? length : 1] = '\0';
    descriptor = (int)syscall(SYS_openat2, AT_FDCWD, folder, &how, sizeof how);
    if (descriptor < 0 && errno == ELOOP)
        error_set(error,
                  "%s: %s leads over a symbolic link: name the file as realpath(1) prints it", path,
                  folder);
    return descriptor;
}

static bool is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

static enum place_state refuse(const struct place *place, struct error *error)
{
    if (!error_is_set(error))
        error_set(error, "%s: %s", place->path, strerror(errno));
    return is_absent() ? PLACE_ABSENT : PLACE_REFUSED;
}

/* A descriptor that only names the file can be looked at before it is opened: opening a device may
 * already do something. */
static enum place_state open_file(struct place *place, struct error *error)
{
    int named = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    char link[32];

    if (named < 0 || fstat(named, &place->status) != 0)
        return refuse(place, error);
    if (S_ISLNK(place->status.st_mode)) {
        error_set(error, "%s is a symbolic link: name the file that it leads to", place->path);
    } else if (!S_ISREG(place->status.st_mode)) {
        error_set(error, "%s is not a regular file", place->path);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", named);
        place->file = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (place->file < 0)
            error_set(error, "%s: %s", place->path, strerror(errno));
    }
    close(named);
    return place->file >= 0 ? PLACE_OPEN : PLACE_REFUSED;
}

enum place_state place_open(struct place *place, const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/');

    *place = (struct place){
        .path = path, .name = slash != NULL ? slash + 1 : path, .folder = -1, .file = -1};
    if (place->name[0] == '\0' || strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0) {
        error_set(error, "%s is no file", path);
        return PLACE_REFUSED;
    }
    errno = 0;
    place->folder =
        open_folder(path, slash == path ? 1 : (slash != NULL ? (size_t)(slash - path) : 0), error);
    if (place->folder < 0)
        return refuse(place, error);
    return open_file(place, error);
}

void place_close(struct place *place)
{
    if (place->file >= 0)
        close(place->file);
    if (place->folder >= 0)
        close(place->folder);
    place->file = place->folder = -1;
}

bool place_read(const struct place *place, struct buffer *contents, struct error *error)
{
    size_t total = 0;

    for (;;) {
        char *room = buffer_reserve(contents, 4096);
        ssize_t count = room != NULL ? pread(place->file, room, 4096, (off_t)total) : -1;

        if (room == NULL)
            return error_set(error, "%s: out of memory", place->path);
        if (count == 0)
            return true;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set(error, "%s: %s", place->path, strerror(errno));
        total += (size_t)count;
        if (total > PLACE_FILE_LIMIT)
            return error_set(error, "%s is larger than %zu bytes", place->path, PLACE_FILE_LIMIT);
        buffer_grow(contents, (size_t)count);
    }
}

bool place_is_safe(const struct place *place, uid_t owner, struct error *error)
{
    struct stat folder;

    if (fstat(place->folder, &folder) != 0)
        return error_set(error, "%s: %s", place->path, strerror(errno));
    if (place->status.st_uid != owner)
        return error_set(error, "%s belongs to uid %u, not to uid %u: change it by hand",
                         place->path, (unsigned)place->status.st_uid, (unsigned)owner);
    if (folder.st_uid != owner && folder.st_uid != 0)
        return error_set(error, "%s: its folder belongs to uid %u: change it by hand", place->path,
                         (unsigned)folder.st_uid);
    if (owner == 0 && (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return error_set(error, "%s: others may write to its folder: run chmod go-w on it",
                         place->path);
    if (place->status.st_nlink != 1)
        return error_set(error, "%s has a second name, a hard link: change it by hand",
                         place->path);
    return true;
}

bool place_act_as(uid_t uid, gid_t gid, struct error *error)
{
    if (getuid() != 0)
        return true;
    if (seteuid(0) != 0 || setegid(gid) != 0 || (uid != 0 && seteuid(uid) != 0))
        return error_set(error, "the rights of uid %u cannot be taken: %s", (unsigned)uid,
                         strerror(errno));
    return true;
}
