/*
 * What was found in start-up files, written as ssmenv.conf: identities first, one for each region,
 * profile and endpoint that is used, then the sections with their lines.
 */
#ifndef SSMENV_CLI_MIGRATE_CONFIG_H
#define SSMENV_CLI_MIGRATE_CONFIG_H

#include "cli/migrate/migrate_lines.h"
#include "common/buffer.h"

struct migrate_section {
    const char *user; /* NULL: every login */
    const struct migrate_file *file;
};

/* An identity that a configuration has or shall have. */
struct migrate_identity {
    const char *name; /* NULL: [aws] */
    const char *region;
    const char *profile;
    const char *endpoint;
    bool exists; /* it stands in a file already */
    bool usable; /* it says nothing but these three, so it may be shared; true of new ones */
};

struct migrate_identities {
    struct migrate_identity *items;
    size_t count;
};

/* Gives each value an identity: one that exists, or a new one. [aws] is new only where no item has
 * that name. */
void migrate_identities_add(struct migrate_identities *identities,
                            const struct migrate_section *sections, size_t count,
                            struct arena *arena);

/* Appends the identities that do not exist yet. */
void migrate_identities_write(const struct migrate_identities *identities, struct buffer *text);

/* Appends one section for each identity that the file's variables use. */
void migrate_section_write(const struct migrate_section *section,
                           const struct migrate_identities *identities, struct buffer *text);

/* True for a user that a criterion user=NAME means, and nobody else. */
bool migrate_user_is_plain(const char *user);

#endif
