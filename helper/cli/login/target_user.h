/*
 * The user that a command is for: looked up by name, described to programs by HOME, USER, LOGNAME
 * and SHELL, and become for good.
 */
#ifndef SSMENV_CLI_TARGET_USER_H
#define SSMENV_CLI_TARGET_USER_H

#include <sys/types.h>

#include "common/error.h"

/* Owns its texts. */
struct target_user {
    char *name;
    char *home;
    char *shell;
    uid_t uid;
    gid_t gid;
};

/* name NULL: whoever runs this program. The caller frees user in both cases. */
bool target_user_find(struct target_user *user, const char *name, struct error *error);
void target_user_free(struct target_user *user);

/* Sets HOME, USER, LOGNAME and SHELL of this process, as systemd.exec(5) has them for User=. */
bool target_user_describe(const struct target_user *user, struct error *error);

/* Root becomes the user with all of the user's groups, in all three ids, and verifies that root
 * cannot be regained; the superuser keeps the id 0. On failure the process must end. */
bool target_user_become(const struct target_user *user, struct error *error);

#endif
