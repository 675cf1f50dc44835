#include "common/error.h"

#include "tap.h"

static void context_goes_before_the_text(void)
{
    struct error error = ERROR_INIT;

    CHECK(!error_is_set(&error));
    CHECK(!error_set(&error, "no such %s", "parameter"));
    CHECK(!error_context(&error, "%s:%d", "ssmenv.conf", 3));
    CHECK_TEXT(error.text, "ssmenv.conf:3: no such parameter");
    CHECK(error_is_set(&error));
}

static void control_characters_become_question_marks(void)
{
    struct error error = ERROR_INIT;

    error_set(&error, "%s", "a\nb\x1b[31mc\x7f");
    CHECK_TEXT(error.text, "a?b?[31mc?");
    error_set(&error, "%s", "\xc2\x9b\x33\x31m caf\xc3\xa9 \xc2\xa0 \xc2");
    CHECK_TEXT(error.text, "??31m caf\xc3\xa9 \xc2\xa0 \xc2");
}

static void a_long_text_ends_in_dots(void)
{
    struct error error = ERROR_INIT;

    error_set(&error, "%*s", 5000, "x");
    CHECK_INT((long long)strlen(error.text), LIMIT_MESSAGE_BYTES - 1);
    CHECK_TEXT(error.text + strlen(error.text) - 3, "...");
    error_context(&error, "%*s", 5000, "y");
    CHECK_INT((long long)strlen(error.text), LIMIT_MESSAGE_BYTES - 1);
}

static const struct tap_test tests[] = {
    {"context goes before the text", context_goes_before_the_text},
    {"control characters become question marks", control_characters_become_question_marks},
    {"a long text ends in dots", a_long_text_ends_in_dots},
};

TAP_MAIN(tests)
