#include "aws/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/uapi/linux/landlock.h; system call numbers are the same on every architecture. */
#define CREATE_RULESET  444
#define ADD_RULE        445
#define RESTRICT_SELF   446
#define GET_ABI_VERSION 1U
#define RULE_PATH       1
#define RULE_NET_PORT   2

#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR  (UINT64_C(1) << 3)
#define NET_CONNECT  (UINT64_C(1) << 1)

struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scopes;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

/* What each version of the interface can restrict: all of it is. size is how much of struct ruleset
 * a kernel of that version knows. */
static const struct version {
    long abi;
    struct ruleset restrict_;
    size_t size;
} versions[] = {
    /* newest first; abstract sockets and signals, device ioctls, TCP, truncate, refer */
    {6, {0xffff, 0x3, 0x3}, 24}, {5, {0xffff, 0x3, 0}, 16}, {4, {0x7fff, 0x3, 0}, 16},
    {3, {0x7fff, 0, 0}, 8},      {2, {0x3fff, 0, 0}, 8},    {1, {0x1fff, 0, 0}, 8},
};

/* Where libc, OpenSSL and libcurl read, on the distributions that we know. */
static const char *const readable[] = {
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/run/nscd",
    "/run/systemd/resolve",
    "/sys/devices/system/cpu",
    "/usr/lib/ssl",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/pki",
    "/usr/share/zoneinfo",
    "/var/lib/ca-certificates",
};

static const uint16_t always_ports[] = {53, 80, 443};

/* A kernel may claim a version without having all of it (RHEL 9 did), so older ones are tried. */
static int create_ruleset(struct ruleset *restricted)
{
    long abi = syscall(CREATE_RULESET, NULL, 0, GET_ABI_VERSION);

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        int descriptor;

        if (versions[i].abi > abi)
            continue;
        *restricted = versions[i].restrict_;
        descriptor = (int)syscall(CREATE_RULESET, restricted, versions[i].size, 0);
        if (descriptor >= 0)
            return descriptor;
    }
    return -1;
}

/* A path that is not there, or that this uid cannot reach, needs no rule. */
static void allow_path(int ruleset, const char *path)
{
    struct path_rule rule = {.allowed = FS_READ_FILE, .parent = open(path, O_PATH | O_CLOEXEC)};
    struct stat status;

    if (rule.parent < 0)
        return;
    if (fstat(rule.parent, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            rule.allowed |= FS_READ_DIR;
        syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0);
    }
    close(rule.parent);
}

static void allow_port(int ruleset, uint16_t port)
{
    struct port_rule rule = {NET_CONNECT, port};

    syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0);
}

bool landlock_restrict(const uint16_t *ports, size_t count)
{
    struct ruleset restricted;
    int ruleset = create_ruleset(&restricted);
    bool done;

    if (ruleset < 0)
        return false;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        allow_path(ruleset, readable[i]);
    for (size_t i = 0; restricted.net != 0 && i < count; i++)
        allow_port(ruleset, ports[i]);
    for (size_t i = 0; restricted.net != 0 && i < sizeof always_ports / sizeof *always_ports; i++)
        allow_port(ruleset, always_ports[i]);
    done = syscall(RESTRICT_SELF, ruleset, 0) == 0;
    close(ruleset);
    return done;
}
