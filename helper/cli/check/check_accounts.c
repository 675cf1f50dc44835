/* The helper's account, and who and what the system knows. */
#include "cli/check/check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

#define PASSWD "/etc/passwd"
#define GROUP  "/etc/group"

/* An entry of /etc/passwd: the one of this name, or with name NULL the first one of this uid with
 * another name than not. The entry lasts until the next call. */
static struct passwd *find_entry(const char *name, uid_t uid, const char * not )
{
    FILE *file = fopen(PASSWD, "re");
    struct passwd *entry = NULL;

    while (file != NULL && (entry = fgetpwent(file)) != NULL) {
        if (name != NULL ? strcmp(entry->pw_name, name) == 0
                         : entry->pw_uid == uid && strcmp(entry->pw_name, not ) != 0)
            break;
    }
    if (file != NULL)
        fclose(file);
    return entry;
}

/* "Not found" has no error code, or one of several (getpwnam(3)). */
static bool is_not_found(int code)
{
    return code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM;
}

struct account account_find(const struct checking *checking, const char *name)
{
    struct account account = {.known = KNOWN_NO};
    const struct passwd *entry;

    errno = 0;
    entry = checking->settings.root != NULL ? find_entry(name, 0, NULL) : getpwnam(name);
    if (entry == NULL) {
        account.known = is_not_found(errno) ? KNOWN_NO : KNOWN_UNSURE;
        return account;
    }
    account = (struct account){.known = KNOWN_YES, .uid = entry->pw_uid, .gid = entry->pw_gid};
    strncpy(account.shell, entry->pw_shell, sizeof account.shell - 1);
    return account;
}

static struct group *find_group(const char *name)
{
    FILE *file = fopen(GROUP, "re");
    struct group *entry = NULL;

    while (file != NULL && (entry = fgetgrent(file)) != NULL) {
        if (strcmp(entry->gr_name, name) == 0)
            break;
    }
    if (file != NULL)
        fclose(file);
    return entry;
}

enum known group_is_known(const struct checking *checking, const char *name)
{
    const struct group *entry;

    errno = 0;
    entry = checking->settings.root != NULL ? find_group(name) : getgrnam(name);
    if (entry != NULL)
        return KNOWN_YES;
    return is_not_found(errno) ? KNOWN_NO : KNOWN_UNSURE;
}

/* --- the helper's account --- */

static void check_shell(struct checking *checking, const char *shell)
{
    const char *slash = strrchr(shell, '/');
    const char *name = slash != NULL ? slash + 1 : shell;

    if (strcmp(name, "nologin") != 0 && strcmp(name, "false") != 0)
        findings_add(&checking->findings, FINDING_WARNING, in_file(PASSWD),
                     "the account " HELPER_USER " has the login shell \"%s\": usermod --shell "
                     "/usr/sbin/nologin " HELPER_USER,
                     shell);
}

static bool has_member(const struct group *group, const char *name)
{
    for (char **member = group->gr_mem; *member != NULL; member++) {
        if (strcmp(*member, name) == 0)
            return true;
    }
    return false;
}

/* The helpers give up all supplementary groups; but whoever becomes _ssmenv by another way has
 * them. */
static void check_groups(struct checking *checking)
{
    FILE *file = fopen(GROUP, "re");
    const struct group *entry;

    while (file != NULL && (entry = fgetgrent(file)) != NULL) {
        if (entry->gr_gid != checking->helper.gid && has_member(entry, HELPER_USER))
            findings_add(&checking->findings, FINDING_WARNING, in_file(GROUP),
                         "the account " HELPER_USER " is a member of %s and needs no group but its "
                         "own: gpasswd --delete " HELPER_USER " %s",
                         entry->gr_name, entry->gr_name);
    }
    if (file != NULL)
        fclose(file);
}

static void check_ids(struct checking *checking)
{
    const struct passwd *twin = find_entry(NULL, checking->helper.uid, HELPER_USER);

    if (checking->helper.uid == 0 || checking->helper.gid == 0)
        findings_add(&checking->findings, FINDING_ERROR, in_file(PASSWD),
                     "the account " HELPER_USER
                     " has uid %u and gid %u, and the helper never works "
                     "as root or in root's group: give it ids of its own",
                     (unsigned)checking->helper.uid, (unsigned)checking->helper.gid);
    else if (twin != NULL)
        findings_add(&checking->findings, FINDING_ERROR, in_file(PASSWD),
                     "%s has the uid of " HELPER_USER ", %u, and can read all that was fetched: "
                     "give " HELPER_USER " a uid of its own",
                     twin->pw_name, (unsigned)checking->helper.uid);
}

void check_account(struct checking *checking)
{
    checking->helper = account_find(checking, HELPER_USER);
    if (checking->helper.known == KNOWN_UNSURE)
        findings_add(&checking->findings, FINDING_NOTE, (struct position){0},
                     "whether there is an account " HELPER_USER " cannot be told");
    else if (checking->helper.known == KNOWN_NO)
        findings_add(&checking->findings, FINDING_ERROR, in_file(PASSWD),
                     "there is no account " HELPER_USER ", so no session gets variables: run "
                     "systemd-sysusers, or useradd --system --user-group --no-create-home "
                     "--shell /usr/sbin/nologin " HELPER_USER);
    if (checking->helper.known != KNOWN_YES)
        return;
    if (find_entry(HELPER_USER, 0, NULL) == NULL)
        findings_add(&checking->findings, FINDING_WARNING, in_file(PASSWD),
                     "the account " HELPER_USER " is in a directory only, which every login would "
                     "have to wait for: make a local one");
    check_ids(checking);
    check_shell(checking, checking->helper.shell);
    check_groups(checking);
}
