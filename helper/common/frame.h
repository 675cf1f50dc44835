/*
 * Writing frames, and moving whole frames through pipes. include/ssmenv/wire.h has the format and
 * the reading side.
 *
 * The payload is put into a buffer with frame_put_*; frame_seal() then puts the header before it.
 * All input and output ends at a deadline, whatever the peer does; descriptors must be non-blocking
 * or pipes (poll(2) precedes each call).
 */
#ifndef SSMENV_COMMON_FRAME_H
#define SSMENV_COMMON_FRAME_H

#include <stdint.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"
#include "ssmenv/wire.h"

void frame_put_u8(struct buffer *payload, uint8_t value);
void frame_put_u16(struct buffer *payload, uint16_t value);
void frame_put_u32(struct buffer *payload, uint32_t value);
void frame_put_u64(struct buffer *payload, uint64_t value);
void frame_put_text(struct buffer *payload, const char *text);
void frame_put_bytes(struct buffer *payload, const char *bytes, size_t length);

/* Appends header and payload to frame. */
void frame_seal(struct buffer *frame, enum wire_kind kind, const struct buffer *payload);

/* Writes length bytes. A reader that closed early is an error, never a SIGPIPE (which the caller
 * has set to be ignored). */
bool frame_write(int descriptor, const void *bytes, size_t length, struct deadline deadline,
                 struct error *error);

/* Reads one frame of this kind, whose payload of at most limit bytes replaces the contents of
 * payload, up to and including the peer's end of file: bytes after the frame are an error. */
bool frame_read(int descriptor, enum wire_kind kind, size_t limit, struct deadline deadline,
                struct buffer *payload, struct error *error);

#endif
