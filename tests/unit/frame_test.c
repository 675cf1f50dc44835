#include "common/frame.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/reply.h"
#include "tap.h"

#define LIMIT 1000

/* What frame_read() says of these bytes, followed by the end of file or, with open_end, by silence.
 */
static bool read_bytes(const void *bytes, size_t length, bool open_end, int64_t wait_ms,
                       struct buffer *payload, struct error *error)
{
    int ends[2];
    bool ok;

    if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], bytes, length) != (ssize_t)length)
        return CHECK(!"pipe");
    if (!open_end)
        close(ends[1]);
    ok = frame_read(ends[0], WIRE_RESULT, LIMIT, deadline_in(wait_ms), payload, error);
    close(ends[0]);
    if (open_end)
        close(ends[1]);
    return ok;
}

static void make_frame(struct buffer *frame, enum wire_kind kind, const char *text)
{
    struct buffer payload = BUFFER_INIT;

    frame_put_text(&payload, text);
    frame_seal(frame, kind, &payload);
    buffer_free(&payload);
}

static void a_frame_arrives_as_it_was_sealed(void)
{
    struct buffer frame = BUFFER_INIT;
    struct buffer payload = BUFFER_INIT;
    struct error error = ERROR_INIT;
    struct wire_reader reader;
    struct wire_text text;

    make_frame(&frame, WIRE_RESULT, "hello");
    CHECK(read_bytes(frame.data, frame.length, false, 5000, &payload, &error));
    wire_reader_init(&reader, payload.data, payload.length);
    text = wire_read_text(&reader, 100);
    CHECK_INT((long long)text.length, 5);
    CHECK(memcmp(text.bytes, "hello", 5) == 0);
    CHECK(wire_reader_done(&reader));
    buffer_free(&frame);
    buffer_free(&payload);
}

static void every_truncation_is_an_error(void)
{
    struct buffer frame = BUFFER_INIT;

    make_frame(&frame, WIRE_RESULT, "hello");
    for (size_t length = 0; length < frame.length; length++) {
        struct buffer payload = BUFFER_INIT;
        struct error error = ERROR_INIT;

        CHECK(!read_bytes(frame.data, length, false, 5000, &payload, &error));
        CHECK_CONTAINS(error.text, "ended after");
        buffer_free(&payload);
    }
    buffer_free(&frame);
}

static void another_kind_version_or_size_is_an_error(void)
{
    static const struct {
        size_t offset;
        char byte;
    } changes[] = {{0, 'X'}, {4, 2}, {5, WIRE_REPLY}, {6, 1}, {7, 1}, {8, 1}, {10, 0x7f}};

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct buffer frame = BUFFER_INIT;
        struct buffer payload = BUFFER_INIT;
        struct error error = ERROR_INIT;

        make_frame(&frame, WIRE_RESULT, "hello");
        frame.data[changes[i].offset] = changes[i].byte;
        CHECK(!read_bytes(frame.data, frame.length, false, 5000, &payload, &error));
        CHECK_CONTAINS(error.text, "sent no frame of version 1");
        buffer_free(&frame);
        buffer_free(&payload);
    }
}

static void bytes_after_the_frame_are_an_error(void)
{
    struct buffer frame = BUFFER_INIT;
    struct buffer payload = BUFFER_INIT;
    struct error error = ERROR_INIT;

    make_frame(&frame, WIRE_RESULT, "hello");
    buffer_append_char(&frame, 'x');
    CHECK(!read_bytes(frame.data, frame.length, false, 5000, &payload, &error));
    CHECK_TEXT(error.text, "sent more than one frame");
    buffer_free(&frame);
    buffer_free(&payload);
}

static void silence_ends_at_the_deadline(void)
{
    struct buffer payload = BUFFER_INIT;
    struct error error = ERROR_INIT;

    CHECK(!read_bytes("SS", 2, true, 20, &payload, &error));
    CHECK_TEXT(error.text, "no time left");
    buffer_free(&payload);
}

static void a_reader_that_left_is_an_error_and_one_that_sleeps_meets_the_deadline(void)
{
    char block[65536] = {0};
    int ends[2];
    struct error error = ERROR_INIT;
    struct deadline soon;

    signal(SIGPIPE, SIG_IGN);
    if (!CHECK(pipe2(ends, O_CLOEXEC) == 0))
        return;
    soon = deadline_in(50);
    while (frame_write(ends[1], block, sizeof block, soon, &error))
        ;
    CHECK_TEXT(error.text, "no time left");
    close(ends[0]);
    CHECK(!frame_write(ends[1], block, sizeof block, deadline_in(5000), &error));
    CHECK_CONTAINS(error.text, "write: ");
    close(ends[1]);
}

static void a_reply_holds_outcome_messages_and_variables(void)
{
    char name[] = "DB_PASS";
    char value[] = "a\nb=c";
    const char *warnings[] = {"left out: A", "left out: B"};
    struct variable variables[] = {{name, value}};
    struct reply reply = {.outcome = WIRE_PARTIAL,
                          .source = WIRE_SOURCE_FETCHED,
                          .error = "denied",
                          .warnings = warnings,
                          .warning_count = 2,
                          .variables = variables,
                          .variable_count = 1};
    struct buffer frame = BUFFER_INIT;
    struct wire_reader reader;
    size_t length = 0;
    struct wire_text text;

    reply_encode(&reply, &frame);
    CHECK(wire_read_header(frame.data, WIRE_REPLY, LIMIT_REPLY_BYTES, &length));
    CHECK_INT((long long)length, (long long)(frame.length - WIRE_HEADER_BYTES));
    wire_reader_init(&reader, frame.data + WIRE_HEADER_BYTES, length);
    CHECK_INT(wire_read_u8(&reader), WIRE_PARTIAL);
    CHECK_INT(wire_read_u8(&reader), WIRE_SOURCE_FETCHED);
    CHECK_INT(wire_read_u32(&reader), 0);
    CHECK_INT((long long)wire_read_text(&reader, 100).length, 6);
    CHECK_INT(wire_read_u16(&reader), 2);
    wire_read_text(&reader, 100);
    wire_read_text(&reader, 100);
    CHECK_INT(wire_read_u16(&reader), 1);
    CHECK_INT((long long)wire_read_text(&reader, 100).length, 7);
    text = wire_read_text(&reader, 100);
    CHECK(text.length == 5 && memcmp(text.bytes, value, 5) == 0);
    CHECK(wire_reader_done(&reader));
    buffer_free(&frame);
}

static const struct tap_test tests[] = {
    {"a frame arrives as it was sealed", a_frame_arrives_as_it_was_sealed},
    {"a frame cut at any byte is an error", every_truncation_is_an_error},
    {"another magic, kind, version or size is an error", another_kind_version_or_size_is_an_error},
    {"bytes after the frame are an error", bytes_after_the_frame_are_an_error},
    {"a peer that falls silent is left at the deadline", silence_ends_at_the_deadline},
    {"writing ends at the deadline, and with an error when the reader has left",
     a_reader_that_left_is_an_error_and_one_that_sleeps_meets_the_deadline},
    {"a reply holds outcome, messages and variables", a_reply_holds_outcome_messages_and_variables},
};

TAP_MAIN(tests)
