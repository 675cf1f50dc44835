/*
 * Whose start-up files are moved: the user, the home folder, and what AWS's command line has left
 * there, ~/.aws/config and ~/.aws/credentials.
 */
#ifndef SSMENV_CLI_MIGRATE_HOME_H
#define SSMENV_CLI_MIGRATE_HOME_H

#include "aws/profile.h"
#include "cli/migrate/migrate_aws.h"
#include "cli/migrate/migrate_place.h"

struct migrate_home {
    const char *user;
    uid_t uid;
    gid_t gid;
    const char *folder; /* without symbolic links */
    struct profile_file config;
    struct profile_file credentials; /* holds keys; wiped by migrate_home_free() */
};

/* user NULL: who called, under sudo(8) too. Texts belong to the arena. Files of AWS's command line
 * that are not there count as empty. migrate_home_free() in any case. */
bool migrate_home_find(struct migrate_home *home, const char *user, struct arena *arena,
                       struct error *error);
void migrate_home_free(struct migrate_home *home);

/* The profile's value of this key, from either file; NULL: none. */
const char *migrate_home_setting(const struct migrate_home *home, const char *profile,
                                 const char *key);

/* What the home says about profiles, for aws_value_read(); borrows the home. */
struct aws_defaults migrate_home_defaults(struct migrate_home *home);

#endif
