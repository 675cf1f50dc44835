#include "cli/login/target_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"

#define DEFAULT_SHELL "/bin/sh" /* of an empty field: passwd(5) */

static bool copy_entry(struct target_user *user, const struct passwd *entry, struct error *error)
{
    user->name = text_copy(entry->pw_name);
    user->home = text_copy(*entry->pw_dir != '\0' ? entry->pw_dir : "/");
    user->shell = text_copy(*entry->pw_shell != '\0' ? entry->pw_shell : DEFAULT_SHELL);
    user->uid = entry->pw_uid;
    user->gid = entry->pw_gid;
    return (user->name != NULL && user->home != NULL && user->shell != NULL) ||
           error_set(error, "out of memory");
}

bool target_user_find(struct target_user *user, const char *name, struct error *error)
{
    const struct passwd *entry;

    *user = (struct target_user){0};
    errno = 0;
    entry = name != NULL ? getpwnam(name) : getpwuid(getuid());
    if (entry != NULL)
        return copy_entry(user, entry, error);
    if (errno != 0 && errno != ENOENT)
        return error_set(error, "the user cannot be looked up: %s", strerror(errno));
    if (name == NULL)
        return error_set(error, "uid %u has no account", (unsigned)getuid());
    return error_set(error, "there is no user %s", name);
}

void target_user_free(struct target_user *user)
{
    text_free(user->name);
    text_free(user->home);
    text_free(user->shell);
    *user = (struct target_user){0};
}

bool target_user_describe(const struct target_user *user, struct error *error)
{
    return (setenv("HOME", user->home, 1) == 0 && setenv("USER", user->name, 1) == 0 &&
            setenv("LOGNAME", user->name, 1) == 0 && setenv("SHELL", user->shell, 1) == 0) ||
           error_set(error, "out of memory");
}

static bool is_become(const struct target_user *user)
{
    uid_t uids[3];
    gid_t gids[3];

    if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++) {
        if (uids[i] != user->uid || gids[i] != user->gid)
            return false;
    }
    return true;
}

bool target_user_become(const struct target_user *user, struct error *error)
{
    if (initgroups(user->name, user->gid) != 0)
        return error_set(error, "the groups of %s cannot be taken on: %s", user->name,
                         strerror(errno));
    if (setresgid(user->gid, user->gid, user->gid) != 0)
        return error_set(error, "gid %u cannot be taken on: %s", (unsigned)user->gid,
                         strerror(errno));
    if (setresuid(user->uid, user->uid, user->uid) != 0)
        return error_set(error, "uid %u cannot be taken on: %s", (unsigned)user->uid,
                         strerror(errno));
    if (!is_become(user))
        return error_set(error, "root was not given up completely");
    if (user->uid != 0 && (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
                           (user->gid != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) == 0)))
        return error_set(error, "root can be regained: is a capability kept?");
    return true;
}
