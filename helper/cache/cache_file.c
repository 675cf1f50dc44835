#include "cache/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_open(int descriptor, size_t limit, struct buffer *bytes, struct error *error)
{
    struct stat status;
    char *room;

    if (fstat(descriptor, &status) != 0)
        return error_set(error, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_size > (off_t)limit)
        return error_set(error, "not a file of ours");
    room = buffer_reserve(bytes, (size_t)status.st_size);
    if (room == NULL)
        return error_set(error, "out of memory");
    if (read(descriptor, room, (size_t)status.st_size) != status.st_size)
        return error_set(error, "cut short");
    buffer_grow(bytes, (size_t)status.st_size);
    return true;
}

enum cache_file cache_file_read(int folder, const char *name, size_t limit, struct buffer *bytes,
                                struct error *error)
{
    int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ok;

    if (descriptor < 0 && errno == ENOENT)
        return CACHE_FILE_ABSENT;
    if (descriptor < 0) {
        error_set(error, "%s", strerror(errno));
        return CACHE_FILE_BROKEN;
    }
    ok = read_open(descriptor, limit, bytes, error);
    close(descriptor);
    return ok ? CACHE_FILE_READ : CACHE_FILE_BROKEN;
}

static bool write_file(int folder, const char *name, const struct buffer *bytes)
{
    int descriptor = openat(
        folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    ssize_t written;

    if (descriptor < 0)
        return false;
    written = write(descriptor, bytes->data, bytes->length);
    if (written >= 0 && (size_t)written < bytes->length)
        errno = ENOSPC;
    if (close(descriptor) != 0)
        return false;
    return written >= 0 && (size_t)written == bytes->length;
}

bool cache_file_replace(int folder, const char *name, const char *next, const struct buffer *bytes,
                        struct error *error)
{
    errno = ENOMEM;
    if (!buffer_failed(bytes) && write_file(folder, next, bytes) &&
        renameat(folder, next, folder, name) == 0)
        return true;
    error_set(error, "%s", strerror(errno));
    unlinkat(folder, next, 0);
    return false;
}
