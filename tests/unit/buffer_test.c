#include "common/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static void appended_pieces_make_one_text(void)
{
    struct buffer buffer = BUFFER_INIT;

    CHECK_TEXT(buffer_text(&buffer), "");
    buffer_append(&buffer, "ab", 2);
    buffer_append_char(&buffer, 'c');
    buffer_append_text(&buffer, "de");
    buffer_append_format(&buffer, "%d", 42);
    CHECK_TEXT(buffer_text(&buffer), "abcde42");
    CHECK_INT((long long)buffer.length, 7);
    buffer_free(&buffer);
    buffer_free(&buffer);
    CHECK(buffer.data == NULL);
}

static void numbers_are_decimal(void)
{
    static const size_t numbers[] = {0, 7, 10, 4294967296, SIZE_MAX};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct buffer buffer = BUFFER_INIT;
        char expected[32];

        buffer_append_number(&buffer, numbers[i]);
        snprintf(expected, sizeof expected, "%zu", numbers[i]);
        CHECK_TEXT(buffer_text(&buffer), expected);
        buffer_free(&buffer);
    }
}

static void growth_keeps_the_contents(void)
{
    struct buffer buffer = BUFFER_INIT;

    for (int i = 0; i < 10000; i++)
        buffer_append_char(&buffer, (char)('a' + i % 26));
    CHECK_INT((long long)buffer.length, 10000);
    for (size_t i = 0; i < buffer.length; i++) {
        if (!CHECK(buffer.data[i] == (char)('a' + i % 26)))
            break;
    }
    buffer_free(&buffer);
}

static void passing_the_limit_fails_for_good_and_drops_the_contents(void)
{
    struct buffer buffer = BUFFER_INIT;

    buffer.limit = 8;
    buffer_append_text(&buffer, "12345678");
    CHECK(!buffer_failed(&buffer));
    buffer_append_char(&buffer, '9');
    CHECK(buffer_failed(&buffer));
    buffer_append_char(&buffer, 'x');
    CHECK_TEXT(buffer_text(&buffer), "");
    buffer_free(&buffer);
    CHECK(!buffer_failed(&buffer));
}

static void clearing_wipes_the_memory_and_keeps_it(void)
{
    struct buffer buffer = BUFFER_INIT;
    const char *data;

    buffer_append_text(&buffer, "secret");
    data = buffer.data;
    buffer_clear(&buffer);
    CHECK(buffer.data == data);
    for (size_t i = 0; i < 6; i++)
        CHECK_INT(data[i], 0);
    buffer_free(&buffer);
}

static const struct tap_test tests[] = {
    {"appended pieces make one text", appended_pieces_make_one_text},
    {"numbers are decimal", numbers_are_decimal},
    {"growth keeps the contents", growth_keeps_the_contents},
    {"passing the limit fails for good and drops the contents",
     passing_the_limit_fails_for_good_and_drops_the_contents},
    {"clearing wipes the memory and keeps it", clearing_wipes_the_memory_and_keeps_it},
};

TAP_MAIN(tests)
