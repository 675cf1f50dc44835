#include "common/membership.h"

#include <stdlib.h>

#include "common/frame.h"

void question_encode(const char *user, const char *const *patterns, size_t count,
                     struct buffer *frame)
{
    struct buffer payload = {.limit = LIMIT_QUESTION_BYTES};

    frame_put_text(&payload, user);
    frame_put_u16(&payload, (uint16_t)count);
    for (size_t i = 0; i < count; i++)
        frame_put_text(&payload, patterns[i]);
    frame_seal(frame, WIRE_QUESTION, &payload);
    if (count > LIMIT_GROUP_PATTERNS)
        frame->failed = true;
    buffer_free(&payload);
}

void membership_encode(const bool *members, size_t count, struct buffer *frame)
{
    struct buffer payload = BUFFER_INIT;

    frame_put_u16(&payload, (uint16_t)count);
    for (size_t i = 0; i < count; i++)
        frame_put_u8(&payload, members[i] ? 1 : 0);
    frame_seal(frame, WIRE_MEMBERSHIP, &payload);
    buffer_free(&payload);
}

static char *read_copy(struct wire_reader *reader, size_t limit)
{
    struct wire_text text = wire_read_text(reader, limit);

    return text_copy_bytes(text.bytes, text.length);
}

static bool read_patterns(struct question *question, struct wire_reader *reader)
{
    size_t count = wire_read_u16(reader);

    if (count > LIMIT_GROUP_PATTERNS)
        return false;
    question->patterns = calloc(count + 1, sizeof *question->patterns);
    while (question->patterns != NULL && question->count < count) {
        char *pattern = read_copy(reader, LIMIT_QUESTION_BYTES);

        if (pattern == NULL)
            return false;
        question->patterns[question->count++] = pattern;
    }
    return question->patterns != NULL;
}

bool question_decode(struct question *question, const struct buffer *payload, struct error *error)
{
    struct wire_reader reader;

    wire_reader_init(&reader, payload->data, payload->length);
    *question = (struct question){.user = read_copy(&reader, LIMIT_USER_BYTES)};
    if (question->user != NULL && read_patterns(question, &reader) && wire_reader_done(&reader))
        return true;
    question_free(question);
    return error_set(error, "sent no question about groups");
}

void question_free(struct question *question)
{
    for (size_t i = 0; i < question->count; i++)
        text_free(question->patterns[i]);
    free(question->patterns);
    text_free(question->user);
    *question = (struct question){0};
}

bool membership_decode(bool *members, size_t count, const struct buffer *payload,
                       struct error *error)
{
    struct wire_reader reader;
    bool ok = true;

    wire_reader_init(&reader, payload->data, payload->length);
    if (wire_read_u16(&reader) != count)
        return error_set(error, "it answered another question");
    for (size_t i = 0; i < count; i++) {
        uint8_t member = wire_read_u8(&reader);

        members[i] = member == 1;
        ok = ok && member <= 1;
    }
    return (ok && wire_reader_done(&reader)) || error_set(error, "it gave no clear answer");
}
