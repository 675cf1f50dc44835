#include "common/reply.h"

#include <string.h>

#include "common/frame.h"
#include "ssmenv/limits.h"

static void put_message(struct buffer *payload, const char *text)
{
    size_t length = strlen(text);

    frame_put_bytes(payload, text, length < LIMIT_MESSAGE_BYTES ? length : LIMIT_MESSAGE_BYTES);
}

void reply_encode(const struct reply *reply, struct buffer *frame)
{
    size_t warnings = reply->warning_count < LIMIT_WARNINGS ? reply->warning_count : LIMIT_WARNINGS;
    struct buffer payload = BUFFER_INIT;

    payload.limit = LIMIT_REPLY_BYTES;
    frame_put_u8(&payload, (uint8_t)reply->outcome);
    frame_put_u8(&payload, (uint8_t)reply->source);
    frame_put_u32(&payload, reply->stale_seconds);
    put_message(&payload, reply->error);
    frame_put_u16(&payload, (uint16_t)warnings);
    for (size_t i = 0; i < warnings; i++)
        put_message(&payload, reply->warnings[i]);
    frame_put_u16(&payload, (uint16_t)reply->variable_count);
    for (size_t i = 0; i < reply->variable_count; i++) {
        frame_put_text(&payload, reply->variables[i].name);
        frame_put_text(&payload, reply->variables[i].value);
    }
    frame_seal(frame, WIRE_REPLY, &payload);
    buffer_free(&payload);
}
