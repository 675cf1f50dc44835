#include "aws/select.h"

#include "aws/json.h"
#include "tap.h"

/* The member's text, or the error's after "error: ". */
static const char *selected(const char *json, const char *pointer, struct buffer *text)
{
    struct error error = ERROR_INIT;

    buffer_clear(text);
    if (!select_member(json, pointer, text, &error)) {
        buffer_clear(text);
        buffer_append_format(text, "error: %s", error.text);
    }
    return buffer_text(text);
}

struct selection {
    const char *json;
    const char *pointer;
    const char *text;
};

static void check_all(const struct selection *cases, size_t count)
{
    struct buffer text = BUFFER_INIT;

    for (size_t i = 0; i < count; i++) {
        if (!CHECK_CONTAINS(selected(cases[i].json, cases[i].pointer, &text), cases[i].text) ||
            (strncmp(cases[i].text, "error", 5) != 0 &&
             !CHECK_TEXT(buffer_text(&text), cases[i].text)))
            printf("# for %s in %s\n", cases[i].pointer, cases[i].json);
    }
    buffer_free(&text);
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof *(cases))

/* RFC 6901 §5. */
static void the_examples_of_rfc_6901_hold(void)
{
#define DOCUMENT                                                                                   \
    "{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4, "      \
    "\"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8 }"
    static const struct selection cases[] = {
        {DOCUMENT, "/foo", "[\"bar\",\"baz\"]"},
        {DOCUMENT, "/foo/0", "bar"},
        {DOCUMENT, "/", "0"},
        {DOCUMENT, "/a~1b", "1"},
        {DOCUMENT, "/c%d", "2"},
        {DOCUMENT, "/e^f", "3"},
        {DOCUMENT, "/g|h", "4"},
        {DOCUMENT, "/i\\j", "5"},
        {DOCUMENT, "/k\"l", "6"},
        {DOCUMENT, "/ ", "7"},
        {DOCUMENT, "/m~0n", "8"},
    };

    CHECK_ALL(cases);
}

static void numbers_keep_every_digit(void)
{
    static const struct selection cases[] = {
        {"{\"n\": 12345678901234567890123}", "/n", "12345678901234567890123"},
        {"{\"n\": 9007199254740993}", "/n", "9007199254740993"},
        {"{\"n\":-0}", "/n", "-0"},
        {"{\"n\":1.10}", "/n", "1.10"},
        {"{\"n\":1E+400}", "/n", "1E+400"},
        {"{\"n\":0.1000000000000000055511151231257827}", "/n",
         "0.1000000000000000055511151231257827"},
        {"{\"n\":[9007199254740993, 1.10]}", "/n", "[9007199254740993,1.10]"},
    };

    CHECK_ALL(cases);
}

static void texts_and_literals_are_given_as_they_are(void)
{
    static const struct selection cases[] = {
        {"{\"s\":\"a\\nb\\u00e9\\ud83d\\ude00\\\"\"}", "/s", "a\nb\xc3\xa9\xf0\x9f\x98\x80\""},
        {"{\"s\":\"\"}", "/s", ""},
        {"{\"s\":true}", "/s", "true"},
        {"{\"s\":false}", "/s", "false"},
        {"{\"s\":\"true\"}", "/s", "true"},
        {"{\"o\": { \"b\" : [ 1 , \"x y\\\" z\" ] , \"a\":{} } }", "/o",
         "{\"b\":[1,\"x y\\\" z\"],\"a\":{}}"},
        {"{\"o\":{\"a\":{\"b\":\"deep\"}}}", "/o/a/b", "deep"},
        {"[[\"x\"],[\"y\"]]", "/1/0", "y"},
        {"{\"a\":\"first\",\"a\":\"last\"}", "/a", "last"},
        {"{\"0\":\"member\"}", "/0", "member"},
        {" {\"a\" :\t\"b\"\r\n} ", "/a", "b"},
        {"{\"a\":1,\"A\":2}", "/A", "2"},
    };

    CHECK_ALL(cases);
}

static void what_is_not_there_is_an_error(void)
{
    static const struct selection cases[] = {
        {"{\"a\":null}", "/a", "error: the member /a is null"},
        {"{\"a\":1}", "/b", "error: the value has no member /b"},
        {"{\"a\":1}", "/a/b", "error: the value has no member /a/b"},
        {"{\"a\":\"text\"}", "/a/0", "error: the value has no member /a/0"},
        {"[1]", "/1", "error: the value has no member /1"},
        {"[1]", "/-", "error: the value has no member /-"},
        {"[1,2]", "/01", "error: the value has no member /01"},
        {"[1]", "/99999999999999999999", "error: the value has no member"},
        {"[1]", "/+0", "error: the value has no member"},
        {"5", "/a", "error: the value has no member /a"},
        {"{\"a\":1}", "/a~2", "error: /a~2 is no JSON pointer"},
        {"{\"a\":1}", "/a~", "error: /a~ is no JSON pointer"},
        {"{\"a\":\"x\\u0000y\"}", "/a", "error: the member /a has a NUL"},
        {"{\"a\":\"\xff\"}", "/a", "error: the member /a has a NUL or is not UTF-8"},
        {"{\"a\":\"\xc0\xaf\"}", "/a", "error: the member /a has a NUL or is not UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "/a", "error: the member /a has a NUL or is not UTF-8"},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", "/a", "error: the member /a has a NUL or is not UTF-8"},
    };

    CHECK_ALL(cases);
}

static void what_is_no_json_has_no_members(void)
{
    static const char *const documents[] = {
        "",
        "postgres://user@host",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":\"\\x\"}",
        "[1,]",
        "{\"a\":1,}",
        "\"open",
        "{\"a\":NaN}",
        "{\"a\":\"\\ud800\"}",
        "// x\n{\"a\":1}",
    };
    struct buffer text = BUFFER_INIT;

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        if (!CHECK_CONTAINS(selected(documents[i], "/a", &text), "error: "))
            printf("# in %s\n", documents[i]);
    }
    buffer_free(&text);
}

static void an_escaped_backslash_before_u0000_is_no_nul(void)
{
    static const struct selection cases[] = {
        {"{\"a\":\"\\\\u0000\"}", "/a", "\\u0000"},
        {"{\"a\":\"\\\\\\u0000\"}", "/a", "error: the member /a has a NUL"},
    };

    CHECK_ALL(cases);
}

static void deep_nesting_does_not_end_the_program(void)
{
    struct buffer document = BUFFER_INIT;
    struct buffer text = BUFFER_INIT;

    for (int i = 0; i < 100000; i++)
        buffer_append_char(&document, '[');
    CHECK_CONTAINS(selected(buffer_text(&document), "/0", &text), "error: the value is no JSON");
    buffer_free(&document);
    buffer_free(&text);
}

static void errors_never_hold_the_value(void)
{
    struct buffer text = BUFFER_INIT;

    CHECK(strstr(selected("SECRET", "/a", &text), "SECRET") == NULL);
    CHECK(strstr(selected("{\"SECRET\":\"SECRET\"}", "/a", &text), "SECRET") == NULL);
    buffer_free(&text);
}

static void a_quoted_text_reads_back_as_it_was(void)
{
    static const char original[] = "/a\"b\\c\x01\x1f\n\t\xc3\xa9/%u";
    struct buffer json = BUFFER_INIT;
    struct buffer text = BUFFER_INIT;
    struct json value;

    json_quote(&json, original);
    CHECK(json_read(&value, json.data, json.length) && json_string(value, &text));
    CHECK_TEXT(buffer_text(&text), original);
    buffer_free(&json);
    buffer_free(&text);
}

static const struct tap_test tests[] = {
    {"the examples of RFC 6901 hold", the_examples_of_rfc_6901_hold},
    {"numbers keep every digit", numbers_keep_every_digit},
    {"texts and literals are given as they are, objects and arrays without blanks",
     texts_and_literals_are_given_as_they_are},
    {"what is not there, null or no text is an error", what_is_not_there_is_an_error},
    {"what is no JSON has no members", what_is_no_json_has_no_members},
    {"an escaped backslash before u0000 is no NUL", an_escaped_backslash_before_u0000_is_no_nul},
    {"deep nesting does not end the program", deep_nesting_does_not_end_the_program},
    {"errors never hold the value", errors_never_hold_the_value},
    {"a quoted text reads back as it was", a_quoted_text_reads_back_as_it_was},
};

TAP_MAIN(tests)
