/*
 * What a process behind the fetcher's sandbox may try: each probe is a function that tries one
 * thing and returns the errno, 0 when it was possible. behind() runs one in a process of its own.
 */
#ifndef SSMENV_TESTS_SANDBOX_PROBES_H
#define SSMENV_TESTS_SANDBOX_PROBES_H

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
#include "aws/sandbox.h"
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

static inline int outcome(long result)
{
    return result >= 0 ? 0 : errno;
}

static inline bool close_whole(void)
{
    uint16_t port = (uint16_t)surroundings.allowed_port;
    struct sandbox_layers layers;
    struct error error = ERROR_INIT;

    return sandbox_close(&port, 1, &layers, &error);
}

static inline bool close_files(void)
{
    uint16_t port = (uint16_t)surroundings.allowed_port;

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_restrict(&port, 1);
}

static inline bool close_calls(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && system_calls_restrict();
}

static inline bool close_nothing(void)
{
    return true;
}

/* Runs a probe in a process of its own, behind the given door, as an ordinary user where possible.
 */
static inline int behind(bool (*close_door)(void), probe run)
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

static inline int write_new_file(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/new", surroundings.folder);
    return outcome(open(path, O_WRONLY | O_CREAT, 0600));
}

static inline int write_old_file(void)
{
    return outcome(open(surroundings.file, O_WRONLY));
}

static inline int truncate_file(void)
{
    return outcome(truncate(surroundings.file, 0));
}

static inline int append_to_file(void)
{
    return outcome(open(surroundings.file, O_RDWR | O_APPEND));
}

static inline int write_unnamed_file(void)
{
    return outcome(open(surroundings.folder, O_TMPFILE | O_WRONLY, 0600));
}

static inline int read_private_file(void)
{
    return outcome(open(surroundings.file, O_RDONLY));
}

static inline int read_accounts(void)
{
    return outcome(open("/etc/passwd", O_RDONLY));
}

static inline int read_hosts(void)
{
    return outcome(open("/etc/hosts", O_RDONLY));
}

static inline int read_certificates(void)
{
    return access("/etc/ssl/certs", F_OK) != 0 ? 0 : outcome(open("/etc/ssl/certs", O_RDONLY));
}

static inline int read_own_memory(void)
{
    return outcome(open("/proc/self/mem", O_RDONLY));
}

static inline int remove_file(void)
{
    return outcome(unlink(surroundings.file));
}

static inline int make_folder(void)
{
    return outcome(mkdirat(AT_FDCWD, surroundings.folder, 0700));
}

static inline int change_mode(void)
{
    return outcome(fchmodat(AT_FDCWD, surroundings.file, 0777, 0));
}

static inline int rename_file(void)
{
    return outcome(rename(surroundings.file, "/tmp/elsewhere"));
}

/* --- programs, processes, memory --- */

static inline int run_program(void)
{
    char name[] = "true";
    char *argv[] = {name, NULL};

    return outcome(execve("/bin/true", argv, NULL));
}

static inline int run_descriptor(void)
{
    return outcome(syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0));
}

static inline int fork_process(void)
{
    long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (child == 0)
        _exit(0);
    return outcome(child);
}

static inline int clone_by_the_new_call(void)
{
    return outcome(syscall(SYS_clone3, NULL, 0));
}

static inline void *answer_of_a_thread(void *answer)
{
    *(int *)answer = 42;
    return NULL;
}

static inline int start_thread(void)
{
    pthread_t thread;
    int answer = 0;
    int code = pthread_create(&thread, NULL, answer_of_a_thread, &answer);

    if (code != 0)
        return code;
    pthread_join(thread, NULL);
    return answer == 42 ? 0 : OTHER_VALUE;
}

static inline int trace(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static inline int read_other_memory(void)
{
    return outcome(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static inline int signal_parent(void)
{
    return outcome(kill(getppid(), 0));
}

static inline int signal_parent_thread(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static inline int map_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? errno : 0;
}

static inline int turn_into_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return OTHER_VALUE;
    return outcome(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static inline int make_memory_file(void)
{
    return outcome(syscall(SYS_memfd_create, "x", 0));
}

static inline int become_dumpable(void)
{
    return outcome(prctl(PR_SET_DUMPABLE, 1));
}

static inline int become_root(void)
{
    return outcome(syscall(SYS_setresuid, 0, 0, 0));
}

static inline int leave_namespaces(void)
{
    return outcome(unshare(CLONE_NEWUSER));
}

static inline int change_root(void)
{
    return outcome(chroot("/"));
}

static inline int change_limit(void)
{
    struct rlimit limit = {64, 64};

    return outcome(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL));
}

static inline int ask_limit(void)
{
    struct rlimit limit;

    return outcome(getrlimit(RLIMIT_NOFILE, &limit));
}

static inline int use_bpf(void)
{
    return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static inline int use_keys(void)
{
    return outcome(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static inline int use_io_uring(void)
{
    return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}

static inline int use_userfaultfd(void)
{
    return outcome(syscall(SYS_userfaultfd, 0));
}

static inline int use_performance_counters(void)
{
    return outcome(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static inline int mount_something(void)
{
    return outcome(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static inline int call_of_the_future(void)
{
    return outcome(syscall(999));
}

#ifdef __x86_64__
static inline int call_of_another_abi(void)
{
    return outcome(syscall(0x40000000 | SYS_getpid));
}

/* getpid of i386, whose number is writev's here. A kernel without i386 sends SIGSEGV. */
static inline int call_of_another_architecture(void)
{
    long result = 20;

    signal(SIGSEGV, SIG_DFL);
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result >= 0 ? 0 : (int)-result;
}
#endif

/* --- network --- */

static inline int packet_socket(void)
{
    return outcome(socket(AF_PACKET, SOCK_DGRAM, 0));
}

static inline int vsock_socket(void)
{
    return outcome(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static inline int usual_sockets(void)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (socket(families[i], families[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0) < 0)
            return errno;
    }
    return 0;
}

static inline int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(
        connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address));
}

static inline int connect_to_allowed_port(void)
{
    return connect_to(surroundings.allowed_port);
}

static inline int connect_to_forbidden_port(void)
{
    return connect_to(surroundings.forbidden_port);
}

static inline int connect_to_metadata_port(void)
{
    int code = connect_to(80);

    return code == ECONNREFUSED ? 0 : code; /* nobody listens, but it may be tried */
}

static inline int serve_a_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(bind(listener, (struct sockaddr *)&address, sizeof address));
}

static inline int accept_connections(void)
{
    return outcome(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static inline int resolve_localhost(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;

    return getaddrinfo("localhost", "443", &hints, &found) == 0 && found != NULL ? 0 : OTHER_VALUE;
}

/* --- before and after all --- */

static inline int listen_somewhere(int *port)
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

static inline void set_up(void)
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

static inline void tear_down(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/new", surroundings.folder);
    unlink(path);
    unlink(surroundings.file);
    rmdir(surroundings.folder);
}

#endif
