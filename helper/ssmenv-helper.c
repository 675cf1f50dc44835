/*
 * ssmenv-helper: started by pam_ssmenv.so for one login, as root or as whoever the host is. It
 * gives up root, obtains what the login needs (login.h) and writes one reply to its standard
 * output. Whatever goes wrong becomes the reply's error text, which the module logs.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/heap.h"
#include "common/invocation.h"
#include "common/privilege.h"
#include "common/reply.h"
#include "login.h"
#include "paths.h"

#define LONG_CONFIG_BYTES 2048
#define HEAP_FACTOR       52 /* heap used, for each byte of configuration */
#define HEAP_MAX_BYTES    (512 * 1024)

/* The module's deadline, less the time that the reply needs on its way. */
static struct deadline work_deadline(int64_t timeout_ms)
{
    int64_t margin = HELPER_MARGIN_MS < timeout_ms / 4 ? HELPER_MARGIN_MS : timeout_ms / 4;

    return deadline_in(timeout_ms - margin);
}

/* Gives up root before anything is read. A cache folder that cannot be made slows logins down, it
 * does not end them. Of many logins at once the sooner begun are the sooner done. */
static bool settle(const struct invocation *invocation, struct error *folder, struct error *error)
{
    if (geteuid() == 0 && invocation->uid != 0) {
        privilege_go_first();
        privilege_make_folder(PATH_RUNDIR, invocation->uid, invocation->gid, folder);
    }
    return privilege_drop(invocation->uid, invocation->gid, invocation->parent, error);
}

/* A login allocates with its configuration. Only a long one is worth a system call more. */
static void prepare_heap(const char *config)
{
    struct stat status;

    if (stat(config, &status) == 0 && status.st_size >= LONG_CONFIG_BYTES)
        heap_prepare(status.st_size < HEAP_MAX_BYTES / HEAP_FACTOR
                         ? (size_t)status.st_size * HEAP_FACTOR
                         : HEAP_MAX_BYTES);
}

static void work(const struct invocation *invocation, struct deadline deadline,
                 struct login_outcome *outcome)
{
    struct login_request request = {
        .user = invocation->user,
        .service = invocation->service,
        .config = invocation->config,
        .owner = geteuid(), /* nobody's files but root's are trusted where the host is root */
        .deadline = deadline};
    struct error folder = ERROR_INIT;
    struct error error = ERROR_INIT;

    *outcome = LOGIN_OUTCOME_INIT;
    if (settle(invocation, &folder, &error)) {
        prepare_heap(invocation->config);
        login_resolve(&request, outcome);
    } else {
        login_note(outcome, SEVERITY_ERROR, error.text);
    }
    if (error_is_set(&folder))
        login_note(outcome, SEVERITY_WARNING, folder.text);
}

/* All errors as one line, as many as fit; the rest is counted. */
static void join_errors(const struct diagnostics *diagnostics, struct error *line)
{
    struct buffer text = BUFFER_INIT;
    size_t left = diagnostics->errors;

    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];

        if (item->severity != SEVERITY_ERROR)
            continue;
        if (text.length > 0 && text.length + strlen(item->text) > LIMIT_MESSAGE_BYTES - 32)
            break;
        buffer_append_format(&text, "%s%s", text.length > 0 ? "; " : "", item->text);
        left--;
    }
    if (left > 0)
        buffer_append_format(&text, "; and %zu more", left);
    if (diagnostics->errors > 0)
        error_set(line, "%s", buffer_text(&text));
    buffer_free(&text);
}

static enum wire_outcome judge(const struct login_outcome *outcome)
{
    if (outcome->diagnostics.errors == 0)
        return WIRE_COMPLETE;
    return outcome->environment.count > 0 ? WIRE_PARTIAL : WIRE_FAILED;
}

static bool answer(const struct login_outcome *outcome)
{
    const char *warnings[DIAGNOSTICS_MAX];
    struct error line = ERROR_INIT;
    struct reply reply = {.outcome = judge(outcome),
                          .source = outcome->source,
                          .stale_seconds = outcome->stale_seconds,
                          .error = line.text,
                          .warnings = warnings,
                          .variables = outcome->environment.variables,
                          .variable_count = outcome->environment.count};
    struct buffer frame = BUFFER_INIT;
    struct error error = ERROR_INIT;
    bool written;

    join_errors(&outcome->diagnostics, &line);
    for (size_t i = 0; i < outcome->diagnostics.count; i++) {
        if (outcome->diagnostics.items[i].severity == SEVERITY_WARNING)
            warnings[reply.warning_count++] = outcome->diagnostics.items[i].text;
    }
    reply_encode(&reply, &frame);
    written = !buffer_failed(&frame) && frame_write(STDOUT_FILENO, frame.data, frame.length,
                                                    deadline_in(HELPER_MARGIN_MS), &error);
    buffer_free(&frame);
    return written;
}

int main(int argc, char **argv)
{
    struct login_outcome outcome;
    struct invocation invocation;
    struct error error = ERROR_INIT;
    bool written;

    if (argc < 1 || !invocation_parse(&invocation, argv, &error)) {
        fprintf(stderr, "ssmenv-helper: %s\n", error.text);
        return 2;
    }
    work(&invocation, work_deadline(invocation.timeout_ms), &outcome);
    written = answer(&outcome);
    login_outcome_free(&outcome);
    return written ? 0 : 1;
}
