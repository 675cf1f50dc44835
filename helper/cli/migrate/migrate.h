/*
 * One run of ssmenv migrate, from the start-up files to the drop-in. The parts of the command share
 * it; its texts belong to the arena.
 */
#ifndef SSMENV_CLI_MIGRATE_H
#define SSMENV_CLI_MIGRATE_H

#include "cli/command.h"
#include "cli/migrate/migrate_config.h"
#include "cli/migrate/migrate_home.h"
#include "cli/migrate/migrate_replacement.h"
#include "cli/migrate/migrate_sources.h"
#include "config/config.h"

#define MIGRATE_DROPIN "50-migrated.conf"

struct migrate_settings {
    const char *user;
    const char *config;
    bool apply;
    bool credentials;
    bool replace;
};

struct migration {
    const struct command *command;
    struct migrate_settings settings;
    struct arena arena;
    struct migrate_home home;
    struct migrate_sources sources;
    struct migrate_section *sections; /* of the files in which something was found */
    size_t section_count;
    struct migrate_identities identities;
    struct config config; /* as it is now */
    struct place place;   /* of the drop-in */
    struct buffer old;    /* its contents now */
    struct buffer added;  /* what this run adds to it */
    struct buffer text;   /* its contents then */
};

/* Loads the configuration that there is, and puts the drop-in together. */
bool migrate_dropin_make(struct migration *migration, struct error *error);

/* Whether with the drop-in in its place every variable comes from where the old line took it. */
bool migrate_dropin_check(const struct migration *migration, struct error *error);

/* Appends to the contents of the credentials file, path, what the profiles need and it lacks.
 * False: nothing may be written. *changed: whether there is anything new. */
bool migrate_credentials_make(struct migration *migration, const struct place *place,
                              struct buffer *contents, bool *changed, struct error *error);
/* Says how to do without keys, where the lines used some and they are not to be installed. */
void migrate_credentials_advise(struct migration *migration);

/* Writes the drop-in, the credentials and the start-up files: all of them, or none. */
bool migrate_apply(struct migration *migration, struct error *error);

#endif
