/*
 * A host of the module, as sshd or su is one: it opens a session through libpam and reports what
 * came of it. Its arguments make it the awkward host that a test needs; see the table.
 *
 *     host REPORT CONFDIR SERVICE [OPTION…]
 *
 * REPORT is written at the end, one fact a line: "result 0", "elapsed 12" (milliseconds),
 * "variable HEX" and "message HEX" (bytes in hexadecimal), "changed WHAT" for everything of the
 * host that is not as it was before, "caught N" and "reaped N" for its SIGCHLD handler. A host with
 * two threads opens a session for SERVICE and another one for SERVICE-2, and reports them in this
 * order.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "module/memory_search.h"
#include "module/snapshot.h"

#define PRESETS_MAX 8

struct host {
    const char *user;
    const char *terminal;
    const char *module;
    const char *context_file; /* stands in for /proc/thread-self/attr/exec */
    const char *sibling_file; /* start another child first, and write its number there */
    const char *presets[PRESETS_MAX];
    size_t preset_count;
    const char *sigchld;
    const char *hidden; /* a secret backwards, so that it is not in this program's own memory */
    long uid;
    long descriptors;
    long descriptors_left; /* free ones, while the session is opened */
    long processes;
    long file_size; /* the longest that may be written, while the session is opened */
    bool silent;
    bool mute; /* no conversation function */
    bool no_standard_descriptors;
    bool block_all;
    bool second_thread;
    bool idle_thread;
    bool authenticate;
};

struct session {
    const struct host *host;
    const char *folder;
    char service[256];
    int result;
    int close_result;
    long elapsed_ms;
    char *text; /* the report's lines about this session */
    size_t text_length;
    FILE *report;
};

static volatile sig_atomic_t caught;
static volatile sig_atomic_t reaped;

static void give_up(const char *what)
{
    dprintf(STDERR_FILENO, "host: %s: %s\n", what, strerror(errno));
    exit(99);
}

/* --- a session ---------------------------------------------------------------------------------
 */

static void report_bytes(FILE *report, const char *what, const char *bytes)
{
    fprintf(report, "%s ", what);
    for (; *bytes != '\0'; bytes++)
        fprintf(report, "%02x", (unsigned)(unsigned char)*bytes);
    fputc('\n', report);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    struct session *session = data;

    for (int i = 0; i < count; i++)
        report_bytes(session->report, "message", messages[i]->msg);
    *responses = calloc((size_t)count, sizeof **responses);
    return *responses != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void report_environment(struct session *session, pam_handle_t *handle)
{
    char **list = pam_getenvlist(handle);

    for (char **variable = list; variable != NULL && *variable != NULL; variable++) {
        report_bytes(session->report, "variable", *variable);
        explicit_bzero(*variable, strlen(*variable));
        free(*variable);
    }
    free(list);
}

static void set_soft_limit(__rlimit_resource_t resource, rlim_t value)
{
    struct rlimit limit;

    getrlimit(resource, &limit);
    limit.rlim_cur = value;
    setrlimit(resource, &limit);
}

static void leave_descriptors(long count)
{
    int lowest = dup(STDIN_FILENO);

    close(lowest);
    set_soft_limit(RLIMIT_NOFILE, (rlim_t)(lowest + count));
}

static void open_session(struct session *session, pam_handle_t *handle)
{
    const struct host *host = session->host;
    struct rlimit descriptors;
    struct rlimit file_size;
    long started;

    for (size_t i = 0; i < host->preset_count; i++)
        pam_putenv(handle, host->presets[i]);
    if (host->terminal != NULL)
        pam_set_item(handle, PAM_TTY, host->terminal);
    getrlimit(RLIMIT_NOFILE, &descriptors);
    getrlimit(RLIMIT_FSIZE, &file_size);
    if (host->descriptors_left > 0)
        leave_descriptors(host->descriptors_left);
    if (host->file_size > 0)
        set_soft_limit(RLIMIT_FSIZE, (rlim_t)host->file_size);
    started = now_ms();
    session->result = host->authenticate ? pam_authenticate(handle, 0)
                                         : pam_open_session(handle, host->silent ? PAM_SILENT : 0);
    session->elapsed_ms = now_ms() - started;
    set_soft_limit(RLIMIT_NOFILE, descriptors.rlim_cur);
    set_soft_limit(RLIMIT_FSIZE, file_size.rlim_cur);
    report_environment(session, handle);
    session->close_result = pam_close_session(handle, host->silent ? PAM_SILENT : 0);
}

static void *run_session(void *argument)
{
    struct session *session = argument;
    struct pam_conv conversation = {.conv = session->host->mute ? NULL : converse,
                                    .appdata_ptr = session};
    pam_handle_t *handle = NULL;

    session->report = open_memstream(&session->text, &session->text_length);
    if (pam_start_confdir(session->service, session->host->user, &conversation, session->folder,
                          &handle) != PAM_SUCCESS)
        give_up("pam_start_confdir");
    open_session(session, handle);
    fprintf(session->report, "result %d\nclosed %d\nelapsed %ld\n", session->result,
            session->close_result, session->elapsed_ms);
    pam_end(handle, session->result);
    fclose(session->report);
    return NULL;
}

/* --- making the host awkward -------------------------------------------------------------------
 */

static void count_only(int number)
{
    (void)number;
    caught++;
}

static void reap_every_child(int number)
{
    int saved = errno;

    (void)number;
    caught++;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
}

/* As simple programs do it: a SIGCHLD means that there is a child to reap. */
static void wait_for_a_child(int number)
{
    int saved = errno;

    (void)number;
    caught++;
    if (wait(NULL) > 0)
        reaped++;
    errno = saved;
}

static void set_sigchld(const char *how)
{
    static const struct {
        const char *name;
        void (*handler)(int);
        int flags;
    } ways[] = {
        {"default", SIG_DFL, 0},
        {"ignored", SIG_IGN, 0},
        {"counted", count_only, SA_RESTART},
        {"reaping", reap_every_child, SA_RESTART},
        {"waiting", wait_for_a_child, SA_RESTART},
        {"no-zombies", count_only, SA_NOCLDWAIT},
    };

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct sigaction action = {.sa_handler = ways[i].handler, .sa_flags = ways[i].flags};

        if (strcmp(how, ways[i].name) == 0) {
            sigaction(SIGCHLD, &action, NULL);
            return;
        }
    }
    give_up(how);
}

static void set_limit(__rlimit_resource_t resource, long value)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};

    if (setrlimit(resource, &limit) != 0)
        give_up("setrlimit");
}

/* A child that has nothing to do with the module. */
static pid_t start_sibling(const char *file)
{
    FILE *stream = fopen(file, "we");
    pid_t child = fork();

    if (child == 0) {
        for (;;)
            pause();
    }
    if (child < 0 || stream == NULL)
        give_up("sibling");
    fprintf(stream, "%ld", (long)child);
    fclose(stream);
    return child;
}

static void *idle(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

static void start_idle_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, idle, NULL) != 0)
        give_up("pthread_create");
}

static void put_context_in_place(const char *file)
{
    char place[64];

    snprintf(place, sizeof place, "/proc/self/task/%ld/attr/exec", (long)getpid());
    if (mount(file, place, NULL, MS_BIND, NULL) != 0)
        give_up(place);
}

/* As far up as the limit allows, and not closed on exec. */
static void open_inheritable(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (dup2(STDIN_FILENO, (int)limit.rlim_cur - 1) < 0)
        give_up("dup2");
}

static void make_awkward(const struct host *host)
{
    sigset_t all;

    openlog("host", LOG_NDELAY, LOG_AUTHPRIV); /* else the first line would add a descriptor */
    if (host->context_file != NULL)
        put_context_in_place(host->context_file);
    if (host->descriptors > 0)
        set_limit(RLIMIT_NOFILE, host->descriptors);
    if (host->processes > 0)
        set_limit(RLIMIT_NPROC, host->processes);
    if (host->uid > 0 && (setgid((gid_t)host->uid) != 0 || setuid((uid_t)host->uid) != 0))
        give_up("setuid");
    if (host->idle_thread)
        start_idle_thread();
    open_inheritable();
    set_sigchld(host->sigchld);
    sigfillset(&all);
    if (host->block_all)
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    if (host->no_standard_descriptors) {
        for (int i = 0; i <= STDERR_FILENO; i++)
            close(i);
    }
}

/* --- arguments ---------------------------------------------------------------------------------
 */

struct option {
    const char *name;
    size_t offset;
    enum { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG } type;
};

#define TEXT(name, field)                                                                          \
    {                                                                                              \
        name, offsetof(struct host, field), OPTION_TEXT                                            \
    }
#define NUMBER(name, field)                                                                        \
    {                                                                                              \
        name, offsetof(struct host, field), OPTION_NUMBER                                          \
    }
#define FLAG(name, field)                                                                          \
    {                                                                                              \
        name, offsetof(struct host, field), OPTION_FLAG                                            \
    }

static const struct option options[] = {
    TEXT("user", user),
    TEXT("terminal", terminal),
    TEXT("module", module),
    TEXT("context-file", context_file),
    TEXT("sibling-file", sibling_file),
    TEXT("sigchld", sigchld),
    TEXT("look-for-reversed", hidden),
    NUMBER("uid", uid),
    NUMBER("descriptors", descriptors),
    NUMBER("processes", processes),
    NUMBER("file-size", file_size),
    FLAG("silent", silent),
    FLAG("mute", mute),
    FLAG("no-standard-descriptors", no_standard_descriptors),
    NUMBER("descriptors-left", descriptors_left),
    FLAG("block-all", block_all),
    FLAG("second-thread", second_thread),
    FLAG("idle-thread", idle_thread),
    FLAG("authenticate", authenticate),
};

static void set_option(struct host *host, const char *argument)
{
    size_t length = strcspn(argument, "=");
    const char *value = argument[length] == '=' ? argument + length + 1 : "";

    if (strncmp(argument, "preset=", 7) == 0 && host->preset_count < PRESETS_MAX) {
        host->presets[host->preset_count++] = value;
        return;
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char *field = (char *)host + options[i].offset;

        if (strlen(options[i].name) != length || strncmp(options[i].name, argument, length) != 0)
            continue;
        if (options[i].type == OPTION_TEXT)
            memcpy(field, &value, sizeof value);
        else if (options[i].type == OPTION_NUMBER)
            memcpy(field, &(long){strtol(value, NULL, 10)}, sizeof(long));
        else
            *(bool *)field = true;
        return;
    }
    errno = EINVAL;
    give_up(argument);
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static void run_sessions(struct session sessions[2], size_t count)
{
    pthread_t thread;

    if (count == 2 && pthread_create(&thread, NULL, run_session, &sessions[1]) != 0)
        give_up("pthread_create");
    run_session(&sessions[0]);
    if (count == 2)
        pthread_join(thread, NULL);
}

static void end_sibling(pid_t sibling)
{
    if (sibling == 0)
        return;
    kill(sibling, SIGKILL);
    waitpid(sibling, NULL, 0);
}

int main(int argc, char **argv)
{
    struct host host = {.user = "root", .sigchld = "default"};
    struct session sessions[2] = {{.host = &host}, {.host = &host}};
    struct snapshot before;
    struct snapshot after;
    size_t count;
    pid_t sibling = 0;
    FILE *report;

    if (argc < 4)
        return 98;
    for (int i = 4; i < argc; i++)
        set_option(&host, argv[i]);
    count = host.second_thread ? 2 : 1;
    for (size_t i = 0; i < count; i++) {
        sessions[i].folder = argv[2];
        snprintf(sessions[i].service, sizeof sessions[i].service, "%s%s", argv[3],
                 i == 0 ? "" : "-2");
    }
    /* Stays loaded, so that reports about its memory can name its functions. */
    if (host.module != NULL && dlopen(host.module, RTLD_NOW | RTLD_NODELETE) == NULL)
        give_up(dlerror());
    if (host.sibling_file != NULL)
        sibling = start_sibling(host.sibling_file);
    make_awkward(&host);
    alarm(60);
    snapshot_take(&before, host.context_file);
    run_sessions(sessions, count);
    snapshot_take(&after, host.context_file);
    report = fopen(argv[1], "we");
    if (report == NULL)
        return 97;
    for (size_t i = 0; i < count; i++) {
        fwrite(sessions[i].text, 1, sessions[i].text_length, report);
        free(sessions[i].text);
    }
    snapshot_compare(report, &before, &after);
    fprintf(report, "caught %d\nreaped %d\n", (int)caught, (int)reaped);
    if (host.hidden != NULL)
        fprintf(report, "found %zu\n", memory_count_reversed(host.hidden));
    fclose(report);
    free(before.environment);
    free(after.environment);
    end_sibling(sibling);
    return 0;
}
