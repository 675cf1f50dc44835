#include "aws/ssm_message.h"

#include <stdlib.h>

#include "ssmenv/limits.h"
#include "tap.h"

static struct json read_document(const char *text)
{
    struct json value = {0};

    CHECK(json_read(&value, text, strlen(text)));
    return value;
}

static void requests_are_what_the_api_reference_says(void)
{
    static const char *const names[] = {"/a", "b\"c"};
    struct buffer body = BUFFER_INIT;

    ssm_write_names(&body, names, 2);
    CHECK_TEXT(buffer_text(&body), "{\"Names\":[\"/a\",\"b\\\"c\"],\"WithDecryption\":true}");
    buffer_clear(&body);
    ssm_write_name(&body, "/a:3");
    CHECK_TEXT(buffer_text(&body), "{\"Name\":\"/a:3\",\"WithDecryption\":true}");
    buffer_clear(&body);
    ssm_write_path(&body, "/prod/app/", false, "");
    CHECK_TEXT(buffer_text(&body), "{\"Path\":\"/prod/app\",\"Recursive\":false,"
                                   "\"WithDecryption\":true,\"MaxResults\":10}");
    buffer_clear(&body);
    ssm_write_path(&body, "/", true, "tok\"en");
    CHECK_TEXT(buffer_text(&body),
               "{\"Path\":\"/\",\"Recursive\":true,\"WithDecryption\":true,\"MaxResults\":10,"
               "\"NextToken\":\"tok\\\"en\"}");
    buffer_free(&body);
}

/* Parameters of an answer, as NAME SELECTOR VERSION, each member only where it is given. Values are
 * "0", "1" … in order; the result is the value that answers, or "" for none. */
struct match {
    const char *what;
    const char *asked[4]; /* the first is looked for, all were asked together */
    const char *answer;
    const char *value;
};

#define P(name, rest, value) "{\"Name\":\"" name "\"," rest "\"Value\":\"" value "\"}"
#define SELECTOR(text)       "\"Selector\":\"" text "\","
#define VERSION(number)      "\"Version\":" number ","
#define ARN(text)            "\"ARN\":\"" text "\","
#define SOME_ARN             "arn:aws:ssm:us-east-2:111122223333:parameter"

static const struct match matches[] = {
    {"the plain name", {"/p"}, P("/p", "", "x"), "x"},
    {"another name", {"/p"}, P("/q", "", "x"), ""},
    {"a longer name", {"/p"}, P("/p/q", "", "x"), ""},
    {"a shorter name", {"/p/q"}, P("/p", "", "x"), ""},
    {"another case", {"/p"}, P("/P", "", "x"), ""},
    {"the last of many", {"/c", "/a"}, P("/a", "", "x") "," P("/c", "", "y"), "y"},
    {"the selector as AWS writes it", {"/p:3"}, P("/p", SELECTOR(":3"), "x"), "x"},
    {"the selector without its colon", {"/p:3"}, P("/p", SELECTOR("3"), "x"), "x"},
    {"a label", {"/p:prod"}, P("/p", SELECTOR(":prod"), "x"), "x"},
    {"another selector", {"/p:3"}, P("/p", SELECTOR(":4") VERSION("3"), "x"), ""},
    {"a selector that was not asked", {"/p"}, P("/p", SELECTOR(":3"), "x"), ""},
    {"a version without selector", {"/p:3"}, P("/p", VERSION("3"), "x"), "x"},
    {"another version without selector", {"/p:3"}, P("/p", VERSION("5"), "x"), ""},
    {"a version that is not told", {"/p:3"}, P("/p", "", "x"), ""},
    {"a label without selector", {"/p:prod"}, P("/p", VERSION("3"), "x"), "x"},
    {"a label without selector beside the plain name",
     {"/p:prod", "/p"},
     P("/p", VERSION("3"), "x"),
     ""},
    {"the plain name beside a version, both told",
     {"/p", "/p:3"},
     P("/p", SELECTOR(":3") VERSION("3"), "x") "," P("/p", VERSION("5"), "y"),
     "y"},
    {"the version beside the plain name, both told",
     {"/p:3", "/p"},
     P("/p", SELECTOR(":3") VERSION("3"), "x") "," P("/p", VERSION("5"), "y"),
     "x"},
    {"the plain name beside a version, no selector told",
     {"/p", "/p:3"},
     P("/p", VERSION("3"), "x") "," P("/p", VERSION("5"), "y"),
     ""},
    {"the version beside the plain name, no selector told",
     {"/p:3", "/p"},
     P("/p", VERSION("5"), "y") "," P("/p", VERSION("3"), "x"),
     "x"},
    {"an ARN", {SOME_ARN "/p"}, P("/p", ARN(SOME_ARN "/p"), "x"), "x"},
    {"an ARN of another account",
     {"arn:aws:ssm:us-east-2:444455556666:parameter/p"},
     P("/p", ARN(SOME_ARN "/p"), "x"),
     ""},
    {"an ARN without one in the answer", {SOME_ARN "/p"}, P("/p", "", "x"), ""},
    {"an ARN with a version",
     {SOME_ARN "/p:3"},
     P("/p", ARN(SOME_ARN "/p") SELECTOR(":3"), "x"),
     "x"},
    {"the name and its ARN", {"/p", SOME_ARN "/p"}, P("/p", ARN(SOME_ARN "/p"), "x"), "x"},
};

static void check_match(const struct match *match)
{
    struct buffer document = BUFFER_INIT;
    struct buffer value = BUFFER_INIT;
    struct ssm_found_list list;
    const struct ssm_found *found;
    struct error error = ERROR_INIT;
    size_t count = 0;

    while (count < 4 && match->asked[count] != NULL)
        count++;
    buffer_append_format(&document, "{\"Parameters\":[%s]}", match->answer);
    CHECK(ssm_read_found(&list, read_document(buffer_text(&document))));
    found = ssm_match(&list, match->asked[0], match->asked, count);
    if (found != NULL)
        CHECK(ssm_read_value(found, &value, &error));
    if (!CHECK_TEXT(buffer_text(&value), match->value))
        printf("# %s\n", match->what);
    ssm_found_free(&list);
    buffer_free(&document);
    buffer_free(&value);
}

static void a_parameter_answers_the_name_that_it_has(void)
{
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++)
        check_match(&matches[i]);
}

static void the_base_of_a_name_ends_at_its_selector(void)
{
    static const struct {
        const char *name;
        size_t length;
    } cases[] = {
        {"/a/b", 4},
        {"/a/b:3", 4},
        {"DB_USER:prod", 7},
        {"/aws/reference/secretsmanager/rds!db-1", 38},
        {"arn:aws:ssm:r:1:parameter/a", 27},
        {"arn:aws:ssm:r:1:parameter/a:3", 27},
        {"arn:aws:ssm", 11},
        {"", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_INT((long long)ssm_base_length(cases[i].name), (long long)cases[i].length);
}

static void an_answer_with_something_else_in_it_is_not_whole(void)
{
    static const char *const documents[] = {
        "{}",
        "{\"Parameters\":5}",
        "{\"Parameters\":[5]}",
        "{\"Parameters\":[{}]}",
        "{\"Parameters\":[{\"Name\":\"/p\"}]}",
        "{\"Parameters\":[{\"Name\":5,\"Value\":\"x\"}]}",
        "{\"Parameters\":[{\"Name\":\"\",\"Value\":\"x\"}]}",
        "{\"Parameters\":[{\"Name\":\"a\\u0000b\",\"Value\":\"x\"}]}",
        "{\"Parameter\":[]}",
        "{\"Parameter\":null}",
    };

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct ssm_found_list list;

        if (!CHECK(!ssm_read_found(&list, read_document(documents[i]))))
            printf("# %s\n", documents[i]);
        CHECK_INT((long long)list.count, 0);
        ssm_found_free(&list);
    }
}

static void an_answer_with_too_many_or_too_long_names_is_not_whole(void)
{
    struct buffer document = BUFFER_INIT;
    struct ssm_found_list list;

    buffer_append_text(&document, "{\"Parameters\":[");
    for (int i = 0; i < SSM_FOUND_MAX; i++)
        buffer_append_text(&document, P("/p", "", "x") ",");
    buffer_append_text(&document, P("/p", "", "x") "]}");
    CHECK(!ssm_read_found(&list, read_document(buffer_text(&document))));
    CHECK_INT((long long)list.count, SSM_FOUND_MAX);
    ssm_found_free(&list);
    buffer_clear(&document);
    buffer_append_text(&document, "{\"Parameters\":[{\"Value\":\"x\",\"Name\":\"");
    for (int i = 0; i <= LIMIT_LOOKUP_NAME_BYTES; i++)
        buffer_append_char(&document, 'n');
    buffer_append_text(&document, "\"}]}");
    CHECK(!ssm_read_found(&list, read_document(buffer_text(&document))));
    ssm_found_free(&list);
    buffer_free(&document);
}

static void one_parameter_is_read_like_many(void)
{
    struct ssm_found_list list;
    struct json answer = read_document("{\"Parameter\":" P("/p", VERSION("7"), "x") "}");

    CHECK(ssm_read_found(&list, answer));
    CHECK_INT((long long)list.count, 1);
    CHECK_TEXT(buffer_text(&list.items[0].version), "7");
    ssm_found_free(&list);
}

static void invalid_parameters_are_those_that_were_asked(void)
{
    struct json answer = read_document("{\"InvalidParameters\":[\"/a\",\"/b:3\",5,null]}");

    CHECK(ssm_is_invalid(answer, "/a"));
    CHECK(ssm_is_invalid(answer, "/b:3"));
    CHECK(!ssm_is_invalid(answer, "/b"));
    CHECK(!ssm_is_invalid(answer, "/c"));
    CHECK(!ssm_is_invalid(read_document("{}"), "/a"));
    CHECK(!ssm_is_invalid(read_document("{\"InvalidParameters\":\"/a\"}"), "/a"));
}

static void the_token_is_text_or_nothing(void)
{
    static const struct {
        const char *document;
        const char *token; /* NULL: refused */
    } cases[] = {
        {"{\"NextToken\":\"abc\"}", "abc"}, {"{\"NextToken\":\"\"}", ""},
        {"{\"NextToken\":null}", ""},       {"{}", ""},
        {"{\"NextToken\":5}", NULL},        {"{\"NextToken\":\"a\\u0000\"}", NULL},
    };
    struct buffer token = BUFFER_INIT;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool read;

        buffer_clear(&token);
        buffer_append_text(&token, "of the page before");
        read = ssm_read_token(read_document(cases[i].document), &token);
        CHECK_INT(read, cases[i].token != NULL);
        if (read)
            CHECK_TEXT(buffer_text(&token), cases[i].token);
    }
    buffer_free(&token);
}

static const struct tap_test tests[] = {
    {"requests are what the API reference says", requests_are_what_the_api_reference_says},
    {"a parameter answers the name that it has, never by its position",
     a_parameter_answers_the_name_that_it_has},
    {"the base of a name ends at its selector", the_base_of_a_name_ends_at_its_selector},
    {"an answer with something else in it is not whole",
     an_answer_with_something_else_in_it_is_not_whole},
    {"an answer with too many or too long names is not whole",
     an_answer_with_too_many_or_too_long_names_is_not_whole},
    {"one parameter is read like many", one_parameter_is_read_like_many},
    {"invalid parameters are those that were asked", invalid_parameters_are_those_that_were_asked},
    {"the token is text or nothing", the_token_is_text_or_nothing},
};

TAP_MAIN(tests)
