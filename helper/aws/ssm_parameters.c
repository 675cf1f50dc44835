#include <string.h>

#include "aws/work.h"

#define ONE_BY_ONE                                                                                 \
    "ssm:GetParameters is denied and ssm:GetParameter is allowed in %s, so parameters are "        \
    "fetched one by one, which is slow: run ssmenv policy"

void parameter_resource(const struct client *client, const char *name, struct buffer *arn)
{
    size_t length = ssm_base_length(name);

    if (strncmp(name, "arn:", 4) != 0)
        buffer_append_format(arn, "arn:%s:ssm:%s:*:parameter%s", client->endpoint.partition,
                             client->region, name[0] == '/' ? "" : "/");
    /* IAM knows the path /a/b/ as /a/b. */
    while (length > 1 && name[length - 1] == '/')
        length--;
    buffer_append(arn, name, length);
}

static void push_name(struct work *work, struct client *client, struct item *parameter,
                      enum manner manner)
{
    struct task *task = work_push(work, &task_parameters, client);

    if (task == NULL)
        return;
    task->manner = manner;
    task->items[task->count++] = parameter;
}

void parameters_split(struct work *work, const struct task *task, enum manner manner)
{
    for (size_t i = task->count; i-- > 0;)
        push_name(work, task->client, task->items[i], manner);
}

static void prepare(struct work *work, struct task *task)
{
    const char *names[SSM_BATCH_MAX];

    (void)work;
    if (task->manner == TOGETHER && task->count == 1)
        task->manner = ALONE;
    if (task->manner == ALONE && task->client->one_by_one && !task->items[0]->denied[SINGLE])
        task->manner = SINGLE;
    if (task->manner == SINGLE) {
        task->call.operation = "GetParameter";
        ssm_write_name(&task->call.body, task->items[0]->name);
        return;
    }
    for (size_t i = 0; i < task->count; i++)
        names[i] = task->items[i]->name;
    task->call.operation = "GetParameters";
    ssm_write_names(&task->call.body, names, task->count);
}

/* ssm:GetParameter was allowed: was ssm:GetParameters not? */
static void learn(struct work *work, const struct task *task)
{
    struct client *client = task->client;
    struct error warning = ERROR_INIT;

    if (task->manner != SINGLE || !task->items[0]->denied[ALONE] || client->one_by_one)
        return;
    client->one_by_one = true;
    error_set(&warning, ONE_BY_ONE, client->region);
    work->out_of_memory = !result_warn(work->result, warning.text) || work->out_of_memory;
}

static void take_value(struct work *work, struct item *parameter, const struct ssm_found *found)
{
    struct error error = ERROR_INIT;

    buffer_clear(&parameter->value);
    parameter->full_name = text_copy(buffer_text(&found->name));
    detail_keep(parameter->detail.type, sizeof parameter->detail.type, &found->type);
    detail_keep(parameter->detail.version, sizeof parameter->detail.version, &found->version);
    work->out_of_memory = work->out_of_memory || parameter->full_name == NULL;
    if (ssm_read_value(found, &parameter->value, &error))
        item_decide(work, parameter, ANSWER_FOUND, "");
    else
        item_decide_with(work, parameter, ANSWER_FAILED, &error);
}

static void take_missing(struct work *work, struct item *parameter)
{
    struct error error = ERROR_INIT;

    error_set(&error, "%s does not exist in %s", parameter->name, parameter->client->region);
    item_decide(work, parameter, ANSWER_MISSING, error.text);
}

/* The answer says nothing about the name, or nothing clear. */
static void take_silence(struct work *work, struct task *task, struct item *parameter)
{
    struct error error = ERROR_INIT;

    if (task->manner == TOGETHER) {
        push_name(work, task->client, parameter, ALONE);
        return;
    }
    error_set(&error, "AWS's answer does not tell its value");
    item_decide_with(work, parameter, ANSWER_FAILED, &error);
}

static void take_answer(struct work *work, struct task *task)
{
    const char *names[SSM_BATCH_MAX];
    struct ssm_found_list list = {.count = 0};
    bool whole = ssm_read_found(&list, task->call.answer);

    for (size_t i = 0; i < task->count; i++)
        names[i] = task->items[i]->name;
    for (size_t i = 0; i < task->count; i++) {
        const struct ssm_found *found = ssm_match(&list, names[i], names, task->count);

        if (found != NULL)
            take_value(work, task->items[i], found);
        else if (whole && ssm_is_invalid(task->call.answer, names[i]))
            take_missing(work, task->items[i]);
        else
            take_silence(work, task, task->items[i]);
    }
    ssm_found_free(&list);
    learn(work, task);
}

/* The action is denied for this name: whether the other action is too decides. */
static void take_denial(struct work *work, struct task *task, const struct error *error)
{
    struct item *parameter = task->items[0];
    enum manner other = task->manner == SINGLE ? ALONE : SINGLE;

    parameter->denied[task->manner] = true;
    if (parameter->denied[other]) {
        item_decide(work, parameter, ANSWER_DENIED, error->text);
        return;
    }
    parameter->error = text_copy(error->text);
    push_name(work, task->client, parameter, other);
}

/* A refusal of a call about one name is that name's verdict. */
static void take_refusal(struct work *work, struct task *task)
{
    struct item *parameter = task->items[0];
    struct buffer arn = BUFFER_INIT;
    struct error error = ERROR_INIT;

    parameter_resource(task->client, parameter->name, &arn);
    call_describe(&task->call, parameter->name, buffer_text(&arn), &error);
    buffer_free(&arn);
    switch (task->call.refusal.verdict) {
    case SERVICE_MISSING:
        learn(work, task);
        item_decide(work, parameter, ANSWER_MISSING, error.text);
        return;
    case SERVICE_DENIED:
        take_denial(work, task, &error);
        return;
    case SERVICE_KEY_DENIED:
        learn(work, task);
        parameter->detail.key_denied = true;
        text_free(parameter->error);
        parameter->error = NULL;
        item_decide(work, parameter, ANSWER_DENIED, error.text);
        return;
    default:
        item_decide(work, parameter, ANSWER_FAILED, error.text);
    }
}

/* Whether AWS may have refused the call because of one of its names. */
static bool may_be_one_name(const struct call *call)
{
    return call->outcome == CALL_REFUSED && call->refusal.verdict != SERVICE_BUSY &&
           call->refusal.code[0] != '\0';
}

static void finish(struct work *work, struct task *task)
{
    struct error error = ERROR_INIT;

    if (task->call.outcome == CALL_ANSWERED) {
        take_answer(work, task);
    } else if (may_be_one_name(&task->call) && task->count > 1) {
        parameters_split(work, task, ALONE);
    } else if (may_be_one_name(&task->call)) {
        take_refusal(work, task);
    } else {
        call_describe(&task->call, "", "", &error);
        task_fail(work, task, error.text);
    }
}

const struct task_kind task_parameters = {prepare, finish};
