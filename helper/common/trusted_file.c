#include "common/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool judge(const char *path, const struct stat *status, uid_t owner, mode_t forbidden,
                  size_t limit, struct error *error)
{
    mode_t excess = status->st_mode & forbidden;

    if (!S_ISREG(status->st_mode))
        return error_set(error, "%s is not a regular file", path);
    if (status->st_uid != 0 && status->st_uid != owner)
        return error_set(error, "%s is owned by uid %u, not by root: run chown root %s", path,
                         (unsigned)status->st_uid, path);
    if (excess != 0)
        return error_set(error, "%s has mode %04o, which lets others in: run chmod %04o %s", path,
                         (unsigned)(status->st_mode & 07777),
                         (unsigned)(status->st_mode & 07777 & ~forbidden), path);
    if (status->st_size < 0 || (size_t)status->st_size > limit)
        return error_set(error, "%s is larger than %zu bytes", path, limit);
    return true;
}

static bool read_all(int descriptor, const char *path, size_t limit, struct buffer *contents,
                     struct error *error)
{
    size_t total = 0;

    for (;;) {
        char *room = buffer_reserve(contents, 4096);
        ssize_t count;

        if (room == NULL)
            return error_set(error, "%s: out of memory", path);
        count = read(descriptor, room, 4096);
        if (count == 0)
            return true;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set(error, "%s: %s", path, strerror(errno));
        total += (size_t)count;
        if (total > limit)
            return error_set(error, "%s is larger than %zu bytes", path, limit);
        buffer_grow(contents, (size_t)count);
    }
}

enum trusted_file_result trusted_file_read(const char *path, uid_t owner, mode_t forbidden,
                                           size_t limit, struct buffer *contents,
                                           struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    bool read_whole = false;

    if (descriptor < 0 && errno == ELOOP) {
        error_set(error, "%s is a symbolic link: name the file itself", path);
        return TRUSTED_FILE_REFUSED;
    }
    if (descriptor < 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;

        if (errno == EACCES)
            error_set(error,
                      "%s: %s: uid %u has to be able to read it, run ls -ld on it and on "
                      "the folders above",
                      path, strerror(errno), (unsigned)geteuid());
        else
            error_set(error, "%s: %s", path, strerror(errno));
        return absent ? TRUSTED_FILE_ABSENT : TRUSTED_FILE_REFUSED;
    }
    if (fstat(descriptor, &status) != 0)
        error_set(error, "%s: %s", path, strerror(errno));
    else
        read_whole = judge(path, &status, owner, forbidden, limit, error) &&
                     read_all(descriptor, path, limit, contents, error);
    close(descriptor);
    return read_whole ? TRUSTED_FILE_READ : TRUSTED_FILE_REFUSED;
}
