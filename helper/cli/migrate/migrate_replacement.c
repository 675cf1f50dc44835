#include "cli/migrate/migrate_replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BACKUPS_MAX     100
#define ATTRIBUTE_BYTES 4096

static bool fail(const struct replacement *replacement, const char *what, struct error *error)
{
    return error_set(error, "%s: %s: %s", replacement->place->path, what, strerror(errno));
}

static bool act(const struct replacement *replacement, struct error *error)
{
    return place_act_as(replacement->uid, replacement->gid, error);
}

static void act_as_root(void)
{
    struct error ignored = ERROR_INIT;

    place_act_as(0, 0, &ignored);
}

/* --- writing --- */

/* Access lists and security labels; what the file system does not have cannot be lost. */
static void copy_attributes(int from, int to)
{
    char names[ATTRIBUTE_BYTES];
    char value[ATTRIBUTE_BYTES];
    ssize_t length = flistxattr(from, names, sizeof names);

    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, sizeof value);

        if (size >= 0 && strcmp(names + at, "security.capability") != 0)
            fsetxattr(to, names + at, value, (size_t)size, 0);
    }
}

static bool write_all(int descriptor, const struct buffer *contents)
{
    size_t written = 0;

    while (written < contents->length) {
        ssize_t count = write(descriptor, contents->data + written, contents->length - written);

        if (count < 0 && errno != EINTR)
            return false;
        written += count > 0 ? (size_t)count : 0;
    }
    return fsync(descriptor) == 0;
}

static bool fill(const struct replacement *replacement, int descriptor,
                 const struct buffer *contents, struct replacement_owner owner, struct error *error)
{
    const struct place *place = replacement->place;

    if (replacement->keeps_backup && place->file >= 0) {
        owner = (struct replacement_owner){place->status.st_uid, place->status.st_gid,
                                           place->status.st_mode & 0777};
        copy_attributes(place->file, descriptor);
    }
    if (fchown(descriptor, owner.uid, owner.gid) != 0 || fchmod(descriptor, owner.mode) != 0)
        return fail(replacement, "owner and mode cannot be kept", error);
    return write_all(descriptor, contents) || fail(replacement, "it cannot be written", error);
}

bool replacement_stage(struct replacement *replacement, const struct place *place,
                       const struct buffer *contents, struct replacement_owner owner,
                       bool keeps_backup, struct error *error)
{
    int descriptor;
    bool ok;

    *replacement = (struct replacement){.place = place, .keeps_backup = keeps_backup};
    if (place->file >= 0) {
        replacement->uid = place->status.st_uid;
        replacement->gid = place->status.st_gid;
    }
    snprintf(replacement->staged, sizeof replacement->staged, ".ssmenv-%ld-%.200s", (long)getpid(),
             place->name);
    if (!act(replacement, error))
        return false;
    descriptor = openat(place->folder, replacement->staged,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0)
        fail(replacement, "a new file cannot be made beside it", error);
    act_as_root();
    if (descriptor < 0) {
        replacement->staged[0] = '\0';
        return false;
    }
    ok = fill(replacement, descriptor, contents, owner, error);
    close(descriptor);
    return ok;
}

/* --- changing names --- */

static bool is_unchanged(const struct replacement *replacement, struct error *error)
{
    const struct place *place = replacement->place;
    struct stat now;

    if (fstatat(place->folder, place->name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return (errno == ENOENT && place->file < 0) ||
               error_set(error, "%s is not there any more: run this again", place->path);
    if (place->file >= 0 && now.st_dev == place->status.st_dev &&
        now.st_ino == place->status.st_ino && now.st_size == place->status.st_size &&
        now.st_mtim.tv_sec == place->status.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == place->status.st_mtim.tv_nsec)
        return true;
    return error_set(error, "%s has just been changed by somebody else: run this again",
                     place->path);
}

/* By its descriptor, so that it is the file that was read, whatever has its name by now. */
static bool keep_old(struct replacement *replacement, struct error *error)
{
    const struct place *place = replacement->place;
    char link[32];

    snprintf(link, sizeof link, "/proc/self/fd/%d", place->file);
    for (unsigned number = 1; number <= BACKUPS_MAX; number++) {
        char suffix[16] = "";

        if (number > 1)
            snprintf(suffix, sizeof suffix, ".%u", number);
        snprintf(replacement->backup, sizeof replacement->backup, "%s%.200s%s%s",
                 replacement->keeps_backup ? "" : ".", place->name, ".before-ssmenv", suffix);
        if (linkat(AT_FDCWD, link, place->folder, replacement->backup, AT_SYMLINK_FOLLOW) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    replacement->backup[0] = '\0';
    return fail(replacement, "no backup can be made", error);
}

static bool change_names(struct replacement *replacement, struct error *error)
{
    const struct place *place = replacement->place;

    if (!is_unchanged(replacement, error) || (place->file >= 0 && !keep_old(replacement, error)))
        return false;
    if (renameat(place->folder, replacement->staged, place->folder, place->name) != 0)
        return fail(replacement, "it cannot be replaced", error);
    replacement->committed = true;
    replacement->staged[0] = '\0';
    return true;
}

bool replacement_commit(struct replacement *replacement, struct error *error)
{
    bool ok = act(replacement, error) && change_names(replacement, error);

    act_as_root();
    return ok;
}

void replacement_undo(struct replacement *replacement)
{
    const struct place *place = replacement->place;
    struct error ignored = ERROR_INIT;

    if (place == NULL || !act(replacement, &ignored))
        return;
    if (replacement->staged[0] != '\0')
        unlinkat(place->folder, replacement->staged, 0);
    if (replacement->committed && replacement->backup[0] != '\0')
        renameat(place->folder, replacement->backup, place->folder, place->name);
    else if (replacement->committed)
        unlinkat(place->folder, place->name, 0);
    else if (replacement->backup[0] != '\0')
        unlinkat(place->folder, replacement->backup, 0);
    act_as_root();
    *replacement = (struct replacement){0};
}

void replacement_finish(struct replacement *replacement)
{
    struct error ignored = ERROR_INIT;

    if (replacement->keeps_backup || replacement->backup[0] == '\0' || !act(replacement, &ignored))
        return;
    unlinkat(replacement->place->folder, replacement->backup, 0);
    act_as_root();
}
