#include "aws/sts.h"

#include "aws/xml.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

#define ANSWER(members)                                                                            \
    "<?xml version=\"1.0\"?>\n<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/\">\n"         \
    "<AssumeRoleResult><AssumedRoleUser><Arn>x</Arn></AssumedRoleUser><Credentials>" members       \
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define ID      "<AccessKeyId>ASIAX</AccessKeyId>"
#define SECRET  "<SecretAccessKey>s/+=&amp;</SecretAccessKey>"
#define TOKEN   "<SessionToken>t==</SessionToken>"
#define EXPIRES "<Expiration>2026-11-24T12:00:00Z</Expiration>"

static void an_answer_gives_all_four_members(void)
{
    static const char text[] = ANSWER(TOKEN SECRET EXPIRES ID);
    struct credentials credentials;
    struct error error = ERROR_INIT;

    CHECK(sts_read_answer(&credentials, "AssumeRole", text, strlen(text), &error));
    CHECK_TEXT(credentials.access_key_id, "ASIAX");
    CHECK_TEXT(credentials.secret_access_key, "s/+=&");
    CHECK_TEXT(credentials.session_token, "t==");
    CHECK_INT(credentials.expires, 1795521600);
    credentials_free(&credentials);
}

static void an_answer_without_a_member_is_refused(void)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {ANSWER(SECRET TOKEN EXPIRES), "AccessKeyId is missing"},
        {ANSWER(ID TOKEN EXPIRES), "SecretAccessKey is missing"},
        {ANSWER(ID SECRET EXPIRES), "SessionToken is missing"},
        {ANSWER(ID SECRET TOKEN), "Expiration is missing"},
        {ANSWER(ID SECRET TOKEN "<Expiration>soon</Expiration>"), "Expiration is no time"},
        {ANSWER("<AccessKeyId>a b</AccessKeyId>" SECRET TOKEN EXPIRES), "AccessKeyId is missing"},
        {ANSWER("<AccessKeyId></AccessKeyId>" SECRET TOKEN EXPIRES), "AccessKeyId is missing"},
        {"", "is missing"},
        {"{}", "is missing"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct credentials credentials;
        struct error error = ERROR_INIT;

        CHECK(!sts_read_answer(&credentials, "AssumeRole", cases[i].text, strlen(cases[i].text),
                               &error));
        CHECK_CONTAINS(error.text, cases[i].error);
    }
}

static void an_answer_of_another_operation_is_refused(void)
{
    static const char text[] = ANSWER(ID SECRET TOKEN EXPIRES);
    struct credentials credentials;
    struct error error = ERROR_INIT;

    CHECK(!sts_read_answer(&credentials, "AssumeRoleWithWebIdentity", text, strlen(text), &error));
}

static void an_answer_cut_anywhere_is_refused(void)
{
    static const char text[] = ANSWER(ID SECRET TOKEN EXPIRES);
    size_t whole = (size_t)(strstr(text, "</Expiration>") - text) + strlen("</Expiration>");

    for (size_t length = 0; length < whole - strlen("/Expiration>"); length++) {
        struct credentials credentials;
        struct error error = ERROR_INIT;

        CHECK(!sts_read_answer(&credentials, "AssumeRole", text, length, &error));
    }
}

static void check_xml(const char *text, const char *path, const char *expected)
{
    struct buffer value = BUFFER_INIT;
    bool found = xml_find(text, strlen(text), path, &value);

    CHECK_TEXT(found ? buffer_text(&value) : "(none)", expected);
    buffer_free(&value);
}

static void elements_are_found_by_their_whole_path(void)
{
    check_xml("<a><b>1</b></a>", "a/b", "1");
    check_xml("<a><c><b>2</b></c><b>1</b></a>", "a/b", "1");
    check_xml("<a x='1'><b y=\"2\">1</b></a>", "a/b", "1");
    check_xml("<a><b/><c>1</c></a>", "a/c", "1");
    check_xml("<a><b></b></a>", "a/b", "");
    check_xml("<a><b>&lt;&gt;&amp;&quot;&apos;</b></a>", "a/b", "<>&\"'");
    check_xml("<a><b>1</b></a>", "b", "(none)");
    check_xml("<a><b>1</b></a>", "a", "(none)");
}

static void what_aws_never_sends_is_refused(void)
{
    check_xml("<!DOCTYPE a [<!ENTITY e 'x'>]><a><b>&e;</b></a>", "a/b", "(none)");
    check_xml("<a><b>&e;</b></a>", "a/b", "(none)");
    check_xml("<a><b>&#65;</b></a>", "a/b", "(none)");
    check_xml("<a><!-- --><b>1</b></a>", "a/b", "(none)");
    check_xml("<a><b><![CDATA[1]]></b></a>", "a/b", "(none)");
    check_xml("<a></c><b>1</b></a>", "a/b", "(none)");
    check_xml("</a><b>1</b>", "b", "(none)");
    check_xml("<a><b>1<c/></b></a>", "a/b", "(none)");
    check_xml("<1><2><3><4><5><6><7><8><9>x</9></8></7></6></5></4></3></2></1>",
              "1/2/3/4/5/6/7/8/9", "(none)");
}

static const struct tap_test tests[] = {
    {"an answer gives all four members", an_answer_gives_all_four_members},
    {"an answer without a member is refused", an_answer_without_a_member_is_refused},
    {"an answer of another operation is refused", an_answer_of_another_operation_is_refused},
    {"an answer cut anywhere is refused", an_answer_cut_anywhere_is_refused},
    {"elements are found by their whole path", elements_are_found_by_their_whole_path},
    {"what AWS never sends is refused", what_aws_never_sends_is_refused},
};

TAP_MAIN(tests)
