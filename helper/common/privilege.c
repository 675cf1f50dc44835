#include "common/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_id;
#else
typedef int resource_id;
#endif

/* A login's limits are for the user's programs. The helper's uid is shared by all logins, so a
 * small NPROC would let twenty simultaneous logins starve each other; a lower AS ends a program at
 * once. */
static const struct {
    resource_id resource;
    rlim_t at_least;
} limits[] = {
    {RLIMIT_NPROC, 4096},         {RLIMIT_NOFILE, 256},          {RLIMIT_AS, RLIM_INFINITY},
    {RLIMIT_DATA, RLIM_INFINITY}, {RLIMIT_FSIZE, RLIM_INFINITY}, {RLIMIT_CPU, RLIM_INFINITY},
};

static rlim_t lower_of(rlim_t a, rlim_t b)
{
    return a < b ? a : b;
}

/* Raises as far as this process may: root any limit, others the soft one up to the hard one. */
static void raise_limit(resource_id resource, rlim_t at_least)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur >= at_least)
        return;
    if (limit.rlim_max < at_least && geteuid() == 0) {
        struct rlimit raised = {at_least, at_least};

        if (setrlimit(resource, &raised) == 0)
            return;
    }
    limit.rlim_cur = lower_of(limit.rlim_max, at_least);
    setrlimit(resource, &limit);
}

static void raise_limits(void)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        raise_limit(limits[i].resource, limits[i].at_least);
}

/* Whoever fetches is waited for, so it must not stand behind everything else because nice(1) began
 * it. Others than root may not. */
static void raise_priority(void)
{
    if (getpriority(PRIO_PROCESS, 0) > 0)
        setpriority(PRIO_PROCESS, 0, 0);
}

/* No system call that a filter of the surroundings may forbid, as setpriority(2): only files. */
void privilege_go_first(void)
{
    static const char priority[] = "-20"; /* the highest of nice(1) */
    int descriptor;

    if (getsid(0) != getpid())
        return;
    descriptor = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    if (write(descriptor, priority, sizeof priority - 1) < 0)
        errno = 0; /* not allowed: it stays in line */
    close(descriptor);
}

static bool own_folder(int descriptor, const char *folder, uid_t uid, gid_t gid,
                       struct error *error)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        return error_set(error, "%s: %s", folder, strerror(errno));
    if (status.st_uid != 0 && status.st_uid != uid)
        return error_set(error, "%s belongs to uid %u: remove it", folder, (unsigned)status.st_uid);
    if (status.st_uid == uid && status.st_gid == gid && (status.st_mode & 07777) == 0700)
        return true;
    if (fchown(descriptor, uid, gid) != 0 || fchmod(descriptor, 0700) != 0)
        return error_set(error, "%s: %s", folder, strerror(errno));
    return true;
}

bool privilege_make_folder(const char *folder, uid_t uid, gid_t gid, struct error *error)
{
    int descriptor;
    bool owned;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set(error, "%s cannot be made: %s", folder, strerror(errno));
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0)
        return error_set(error, "%s is no folder: %s", folder, strerror(errno));
    owned = own_folder(descriptor, folder, uid, gid, error);
    close(descriptor);
    return owned;
}

static bool become(uid_t uid, gid_t gid, struct error *error)
{
    uid_t ids[3];
    gid_t group_ids[3];

    if (uid == 0 || gid == 0)
        return error_set(error, "refusing to work as root: no account to become was given");
    if (setgroups(0, NULL) != 0)
        return error_set(error, "setgroups: %s", strerror(errno));
    if (setresgid(gid, gid, gid) != 0)
        return error_set(error, "setresgid %u: %s", (unsigned)gid, strerror(errno));
    if (setresuid(uid, uid, uid) != 0)
        return error_set(error, "setresuid %u: %s", (unsigned)uid, strerror(errno));
    if (getresuid(&ids[0], &ids[1], &ids[2]) != 0 ||
        getresgid(&group_ids[0], &group_ids[1], &group_ids[2]) != 0 || ids[0] != uid ||
        ids[1] != uid || ids[2] != uid || group_ids[0] != gid || group_ids[1] != gid ||
        group_ids[2] != gid || getgroups(0, NULL) != 0)
        return error_set(error, "root was not given up completely");
    if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
        return error_set(error, "root can be regained");
    return true;
}

/* Not every C library has close_range(2). */
static int close_from(unsigned first)
{
    return (int)syscall(SYS_close_range, first, ~0U, 0U);
}

static bool leave_surroundings(pid_t parent, struct error *error)
{
    static const struct rlimit no_core = {0, 0};

    umask(077);
    if (chdir("/") != 0)
        return error_set(error, "chdir /: %s", strerror(errno));
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        return error_set(error, "memory cannot be protected: %s", strerror(errno));
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || close_from(3) != 0)
        return error_set(error, "descriptors and signals: %s", strerror(errno));
    if (parent == PRIVILEGE_NO_PARENT)
        return true;
    /* The switch of ids cleared an earlier PDEATHSIG; the parent may have gone in between. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return error_set(error, "PR_SET_PDEATHSIG: %s", strerror(errno));
    return getppid() == parent || error_set(error, "the process that asked has ended");
}

bool privilege_drop(uid_t uid, gid_t gid, pid_t parent, struct error *error)
{
    raise_limits();
    raise_priority();
    if (getuid() == 0 || geteuid() == 0) {
        if (!become(uid, gid, error))
            return false;
    } else if (getgid() != getegid() || getuid() != geteuid()) {
        return error_set(error, "refusing to work with mixed ids");
    }
    return leave_surroundings(parent, error);
}
