#include "config/groups.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "config/pattern.h"

#define FIRST_ROOM 64    /* as many groups as most users will ever have */
#define MOST_ROOM  65536 /* NGROUPS_MAX, what the kernel would take */

/* getgrouplist() says in count how many it has, but some libraries only that it has more. */
static bool list_ids(struct groups *groups, const char *user, gid_t primary)
{
    int room = FIRST_ROOM;

    for (;;) {
        int count = room;
        gid_t *ids = reallocarray(groups->ids, (size_t)room, sizeof *ids);

        if (ids == NULL)
            return false;
        groups->ids = ids;
        if (getgrouplist(user, primary, ids, &count) >= 0) {
            groups->count = (size_t)count;
            return true;
        }
        if (room >= MOST_ROOM)
            return false;
        room = count > room && count <= MOST_ROOM ? count : room * 2;
    }
}

static void ask(struct groups *groups, const char *user)
{
    const struct passwd *account = getpwnam(user);

    groups->asked = true;
    if (account != NULL && !list_ids(groups, user, account->pw_gid))
        groups->count = 0;
}

static bool has_id(const struct groups *groups, gid_t id)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->ids[i] == id)
            return true;
    }
    return false;
}

static bool has_match(const struct groups *groups, const char *pattern)
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct group *group = getgrgid(groups->ids[i]);

        if (group != NULL && pattern_matches(pattern, group->gr_name))
            return true;
    }
    return false;
}

bool groups_have(const struct login *login, const char *pattern)
{
    struct groups *groups = login->context;
    const struct group *group;

    if (!groups->asked)
        ask(groups, login->user);
    if (groups->count == 0)
        return false;
    if (!pattern_is_literal(pattern))
        return has_match(groups, pattern);
    group = getgrnam(pattern);
    return group != NULL && has_id(groups, group->gr_gid);
}

void groups_free(struct groups *groups)
{
    free(groups->ids);
    *groups = GROUPS_INIT;
}
