#include "cli/login/login_variables.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ssmenv/duration.h"

static bool read_timeout(const struct command *command, const char *text, int64_t *timeout_ms,
                         int *code)
{
    uint64_t milliseconds;

    if (duration_parse(text, strlen(text), &milliseconds) && milliseconds >= TIMEOUT_MIN_MS &&
        milliseconds <= TIMEOUT_MAX_MS) {
        *timeout_ms = (int64_t)milliseconds;
        return true;
    }
    *code = command_misused(command, "--timeout is from 100ms to 60s, such as 500ms or 5s");
    return false;
}

static bool check_lengths(const struct command *command, const struct helper_question *question,
                          int *code)
{
    if (strlen(question->user) <= LIMIT_USER_BYTES &&
        strlen(question->service) <= LIMIT_SERVICE_BYTES)
        return true;
    *code = command_misused(command, "the name of the user or of the service is too long");
    return false;
}

static bool find_user(const struct command *command, const struct login_options *options,
                      struct target_user *user, int *code)
{
    struct error error = ERROR_INIT;

    *code = EXIT_FAILED;
    if (geteuid() != 0) {
        complain(command, "only root can hand on variables: run it as root");
        return false;
    }
    if (target_user_find(user, options->user, &error))
        return true;
    complain(command, "%s", error.text);
    return false;
}

/* error_set() makes harmless what came from elsewhere. */
static void complain_text(const struct command *command, const char *kind, struct wire_text text)
{
    struct error line;

    error_set(&line, "%s%.*s", kind, (int)text.length, text.bytes);
    complain(command, "%s", line.text);
}

/* Nobody hands on variables that are not there: no section was meant, which is a mistake too. */
static bool is_empty(const struct checked_reply *reply)
{
    return reply->outcome == WIRE_COMPLETE && reply->source == WIRE_SOURCE_NONE &&
           reply->variable_count == 0;
}

static bool judge(const struct command *command, const struct helper_question *question,
                  const struct checked_reply *reply)
{
    for (size_t i = 0; i < reply->warning_count; i++)
        complain_text(command, "warning: ", reply->warnings[i]);
    if (reply->source == WIRE_SOURCE_STALE)
        complain(command, "warning: the values are %u s old", (unsigned)reply->stale_seconds);
    if (is_empty(reply))
        complain(command, "%s has no variables for user %s, service %s", question->config,
                 question->user, question->service);
    else if (reply->outcome != WIRE_COMPLETE)
        complain_text(command, "", reply->error);
    return reply->outcome == WIRE_COMPLETE && !is_empty(reply);
}

bool login_variables_obtain(const struct command *command, const struct login_options *options,
                            struct login_variables *variables, int *code)
{
    struct helper_question question = {.service = options->service, .config = options->config};
    struct error error = ERROR_INIT;

    *variables = (struct login_variables){0};
    if (!read_timeout(command, options->timeout, &question.timeout_ms, code) ||
        !find_user(command, options, &variables->user, code))
        return false;
    question.user = variables->user.name;
    if (!check_lengths(command, &question, code))
        return false;
    if (helper_ask(&question, &variables->answer, &error)) {
        variables->complete = judge(command, &question, &variables->answer.reply);
        return true;
    }
    variables->answer.reply.variable_count = 0;
    complain(command, "%s", error.text);
    return true;
}

void login_variables_free(struct login_variables *variables)
{
    target_user_free(&variables->user);
    helper_answer_free(&variables->answer);
}

bool login_variables_may_lack(const struct login_options *options)
{
    return strcmp(options->on_error, "ignore") == 0;
}
