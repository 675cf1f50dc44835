#include <stdio.h>
#include <string.h>

#include "aws/work.h"
#include "ssmenv/limits.h"

/* Every page may have ten; some have none. */
#define PAGES_MAX (LIMIT_IMPORT_ENTRIES / SSM_BATCH_MAX + 100)

void import_decide(struct work *work, struct import *import, enum answer_state state,
                   const char *error)
{
    if (import->answer->state != 0)
        return;
    if (state == ANSWER_FOUND)
        import->answer->state = ANSWER_FOUND;
    else if (!answer_set(import->answer, state, error))
        work->out_of_memory = true;
    if (import->answer->error == NULL)
        import->answer->error = text_copy("");
}

static void prepare(struct work *work, struct task *task)
{
    (void)work;
    task->call.operation = "GetParametersByPath";
    ssm_write_path(&task->call.body, task->import->path,
                   task->import->lookup->kind == LOOKUP_SUBTREE, buffer_text(&task->import->token));
}

/* Whether the import asked for this name: below its path, as deep as it goes. */
static bool belongs(const struct import *import, const char *name)
{
    size_t length = strlen(import->path);

    return strncmp(name, import->path, length) == 0 && name[length] != '\0' &&
           (import->lookup->kind == LOOKUP_SUBTREE || strchr(name + length, '/') == NULL);
}

/* A parameter that was made or removed meanwhile shifts the pages: a name may come twice. */
static bool is_new(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (strcmp(answer->entries[i].name, name) == 0)
            return false;
    }
    return true;
}

static void take_parameter(struct work *work, struct import *import, const struct ssm_found *found)
{
    struct buffer value = BUFFER_INIT;
    struct error error = ERROR_INIT;
    const char *name = buffer_text(&found->name);

    if (!belongs(import, name) || !is_new(import->answer, name))
        return;
    if (!ssm_read_value(found, &value, &error)) {
        error_context(&error, "%s is left out", name);
        work->out_of_memory = !result_warn(work->result, error.text) || work->out_of_memory;
    } else if (!answer_add(import->answer, name, buffer_text(&value))) {
        work->out_of_memory = true;
    }
    buffer_free(&value);
}

static void fail(struct work *work, struct import *import, const char *reason)
{
    struct error error = ERROR_INIT;

    error_set(&error, "ssm:GetParametersByPath on %s: %s", import->path, reason);
    import_decide(work, import, ANSWER_FAILED, error.text);
}

/* Goes on with the next page, or gives the verdict. */
static void turn_page(struct work *work, struct import *import, const struct buffer *token)
{
    struct task *task;

    if (token->length == 0) {
        import_decide(work, import, ANSWER_FOUND, "");
        return;
    }
    if (strcmp(buffer_text(token), buffer_text(&import->token)) == 0) {
        fail(work, import, "AWS repeats the same page without end");
        return;
    }
    if (++import->pages == PAGES_MAX) {
        fail(work, import, "there are more pages than an import may have");
        return;
    }
    buffer_clear(&import->token);
    buffer_append(&import->token, token->data, token->length);
    task = work_push(work, &task_import, import->client);
    if (task != NULL)
        task->import = import;
}

static void take_page(struct work *work, struct task *task)
{
    struct import *import = task->import;
    struct ssm_found_list list = {.count = 0};
    struct buffer token = BUFFER_INIT;

    if (!ssm_read_found(&list, task->call.answer) || !ssm_read_token(task->call.answer, &token)) {
        fail(work, import, "the answer is not AWS's");
    } else {
        for (size_t i = 0; i < list.count; i++)
            take_parameter(work, import, &list.items[i]);
        if (import->answer->count > LIMIT_IMPORT_ENTRIES)
            fail(work, import, "there are more parameters than an import may have");
        else
            turn_page(work, import, &token);
    }
    ssm_found_free(&list);
    buffer_free(&token);
}

static bool is_denied(const struct call *call)
{
    return call->outcome == CALL_REFUSED &&
           (call->refusal.verdict == SERVICE_DENIED || call->refusal.verdict == SERVICE_KEY_DENIED);
}

static void finish(struct work *work, struct task *task)
{
    struct buffer arn = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (task->call.outcome == CALL_ANSWERED) {
        take_page(work, task);
        return;
    }
    parameter_resource(task->client, task->import->path, &arn);
    call_describe(&task->call, task->import->path, buffer_text(&arn), &error);
    buffer_free(&arn);
    import_decide(work, task->import, is_denied(&task->call) ? ANSWER_DENIED : ANSWER_FAILED,
                  error.text);
}

const struct task_kind task_import = {prepare, finish};
