#include "common/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SOMEBODY 54321

/* Runs a function in a child of its own; its checks count for the running test. */
static void in_child(void (*function)(void))
{
    pid_t child;
    int status = 0;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        tap_failed = false;
        function();
        fflush(stdout);
        _exit(tap_failed ? 1 : 0);
    }
    waitpid(child, &status, 0);
    CHECK_INT(status, 0);
}

static bool is_root(void)
{
    if (geteuid() != 0)
        tap_skip("needs root");
    return geteuid() == 0;
}

static void lower(__rlimit_resource_t resource, rlim_t to)
{
    struct rlimit limit;

    CHECK(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = to;
    CHECK(setrlimit(resource, &limit) == 0);
}

static void drop_and_look(void)
{
    struct error error = ERROR_INIT;
    struct rlimit limit;
    uid_t ids[3];
    gid_t groups[3];
    char folder[32];
    bool may_raise;

    /* Only the soft limits: containers often take from root the right to raise the hard ones. */
    lower(RLIMIT_NPROC, 20);
    lower(RLIMIT_NOFILE, 20);
    CHECK(setpriority(PRIO_PROCESS, 0, 10) == 0);
    may_raise = setpriority(PRIO_PROCESS, 0, 9) == 0;
    umask(0);
    CHECK(setgroups(2, (gid_t[]){4, 5}) == 0);
    if (!CHECK(privilege_drop(SOMEBODY, SOMEBODY + 1, getppid(), &error)))
        printf("# %s\n", error.text);
    CHECK(getresuid(&ids[0], &ids[1], &ids[2]) == 0);
    CHECK(getresgid(&groups[0], &groups[1], &groups[2]) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ids[i], SOMEBODY);
        CHECK_INT(groups[i], SOMEBODY + 1);
    }
    CHECK_INT(getgroups(0, NULL), 0);
    CHECK(setuid(0) != 0);
    CHECK(getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur >= 4096);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256);
    if (may_raise)
        CHECK_INT(getpriority(PRIO_PROCESS, 0), 0);
    else
        puts("# this root may not raise a priority (CAP_SYS_NICE): not looked at");
    CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    CHECK_INT(prctl(PR_GET_DUMPABLE), 0);
    CHECK_INT(umask(0), 077);
    CHECK_TEXT(getcwd(folder, sizeof folder), "/");
    CHECK(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    CHECK(fcntl(3, F_GETFD) == -1 && errno == EBADF);
}

static void root_is_given_up_completely(void)
{
    int descriptor;

    if (!is_root())
        return;
    descriptor = open("/dev/null", O_RDONLY);
    in_child(drop_and_look);
    close(descriptor);
}

/* Containers often take from root the right to. */
static bool may_raise_priorities(void)
{
    int own = getpriority(PRIO_PROCESS, 0);
    bool may = setpriority(PRIO_PROCESS, 0, own - 1) == 0;

    if (may)
        setpriority(PRIO_PROCESS, 0, own);
    return may;
}

/* Empty where the kernel does not group by session. */
static void read_autogroup(char *text, size_t size)
{
    int descriptor = open("/proc/self/autogroup", O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, size - 1);

    text[length < 0 ? 0 : length] = '\0';
    if (descriptor >= 0)
        close(descriptor);
}

static void go_first_in_a_session_of_others(void)
{
    char before[64];
    char after[64];

    read_autogroup(before, sizeof before);
    privilege_go_first();
    read_autogroup(after, sizeof after);
    CHECK_TEXT(after, before);
}

static void go_first_in_a_session_of_its_own(void)
{
    char group[64];

    CHECK(setsid() == getpid());
    privilege_go_first();
    read_autogroup(group, sizeof group);
    CHECK_CONTAINS(group, " nice -20");
}

static void go_first_as_somebody(void)
{
    char group[64];

    CHECK(setsid() == getpid());
    if (setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0)
        _exit(9);
    privilege_go_first();
    read_autogroup(group, sizeof group);
    CHECK_CONTAINS(group, " nice 0");
}

static void a_helper_goes_first_and_takes_nobody_along(void)
{
    char group[64];

    if (!is_root())
        return;
    read_autogroup(group, sizeof group);
    if (group[0] == '\0') {
        tap_skip("this kernel does not group processes by session");
        return;
    }
    in_child(go_first_in_a_session_of_others);
    in_child(go_first_as_somebody);
    if (may_raise_priorities())
        in_child(go_first_in_a_session_of_its_own);
    else
        puts("# this root may not raise a priority (CAP_SYS_NICE): not looked at");
}

static void drop_as_somebody(void)
{
    struct error error = ERROR_INIT;

    if (geteuid() == 0 && setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0)
        _exit(9);
    prctl(PR_SET_DUMPABLE, 1);
    CHECK(privilege_drop(0, 0, getppid(), &error));
    CHECK_INT(prctl(PR_GET_DUMPABLE), 0);
}

static void without_root_the_ids_stay_and_the_rest_holds(void)
{
    in_child(drop_as_somebody);
}

static void try_uid_zero(void)
{
    struct error error = ERROR_INIT;

    CHECK(!privilege_drop(0, 0, getppid(), &error));
    CHECK_CONTAINS(error.text, "refusing to work as root");
    CHECK(!privilege_drop(SOMEBODY, 0, getppid(), &error));
    CHECK_INT(getuid(), 0);
}

static void nobody_stays_root(void)
{
    if (is_root())
        in_child(try_uid_zero);
}

static void try_without_capability(void)
{
    struct error error = ERROR_INIT;

    /* Real id 0, effective id somebody: a half-dropped host, which has no capability any more. */
    if (setresuid(0, SOMEBODY, SOMEBODY) != 0)
        _exit(9);
    CHECK(!privilege_drop(SOMEBODY + 2, SOMEBODY + 2, getppid(), &error));
    CHECK(error_is_set(&error));
}

static void a_failed_switch_is_an_error(void)
{
    if (is_root())
        in_child(try_without_capability);
}

static void ask_for_another_parent(void)
{
    struct error error = ERROR_INIT;

    CHECK(!privilege_drop(SOMEBODY, SOMEBODY, getpid(), &error));
    CHECK_TEXT(error.text, "the process that asked has ended");
}

static void a_helper_without_its_parent_ends(void)
{
    in_child(ask_for_another_parent);
}

static void the_folder_is_made_once_for_its_owner_only(void)
{
    char base[] = "/tmp/ssmenv-privilege-XXXXXX";
    char folder[64];
    char link[64];
    struct stat status;
    struct error error = ERROR_INIT;

    if (!is_root())
        return;
    if (!CHECK(mkdtemp(base) != NULL))
        return;
    snprintf(folder, sizeof folder, "%s/run", base);
    snprintf(link, sizeof link, "%s/link", base);
    umask(022);
    CHECK(privilege_make_folder(folder, SOMEBODY, SOMEBODY, &error));
    CHECK(privilege_make_folder(folder, SOMEBODY, SOMEBODY, &error));
    CHECK(stat(folder, &status) == 0 && status.st_uid == SOMEBODY && status.st_gid == SOMEBODY);
    CHECK_INT(status.st_mode & 07777, 0700);

    CHECK(symlink(folder, link) == 0);
    CHECK(!privilege_make_folder(link, SOMEBODY, SOMEBODY, &error));
    CHECK_CONTAINS(error.text, "is no folder");
    CHECK(!privilege_make_folder(folder, SOMEBODY + 1, SOMEBODY + 1, &error));
    CHECK_CONTAINS(error.text, "belongs to uid 54321");
    CHECK(stat(folder, &status) == 0 && status.st_uid == SOMEBODY);

    unlink(link);
    rmdir(folder);
    rmdir(base);
}

static const struct tap_test tests[] = {
    {"root is given up completely, and nothing of the surroundings stays",
     root_is_given_up_completely},
    {"a helper goes before other programs and takes no other session's along",
     a_helper_goes_first_and_takes_nobody_along},
    {"without root the ids stay, and memory is protected all the same",
     without_root_the_ids_stay_and_the_rest_holds},
    {"without an account to become root is refused", nobody_stays_root},
    {"a switch of ids that fails is an error", a_failed_switch_is_an_error},
    {"a helper whose parent has ended does not work", a_helper_without_its_parent_ends},
    {"the cache folder is made for its owner only, never through a link",
     the_folder_is_made_once_for_its_owner_only},
};

TAP_MAIN(tests)
