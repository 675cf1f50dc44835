/* What the fetcher's sandbox denies, layer by layer, and what stays possible in it. */
#include "sandbox_probes.h"

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
