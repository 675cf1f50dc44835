#include "aws/secretsmanager.h"

#include <openssl/evp.h>
#include <string.h>

#include "aws/work.h"
#include "ssmenv/limits.h"

#define SUFFIX_BYTES 7 /* what AWS puts behind a name in an ARN: -AbCdEf */

/* What may stand behind the ? of a name, and what AWS calls it. */
static const struct {
    const char *written;
    const char *member;
} selectors[] = {{"?stage=", "VersionStage"}, {"?version=", "VersionId"}};

static size_t id_length(const char *name)
{
    return strcspn(name, "?");
}

static void write_member(struct buffer *body, const char *name, const char *text, size_t length)
{
    char *copy = text_copy_bytes(text, length);

    if (copy == NULL) {
        body->failed = true;
        return;
    }
    buffer_append_format(body, "\"%s\":", name);
    json_quote(body, copy);
    text_free(copy);
}

void secret_write(struct buffer *body, const char *name)
{
    const char *selector = name + id_length(name);

    buffer_append_char(body, '{');
    write_member(body, "SecretId", name, id_length(name));
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        size_t length = strlen(selectors[i].written);

        if (strncmp(selector, selectors[i].written, length) != 0)
            continue;
        buffer_append_char(body, ',');
        write_member(body, selectors[i].member, selector + length, strlen(selector + length));
    }
    buffer_append_char(body, '}');
}

static bool is_arn(const char *name)
{
    return strncmp(name, "arn:", 4) == 0;
}

static bool read_text(struct json answer, const char *member, struct buffer *text)
{
    struct json value;

    return json_member(answer, member, &value) && json_string(value, text);
}

/* A name is answered with itself, an ARN with itself or, where its end was left out, with the
 * whole. */
static bool is_about(struct json answer, const char *name)
{
    struct buffer own = BUFFER_INIT;
    size_t length = id_length(name);
    bool about = read_text(answer, is_arn(name) ? "ARN" : "Name", &own) &&
                 strncmp(buffer_text(&own), name, length) == 0 &&
                 (own.length == length || (is_arn(name) && own.length == length + SUFFIX_BYTES &&
                                           buffer_text(&own)[length] == '-'));

    buffer_free(&own);
    return about;
}

/* EVP_DecodeBlock() decodes padding to NULs and counts them. */
static bool decode_base64(const struct buffer *encoded, struct buffer *bytes)
{
    const char *text = buffer_text(encoded);
    size_t padding = 0;
    char *room;
    int length;

    if (encoded->length == 0)
        return true;
    while (padding < 2 && padding < encoded->length && text[encoded->length - 1 - padding] == '=')
        padding++;
    room = buffer_reserve(bytes, encoded->length / 4 * 3 + 3);
    if (room == NULL || encoded->length % 4 != 0 ||
        memchr(text, '=', encoded->length - padding) != NULL)
        return false;
    length =
        EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text, (int)encoded->length);
    if (length < (int)padding)
        return false;
    buffer_grow(bytes, (size_t)length - padding);
    return true;
}

static bool read_binary(struct json answer, struct buffer *value, struct error *error)
{
    struct buffer encoded = BUFFER_INIT;
    bool decoded = read_text(answer, "SecretBinary", &encoded) && decode_base64(&encoded, value);

    buffer_free(&encoded);
    if (!decoded)
        return error_set(error, "AWS's answer does not tell its value");
    if (memchr(buffer_text(value), '\0', value->length) != NULL ||
        !json_is_utf8(buffer_text(value)))
        return error_set(error, "its value is binary and no text: it has a NUL or is not UTF-8");
    return true;
}

static bool read_value(struct json answer, struct buffer *value, struct error *error)
{
    struct json string;

    if (!json_member(answer, "SecretString", &string) || string.kind == JSON_NULL)
        return read_binary(answer, value, error);
    if (!json_string(string, value))
        return error_set(error, "its value has a NUL or is not UTF-8");
    return true;
}

bool secret_read(struct json answer, const char *name, struct buffer *full_name,
                 struct buffer *value, struct error *error)
{
    if (!is_about(answer, name) || !read_text(answer, "Name", full_name) ||
        full_name->length > LIMIT_LOOKUP_NAME_BYTES)
        return error_set(error, "AWS's answer is about another secret");
    if (!read_value(answer, value, error))
        return false;
    if (value->length > LIMIT_VALUE_BYTES)
        return error_set(error, "its value has %zu bytes, more than %d", value->length,
                         LIMIT_VALUE_BYTES);
    return true;
}

/* What looks like AWS's suffix is taken for it: names should not end so, say AWS's pages. */
static bool has_suffix(const char *name, size_t length)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *suffix = name + length - SUFFIX_BYTES;

    return length > SUFFIX_BYTES && suffix[0] == '-' &&
           strspn(suffix + 1, alphabet) >= SUFFIX_BYTES - 1;
}

void secret_resource(struct buffer *arn, const char *partition, const char *region,
                     const char *account, const char *name)
{
    size_t length = id_length(name);

    if (!is_arn(name))
        buffer_append_format(arn, "arn:%s:secretsmanager:%s:%s:secret:", partition, region,
                             account);
    buffer_append(arn, name, length);
    if (!is_arn(name) || !has_suffix(name, length))
        buffer_append_text(arn, "-??????");
}

/* --- the task --- */

static void prepare(struct work *work, struct task *task)
{
    (void)work;
    task->call.operation = "GetSecretValue";
    secret_write(&task->call.body, task->items[0]->name);
}

static void keep_version(struct json answer, struct item *item)
{
    struct buffer version = BUFFER_INIT;

    if (read_text(answer, "VersionId", &version))
        detail_keep(item->detail.version, sizeof item->detail.version, &version);
    buffer_free(&version);
}

static void take_answer(struct work *work, struct task *task)
{
    struct item *item = task->items[0];
    struct buffer full_name = BUFFER_INIT;
    struct error error = ERROR_INIT;

    buffer_clear(&item->value);
    if (secret_read(task->call.answer, item->name, &full_name, &item->value, &error)) {
        keep_version(task->call.answer, item);
        item->full_name = text_copy(buffer_text(&full_name));
        work->out_of_memory = work->out_of_memory || item->full_name == NULL;
        item_decide(work, item, ANSWER_FOUND, "");
    } else {
        item_decide_with(work, item, ANSWER_FAILED, &error);
    }
    buffer_free(&full_name);
}

static enum answer_state state_of(const struct call *call)
{
    if (call->outcome != CALL_REFUSED)
        return ANSWER_FAILED;
    switch (call->refusal.verdict) {
    case SERVICE_MISSING:
        return ANSWER_MISSING;
    case SERVICE_DENIED:
    case SERVICE_KEY_DENIED:
        return ANSWER_DENIED;
    default:
        return ANSWER_FAILED;
    }
}

static void finish(struct work *work, struct task *task)
{
    struct item *item = task->items[0];
    struct buffer arn = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (task->call.outcome == CALL_ANSWERED) {
        take_answer(work, task);
        return;
    }
    secret_resource(&arn, item->client->endpoint.partition, item->client->region, "*", item->name);
    call_describe(&task->call, item->name, buffer_text(&arn), &error);
    buffer_free(&arn);
    item->detail.key_denied =
        task->call.outcome == CALL_REFUSED && task->call.refusal.verdict == SERVICE_KEY_DENIED;
    item_decide(work, item, state_of(&task->call), error.text);
}

const struct task_kind task_secret = {prepare, finish};
