#include "aws/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

#define NEWEST_KNOWN     441        /* epoll_pwait2, Linux 5.11 */
#define X32_BIT          0x40000000 /* x86_64 only; no other architecture has such numbers */
#define INSTRUCTIONS_MAX 512

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* glibc names its anonymous memory */
#endif

struct filter {
    struct sock_filter instructions[INSTRUCTIONS_MAX];
    unsigned short count;
};

/* What the argument of a call must be for the call to be allowed. */
enum condition {
    ANY,
    ONE_OF,    /* equal to one of values */
    NONE_OF,   /* no bit of values[0] is set */
    ALL_OF,    /* every bit of values[0] is set */
    ITSELF,    /* this process's id */
    NOT_GIVEN, /* a null pointer */
};

struct allowed {
    int call;
    enum condition condition;
    unsigned argument; /* counted from 0 */
    size_t value_count;
    uint32_t values[4];
};

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* Reading and writing what is open, waiting, time, own memory and threads, sockets, reading files.
 */
static const struct allowed allowed_calls[] = {
    {SYS_read, ANY, 0, 0, {0}},
    {SYS_write, ANY, 0, 0, {0}},
    {SYS_readv, ANY, 0, 0, {0}},
    {SYS_writev, ANY, 0, 0, {0}},
    {SYS_pread64, ANY, 0, 0, {0}},
    {SYS_lseek, ANY, 0, 0, {0}},
    {SYS_close, ANY, 0, 0, {0}},
    {SYS_dup, ANY, 0, 0, {0}},
    {SYS_fcntl, ANY, 0, 0, {0}},
    {SYS_ioctl, ONE_OF, 1, 3, {FIONREAD, FIONBIO, TCGETS}},
#ifdef SYS_poll
    {SYS_poll, ANY, 0, 0, {0}},
#endif
    {SYS_ppoll, ANY, 0, 0, {0}},
#ifdef SYS_select
    {SYS_select, ANY, 0, 0, {0}},
#endif
    {SYS_pselect6, ANY, 0, 0, {0}},
    {SYS_epoll_create1, ANY, 0, 0, {0}},
    {SYS_epoll_ctl, ANY, 0, 0, {0}},
    {SYS_epoll_pwait, ANY, 0, 0, {0}},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, ANY, 0, 0, {0}},
#endif
    {SYS_eventfd2, ANY, 0, 0, {0}},
    {SYS_pipe2, ANY, 0, 0, {0}},

    {SYS_clock_gettime, ANY, 0, 0, {0}},
    {SYS_clock_getres, ANY, 0, 0, {0}},
    {SYS_clock_nanosleep, ANY, 0, 0, {0}},
    {SYS_nanosleep, ANY, 0, 0, {0}},
    {SYS_gettimeofday, ANY, 0, 0, {0}},
#ifdef SYS_time
    {SYS_time, ANY, 0, 0, {0}},
#endif
    {SYS_restart_syscall, ANY, 0, 0, {0}},

    {SYS_brk, ANY, 0, 0, {0}},
    {SYS_mmap, NONE_OF, 2, 1, {PROT_EXEC}},
    {SYS_mprotect, NONE_OF, 2, 1, {PROT_EXEC}},
    {SYS_munmap, ANY, 0, 0, {0}},
    {SYS_mremap, ANY, 0, 0, {0}},
    {SYS_madvise, ANY, 0, 0, {0}},
    {SYS_futex, ANY, 0, 0, {0}},
    {SYS_clone, ALL_OF, 0, 1, {CLONE_VM | CLONE_THREAD}},
    {SYS_set_robust_list, ANY, 0, 0, {0}},
    {SYS_set_tid_address, ANY, 0, 0, {0}},
#ifdef SYS_rseq
    {SYS_rseq, ANY, 0, 0, {0}},
#endif
    {SYS_sched_yield, ANY, 0, 0, {0}},
    {SYS_sched_getaffinity, ANY, 0, 0, {0}},
    {SYS_prctl, ONE_OF, 0, 2, {PR_SET_NAME, PR_SET_VMA}},
    {SYS_prlimit64, NOT_GIVEN, 2, 0, {0}},
    {SYS_getrandom, ANY, 0, 0, {0}},
    {SYS_getpid, ANY, 0, 0, {0}},
    {SYS_gettid, ANY, 0, 0, {0}},
    {SYS_getppid, ANY, 0, 0, {0}},
    {SYS_getuid, ANY, 0, 0, {0}},
    {SYS_geteuid, ANY, 0, 0, {0}},
    {SYS_getgid, ANY, 0, 0, {0}},
    {SYS_getegid, ANY, 0, 0, {0}},
    {SYS_uname, ANY, 0, 0, {0}},
    {SYS_sysinfo, ANY, 0, 0, {0}},
    {SYS_rt_sigaction, ANY, 0, 0, {0}},
    {SYS_rt_sigprocmask, ANY, 0, 0, {0}},
    {SYS_rt_sigreturn, ANY, 0, 0, {0}},
    {SYS_sigaltstack, ANY, 0, 0, {0}},
    {SYS_tgkill, ITSELF, 0, 0, {0}}, /* abort(3) */
    {SYS_exit, ANY, 0, 0, {0}},
    {SYS_exit_group, ANY, 0, 0, {0}},

    {SYS_socket, ONE_OF, 0, 4, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}},
    {SYS_socketpair, ANY, 0, 0, {0}},
    {SYS_connect, ANY, 0, 0, {0}},
    {SYS_bind, ANY, 0, 0, {0}},
    {SYS_getsockname, ANY, 0, 0, {0}},
    {SYS_getpeername, ANY, 0, 0, {0}},
    {SYS_getsockopt, ANY, 0, 0, {0}},
    {SYS_setsockopt, ANY, 0, 0, {0}},
    {SYS_sendto, ANY, 0, 0, {0}},
    {SYS_recvfrom, ANY, 0, 0, {0}},
    {SYS_sendmsg, ANY, 0, 0, {0}},
    {SYS_recvmsg, ANY, 0, 0, {0}},
    {SYS_sendmmsg, ANY, 0, 0, {0}},
    {SYS_recvmmsg, ANY, 0, 0, {0}},
    {SYS_shutdown, ANY, 0, 0, {0}},

#ifdef SYS_open
    {SYS_open, NONE_OF, 1, 1, {WRITING}},
    {SYS_stat, ANY, 0, 0, {0}},
    {SYS_lstat, ANY, 0, 0, {0}},
    {SYS_access, ANY, 0, 0, {0}},
    {SYS_readlink, ANY, 0, 0, {0}},
#endif
    {SYS_openat, NONE_OF, 2, 1, {WRITING}},
    {SYS_fstat, ANY, 0, 0, {0}},
    {SYS_newfstatat, ANY, 0, 0, {0}},
    {SYS_statx, ANY, 0, 0, {0}},
    {SYS_faccessat, ANY, 0, 0, {0}},
#ifdef SYS_faccessat2
    {SYS_faccessat2, ANY, 0, 0, {0}},
#endif
    {SYS_readlinkat, ANY, 0, 0, {0}},
    {SYS_getdents64, ANY, 0, 0, {0}},
    {SYS_getcwd, ANY, 0, 0, {0}},
};

static void add(struct filter *filter, struct sock_filter instruction)
{
    if (filter->count < INSTRUCTIONS_MAX)
        filter->instructions[filter->count] = instruction;
    filter->count++;
}

static void load(struct filter *filter, size_t offset)
{
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Goes on with the next instruction when the test holds, and skips that many when it does not. */
static void unless_skip(struct filter *filter, unsigned short test, uint32_t value, uint8_t skipped)
{
    add(filter,
        (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | BPF_K | test), value, 0, skipped));
}

static void give(struct filter *filter, uint32_t action)
{
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void give_error(struct filter *filter, int code)
{
    give(filter, SECCOMP_RET_ERRNO | ((uint32_t)code & SECCOMP_RET_DATA));
}

/* The lower or upper half of an argument. The kernel reads only the lower one of an int. */
static size_t argument_half(unsigned argument, bool upper)
{
    bool second = upper == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

    return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) +
           (second ? sizeof(uint32_t) : 0);
}

static void allow_one_of(struct filter *filter, const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unless_skip(filter, BPF_JEQ, values[i], 1);
        give(filter, SECCOMP_RET_ALLOW);
    }
    give_error(filter, EPERM);
}

/* Judges the call's argument and gives the verdict, both ways. */
static void judge(struct filter *filter, const struct allowed *allowed)
{
    if (allowed->condition == ANY) {
        give(filter, SECCOMP_RET_ALLOW);
        return;
    }
    load(filter, argument_half(allowed->argument, false));
    switch (allowed->condition) {
    case ONE_OF:
        allow_one_of(filter, allowed->values, allowed->value_count);
        return;
    case ITSELF:
        allow_one_of(filter, &(uint32_t){(uint32_t)getpid()}, 1);
        return;
    case NONE_OF:
        unless_skip(filter, BPF_JSET, allowed->values[0], 1);
        give_error(filter, EPERM);
        give(filter, SECCOMP_RET_ALLOW);
        return;
    case ALL_OF:
        add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, allowed->values[0]));
        allow_one_of(filter, allowed->values, 1);
        return;
    default: /* NOT_GIVEN */
        unless_skip(filter, BPF_JEQ, 0, 3);
        load(filter, argument_half(allowed->argument, true));
        unless_skip(filter, BPF_JEQ, 0, 1);
        give(filter, SECCOMP_RET_ALLOW);
        give_error(filter, EPERM);
    }
}

/* Each entry is "when it is this call, judge it", and judging ends the program. */
static void add_entry(struct filter *filter, const struct allowed *allowed)
{
    unsigned short test = filter->count;

    unless_skip(filter, BPF_JEQ, (uint32_t)allowed->call, 0);
    judge(filter, allowed);
    if (filter->count <= INSTRUCTIONS_MAX)
        filter->instructions[test].jf = (uint8_t)(filter->count - test - 1);
}

static void assemble(struct filter *filter)
{
    load(filter, offsetof(struct seccomp_data, arch));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    give_error(filter, EPERM);
    load(filter, offsetof(struct seccomp_data, nr));
    unless_skip(filter, BPF_JGE, X32_BIT, 1);
    give_error(filter, EPERM);
    for (size_t i = 0; i < sizeof allowed_calls / sizeof *allowed_calls; i++)
        add_entry(filter, &allowed_calls[i]);
#ifdef SYS_clone3
    unless_skip(filter, BPF_JEQ, SYS_clone3, 1);
    give_error(filter, ENOSYS);
#endif
    unless_skip(filter, BPF_JGT, NEWEST_KNOWN, 1);
    give_error(filter, ENOSYS);
    give_error(filter, EPERM);
}

bool system_calls_restrict(void)
{
    struct filter filter = {.count = 0};
    struct sock_fprog program;

    assemble(&filter);
    if (filter.count > INSTRUCTIONS_MAX)
        return false;
    program = (struct sock_fprog){filter.count, filter.instructions};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

bool system_calls_restrict(void)
{
    return false;
}

#endif
