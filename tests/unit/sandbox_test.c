#include "aws/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/landlock.h"
#include "aws/system_calls.h"
#include "tap.h"

#define NOBODY      65534
#define NOT_CLOSED  250
#define WAS_KILLED  251
#define OTHER_VALUE 252

#define PROBE_SECONDS 20

/* What a probe found, as errno: 0 when the thing that it tried was possible. */
typedef int (*probe)(void);

/* What the probes use; made before the sandbox closes. */
static struct {
    int allowed_port;
    int forbidden_port;
    char folder[64];
    char file[80]; /* in folder, exists */
} surroundings;

static int outcome(long result)
{
    return result >= 0 ? 0 : errno;
}

static bool close_whole(void)
{
    uint16_t port = (uint16_t)surroundings.allowed_port;
    struct sandbox_layers layers;
    struct error error = ERROR_INIT;

    return sandbox_close(&port, 1, &layers, &error);
}

static bool close_files(void)
{
    uint16_t port = (uint16_t)surroundings.allowed_port;

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_restrict(&port, 1);
}

static bool close_calls(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && system_calls_restrict();
}

static bool close_nothing(void)
{
    return true;
}

/* Runs a probe in a process of its own, behind the given door, as an ordinary user where possible.
 */
static int behind(bool (*close_door)(void), probe run)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        alarm(PROBE_SECONDS); /* where even exit(2) is denied */
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
                               setresuid(NOBODY, NOBODY, NOBODY) != 0))
            _exit(NOT_CLOSED);
        if (!close_door())
            _exit(NOT_CLOSED);
        _exit(run());
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return NOT_CLOSED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : WAS_KILLED;
}

/* --- files --- */

static int write_new_file(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/new", surroundings.folder);
    return outcome(open(path, O_WRONLY | O_CREAT, 0600));
}

static int write_old_file(void)
{
    return outcome(open(surroundings.file, O_WRONLY));
}

static int truncate_file(void)
{
    return outcome(truncate(surroundings.file, 0));
}

static int append_to_file(void)
{
    return outcome(open(surroundings.file, O_RDWR | O_APPEND));
}

static int write_unnamed_file(void)
{
    return outcome(open(surroundings.folder, O_TMPFILE | O_WRONLY, 0600));
}

static int read_private_file(void)
{
    return outcome(open(surroundings.file, O_RDONLY));
}

static int read_accounts(void)
{
    return outcome(open("/etc/passwd", O_RDONLY));
}

static int read_hosts(void)
{
    return outcome(open("/etc/hosts", O_RDONLY));
}

static int read_certificates(void)
{
    return access("/etc/ssl/certs", F_OK) != 0 ? 0 : outcome(open("/etc/ssl/certs", O_RDONLY));
}

static int read_own_memory(void)
{
    return outcome(open("/proc/self/mem", O_RDONLY));
}

static int remove_file(void)
{
    return outcome(unlink(surroundings.file));
}

static int make_folder(void)
{
    return outcome(mkdirat(AT_FDCWD, surroundings.folder, 0700));
}

static int change_mode(void)
{
    return outcome(fchmodat(AT_FDCWD, surroundings.file, 0777, 0));
}

static int rename_file(void)
{
    return outcome(rename(surroundings.file, "/tmp/elsewhere"));
}

/* --- programs, processes, memory --- */

static int run_program(void)
{
    char name[] = "true";
    char *argv[] = {name, NULL};

    return outcome(execve("/bin/true", argv, NULL));
}

static int run_descriptor(void)
{
    return outcome(syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0));
}

static int fork_process(void)
{
    long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (child == 0)
        _exit(0);
    return outcome(child);
}

static int clone_by_the_new_call(void)
{
    return outcome(syscall(SYS_clone3, NULL, 0));
}

static void *answer_of_a_thread(void *answer)
{
    *(int *)answer = 42;
    return NULL;
}

static int start_thread(void)
{
    pthread_t thread;
    int answer = 0;
    int code = pthread_create(&thread, NULL, answer_of_a_thread, &answer);

    if (code != 0)
        return code;
    pthread_join(thread, NULL);
    return answer == 42 ? 0 : OTHER_VALUE;
}

static int trace(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_other_memory(void)
{
    return outcome(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int signal_parent(void)
{
    return outcome(kill(getppid(), 0));
}

static int signal_parent_thread(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int map_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? errno : 0;
}

static int turn_into_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return OTHER_VALUE;
    return outcome(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int make_memory_file(void)
{
    return outcome(syscall(SYS_memfd_create, "x", 0));
}

static int become_dumpable(void)
{
    return outcome(prctl(PR_SET_DUMPABLE, 1));
}

static int become_root(void)
{
    return outcome(syscall(SYS_setresuid, 0, 0, 0));
}

static int leave_namespaces(void)
{
    return outcome(unshare(CLONE_NEWUSER));
}

static int change_root(void)
{
    return outcome(chroot("/"));
}

static int change_limit(void)
{
    struct rlimit limit = {64, 64};

    return outcome(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL));
}

static int ask_limit(void)
{
    struct rlimit limit;

    return outcome(getrlimit(RLIMIT_NOFILE, &limit));
}

static int use_bpf(void)
{
    return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static int use_keys(void)
{
    return outcome(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int use_io_uring(void)
{
    return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}

static int use_userfaultfd(void)
{
    return outcome(syscall(SYS_userfaultfd, 0));
}

static int use_performance_counters(void)
{
    return outcome(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int mount_something(void)
{
    return outcome(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int call_of_the_future(void)
{
    return outcome(syscall(999));
}

#ifdef __x86_64__
static int call_of_another_abi(void)
{
    return outcome(syscall(0x40000000 | SYS_getpid));
}

/* getpid of i386, whose number is writev's here. A kernel without i386 sends SIGSEGV. */
static int call_of_another_architecture(void)
{
    long result = 20;

    signal(SIGSEGV, SIG_DFL);
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result >= 0 ? 0 : (int)-result;
}
#endif

/* --- network --- */

static int packet_socket(void)
{
    return outcome(socket(AF_PACKET, SOCK_DGRAM, 0));
}

static int vsock_socket(void)
{
    return outcome(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int usual_sockets(void)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (socket(families[i], families[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0) < 0)
            return errno;
    }
    return 0;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(
        connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address));
}

static int connect_to_allowed_port(void)
{
    return connect_to(surroundings.allowed_port);
}

static int connect_to_forbidden_port(void)
{
    return connect_to(surroundings.forbidden_port);
}

static int connect_to_metadata_port(void)
{
    int code = connect_to(80);

    return code == ECONNREFUSED ? 0 : code; /* nobody listens, but it may be tried */
}

static int serve_a_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(bind(listener, (struct sockaddr *)&address, sizeof address));
}

static int accept_connections(void)
{
    return outcome(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int resolve_localhost(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;

    return getaddrinfo("localhost", "443", &hints, &found) == 0 && found != NULL ? 0 : OTHER_VALUE;
}

/* --- the tests --- */

struct expectation {
    const char *what;
    probe run;
    int code;
};

static void check_all(bool (*close_door)(void), const struct expectation *expectations,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!CHECK_INT(behind(close_door, expectations[i].run), expectations[i].code))
            printf("# when it tried to %s\n", expectations[i].what);
    }
}

#define CHECK_ALL(door, table) check_all((door), (table), sizeof(table) / sizeof *(table))

static bool skip_without(bool (*close_door)(void), const char *reason)
{
    if (behind(close_door, ask_limit) != NOT_CLOSED)
        return false;
    tap_skip(reason);
    return true;
}

static void nothing_is_denied_outside(void)
{
    static const struct expectation possible[] = {
        {"read accounts", read_accounts, 0},
        {"fork", fork_process, 0},
        {"start a thread", start_thread, 0},
        {"map code", map_code, 0},
        {"turn memory into code", turn_into_code, 0},
        {"make a memory file", make_memory_file, 0},
        {"connect to the port", connect_to_forbidden_port, 0},
        {"bind a port", serve_a_port, 0},
        {"write a new file", write_new_file, 0},
        {"write a file", write_old_file, 0},
        {"read a file", read_private_file, 0},
        {"lower a limit", change_limit, 0},
    };

    CHECK_ALL(close_nothing, possible);
}

static void system_calls_that_were_not_granted_fail(void)
{
    static const struct expectation denied[] = {
        {"run a program", run_program, EPERM},
        {"run a descriptor", run_descriptor, EPERM},
        {"fork", fork_process, EPERM},
        {"trace", trace, EPERM},
        {"read another process", read_other_memory, EPERM},
        {"signal its parent", signal_parent, EPERM},
        {"signal its parent's thread", signal_parent_thread, EPERM},
        {"map code", map_code, EPERM},
        {"turn memory into code", turn_into_code, EPERM},
        {"make a memory file", make_memory_file, EPERM},
        {"become dumpable", become_dumpable, EPERM},
        {"become root", become_root, EPERM},
        {"leave its namespaces", leave_namespaces, EPERM},
        {"change its root", change_root, EPERM},
        {"change a limit", change_limit, EPERM},
        {"use bpf", use_bpf, EPERM},
        {"use keys", use_keys, EPERM},
        {"use io_uring", use_io_uring, EPERM},
        {"use userfaultfd", use_userfaultfd, EPERM},
        {"use performance counters", use_performance_counters, EPERM},
        {"mount", mount_something, EPERM},
        {"open a packet socket", packet_socket, EPERM},
        {"open a vsock socket", vsock_socket, EPERM},
        {"listen", accept_connections, EPERM},
        {"write a new file", write_new_file, EPERM},
        {"write a file", write_old_file, EPERM},
        {"append to a file", append_to_file, EPERM},
        {"truncate a file", truncate_file, EPERM},
        {"write a file without a name", write_unnamed_file, EPERM},
        {"remove a file", remove_file, EPERM},
        {"make a folder", make_folder, EPERM},
        {"change a mode", change_mode, EPERM},
        {"rename a file", rename_file, EPERM},
        {"clone by the new call", clone_by_the_new_call, ENOSYS},
        {"make a call of the future", call_of_the_future, ENOSYS},
#ifdef __x86_64__
        {"make a call of another ABI", call_of_another_abi, EPERM},
#endif
    };

    if (skip_without(close_calls, "no seccomp here"))
        return;
    CHECK_ALL(close_calls, denied);
#ifdef __x86_64__
    if (behind(close_nothing, call_of_another_architecture) == 0) /* the kernel knows i386 */
        CHECK_INT(behind(close_calls, call_of_another_architecture), EPERM);
#endif
}

static void files_that_were_not_granted_cannot_be_opened(void)
{
    static const struct expectation expected[] = {
        {"write a new file", write_new_file, EACCES},
        {"write a file", write_old_file, EACCES},
        {"append to a file", append_to_file, EACCES},
        {"read a file", read_private_file, EACCES},
        {"read accounts", read_accounts, EACCES},
        {"read its own memory", read_own_memory, EACCES},
        {"remove a file", remove_file, EACCES},
        {"read hosts", read_hosts, 0},
        {"read certificates", read_certificates, 0},
    };

    if (!skip_without(close_files, "no Landlock here"))
        CHECK_ALL(close_files, expected);
}

static void ports_that_were_not_granted_cannot_be_reached(void)
{
    static const struct expectation expected[] = {
        {"connect to a forbidden port", connect_to_forbidden_port, EACCES},
        {"bind a port", serve_a_port, EACCES},
        {"connect to the allowed port", connect_to_allowed_port, 0},
        {"connect to port 80", connect_to_metadata_port, 0},
    };

    if (syscall(444, NULL, 0, 1) < 4)
        tap_skip("Landlock here is older than version 4: it has no ports");
    else
        CHECK_ALL(close_files, expected);
}

static void what_the_fetcher_needs_works(void)
{
    static const struct expectation possible[] = {
        {"start a thread", start_thread, 0},
        {"open the usual sockets", usual_sockets, 0},
        {"resolve localhost", resolve_localhost, 0},
        {"connect to the allowed port", connect_to_allowed_port, 0},
        {"read hosts", read_hosts, 0},
        {"read certificates", read_certificates, 0},
        {"ask for a limit", ask_limit, 0},
    };

    CHECK_ALL(close_whole, possible);
}

static void the_whole_sandbox_denies_what_its_layers_deny(void)
{
    static const struct expectation denied[] = {
        {"run a program", run_program, EPERM},          {"fork", fork_process, EPERM},
        {"write a new file", write_new_file, EPERM},    {"read accounts", read_accounts, EACCES},
        {"open a packet socket", packet_socket, EPERM}, {"map code", map_code, EPERM},
    };

    if (!skip_without(close_calls, "no seccomp here") &&
        !skip_without(close_files, "no Landlock here"))
        CHECK_ALL(close_whole, denied);
}

static int limits_are_low(void)
{
    static const int zero[] = {RLIMIT_CORE, RLIMIT_FSIZE};
    struct rlimit limit;

    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++) {
        if (getrlimit((__rlimit_resource_t)zero[i], &limit) != 0 || limit.rlim_max != 0)
            return OTHER_VALUE;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > 128)
        return OTHER_VALUE;
    return getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_max <= 60 ? 0 : OTHER_VALUE;
}

static void limits_are_lowered(void)
{
    CHECK_INT(behind(close_whole, limits_are_low), 0);
}

static int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        exit(1);
    *port = ntohs(address.sin_port);
    return listener;
}

static void set_up(void)
{
    int descriptor;

    listen_somewhere(&surroundings.allowed_port);
    listen_somewhere(&surroundings.forbidden_port);
    strcpy(surroundings.folder, "/tmp/sandbox_test.XXXXXX");
    if (mkdtemp(surroundings.folder) == NULL || chmod(surroundings.folder, 0777) != 0)
        exit(1);
    snprintf(surroundings.file, sizeof surroundings.file, "%s/file", surroundings.folder);
    descriptor = open(surroundings.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0 || fchmod(descriptor, 0666) != 0 || close(descriptor) != 0)
        exit(1);
}

static void tear_down(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/new", surroundings.folder);
    unlink(path);
    unlink(surroundings.file);
    rmdir(surroundings.folder);
}

static const struct tap_test tests[] = {
    {"outside the sandbox the probes succeed", nothing_is_denied_outside},
    {"seccomp: a system call that was not granted fails and does not kill",
     system_calls_that_were_not_granted_fail},
    {"Landlock: files that were not granted cannot be opened",
     files_that_were_not_granted_cannot_be_opened},
    {"Landlock: ports that were not granted cannot be reached",
     ports_that_were_not_granted_cannot_be_reached},
    {"threads, sockets, names, certificates and the endpoint's port stay usable",
     what_the_fetcher_needs_works},
    {"the whole sandbox denies what its layers deny",
     the_whole_sandbox_denies_what_its_layers_deny},
    {"limits are lowered", limits_are_lowered},
};

int main(void)
{
    int code;

    set_up();
    code = tap_run(tests, sizeof tests / sizeof *tests);
    tear_down();
    return code;
}
