#include "common/exchange.h"

#include <stdlib.h>

#include "common/frame.h"
#include "common/list.h"
#include "ssmenv/limits.h"
#include "ssmenv/wire.h"

/* A copy of a text of the payload; NULL when memory ends. */
static char *read_copy(struct wire_reader *reader, size_t limit)
{
    struct wire_text text = wire_read_text(reader, limit);

    return text_copy_bytes(text.bytes, text.length);
}

/* Reads a count and allocates that many zeroed elements. A count over limit fails the reader. */
static void *read_array(struct wire_reader *reader, size_t limit, size_t element, size_t *count)
{
    uint16_t found = wire_read_u16(reader);
    void *array;

    *count = 0;
    if (reader->failed || found > limit) {
        reader->failed = true;
        return NULL;
    }
    array = calloc(found != 0 ? found : 1, element);
    if (array != NULL)
        *count = found;
    else
        reader->failed = true;
    return array;
}

static void put_identity(struct buffer *payload, const struct identity *identity)
{
    frame_put_text(payload, identity->section != NULL ? identity->section : "");
    frame_put_u16(payload, (uint16_t)identity->count);
    for (size_t i = 0; i < identity->count; i++) {
        frame_put_text(payload, identity->settings[i].key);
        frame_put_text(payload, identity->settings[i].value);
    }
    keepsake_put(&identity->kept, payload);
}

void request_encode(const struct request *request, struct buffer *frame)
{
    struct buffer payload = BUFFER_INIT;

    payload.limit = LIMIT_REQUEST_BYTES;
    frame_put_u64(&payload, (uint64_t)request->deadline.at);
    frame_put_u16(&payload, (uint16_t)request->identity_count);
    for (size_t i = 0; i < request->identity_count; i++)
        put_identity(&payload, &request->identities[i]);
    frame_put_u16(&payload, (uint16_t)request->lookup_count);
    for (size_t i = 0; i < request->lookup_count; i++) {
        frame_put_u8(&payload, (uint8_t)request->lookups[i].kind);
        frame_put_u16(&payload, request->lookups[i].identity);
        frame_put_text(&payload, request->lookups[i].name);
        frame_put_text(&payload, request->lookups[i].member);
    }
    frame_seal(frame, WIRE_REQUEST, &payload);
    buffer_free(&payload);
}

static bool read_identity(struct wire_reader *reader, struct identity *identity)
{
    identity->section = read_copy(reader, LIMIT_SECTION_BYTES);
    identity->settings =
        read_array(reader, LIMIT_SETTINGS, sizeof *identity->settings, &identity->count);
    for (size_t i = 0; i < identity->count && !reader->failed; i++) {
        identity->settings[i].key = read_copy(reader, LIMIT_NAME_BYTES);
        identity->settings[i].value = read_copy(reader, LIMIT_SETTING_BYTES);
        if (identity->settings[i].key == NULL || identity->settings[i].value == NULL)
            return false;
    }
    return identity->section != NULL && keepsake_take(&identity->kept, reader);
}

static bool member_is_pointer(const struct lookup *lookup)
{
    bool single = lookup->kind == LOOKUP_PARAMETER || lookup->kind == LOOKUP_SECRET;

    return lookup->member[0] == '\0' || (lookup->member[0] == '/' && single);
}

static bool read_lookup(struct wire_reader *reader, size_t identity_count, struct lookup *lookup)
{
    lookup->kind = wire_read_u8(reader);
    lookup->identity = wire_read_u16(reader);
    lookup->name = read_copy(reader, LIMIT_LOOKUP_NAME_BYTES);
    lookup->member = read_copy(reader, LIMIT_LOOKUP_MEMBER_BYTES);
    return !reader->failed && lookup->name != NULL && lookup->member != NULL &&
           lookup->kind >= LOOKUP_PARAMETER && lookup->kind <= LOOKUP_SECRET &&
           lookup->identity < identity_count && member_is_pointer(lookup);
}

static bool read_request(struct wire_reader *reader, struct request *request)
{
    request->deadline.at = (int64_t)(wire_read_u64(reader) & INT64_MAX);
    request->identities =
        read_array(reader, LIMIT_IDENTITIES, sizeof *request->identities, &request->identity_count);
    for (size_t i = 0; i < request->identity_count; i++) {
        if (!read_identity(reader, &request->identities[i]))
            return false;
    }
    request->lookups =
        read_array(reader, LIMIT_LOOKUPS, sizeof *request->lookups, &request->lookup_count);
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (!read_lookup(reader, request->identity_count, &request->lookups[i]))
            return false;
    }
    return wire_reader_done(reader);
}

bool request_decode(struct request *request, const void *payload, size_t length,
                    struct error *error)
{
    struct wire_reader reader;

    *request = (struct request){0};
    wire_reader_init(&reader, payload, length);
    if (read_request(&reader, request))
        return true;
    request_free(request);
    return error_set(error, "the request is damaged");
}

static void identity_free(struct identity *identity)
{
    for (size_t i = 0; i < identity->count; i++) {
        text_free(identity->settings[i].key);
        text_free(identity->settings[i].value);
    }
    free(identity->settings);
    text_free(identity->section);
    keepsake_free(&identity->kept);
}

void request_free(struct request *request)
{
    for (size_t i = 0; i < request->identity_count; i++)
        identity_free(&request->identities[i]);
    free(request->identities);
    for (size_t i = 0; i < request->lookup_count; i++) {
        text_free(request->lookups[i].name);
        text_free(request->lookups[i].member);
    }
    free(request->lookups);
    *request = (struct request){0};
}

static void put_answer(struct buffer *payload, const struct answer *answer)
{
    frame_put_u8(payload, (uint8_t)answer->state);
    frame_put_text(payload, answer->error != NULL ? answer->error : "");
    frame_put_u16(payload, (uint16_t)answer->count);
    for (size_t i = 0; i < answer->count; i++) {
        frame_put_text(payload, answer->entries[i].name);
        frame_put_text(payload, answer->entries[i].value);
    }
}

void result_put(const struct result *result, struct buffer *bytes)
{
    frame_put_u16(bytes, (uint16_t)result->answer_count);
    for (size_t i = 0; i < result->answer_count; i++)
        put_answer(bytes, &result->answers[i]);
    frame_put_u16(bytes, (uint16_t)result->warning_count);
    for (size_t i = 0; i < result->warning_count; i++)
        frame_put_text(bytes, result->warnings[i]);
}

static void put_learnt(struct buffer *payload, const struct learnt *learnt)
{
    bool useless = learnt->lesson == LESSON_KEEP && !keepsake_is_legal(&learnt->keepsake);

    frame_put_u8(payload, useless ? LESSON_NONE : (uint8_t)learnt->lesson);
    keepsake_put(&learnt->keepsake, payload);
}

void result_encode(const struct result *result, struct buffer *frame)
{
    struct buffer payload = BUFFER_INIT;

    payload.limit = LIMIT_RESULT_BYTES;
    result_put(result, &payload);
    frame_put_u16(&payload, (uint16_t)result->learnt_count);
    for (size_t i = 0; i < result->learnt_count; i++)
        put_learnt(&payload, &result->learnt[i]);
    frame_seal(frame, WIRE_RESULT, &payload);
    buffer_free(&payload);
}

static bool read_answer(struct wire_reader *reader, struct answer *answer)
{
    answer->state = wire_read_u8(reader);
    answer->error = read_copy(reader, LIMIT_MESSAGE_BYTES);
    answer->entries =
        read_array(reader, LIMIT_IMPORT_ENTRIES, sizeof *answer->entries, &answer->count);
    for (size_t i = 0; i < answer->count && !reader->failed; i++) {
        answer->entries[i].name = read_copy(reader, LIMIT_LOOKUP_NAME_BYTES);
        answer->entries[i].value = read_copy(reader, LIMIT_VALUE_BYTES);
        if (answer->entries[i].name == NULL || answer->entries[i].value == NULL)
            return false;
    }
    return !reader->failed && answer->error != NULL && answer->state >= ANSWER_FOUND &&
           answer->state <= ANSWER_FAILED && (answer->state == ANSWER_FOUND || answer->count == 0);
}

static bool read_result(struct wire_reader *reader, struct result *result)
{
    result->answers =
        read_array(reader, LIMIT_LOOKUPS, sizeof *result->answers, &result->answer_count);
    for (size_t i = 0; i < result->answer_count; i++) {
        if (!read_answer(reader, &result->answers[i]))
            return false;
    }
    result->warnings =
        read_array(reader, LIMIT_WARNINGS, sizeof *result->warnings, &result->warning_count);
    for (size_t i = 0; i < result->warning_count; i++) {
        result->warnings[i] = read_copy(reader, LIMIT_MESSAGE_BYTES);
        if (result->warnings[i] == NULL)
            return false;
    }
    return !reader->failed;
}

bool result_take(struct result *result, struct wire_reader *reader, struct error *error)
{
    *result = (struct result){0};
    if (read_result(reader, result))
        return true;
    result_free(result);
    return error_set(error, "the result is damaged");
}

/* Only what is to be kept comes with something to keep. */
static bool read_learnt(struct wire_reader *reader, struct learnt *learnt)
{
    learnt->lesson = wire_read_u8(reader);
    return keepsake_take(&learnt->keepsake, reader) && learnt->lesson <= LESSON_FORGET &&
           (learnt->keepsake.life != 0) == (learnt->lesson == LESSON_KEEP);
}

static bool read_all_learnt(struct wire_reader *reader, struct result *result)
{
    result->learnt =
        read_array(reader, LIMIT_IDENTITIES, sizeof *result->learnt, &result->learnt_count);
    for (size_t i = 0; i < result->learnt_count; i++) {
        if (!read_learnt(reader, &result->learnt[i]))
            return false;
    }
    return !reader->failed;
}

bool result_decode(struct result *result, const void *payload, size_t length, struct error *error)
{
    struct wire_reader reader;

    wire_reader_init(&reader, payload, length);
    if (!result_take(result, &reader, error))
        return false;
    if (read_all_learnt(&reader, result) && wire_reader_done(&reader))
        return true;
    result_free(result);
    return error_set(error, "the result is damaged");
}

static void answer_clear(struct answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        text_free(answer->entries[i].name);
        text_free(answer->entries[i].value);
    }
    free(answer->entries);
    text_free(answer->error);
    *answer = (struct answer){0};
}

void result_free(struct result *result)
{
    for (size_t i = 0; i < result->answer_count; i++)
        answer_clear(&result->answers[i]);
    free(result->answers);
    for (size_t i = 0; i < result->warning_count; i++)
        text_free(result->warnings[i]);
    free(result->warnings);
    for (size_t i = 0; i < result->learnt_count; i++)
        keepsake_free(&result->learnt[i].keepsake);
    free(result->learnt);
    *result = (struct result){0};
}

bool answer_add(struct answer *answer, const char *name, const char *value)
{
    struct entry entry = {text_copy(name), text_copy(value)};
    struct entry *entries = NULL;

    if (entry.name != NULL && entry.value != NULL)
        /* clang-tidy 14 does not see that answer_clear() leaves NULL. NOLINTNEXTLINE */
        entries = list_grow(answer->entries, answer->count, sizeof *entries);
    if (entries == NULL) {
        text_free(entry.name);
        text_free(entry.value);
        return false;
    }
    entries[answer->count++] = entry;
    answer->entries = entries;
    return true;
}

bool answer_set(struct answer *answer, enum answer_state state, const char *error)
{
    char *copy = text_copy(error);

    answer_clear(answer);
    answer->state = state;
    answer->error = copy;
    return copy != NULL;
}

bool answer_copy(struct answer *to, const struct answer *from)
{
    if (!answer_set(to, from->state, from->error != NULL ? from->error : ""))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        if (!answer_add(to, from->entries[i].name, from->entries[i].value))
            return false;
    }
    return true;
}

bool result_warn(struct result *result, const char *warning)
{
    char *copy;
    char **warnings;

    if (result->warning_count >= LIMIT_WARNINGS)
        return true;
    copy = text_copy(warning);
    warnings = copy == NULL
                   ? NULL
                   : reallocarray(result->warnings, result->warning_count + 1, sizeof *warnings);
    if (warnings == NULL) {
        text_free(copy);
        return false;
    }
    warnings[result->warning_count++] = copy;
    result->warnings = warnings;
    return true;
}
