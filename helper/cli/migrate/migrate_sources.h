/*
 * The start-up files that a run looks at, in the order in which a login reads them, each with whose
 * sessions it is for, and what was found in it.
 *
 * Without names on the command line these are the system's files and those in the home of the user.
 * Where files are named, the system's are read all the same, for what they set for aws, but nothing
 * is taken from them.
 */
#ifndef SSMENV_CLI_MIGRATE_SOURCES_H
#define SSMENV_CLI_MIGRATE_SOURCES_H

#include "cli/migrate/migrate_home.h"
#include "cli/migrate/migrate_lines.h"
#include "cli/migrate/migrate_place.h"

struct migrate_source {
    const char *path;
    const char *user; /* whose sessions it is for; NULL: everybody's */
    bool context;     /* nothing is taken from it */
    bool named;       /* on the command line */
    bool opened;      /* and read */
    struct place place;
    struct buffer text;
    struct shell_variables given; /* what the files before have set */
    struct migrate_file file;
    struct error problem; /* why it could not be read */
};

struct migrate_sources {
    struct migrate_source *items;
    size_t count;
    struct arena *arena;
};

/* The system's files, and those in this home. */
void migrate_sources_of_home(struct migrate_sources *sources, const struct migrate_home *home);

/* These files; "-" is standard input. user: whose they are; NULL: their owners'. */
void migrate_sources_named(struct migrate_sources *sources, char *const *names, size_t count,
                           const char *user);

/* The user whose files these are; NULL: they are everybody's. False: they are of several. */
bool migrate_sources_user(const struct migrate_sources *sources, const char **user,
                          struct error *error);

/* Finds what there is to find in them. */
void migrate_sources_read(struct migrate_sources *sources, struct migrate_home *home);
/* What there would be to find with this text in the place of the source's own. */
void migrate_source_reread(const struct migrate_source *source, struct migrate_home *home,
                           const struct buffer *text, struct migrate_file *file);
void migrate_sources_free(struct migrate_sources *sources);

#endif
