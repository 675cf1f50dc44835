#include "cli/login/ask_helper.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/become.h"
#include "cli/terminal.h"
#include "common/frame.h"
#include "common/program.h"
#include "paths.h"

#define HELPER_NAME   "ssmenv-helper"
#define PATIENCE_MS   1000 /* after that, whoever sits at a terminal wants to know */
#define ARGUMENTS_MAX 9

struct helper {
    char *arguments[ARGUMENTS_MAX];
    struct buffer texts[ARGUMENTS_MAX];
    size_t count;
    pid_t pid;
    int output;
};

/* --- starting --- */

static void add_argument(struct helper *helper, const char *name, const char *value)
{
    struct buffer *text = &helper->texts[helper->count];

    buffer_append_format(text, "%s%s", name, value);
    helper->arguments[helper->count++] = text->data;
}

static void add_number(struct helper *helper, const char *name, int64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)number);
    add_argument(helper, name, text);
}

static bool add_arguments(struct helper *helper, const struct helper_question *question,
                          struct error *error)
{
    uid_t uid;
    gid_t gid;

    if (!find_helper_user(&uid, &gid, error))
        return false;
    add_argument(helper, HELPER_NAME, "");
    add_argument(helper, "--user=", question->user);
    add_argument(helper, "--service=", question->service);
    add_argument(helper, "--config=", question->config);
    add_number(helper, "--timeout-ms=", question->timeout_ms);
    add_number(helper, "--parent=", getpid());
    add_number(helper, "--uid=", uid);
    add_number(helper, "--gid=", gid);
    for (size_t i = 0; i < helper->count; i++) {
        if (buffer_failed(&helper->texts[i]))
            return error_set(error, "out of memory");
    }
    return true;
}

static bool start(struct helper *helper, struct error *error)
{
    int ends[2];
    struct program program = {.path = PATH_HELPER,
                              .arguments = helper->arguments,
                              .input = PROGRAM_NULL,
                              .errors = PROGRAM_NULL,
                              .own_session = true};
    bool started;

    if (!program_check(program.path, error) || !program_pipe(ends, error))
        return false;
    program.output = ends[1];
    started = program_start(&program, &helper->pid, error);
    close(ends[1]);
    helper->output = ends[0];
    if (started)
        return true;
    close(ends[0]);
    return error_context(error, "%s", program.path);
}

/* --- asking --- */

/* Says what is being waited for, if that takes longer than it does at a login. */
static bool await_answer(const struct helper *helper)
{
    struct pollfd descriptor = {.fd = helper->output, .events = POLLIN};

    if (poll(&descriptor, 1, PATIENCE_MS) != 0)
        return false;
    progress("waiting for AWS");
    return true;
}

static bool read_answer(struct helper *helper, struct deadline deadline,
                        struct helper_answer *answer, struct error *error)
{
    bool waited = await_answer(helper);
    bool ok = frame_read(helper->output, WIRE_REPLY, LIMIT_REPLY_BYTES, deadline, &answer->payload,
                         error);

    if (waited)
        progress_end();
    close(helper->output);
    program_end(helper->pid, HELPER_NAME, deadline, ok ? NULL : error);
    return ok;
}

static bool check_answer(struct helper_answer *answer, struct error *error)
{
    char problem[LIMIT_MESSAGE_BYTES];

    return reply_check(&answer->reply, buffer_text(&answer->payload), answer->payload.length,
                       problem) ||
           error_set(error, "%s", problem);
}

bool helper_ask(const struct helper_question *question, struct helper_answer *answer,
                struct error *error)
{
    struct deadline deadline = deadline_in(question->timeout_ms);
    struct helper helper = {0};
    bool ok;

    *answer = (struct helper_answer){0};
    ok = add_arguments(&helper, question, error) && start(&helper, error) &&
         read_answer(&helper, deadline, answer, error) && check_answer(answer, error);
    for (size_t i = 0; i < helper.count; i++)
        buffer_free(&helper.texts[i]);
    return ok;
}

void helper_answer_free(struct helper_answer *answer)
{
    buffer_free(&answer->payload);
}
