#include "aws/answers.h"

#include <stdlib.h>
#include <string.h>

#include "aws/select.h"
#include "aws/work.h"
#include "common/instance_id.h"

/* Room for everything in a result that is not a value. */
#define RESULT_RESERVE ((size_t)2 * 1024 * 1024)

/* What was asked for, once each. */
struct wanted {
    struct item *items;
    size_t item_count;
    struct import *imports;
    size_t import_count;
    struct item **of_lookup; /* NULL for imports and for lookups that cannot be asked */
};

struct task *work_push(struct work *work, const struct task_kind *kind, struct client *client)
{
    struct task *task = calloc(1, sizeof *task);

    if (task == NULL) {
        work->out_of_memory = true;
        return NULL;
    }
    task->kind = kind;
    task->client = client;
    task->next = work->tasks;
    work->tasks = task;
    return task;
}

void task_free(struct task *task)
{
    call_free(&task->call);
    free(task);
}

void task_fail(struct work *work, struct task *task, const char *error)
{
    if (task->import != NULL)
        import_decide(work, task->import, ANSWER_FAILED, error);
    for (size_t i = 0; i < task->count; i++)
        item_decide(work, task->items[i], ANSWER_FAILED, error);
}

/* Names the credentials that AWS does not accept. */
static void describe_client(struct client *client, const struct call *call, bool by_aws)
{
    struct buffer name = BUFFER_INIT;
    struct error said;

    call_describe(call, "", "", &client->refused);
    if (by_aws) {
        said = client->refused;
        account_name_key(client->account, &name);
        error_set(&client->refused, "%s; it was asked with %s", said.text, buffer_text(&name));
    }
    buffer_free(&name);
}

/* What the call says about its client as a whole: that nobody will be answered through it. Fails
 * the task and returns true when that is so. */
static bool client_is_refused(struct work *work, struct task *task)
{
    const struct call *call = &task->call;
    bool by_aws = call->outcome == CALL_REFUSED && call->refusal.verdict == SERVICE_CREDENTIALS;
    bool by_network = call->outcome == CALL_FAILED && !call->reached;

    if (!by_aws && !by_network)
        return false;
    if (!error_is_set(&task->client->refused))
        describe_client(task->client, call, by_aws);
    task_fail(work, task, task->client->refused.text);
    return true;
}

/* --- verdicts --- */

void item_decide(struct work *work, struct item *item, enum answer_state state, const char *error)
{
    if (item->state != 0)
        return;
    /* An earlier denial is closer to the cause than what was tried after it. */
    if (item->error == NULL || state != ANSWER_DENIED) {
        text_free(item->error);
        item->error = text_copy(error);
    }
    item->state = state;
    work->out_of_memory = work->out_of_memory || item->error == NULL;
}

void item_decide_with(struct work *work, struct item *item, enum answer_state state,
                      const struct error *error)
{
    struct error text = *error;

    error_context(&text, "%s", item->name);
    item_decide(work, item, state, text.text);
}

/* --- starting and finishing calls --- */

static struct call *next_call(void *context)
{
    struct work *work = context;

    while (work->tasks != NULL) {
        struct task *task = work->tasks;

        work->tasks = task->next;
        if (error_is_set(&task->client->refused)) {
            task_fail(work, task, task->client->refused.text);
        } else if (task->manner == TOGETHER && task->count > 1 && task->client->one_by_one) {
            parameters_split(work, task, SINGLE);
        } else {
            task->call.service = &task->client->service;
            task->kind->prepare(work, task);
            return &task->call;
        }
        task_free(task);
    }
    return NULL;
}

static void finish_call(void *context, struct call *call)
{
    struct task *task = (struct task *)(void *)call;

    if (!client_is_refused(context, task))
        task->kind->finished(context, task);
    task_free(task);
}

/* --- from lookups to tasks --- */

static struct item *find_item(struct wanted *wanted, struct client *client, const char *name)
{
    struct item *item;

    for (size_t i = 0; i < wanted->item_count; i++) {
        item = &wanted->items[i];
        if (item->client == client && strcmp(item->name, name) == 0)
            return item;
    }
    item = &wanted->items[wanted->item_count++];
    *item = (struct item){.name = name, .client = client};
    return item;
}

static bool wanted_init(struct wanted *wanted, size_t lookup_count)
{
    size_t count = lookup_count != 0 ? lookup_count : 1;

    *wanted = (struct wanted){
        .items = calloc(count, sizeof *wanted->items),
        .imports = calloc(count, sizeof *wanted->imports),
        .of_lookup = calloc(count, sizeof *wanted->of_lookup),
    };
    return wanted->items != NULL && wanted->imports != NULL && wanted->of_lookup != NULL;
}

static void wanted_free(struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->item_count; i++) {
        text_free(wanted->items[i].error);
        text_free(wanted->items[i].full_name);
        buffer_free(&wanted->items[i].value);
    }
    for (size_t i = 0; i < wanted->import_count; i++)
        buffer_free(&wanted->imports[i].token);
    free(wanted->items);
    free(wanted->imports);
    free(wanted->of_lookup);
}

static bool is_path(const char *name)
{
    return name[0] == '/' && name[strlen(name) - 1] == '/';
}

/* It is the cause of no other failure: who has no credentials, say, is told so first. */
static void fail_without_id(const struct client *client, const char *name, struct answer *answer)
{
    struct error error = client->refused;

    if (!error_is_set(&error)) {
        error = client->account->instance_error;
        error_context(&error, "%s", name);
    }
    answer_set(answer, ANSWER_FAILED, error.text);
}

/* One import, or one item unless it is wanted already. name: what the lookup is asked with. */
static void want(struct wanted *wanted, const struct lookup *lookup, const char *name,
                 struct client *client, size_t index, struct answer *answer)
{
    bool import = lookup->kind == LOOKUP_CHILDREN || lookup->kind == LOOKUP_SUBTREE;

    if (instance_id_is_named(name))
        fail_without_id(client, name, answer);
    else if (!import && name[0] == '\0')
        answer_set(answer, ANSWER_FAILED, "the name of a parameter or secret is empty");
    else if (!import)
        wanted->of_lookup[index] = find_item(wanted, client, name);
    else if (!is_path(name))
        answer_set(answer, ANSWER_FAILED, "the path of an import must begin and end with '/'");
    else
        wanted->imports[wanted->import_count++] =
            (struct import){.lookup = lookup, .path = name, .client = client, .answer = answer};
}

static bool is_arn(const char *name)
{
    return strncmp(name, "arn:", 4) == 0;
}

/* A task of this client that has room for the name, or a new one. ARNs are asked apart from plain
 * names: another account's parameter is answered under a plain name that may also be ours. */
static struct task *open_batch(struct work *work, struct client *client, const char *name)
{
    for (struct task *task = work->tasks; task != NULL; task = task->next) {
        if (task->client == client && task->kind == &task_parameters &&
            task->count < SSM_BATCH_MAX && is_arn(task->items[0]->name) == is_arn(name))
            return task;
    }
    return work_push(work, &task_parameters, client);
}

/* A task that will bring the item's verdict. */
static struct task *task_for(struct work *work, const struct item *item)
{
    if (item->client->kind == SERVICE_SECRETS)
        return work_push(work, &task_secret, item->client);
    return open_batch(work, item->client, item->name);
}

static void plan(struct work *work, struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->item_count; i++) {
        struct task *task = task_for(work, &wanted->items[i]);

        if (task != NULL)
            task->items[task->count++] = &wanted->items[i];
    }
    for (size_t i = 0; i < wanted->import_count; i++) {
        struct task *task = work_push(work, &task_import, wanted->imports[i].client);

        if (task != NULL)
            task->import = &wanted->imports[i];
    }
}

/* --- from verdicts to answers --- */

/* What nobody came to ask before time ended. */
static void close_open_ends(struct work *work, struct wanted *wanted)
{
    static const char late[] = "time ended before it could be asked";

    while (work->tasks != NULL) {
        struct task *task = work->tasks;
        const struct error *refused = &task->client->refused;

        work->tasks = task->next;
        task_fail(work, task, error_is_set(refused) ? refused->text : late);
        task_free(task);
    }
    for (size_t i = 0; i < wanted->item_count; i++)
        item_decide(work, &wanted->items[i], ANSWER_FAILED, late);
    for (size_t i = 0; i < wanted->import_count; i++)
        import_decide(work, &wanted->imports[i], ANSWER_FAILED, late);
}

/* The value, or the member of it that the lookup asks for. */
static bool give_value(const struct lookup *lookup, const struct item *item, struct answer *answer)
{
    struct buffer member = BUFFER_INIT;
    struct error error = ERROR_INIT;
    const char *value = buffer_text(&item->value);
    bool ok;

    if (lookup->member[0] != '\0' && !select_member(value, lookup->member, &member, &error)) {
        error_context(&error, "%s", item->name);
        ok = answer_set(answer, ANSWER_FAILED, error.text);
    } else {
        ok = answer_set(answer, ANSWER_FOUND, "") &&
             answer_add(answer, item->full_name,
                        lookup->member[0] != '\0' ? buffer_text(&member) : value);
    }
    buffer_free(&member);
    return ok;
}

static bool give(const struct lookup *lookup, const struct item *item, struct answer *answer)
{
    if (item->state == ANSWER_FOUND)
        return give_value(lookup, item, answer);
    return answer_set(answer, item->state, item->error);
}

static size_t answer_size(const struct answer *answer)
{
    size_t size = 0;

    for (size_t i = 0; i < answer->count; i++)
        size += strlen(answer->entries[i].value) + strlen(answer->entries[i].name);
    return size;
}

/* A result has a limit; answers beyond it say so instead of breaking the whole. */
static bool bound_result(struct result *result)
{
    size_t total = 0;

    for (size_t i = 0; i < result->answer_count; i++) {
        struct answer *answer = &result->answers[i];

        total += answer_size(answer);
        if (total > LIMIT_RESULT_BYTES - RESULT_RESERVE &&
            !answer_set(answer, ANSWER_FAILED, "all values together are too large"))
            return false;
    }
    return true;
}

void detail_keep(char *detail, size_t size, const struct buffer *word)
{
    static const char legal[] = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *text = buffer_text(word);

    if (word->length < size && strspn(text, legal) == word->length)
        memcpy(detail, text, word->length + 1);
}

static bool give_answers(const struct request *request, const struct wanted *wanted,
                         struct result *result, struct answer_detail *details)
{
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (wanted->of_lookup[i] != NULL && details != NULL)
            details[i] = wanted->of_lookup[i]->detail;
        if (wanted->of_lookup[i] != NULL &&
            !give(&request->lookups[i], wanted->of_lookup[i], &result->answers[i]))
            return false;
    }
    return bound_result(result);
}

bool answers_fetch(const struct request *request, struct clients *clients, struct http *http,
                   struct deadline deadline, struct result *result, struct answer_detail *details,
                   struct error *error)
{
    struct work work = {.result = result};
    const struct call_source source = {next_call, finish_call, &work};
    struct wanted wanted;
    bool ok = false;

    result->answers = calloc(request->lookup_count + 1, sizeof *result->answers);
    if (!wanted_init(&wanted, request->lookup_count) || result->answers == NULL)
        goto out;
    result->answer_count = request->lookup_count;
    for (size_t i = 0; i < request->lookup_count; i++)
        want(&wanted, &request->lookups[i], clients_name(clients, request, i),
             clients->of_lookup[i], i, &result->answers[i]);
    plan(&work, &wanted);
    calls_run(http, &source, deadline);
    close_open_ends(&work, &wanted);
    ok = !work.out_of_memory && give_answers(request, &wanted, result, details);
out:
    wanted_free(&wanted);
    return ok || error_set(error, "out of memory");
}
