/*
 * The frames that cross the pipes between module, helper and fetcher.
 *
 * A frame is a header of WIRE_HEADER_BYTES (the four bytes "SSME", one byte version, one byte kind,
 * two bytes zero, four bytes payload length) and a payload. Numbers are unsigned and big-endian; a
 * text is its length in four bytes and then its bytes, without NUL. There is no terminator and no
 * line, since values may hold any byte but NUL.
 *
 * This file knows how to read: struct wire_reader checks every length against what is left, and
 * after the first violation it stays failed and yields zeros and empty texts, so that a decoder can
 * read a whole structure and ask wire_reader_done() once. Texts point into the caller's bytes;
 * nothing here allocates. Writing is the helpers' business (helper/common/frame.h).
 *
 * Reply payload (helper to module, kind WIRE_REPLY):
 *     u8 outcome (enum wire_outcome), u8 source (enum wire_source), u32 age of stale values in
 * seconds, text error (empty when the outcome is WIRE_COMPLETE), u16 number of warnings, that many
 * texts, u16 number of variables, that many pairs of texts: name, value. Request and result (helper
 * to fetcher and back) are described in helper/common/exchange.h, question and membership (helper
 * to groups and back) in helper/common/membership.h.
 */
#ifndef SSMENV_WIRE_H
#define SSMENV_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_MAGIC        "SSME"
#define WIRE_VERSION      1
#define WIRE_HEADER_BYTES 12

enum wire_kind {
    WIRE_REPLY = 1,      /* helper to module */
    WIRE_REQUEST = 2,    /* helper to fetcher */
    WIRE_RESULT = 3,     /* fetcher to helper */
    WIRE_QUESTION = 4,   /* helper to groups */
    WIRE_MEMBERSHIP = 5, /* groups to helper */
};

/* A partial outcome carries the variables of the sets that succeeded and the error of those that
 * did not. A failed one carries no variables. */
enum wire_outcome {
    WIRE_COMPLETE = 0,
    WIRE_PARTIAL = 1,
    WIRE_FAILED = 2,
};

/* Where the values came from; of several sets, the one of the highest number. */
enum wire_source {
    WIRE_SOURCE_NONE = 0, /* constants only, or nothing configured */
    WIRE_SOURCE_CACHE = 1,
    WIRE_SOURCE_FETCHED = 2,
    WIRE_SOURCE_STALE = 3,
};

struct wire_text {
    const char *bytes; /* not terminated; never NULL */
    size_t length;     /* in bytes */
};

struct wire_reader {
    const unsigned char *bytes;
    size_t left;
    bool failed;
};

static inline void wire_reader_init(struct wire_reader *reader, const void *bytes, size_t length)
{
    reader->bytes = bytes;
    reader->left = length;
    reader->failed = false;
}

static inline uint32_t wire_read_number(struct wire_reader *reader, size_t width)
{
    uint32_t value = 0;

    if (reader->failed || reader->left < width) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < width; i++)
        value = (value << 8) | reader->bytes[i];
    reader->bytes += width;
    reader->left -= width;
    return value;
}

static inline uint8_t wire_read_u8(struct wire_reader *reader)
{
    return (uint8_t)wire_read_number(reader, 1);
}

static inline uint16_t wire_read_u16(struct wire_reader *reader)
{
    return (uint16_t)wire_read_number(reader, 2);
}

static inline uint32_t wire_read_u32(struct wire_reader *reader)
{
    return wire_read_number(reader, 4);
}

static inline uint64_t wire_read_u64(struct wire_reader *reader)
{
    uint64_t high = wire_read_u32(reader);

    return high << 32 | wire_read_u32(reader);
}

/* A text of at most limit bytes without NUL; anything else fails the reader. */
static inline struct wire_text wire_read_text(struct wire_reader *reader, size_t limit)
{
    struct wire_text text = {"", 0};
    uint32_t length = wire_read_u32(reader);

    if (reader->failed || length > limit || length > reader->left ||
        memchr(reader->bytes, 0, length) != NULL) {
        reader->failed = true;
        return text;
    }
    text.bytes = (const char *)reader->bytes;
    text.length = length;
    reader->bytes += length;
    reader->left -= length;
    return text;
}

/* True when nothing was violated and nothing is left over. */
static inline bool wire_reader_done(const struct wire_reader *reader)
{
    return !reader->failed && reader->left == 0;
}

/* Checks a frame's header (WIRE_HEADER_BYTES at header) and stores the payload's length. False when
 * it is no frame of this kind and version, or when its payload is longer than limit. */
static inline bool wire_read_header(const void *header, enum wire_kind kind, size_t limit,
                                    size_t *payload_length)
{
    struct wire_reader reader;
    uint8_t version;
    uint8_t found_kind;
    uint16_t reserved;
    uint32_t length;

    if (memcmp(header, WIRE_MAGIC, sizeof WIRE_MAGIC - 1) != 0)
        return false;
    wire_reader_init(&reader, (const unsigned char *)header + sizeof WIRE_MAGIC - 1,
                     WIRE_HEADER_BYTES - (sizeof WIRE_MAGIC - 1));
    version = wire_read_u8(&reader);
    found_kind = wire_read_u8(&reader);
    reserved = wire_read_u16(&reader);
    length = wire_read_u32(&reader);
    if (!wire_reader_done(&reader) || version != WIRE_VERSION || found_kind != kind ||
        reserved != 0 || length > limit)
        return false;
    *payload_length = length;
    return true;
}

#endif
