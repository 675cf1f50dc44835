#include <stdlib.h>

#include "aws/clock.h"
#include "aws/credentials_json.h"
#include "aws/credentials_provider.h"
#include "aws/shell_words.h"
#include "aws/timestamp.h"
#include "aws/url.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static void check_words(const char *text, const char *expected)
{
    struct shell_words split;
    struct error error = ERROR_INIT;
    struct buffer joined = BUFFER_INIT;

    if (!shell_words_split(&split, text, &error)) {
        CHECK_TEXT(expected, NULL);
        return;
    }
    for (size_t i = 0; i < split.count; i++)
        buffer_append_format(&joined, "[%s]", split.words[i]);
    CHECK_TEXT(buffer_text(&joined), expected);
    buffer_free(&joined);
    shell_words_free(&split);
}

/* What Python's shlex.split makes of them. */
static void a_command_is_split_as_shlex_does(void)
{
    check_words("a b", "[a][b]");
    check_words("  a\t b \n", "[a][b]");
    check_words("'a b' \"c d\"", "[a b][c d]");
    check_words("a'b'\"c\"d", "[abcd]");
    check_words("a '' b", "[a][][b]");
    check_words("a\\ b", "[a b]");
    check_words("'a\\b'", "[a\\b]");
    check_words("\"a\\b\\\"\\\\\"", "[a\\b\"\\]");
    check_words("a # b", "[a][#][b]");
    check_words("$HOME `x` * ~ | ;", "[$HOME][`x`][*][~][|][;]");
    check_words("'a", NULL);
    check_words("\"a", NULL);
    check_words("a\\", NULL);
    check_words("", NULL);
    check_words("  ", NULL);
}

static void more_words_than_there_is_room_for_are_refused(void)
{
    char text[2 * SHELL_WORDS_MAX + 3];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? 'a' : ' ';
    text[sizeof text - 1] = '\0';
    check_words(text, NULL);
}

static void check_time(const char *text, int64_t expected)
{
    int64_t seconds = -1;

    CHECK_INT(timestamp_read(text, &seconds) ? seconds : -1, expected);
}

static void times_are_those_of_the_calendar(void)
{
    check_time("1970-01-01T00:00:00Z", 0);
    check_time("2026-11-24T12:00:00Z", 1795521600);
    check_time("2026-11-24T12:00:00.123456Z", 1795521600);
    check_time("2026-11-24T13:30:00+01:30", 1795521600);
    check_time("2026-11-24T07:00:00-05:00", 1795521600);
    check_time("2024-02-29T00:00:00Z", 1709164800);
    check_time("2026-02-29T00:00:00Z", -1);
    check_time("2026-13-01T00:00:00Z", -1);
    check_time("2026-00-01T00:00:00Z", -1);
    check_time("2026-11-24T24:00:00Z", -1);
    check_time("2026-11-24T12:00:00", -1);
    check_time("2026-11-24 12:00:00Z", -1);
    check_time("2026-11-24T12:00:00Zx", -1);
    check_time("2026-11-24T12:00:00.Z", -1);
    check_time("", -1);
}

static void check_http_time(const char *text, int64_t expected)
{
    int64_t seconds = -1;

    CHECK_INT(timestamp_read_http(text, &seconds) ? seconds : -1, expected);
}

static void the_header_date_has_one_form(void)
{
    check_http_time("Tue, 24 Nov 2026 12:00:00 GMT", 1795521600);
    check_http_time("Tue, 24 Nov 2026 12:00:00", -1);
    check_http_time("Tuesday, 24-Nov-26 12:00:00 GMT", -1);
    check_http_time("Tue, 31 Nov 2026 12:00:00 GMT", -1);
    check_http_time("", -1);
}

static void a_clock_is_corrected_once_and_only_when_it_is_far_off(void)
{
    struct clock clock = {.offset = 0};
    char date[64];
    time_t near = time(NULL) + 230;
    time_t far = time(NULL) + 3600;
    struct tm parts;

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&near, &parts));
    CHECK(!clock_correct(&clock, date));
    CHECK(!clock_correct(&clock, "yesterday"));
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&far, &parts));
    CHECK(clock_correct(&clock, date));
    CHECK(llabs((long long)(clock_now(&clock) - far)) <= 2);
    CHECK(!clock_correct(&clock, date));
}

static void a_url_is_judged_by_its_host(void)
{
    static const struct {
        const char *url;
        bool loopback;
        bool link_local;
    } cases[] = {
        {"http://127.0.0.1:1/x", true, false},
        {"http://127.9.9.9", true, false},
        {"http://[::1]/", true, false},
        {"http://LocalHost/", true, false},
        {"http://169.254.169.254", false, true},
        {"http://[fd00:ec2::254]", false, true},
        {"http://[fe80::1]", false, true},
        {"http://localhost.evil.example", false, false},
        {"http://169.254.1.1.example", false, false},
        {"http://10.0.0.1", false, false},
        {"https://example.com/127.0.0.1", false, false},
    };
    struct url_target target;

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(url_find_target(cases[i].url, &target));
        CHECK_INT(target.loopback, cases[i].loopback);
        CHECK_INT(target.link_local, cases[i].link_local);
    }
    CHECK(!url_find_target("http://127.0.0.1@evil.example/", &target));
    CHECK(!url_find_target("ftp://127.0.0.1/", &target));
    CHECK(!url_find_target("127.0.0.1", &target));
    CHECK(!url_find_target("", &target));
}

static void a_session_name_has_only_what_sts_takes(void)
{
    static const struct {
        const char *configured;
        const char *instance_id;
        const char *expected;
    } cases[] = {
        {NULL, NULL, "ssmenv"},
        {"", NULL, "ssmenv"},
        {"x", NULL, "ssmenv"},
        {"ops_team=a,b.c@d-e", NULL, "ops_team=a,b.c@d-e"},
        {"a b/%u\xc3\xa4", NULL, "a-b--u--"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789", NULL,
         "0123456789012345678901234567890123456789012345678901234567890123"},
        {"%i", "i-01", "i-01"},
        {"%i@%i", "i-01", "i-01@i-01"},
        {"%i", NULL, "-i"},
        {"01234567890123456789012345678901234567890123456789012345678901%i", "i-0123",
         "01234567890123456789012345678901234567890123456789012345678901i-"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *name = role_session_name(cases[i].configured, cases[i].instance_id);

        CHECK_TEXT(name, cases[i].expected);
        text_free(name);
    }
}

static void check_document(const char *text, const char *expected)
{
    struct credentials credentials;
    struct error error = ERROR_INIT;
    struct json document;

    CHECK(json_read(&document, text, strlen(text)));
    if (credentials_read_json(&credentials, document, "Token", &error))
        CHECK_TEXT(expected, "");
    else
        CHECK_CONTAINS(error.text, expected);
    credentials_free(&credentials);
}

static void a_document_is_refused_for_each_member_that_is_wrong(void)
{
    check_document("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "");
    check_document("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Token\":null}", "");
    check_document("{\"SecretAccessKey\":\"b\"}", "AccessKeyId is missing");
    check_document("{\"AccessKeyId\":1,\"SecretAccessKey\":\"b\"}", "AccessKeyId is no text");
    check_document("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"\"}", "SecretAccessKey is empty");
    check_document("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Token\":\"a\\nb\"}",
                   "Token is empty or has a byte");
    check_document("{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Expiration\":1}",
                   "Expiration is no text");
}

static void credentials_last_a_minute_by_the_time_of_who_gave_them(void)
{
    struct credentials credentials = {.expires = 1000060, .told = 1000000};
    struct error error = ERROR_INIT;

    CHECK(credentials_last(&credentials, NULL, &error));
    credentials.expires = 1000059;
    CHECK(!credentials_last(&credentials, NULL, &error));
    CHECK_CONTAINS(error.text, "expire in 59 seconds");
    credentials.expires = 999999;
    CHECK(!credentials_last(&credentials, NULL, &error));
    CHECK_CONTAINS(error.text, "have expired");
    credentials.expires = 0;
    CHECK(credentials_last(&credentials, NULL, &error));
}

static const struct tap_test tests[] = {
    {"a command is split as shlex does", a_command_is_split_as_shlex_does},
    {"more words than there is room for are refused",
     more_words_than_there_is_room_for_are_refused},
    {"times are those of the calendar", times_are_those_of_the_calendar},
    {"the header Date has one form", the_header_date_has_one_form},
    {"a clock is corrected once, and only when it is far off",
     a_clock_is_corrected_once_and_only_when_it_is_far_off},
    {"a URL is judged by its host", a_url_is_judged_by_its_host},
    {"a session name has only what STS takes", a_session_name_has_only_what_sts_takes},
    {"a document is refused for each member that is wrong",
     a_document_is_refused_for_each_member_that_is_wrong},
    {"credentials last a minute by the time of who gave them",
     credentials_last_a_minute_by_the_time_of_who_gave_them},
};

TAP_MAIN(tests)
