/*
 * Files in folders that other people own. Root must not be led astray there: no symbolic link is
 * followed, neither in the last component nor before it, nothing but a regular file is opened, and
 * whatever changes the folder is done with the rights of the file's owner, so that no trick reaches
 * further than its own rights do.
 *
 * A place keeps its folder open; what happens to the path later does not matter. place_close() may
 * be called twice.
 */
#ifndef SSMENV_CLI_MIGRATE_PLACE_H
#define SSMENV_CLI_MIGRATE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/buffer.h"
#include "common/error.h"

#define PLACE_FILE_LIMIT ((size_t)256 * 1024) /* no start-up file is nearly as long */

enum place_state {
    PLACE_OPEN,
    PLACE_ABSENT, /* there is no such file; the folder may be open */
    PLACE_REFUSED,
};

struct place {
    const char *path; /* borrowed */
    const char *name; /* the last component, within path */
    int folder;       /* -1: not open */
    int file;         /* -1: not open */
    struct stat status;
};

#define PLACE_INIT ((struct place){.folder = -1, .file = -1})

enum place_state place_open(struct place *place, const char *path, struct error *error);
void place_close(struct place *place);

/* Appends the contents. */
bool place_read(const struct place *place, struct buffer *contents, struct error *error);

/* Whether the file may be replaced: it belongs to root or to owner, who owns the folder as well
 * (or root does), and has no second name. */
bool place_is_safe(const struct place *place, uid_t owner, struct error *error);

/* From here on files are touched with the rights of this user; with 0, of root again. Does nothing
 * when the process is not root. */
bool place_act_as(uid_t uid, gid_t gid, struct error *error);

#endif
