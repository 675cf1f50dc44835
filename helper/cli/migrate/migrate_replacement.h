/*
 * Files that are replaced together, or not at all: first everything is written beside the old
 * files, then names are changed, and when one change fails, those before are taken back.
 *
 * The old file keeps its inode, and with it owner, mode, times and attributes: it becomes the
 * backup NAME.before-ssmenv (with a number behind it where that exists), unless no backup is
 * wanted. The new file has the old one's owner, mode and attributes. In folders of other people
 * every change is made with the owner's rights (see cli/migrate/migrate_place.h).
 */
#ifndef SSMENV_CLI_MIGRATE_REPLACEMENT_H
#define SSMENV_CLI_MIGRATE_REPLACEMENT_H

#include <limits.h>

#include "cli/migrate/migrate_place.h"

struct replacement {
    const struct place *place; /* borrowed; its file is not open where there was none */
    char staged[NAME_MAX + 1]; /* the new file's name until it takes the old one's; "": none */
    char backup[NAME_MAX + 1]; /* the old file's other name; "": none */
    bool keeps_backup;
    bool committed;
    uid_t uid; /* with whose rights the folder is changed */
    gid_t gid;
};

struct replacement_owner {
    uid_t uid;
    gid_t gid;
    mode_t mode;
};

/* Writes the contents beside the place. owner counts where there was no file, or always when the
 * backup is not kept. */
bool replacement_stage(struct replacement *replacement, const struct place *place,
                       const struct buffer *contents, struct replacement_owner owner,
                       bool keeps_backup, struct error *error);

/* Takes the old file's place, unless that has changed since it was opened. */
bool replacement_commit(struct replacement *replacement, struct error *error);

/* Puts everything back, as far as it went. */
void replacement_undo(struct replacement *replacement);

/* After all were committed: a backup that is not kept goes. */
void replacement_finish(struct replacement *replacement);

#endif
