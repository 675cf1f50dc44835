#include "ssmenv/wire.h"

#include <stdlib.h>

#include "tap.h"

/* Memory of exactly this size, so that AddressSanitizer sees a byte too much. */
static struct wire_reader reader_of(const void *bytes, size_t length, void **memory)
{
    struct wire_reader reader;

    *memory = malloc(length > 0 ? length : 1);
    if (*memory == NULL)
        abort();
    memcpy(*memory, bytes, length);
    wire_reader_init(&reader, *memory, length);
    return reader;
}

static void numbers_are_big_endian(void)
{
    void *memory;
    struct wire_reader reader = reader_of("\x01\x02\x03\xff\xfe\xfd\xfc", 7, &memory);

    CHECK_INT(wire_read_u8(&reader), 0x01);
    CHECK_INT(wire_read_u16(&reader), 0x0203);
    CHECK_INT(wire_read_u32(&reader), 0xfffefdfc);
    CHECK(wire_reader_done(&reader));
    free(memory);
}

static void a_text_is_its_length_and_its_bytes(void)
{
    void *memory;
    struct wire_reader reader = reader_of("\0\0\0\5a=\n\xff b\0\0\0\0", 14, &memory);
    struct wire_text text = wire_read_text(&reader, 5);

    CHECK_INT((long long)text.length, 5);
    CHECK(memcmp(text.bytes, "a=\n\xff ", 5) == 0);
    CHECK_INT(wire_read_u8(&reader), 'b');
    text = wire_read_text(&reader, 0);
    CHECK_INT((long long)text.length, 0);
    CHECK(text.bytes != NULL);
    CHECK(wire_reader_done(&reader));
    free(memory);
}

static void a_text_that_breaks_a_rule_fails_the_reader(void)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t length;
        size_t limit;
    } cases[] = {
        {"length cut off", "\0\0\0", 3, 10},
        {"longer than what is left", "\0\0\0\3ab", 6, 10},
        {"longer than its limit", "\0\0\0\3abc", 7, 2},
        {"with a NUL", "\0\0\0\3a\0c", 7, 10},
        {"length of 4 GiB",
         "\xff\xff\xff\xff"
         "abc",
         7, SIZE_MAX},
        {"nothing at all", "", 0, 10},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *memory;
        struct wire_reader reader = reader_of(cases[i].bytes, cases[i].length, &memory);
        struct wire_text text = wire_read_text(&reader, cases[i].limit);

        if (!CHECK(reader.failed) || !CHECK(!wire_reader_done(&reader)) ||
            !CHECK(text.length == 0 && text.bytes != NULL))
            printf("# %s\n", cases[i].what);
        free(memory);
    }
}

static void a_failed_reader_stays_failed_and_yields_nothing(void)
{
    void *memory;
    struct wire_reader reader = reader_of("\1\2\3", 3, &memory);

    CHECK_INT(wire_read_u32(&reader), 0);
    CHECK_INT(wire_read_u8(&reader), 0);
    CHECK_INT(wire_read_u16(&reader), 0);
    CHECK_INT((long long)wire_read_text(&reader, 10).length, 0);
    CHECK(!wire_reader_done(&reader));
    free(memory);
}

static void a_byte_left_over_is_not_done(void)
{
    void *memory;
    struct wire_reader reader = reader_of("\1\2", 2, &memory);

    wire_read_u8(&reader);
    CHECK(!reader.failed);
    CHECK(!wire_reader_done(&reader));
    free(memory);
}

static void a_header_is_checked_in_every_field(void)
{
    static const char good[WIRE_HEADER_BYTES] = {'S', 'S', 'M', 'E', 1, WIRE_REPLY,
                                                 0,   0,   0,   0,   1, 4};
    size_t length = 0;

    CHECK(wire_read_header(good, WIRE_REPLY, 260, &length));
    CHECK_INT((long long)length, 260);
    CHECK(!wire_read_header(good, WIRE_REPLY, 259, &length));
    CHECK(!wire_read_header(good, WIRE_RESULT, 260, &length));
    for (size_t i = 0; i < 8; i++) {
        char bad[WIRE_HEADER_BYTES];

        memcpy(bad, good, sizeof bad);
        bad[i] = (char)(bad[i] ^ 0x40);
        if (!CHECK(!wire_read_header(bad, WIRE_REPLY, 260, &length)))
            printf("# byte %zu\n", i);
    }
}

/* Whatever the bytes are, reading ends inside them; AddressSanitizer watches. */
static void no_bytes_lead_outside_of_themselves(void)
{
    unsigned state = 1;

    for (int round = 0; round < 20000; round++) {
        unsigned char bytes[24];
        size_t length = (size_t)round % sizeof bytes;
        struct wire_reader reader;
        void *memory;

        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 1103515245U + 12345U;
            bytes[i] = (state >> 16) % 3 == 0 ? (unsigned char)(state >> 24) : 0;
        }
        reader = reader_of(bytes, length, &memory);
        while (!reader.failed && reader.left > 0) {
            struct wire_text text = wire_read_text(&reader, 16);

            CHECK(text.length <= length);
            CHECK(memchr(text.bytes, 0, text.length) == NULL);
        }
        free(memory);
    }
}

static const struct tap_test tests[] = {
    {"numbers are big-endian", numbers_are_big_endian},
    {"a text is its length and its bytes", a_text_is_its_length_and_its_bytes},
    {"a text that breaks a rule fails the reader", a_text_that_breaks_a_rule_fails_the_reader},
    {"a failed reader stays failed and yields nothing",
     a_failed_reader_stays_failed_and_yields_nothing},
    {"a byte left over is not done", a_byte_left_over_is_not_done},
    {"a header is checked in every field", a_header_is_checked_in_every_field},
    {"no bytes lead outside of themselves", no_bytes_lead_outside_of_themselves},
};

TAP_MAIN(tests)
