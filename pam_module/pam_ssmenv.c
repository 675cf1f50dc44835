/*
 * pam_ssmenv: a session module that puts variables from AWS Systems Manager Parameter Store into
 * the session's environment. It runs inside sshd, su, sudo, cron and their like, mostly as root; so
 * it talks to no network and reads no configuration. It asks ssmenv-helper (spawn.h),
 * checks the reply (apply.h), writes one line to the system log and decides whether the session may
 * begin.
 *
 * It keeps nothing between calls and serves threads, each with its own PAM handle.
 */
#include <pwd.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "apply.h"
#include "clock.h"
#include "leniency.h"
#include "options.h"
#include "paths.h"
#include "report.h"
#include "spawn.h"
#include "trusted_path.h"

#define PAM_ENTRY __attribute__((visibility("default")))

#define SENTENCE_WITHOUT                                                                           \
    "Environment variables could not be set for this session; the system log says why."
#define SENTENCE_REFUSED                                                                           \
    "This session is refused because its environment could not be set; the system log says why."

/* One login. */
struct session {
    pam_handle_t *pamh;
    int flags;
    int64_t started;
    const char *user;
    const char *service;
    struct options options;
};

static const char *session_item(pam_handle_t *pamh, int type)
{
    const void *item = NULL;

    if (pam_get_item(pamh, type, &item) != PAM_SUCCESS || item == NULL)
        return "";
    return item;
}

/* --- the log line --- */

static void line_begin(struct report_line *line, const struct session *session)
{
    *line = REPORT_LINE_EMPTY;
    report_add(line, "user %.*s, service %.*s: ", LIMIT_USER_BYTES, session->user,
               LIMIT_SERVICE_BYTES, session->service);
}

static void line_add_source(struct report_line *line, const struct session *session,
                            const struct checked_reply *reply)
{
    static const char *const names[] = {[WIRE_SOURCE_NONE] = "",
                                        [WIRE_SOURCE_CACHE] = "cache, ",
                                        [WIRE_SOURCE_FETCHED] = "fetched, ",
                                        [WIRE_SOURCE_STALE] = "stale, "};

    report_add(line, " (%s", reply != NULL ? names[reply->source] : "");
    if (reply != NULL && reply->source == WIRE_SOURCE_STALE)
        report_add(line, "%u s old, ", (unsigned)reply->stale_seconds);
    report_add(line, "%lld ms)", (long long)(clock_now() - session->started));
}

static void line_add_warnings(struct report_line *line, const struct checked_reply *reply)
{
    for (size_t i = 0; i < reply->warning_count; i++)
        report_add(line, "; warning: %.*s", (int)reply->warnings[i].length,
                   reply->warnings[i].bytes);
}

/* With debug, and only then: which variables, in as many lines as they need. */
static void log_names(const struct session *session, const struct checked_reply *reply)
{
    struct report_line line = REPORT_LINE_EMPTY;

    for (size_t i = 0; session->options.debug && i < reply->variable_count; i++) {
        struct wire_text name = reply->variables[i].name;

        report_add(&line, "%s%.*s", line.length == 0 ? "set: " : " ", (int)name.length, name.bytes);
        if (line.length + LIMIT_NAME_BYTES + 1 < sizeof line.text && i + 1 < reply->variable_count)
            continue;
        report_log(session->pamh, LOG_DEBUG, &line);
        line = REPORT_LINE_EMPTY;
    }
}

/* --- policy --- */

static void tell_user(const struct session *session, const char *sentence)
{
    if (!session->options.quiet)
        report_tell_user(session->pamh, session->flags, sentence);
}

struct verdict {
    bool refused;
    const char *reason; /* why on_error=deny does not refuse; NULL: there was nothing to refuse */
};

static struct verdict judge(const struct session *session)
{
    const char *reason;

    if (session->options.on_error != ON_ERROR_DENY)
        return (struct verdict){0};
    reason = leniency_reason(session->pamh, session->user, session->options.break_glass);
    return (struct verdict){.refused = reason == NULL, .reason = reason};
}

/* Ends a login that something failed for. reply: what was set all the same, or NULL. */
static int conclude(const struct session *session, int priority, struct verdict verdict,
                    const struct checked_reply *reply, const struct fault *fault)
{
    struct report_line line;

    line_begin(&line, session);
    if (verdict.refused)
        report_add(&line, "session refused");
    else if (reply != NULL)
        report_add(&line, "only %zu variable%s set", reply->variable_count,
                   reply->variable_count == 1 ? "" : "s");
    else
        report_add(&line, "no variables set");
    if (verdict.reason != NULL)
        report_add(&line, ", session not refused (%s)", verdict.reason);
    line_add_source(&line, session, reply);
    report_add(&line, ": %s", fault->text);
    if (reply != NULL)
        line_add_warnings(&line, reply);
    report_log(session->pamh, priority, &line);
    tell_user(session, verdict.refused ? SENTENCE_REFUSED : SENTENCE_WITHOUT);
    return verdict.refused ? PAM_SESSION_ERR : PAM_SUCCESS;
}

static int fail(const struct session *session, int priority, const struct fault *fault)
{
    return conclude(session, priority, judge(session), NULL, fault);
}

static int succeed(const struct session *session, const struct checked_reply *reply)
{
    bool is_plain = reply->warning_count == 0 && reply->source != WIRE_SOURCE_STALE;
    struct report_line line;

    line_begin(&line, session);
    report_add(&line, "%zu variable%s set", reply->variable_count,
               reply->variable_count == 1 ? "" : "s");
    line_add_source(&line, session, reply);
    line_add_warnings(&line, reply);
    report_log(session->pamh, is_plain ? LOG_INFO : LOG_NOTICE, &line);
    return PAM_SUCCESS;
}

/* A partial reply's variables are set where the session begins, and not where it is refused. */
static int deliver(const struct session *session, const struct checked_reply *reply)
{
    struct fault fault = FAULT_NONE;
    struct verdict verdict = {0};

    fault_add(&fault, "%.*s", (int)reply->error.length, reply->error.bytes);
    if (reply->outcome == WIRE_FAILED)
        return fail(session, LOG_WARNING, &fault);
    if (reply->outcome == WIRE_PARTIAL)
        verdict = judge(session);
    if (verdict.refused)
        return conclude(session, LOG_WARNING, verdict, NULL, &fault);
    if (!apply_variables(reply, session->pamh, &fault))
        return fail(session, LOG_WARNING, &fault);
    log_names(session, reply);
    if (reply->outcome == WIRE_PARTIAL)
        return conclude(session, LOG_WARNING, verdict, reply, &fault);
    return succeed(session, reply);
}

/* --- asking --- */

/* The account that the helper becomes when the host is root. */
static bool find_account(const struct session *session, struct helper_request *request,
                         struct fault *fault)
{
    const struct passwd *account;

    request->become = geteuid() == 0;
    if (!request->become)
        return true;
    account = pam_modutil_getpwnam(session->pamh, HELPER_USER);
    if (account == NULL)
        return fault_set(fault,
                         "the account " HELPER_USER " was not found, and the helper never runs as "
                         "root: create it, for example with systemd-sysusers");
    if (account->pw_uid == 0 || account->pw_gid == 0)
        return fault_set(fault,
                         "the account " HELPER_USER " has uid %u and gid %u: neither may be 0",
                         (unsigned)account->pw_uid, (unsigned)account->pw_gid);
    request->uid = account->pw_uid;
    request->gid = account->pw_gid;
    return true;
}

static bool check_items(const struct session *session, struct fault *fault)
{
    if (*session->user == '\0' || *session->service == '\0')
        return fault_set(fault, "the application names no user or no service");
    if (strlen(session->user) > LIMIT_USER_BYTES || strlen(session->service) > LIMIT_SERVICE_BYTES)
        return fault_set(fault, "the name of the user or of the service is too long");
    return true;
}

static bool ask_helper(const struct session *session, struct helper_reply *reply,
                       struct fault *fault)
{
    struct helper_request request = {.user = session->user,
                                     .service = session->service,
                                     .config = session->options.config,
                                     .started = session->started,
                                     .deadline = session->started + session->options.timeout_ms};
    char *path;
    bool answered;

    if (!check_items(session, fault) || !find_account(session, &request, fault))
        return false;
    path = trusted_path_resolve(session->options.helper, geteuid(), fault);
    if (path == NULL)
        return false;
    request.path = path;
    answered = helper_ask(&request, reply, fault);
    free(path);
    return answered;
}

/* Their programs would run in the wrong security domain, which no on_error allows. */
static int refuse(const struct session *session, const struct fault *fault)
{
    return conclude(session, LOG_ERR, (struct verdict){.refused = true}, NULL, fault);
}

static int obtain(const struct session *session)
{
    struct helper_reply reply = {0};
    struct checked_reply checked = {0};
    struct fault fault = FAULT_NONE;
    int result;

    if (!ask_helper(session, &reply, &fault))
        result = reply.context_lost ? refuse(session, &fault) : fail(session, LOG_WARNING, &fault);
    else if (!apply_check(&checked, reply.payload, reply.length, &fault))
        result = fail(session, LOG_WARNING, &fault);
    else
        result = deliver(session, &checked);
    helper_reply_free(&reply);
    return result;
}

/* --- entry points --- */

/* The fleet's off-switch: whatever stands there counts, also a dangling symlink. */
static bool is_switched_off(void)
{
    struct stat status;

    return lstat(PATH_DISABLED, &status) == 0;
}

static int skip(const struct session *session)
{
    struct report_line line;

    line_begin(&line, session);
    report_add(&line, "switched off by " PATH_DISABLED ", no variables set");
    report_log(session->pamh, LOG_NOTICE, &line);
    return PAM_SUCCESS;
}

PAM_ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct session session = {.pamh = pamh, .flags = flags, .started = clock_now()};
    struct fault fault;

    session.user = session_item(pamh, PAM_USER);
    session.service = session_item(pamh, PAM_SERVICE);
    if (is_switched_off())
        return skip(&session);
    if (!module_options_parse(&session.options, argc, argv, &fault))
        return fail(&session, LOG_ERR, &fault);
    return obtain(&session);
}

/* The environment ends with the session's processes; there is nothing to take back. */
PAM_ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
