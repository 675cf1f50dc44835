#include "common/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static void put_number(struct buffer *payload, uint32_t value, unsigned width)
{
    for (unsigned i = width; i-- > 0;)
        buffer_append_char(payload, (char)(value >> (8 * i) & 0xff));
}

void frame_put_u8(struct buffer *payload, uint8_t value)
{
    put_number(payload, value, 1);
}

void frame_put_u16(struct buffer *payload, uint16_t value)
{
    put_number(payload, value, 2);
}

void frame_put_u32(struct buffer *payload, uint32_t value)
{
    put_number(payload, value, 4);
}

void frame_put_u64(struct buffer *payload, uint64_t value)
{
    put_number(payload, (uint32_t)(value >> 32), 4);
    put_number(payload, (uint32_t)value, 4);
}

void frame_put_bytes(struct buffer *payload, const char *bytes, size_t length)
{
    frame_put_u32(payload, (uint32_t)length);
    buffer_append(payload, bytes, length);
}

void frame_put_text(struct buffer *payload, const char *text)
{
    frame_put_bytes(payload, text, strlen(text));
}

void frame_seal(struct buffer *frame, enum wire_kind kind, const struct buffer *payload)
{
    if (buffer_failed(payload)) {
        frame->failed = true;
        return;
    }
    buffer_append_text(frame, WIRE_MAGIC);
    frame_put_u8(frame, WIRE_VERSION);
    frame_put_u8(frame, (uint8_t)kind);
    frame_put_u16(frame, 0);
    frame_put_bytes(frame, buffer_text(payload), payload->length);
}

/* Waits until the descriptor can be used; an ended peer counts, read(2) or write(2) then tells. */
static bool wait_for(int descriptor, short events, struct deadline deadline, struct error *error)
{
    struct pollfd poll_descriptor = {.fd = descriptor, .events = events};

    for (;;) {
        int left = deadline_left(deadline);
        int ready;

        if (left == 0)
            return error_set(error, "no time left");
        ready = poll(&poll_descriptor, 1, left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return error_set(error, "poll: %s", strerror(errno));
    }
}

static bool is_passing(int code)
{
    return code == EINTR || code == EAGAIN;
}

bool frame_write(int descriptor, const void *bytes, size_t length, struct deadline deadline,
                 struct error *error)
{
    const char *next = bytes;

    while (length > 0) {
        /* A blocking pipe takes PIPE_BUF bytes after poll(2) said so, more could block. */
        size_t chunk = length < 4096 ? length : 4096;
        ssize_t written;

        if (!wait_for(descriptor, POLLOUT, deadline, error))
            return false;
        written = write(descriptor, next, chunk);
        if (written < 0 && !is_passing(errno))
            return error_set(error, "write: %s", strerror(errno));
        if (written > 0) {
            next += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* Reads up to length bytes into bytes; stores how many came before the end of file. */
static bool read_upto(int descriptor, char *bytes, size_t length, struct deadline deadline,
                      size_t *got, struct error *error)
{
    *got = 0;
    while (*got < length) {
        ssize_t count;

        if (!wait_for(descriptor, POLLIN, deadline, error))
            return false;
        count = read(descriptor, bytes + *got, length - *got);
        if (count == 0)
            return true;
        if (count < 0 && !is_passing(errno))
            return error_set(error, "read: %s", strerror(errno));
        if (count > 0)
            *got += (size_t)count;
    }
    return true;
}

static bool read_payload(int descriptor, size_t length, struct deadline deadline,
                         struct buffer *payload, struct error *error)
{
    char *room = buffer_reserve(payload, length);
    size_t got;
    char extra;

    if (room == NULL)
        return error_set(error, "out of memory");
    if (!read_upto(descriptor, room, length, deadline, &got, error))
        return false;
    if (got < length)
        return error_set(error, "ended after %zu of %zu bytes", got, length);
    buffer_grow(payload, length);
    if (!read_upto(descriptor, &extra, 1, deadline, &got, error))
        return false;
    return got == 0 || error_set(error, "sent more than one frame");
}

bool frame_read(int descriptor, enum wire_kind kind, size_t limit, struct deadline deadline,
                struct buffer *payload, struct error *error)
{
    char header[WIRE_HEADER_BYTES];
    size_t got;
    size_t length;

    buffer_clear(payload);
    if (!read_upto(descriptor, header, sizeof header, deadline, &got, error))
        return false;
    if (got < sizeof header)
        return error_set(error, "ended after %zu bytes, before a frame's header", got);
    if (!wire_read_header(header, kind, limit, &length))
        return error_set(error, "sent no frame of version %d", WIRE_VERSION);
    return read_payload(descriptor, length, deadline, payload, error);
}
