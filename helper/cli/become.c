#include "cli/become.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "common/privilege.h"
#include "paths.h"

bool find_helper_user(uid_t *uid, gid_t *gid, struct error *error)
{
    const struct passwd *entry;

    errno = 0;
    entry = getpwnam(HELPER_USER);
    if (entry == NULL && errno != 0)
        return error_set(error, "the account " HELPER_USER " cannot be looked up: %s",
                         strerror(errno));
    if (entry == NULL)
        return error_set(error, "there is no account " HELPER_USER ": systemd-sysusers makes it");
    if (entry->pw_uid == 0 || entry->pw_gid == 0)
        return error_set(error,
                         "the account " HELPER_USER " has uid %u and gid %u: neither may be 0",
                         (unsigned)entry->pw_uid, (unsigned)entry->pw_gid);
    *uid = entry->pw_uid;
    *gid = entry->pw_gid;
    return true;
}

bool become_helper_user(uid_t *owner, struct error *error)
{
    uid_t uid = 0;
    gid_t gid = 0;

    *owner = geteuid();
    if (geteuid() == 0 && (!find_helper_user(&uid, &gid, error) ||
                           !privilege_make_folder(PATH_RUNDIR, uid, gid, error)))
        return false;
    return privilege_drop(uid, gid, PRIVILEGE_NO_PARENT, error);
}
