#include "leniency.h"

#include <grp.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_AT_FIRST 64

static bool is_listed(const struct group *group, const char *user)
{
    for (char **member = group->gr_mem; member != NULL && *member != NULL; member++) {
        if (strcmp(*member, user) == 0)
            return true;
    }
    return false;
}

/* Also finds members whom their directory does not list in the group. False when memory ends, which
 * does not matter: then is_told stays false. */
static bool has_gid(const char *user, gid_t primary, gid_t wanted, bool *is_told)
{
    int count = GROUPS_AT_FIRST;
    gid_t *gids = calloc((size_t)count, sizeof *gids);
    bool found = false;

    if (gids != NULL && getgrouplist(user, primary, gids, &count) < 0) {
        free(gids);
        gids = calloc((size_t)count, sizeof *gids);
        if (gids != NULL && getgrouplist(user, primary, gids, &count) < 0)
            count = 0;
    }
    *is_told = gids != NULL && count > 0;
    for (int i = 0; *is_told && i < count; i++)
        found = found || gids[i] == wanted;
    free(gids);
    return found;
}

const char *leniency_reason(pam_handle_t *pamh, const char *user, const char *break_glass)
{
    const struct passwd *account = pam_modutil_getpwnam(pamh, user);
    const struct group *group;
    bool is_told;

    if (account == NULL)
        return "the account cannot be looked up";
    if (account->pw_uid == 0)
        return "uid 0";
    if (break_glass == NULL)
        return NULL;
    group = pam_modutil_getgrnam(pamh, break_glass);
    if (group == NULL)
        return "the break-glass group cannot be looked up";
    if (is_listed(group, user) || has_gid(user, account->pw_gid, group->gr_gid, &is_told))
        return "member of the break-glass group";
    return is_told ? NULL : "the break-glass group's members cannot be told";
}
