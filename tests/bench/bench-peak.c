/*
 * How much memory the processes below a command held at most.
 *
 *     bench-peak COMMAND [ARG…]
 *
 * Follows the command and everything it starts with ptrace(2), stops each process where it ends,
 * while its memory is still there, and prints "NAME KIB" with its VmHWM (proc(5)). ru_maxrss would
 * not do: it begins with what the parent held before exec. The exit status is the command's.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                    \
    (PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |         \
     PTRACE_O_EXITKILL)

static pid_t start(char **arguments)
{
    pid_t child = fork();

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
            _exit(126);
        execv(arguments[0], arguments);
        _exit(127);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, OPTIONS) != 0 ||
        ptrace(PTRACE_CONT, child, NULL, NULL) != 0) {
        perror("bench-peak");
        exit(1);
    }
    return child;
}

/* A thread's own end tells nothing: the memory is the process's. */
static void report(pid_t process)
{
    char path[64];
    char line[256];
    char name[64] = "";
    long peak = -1;
    long group = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
    status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "Name: %63s", name);
        sscanf(line, "Tgid: %ld", &group);
        sscanf(line, "VmHWM: %ld", &peak);
    }
    if (status != NULL)
        fclose(status);
    if (peak >= 0 && group == (long)process)
        printf("%s %ld\n", name, peak);
}

/* The signal that the stopped process shall get, or 0. A new child's first stop is ours. */
static int handle_stop(pid_t process, int status)
{
    int signal = WSTOPSIG(status);

    if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8)))
        report(process);
    if (status >> 16 != 0 || signal == SIGTRAP || signal == SIGSTOP)
        return 0;
    return signal;
}

int main(int argc, char **argv)
{
    int command_status = 1;
    pid_t command;
    pid_t process;
    int status;

    if (argc < 2)
        return 2;
    command = start(argv + 1);
    while ((process = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFSTOPPED(status))
            ptrace(PTRACE_CONT, process, NULL, (long)handle_stop(process, status));
        else if (process == command)
            command_status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    return command_status;
}
