#include "aws/sigv4.h"

#include <stdlib.h>

#include "tap.h"

#define BODY       "{\"Names\":[\"/app/db\"],\"WithDecryption\":true}"
#define DATE       1440938160 /* 2015-08-30T12:36:00Z */
#define RDS_DATE   1478540373 /* 2016-11-07T17:39:33Z */
#define COUNT(all) (sizeof(all) / sizeof *(all))

/* Arrays, because credentials own their texts and so do not point to constants. */
static char key_id[] = "AKIDEXAMPLE";
static char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
static char token[] = "AQoDYXdzEPT//////////wEXAMPLE+tok==";
static char rds_key_id[] = "akid";
static char rds_secret[] = "skid";

static const struct credentials keys = {.access_key_id = key_id, .secret_access_key = secret};
static const struct credentials temporary_keys = {
    .access_key_id = key_id, .secret_access_key = secret, .session_token = token};
static const struct sigv4_scope scope = {"us-east-1", "ssm", DATE};

static const struct sigv4_header ssm_headers[] = {
    {"Host", "ssm.us-east-1.amazonaws.com"},
    {"Content-Type", "application/x-amz-json-1.1"},
    {"X-Amz-Target", "AmazonSSM.GetParameters"},
};

static const struct sigv4_header host_only[] = {{"Host", "example.amazonaws.com"}};

static struct sigv4_request get_parameters(void)
{
    return (struct sigv4_request){.method = "POST",
                                  .path = "/",
                                  .query = "",
                                  .headers = ssm_headers,
                                  .header_count = COUNT(ssm_headers),
                                  .body = BODY,
                                  .body_length = strlen(BODY)};
}

static struct sigv4_request get(const struct sigv4_header *headers, size_t count)
{
    return (struct sigv4_request){
        .method = "GET", .path = "/", .query = "", .headers = headers, .header_count = count};
}

/* The signature in hex; "" when the request is refused. */
static void sign(const struct sigv4_request *request, char hex[65])
{
    struct sigv4_signature signature;
    struct error error = ERROR_INIT;

    hex[0] = '\0';
    if (!CHECK(sigv4_sign(request, &keys, &scope, &signature, &error)))
        return;
    memcpy(hex, signature.signature, 65);
    sigv4_signature_free(&signature);
}

/* The lines of the canonical request from the given one on, without the names and the digest. */
static void check_canonical(const struct sigv4_request *request, const char *expected)
{
    struct sigv4_signature signature;
    struct error error = ERROR_INIT;

    if (!CHECK(sigv4_sign(request, &keys, &scope, &signature, &error)))
        return;
    CHECK_CONTAINS(buffer_text(&signature.canonical_request), expected);
    sigv4_signature_free(&signature);
}

/* Computed with botocore 1.29.27 and with a second, independent signer. */
static void a_call_of_parameter_store_is_signed(void)
{
    struct sigv4_request request = get_parameters();
    struct sigv4_signature signature;
    struct error error = ERROR_INIT;

    CHECK(sigv4_sign(&request, &keys, &scope, &signature, &error));
    CHECK_TEXT(signature.date, "20150830T123600Z");
    CHECK_TEXT(buffer_text(&signature.authorization),
               "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/ssm/aws4_request, "
               "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
               "502ee12ad407e9ffb4c9b562f2fede480695f63facec5d6479cd1fd3db0c8f35");
    CHECK_TEXT(buffer_text(&signature.canonical_request),
               "POST\n/\n\ncontent-type:application/x-amz-json-1.1\n"
               "host:ssm.us-east-1.amazonaws.com\nx-amz-date:20150830T123600Z\n"
               "x-amz-target:AmazonSSM.GetParameters\n\n"
               "content-type;host;x-amz-date;x-amz-target\n"
               "ec950f33a373f988a34262e330dacbd4935557dd3b57cf3663f20e0acfd2781e");
    sigv4_signature_free(&signature);
}

static void a_session_token_is_signed_too(void)
{
    struct sigv4_request request = get_parameters();
    struct sigv4_signature signature;
    struct error error = ERROR_INIT;

    CHECK(sigv4_sign(&request, &temporary_keys, &scope, &signature, &error));
    CHECK_TEXT(buffer_text(&signature.signed_headers),
               "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
    CHECK_TEXT(signature.signature,
               "313c264e8e75871223acaf0952da9e5c6eeaca79a44901932b8b0216e5438095");
    sigv4_signature_free(&signature);
}

/* The signature is that of botocore's test of generate_db_auth_token(). */
static void a_database_token_is_presigned(void)
{
    const struct credentials rds_keys = {.access_key_id = rds_key_id,
                                         .secret_access_key = rds_secret};
    const struct sigv4_header headers[] = {
        {"Host", "prod-instance.us-east-1.rds.amazonaws.com:3306"}};
    const struct sigv4_scope rds = {"us-east-1", "rds-db", RDS_DATE};
    struct sigv4_request request = get(headers, 1);
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    request.query = "Action=connect&DBUser=someusername";
    buffer_append_text(&query, "https://host/?");
    CHECK(sigv4_presign(&request, &rds_keys, &rds, 900, &query, &signature, &error));
    CHECK_TEXT(signature.signature,
               "d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61");
    CHECK_TEXT(buffer_text(&query),
               "https://host/?Action=connect&DBUser=someusername&X-Amz-Algorithm=AWS4-HMAC-SHA256"
               "&X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request"
               "&X-Amz-Date=20161107T173933Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900"
               "&X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61");
    sigv4_signature_free(&signature);
    buffer_free(&query);
}

/* Computed with botocore 1.29.27. */
static void a_presigned_request_carries_the_session_token_before_the_signature(void)
{
    const struct credentials rds_keys = {
        .access_key_id = rds_key_id, .secret_access_key = rds_secret, .session_token = token};
    const struct sigv4_header headers[] = {
        {"Host", "prod-instance.us-east-1.rds.amazonaws.com:3306"}};
    const struct sigv4_scope rds = {"us-east-1", "rds-db", RDS_DATE};
    struct sigv4_request request = get(headers, 1);
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    request.query = "Action=connect&DBUser=someusername";
    CHECK(sigv4_presign(&request, &rds_keys, &rds, 900, &query, &signature, &error));
    CHECK_CONTAINS(
        buffer_text(&query),
        "&X-Amz-Security-Token=AQoDYXdzEPT%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEXAMPLE%2Btok%3D%3D"
        "&X-Amz-Signature=03ffe6d3996f4fc68638244731379e203d1ee5b26e778a39bdf3f5675fdcbd2a");
    sigv4_signature_free(&signature);
    buffer_free(&query);
}

static void a_presigned_request_is_bound_to_its_body(void)
{
    struct sigv4_request request = get(host_only, 1);
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    request.body = BODY;
    request.body_length = strlen(BODY);
    CHECK(sigv4_presign(&request, &keys, &scope, 60, &query, &signature, &error));
    CHECK_CONTAINS(buffer_text(&signature.canonical_request),
                   "\nec950f33a373f988a34262e330dacbd4935557dd3b57cf3663f20e0acfd2781e");
    sigv4_signature_free(&signature);
    buffer_free(&query);
}

static void order_and_case_of_header_names_do_not_matter(void)
{
    const struct sigv4_header other_order[] = {
        {"x-AMZ-target", "AmazonSSM.GetParameters"},
        {"CONTENT-TYPE", "application/x-amz-json-1.1"},
        {"host", "ssm.us-east-1.amazonaws.com"},
    };
    struct sigv4_request request = get_parameters();
    char first[65];
    char second[65];

    sign(&request, first);
    request.headers = other_order;
    sign(&request, second);
    CHECK_TEXT(second, first);
}

static void a_run_of_blanks_is_one_blank_also_in_quotes(void)
{
    const struct sigv4_header headers[] = {
        {"Host", "example.amazonaws.com"},
        {"A", "  a \t b  "},
        {"B", "\"a   b   c\""},
        {"C", "   "},
        {"D", ""},
    };
    struct sigv4_request request = get(headers, COUNT(headers));

    check_canonical(&request, "\na:a b\nb:\"a b c\"\nc:\nd:\nhost:");
}

static void equal_names_join_their_values_in_the_order_of_the_request(void)
{
    const struct sigv4_header headers[] = {
        {"Host", "example.amazonaws.com"},
        {"My-Header", "b"},
        {"Z", "z"},
        {"my-header", " c"},
        {"MY-HEADER", "a"},
    };
    struct sigv4_request request = get(headers, COUNT(headers));

    check_canonical(&request, "\nmy-header:b,c,a\n");
    check_canonical(&request, "\n\nhost;my-header;x-amz-date;z\n");
}

static void a_name_that_begins_another_sorts_before_it(void)
{
    const struct sigv4_header headers[] = {
        {"Host", "example.amazonaws.com"}, {"x-a-two", "2"}, {"x-a", "1"}};
    struct sigv4_request request = get(headers, COUNT(headers));

    check_canonical(&request, "\nx-a:1\nx-a-two:2\n");
}

static void headers_of_the_connection_are_not_signed(void)
{
    static const char *const names[] = {
        "Connection",
        "Expect",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "X-Amzn-Trace-Id",
        "user-agent",
        "EXPECT",
    };
    struct sigv4_request request = get(host_only, 1);
    char without[65];

    sign(&request, without);
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct sigv4_header headers[] = {host_only[0], {names[i], "100-continue"}};
        struct sigv4_request with = get(headers, COUNT(headers));
        char signature[65];

        sign(&with, signature);
        CHECK_TEXT(signature, without);
    }
}

static void a_query_is_sorted_and_encoded_once(void)
{
    static const struct {
        const char *sent;
        const char *canonical;
    } cases[] = {
        {"", "\n\nhost"},
        {"b=2&a=1", "\na=1&b=2\n"},
        {"a=2&a=10&a=1", "\na=1&a=10&a=2\n"},
        {"k", "\nk=\n"},
        {"k=", "\nk=\n"},
        {"=v", "\n=v\n"},
        {"&a=1&&", "\na=1\n"},
        {"a=b=c", "\na=b%3Dc\n"},
        {"a=b+c", "\na=b%2Bc\n"},
        {"a=%2f%41", "\na=%2FA\n"},
        {"a=x y", "\na=x%20y\n"},
        {"\xe1\x88\xb4=bar", "\n%E1%88%B4=bar\n"},
        {"%E1%88%B4=bar", "\n%E1%88%B4=bar\n"},
        {"b=1&b=0&b-=1&b%2D=2&B=9", "\nB=9&b=0&b=1&b-=1&b-=2\n"},
        {"a=-._~/", "\na=-._~%2F\n"},
        {"a=%00", "\na=%00\n"},
        {"a=100%25", "\na=100%25\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sigv4_request request = get(host_only, 1);

        request.query = cases[i].sent;
        check_canonical(&request, cases[i].canonical);
    }
}

static void a_path_is_encoded_once_more_than_it_is_sent_and_normalised_on_request(void)
{
    static const struct {
        const char *sent;
        const char *kept;
        const char *normalised;
    } cases[] = {
        {"/", "GET\n/\n", "GET\n/\n"},
        {"//", "GET\n//\n", "GET\n/\n"},
        {"/./", "GET\n/./\n", "GET\n/\n"},
        {"/..", "GET\n/..\n", "GET\n/\n"},
        {"/a/.", "GET\n/a/.\n", "GET\n/a\n"},
        {"/a/b/..", "GET\n/a/b/..\n", "GET\n/a\n"},
        {"/a/b/../", "GET\n/a/b/../\n", "GET\n/a/\n"},
        {"/a/../..", "GET\n/a/../..\n", "GET\n/\n"},
        {"//a//b//", "GET\n//a//b//\n", "GET\n/a/b/\n"},
        {"/.a/...", "GET\n/.a/...\n", "GET\n/.a/...\n"},
        {"/a b/\xe1\x88\xb4", "GET\n/a%20b/%E1%88%B4\n", "GET\n/a%20b/%E1%88%B4\n"},
        {"/a%20b", "GET\n/a%2520b\n", "GET\n/a%2520b\n"},
        {"/-._~", "GET\n/-._~\n", "GET\n/-._~\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sigv4_request request = get(host_only, 1);

        request.path = cases[i].sent;
        check_canonical(&request, cases[i].kept);
        request.normalise_path = true;
        check_canonical(&request, cases[i].normalised);
    }
}

static void check_refused(const struct sigv4_request *request, const struct credentials *as,
                          const struct sigv4_scope *where, const char *part)
{
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    CHECK(!sigv4_sign(request, as, where, &signature, &error));
    CHECK_CONTAINS(error.text, "the request cannot be signed");
    CHECK_CONTAINS(error.text, part);
    CHECK(strstr(error.text, "evil") == NULL);
    error = ERROR_INIT;
    CHECK(!sigv4_presign(request, as, where, 60, &query, &signature, &error));
    CHECK_CONTAINS(error.text, part);
    CHECK_INT((long long)query.length, 0);
    buffer_free(&query);
}

static void a_header_that_would_begin_another_one_is_refused(void)
{
    static const struct {
        struct sigv4_header header;
        const char *part;
    } cases[] = {
        {{"X-A", "a\r\nX-Evil: evil"}, "header X-A has a control character"},
        {{"X-A", "a\nevil"}, "control character"},
        {{"X-A", "a\revil"}, "control character"},
        {{"X-A", "a\x01"}, "control character"},
        {{"X-A", "a\x7f"}, "control character"},
        {{"X-A\r\nX-Evil", "a"}, "header 2 has a name"},
        {{"X-A:", "a"}, "header 2 has a name"},
        {{"X A", "a"}, "header 2 has a name"},
        {{"", "a"}, "header 2 has a name"},
        {{"X-\xc3\xa4", "a"}, "header 2 has a name"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct sigv4_header headers[] = {host_only[0], cases[i].header};
        struct sigv4_request request = get(headers, COUNT(headers));

        check_refused(&request, &keys, &scope, cases[i].part);
    }
}

static void what_the_signer_adds_is_refused_from_others(void)
{
    static const char *const names[] = {"X-Amz-Date", "x-amz-security-token", "Authorization"};
    static const char *const queries[] = {
        "X-Amz-Signature=1",
        "a=1&X-Amz-Date=1",
        "x-amz-credential=1",
        "X-Amz-Expires=1",
        "X-Amz-SignedHeaders",
        "X-Amz-Algorithm=",
        "X%2DAmz%2DSecurity%2DToken=1",
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        const struct sigv4_header headers[] = {host_only[0], {names[i], "1"}};
        struct sigv4_request request = get(headers, COUNT(headers));

        check_refused(&request, &keys, &scope, "is the signer's to make");
    }
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct sigv4_request request = get(host_only, 1);
        struct sigv4_signature signature;
        struct buffer query = BUFFER_INIT;
        struct error error = ERROR_INIT;

        request.query = queries[i];
        CHECK(!sigv4_presign(&request, &keys, &scope, 60, &query, &signature, &error));
        CHECK_CONTAINS(error.text, "is the signer's to make");
        buffer_free(&query);
    }
}

static void a_request_has_one_host(void)
{
    const struct sigv4_header two[] = {host_only[0], {"host", "evil.example"}};
    struct sigv4_request with_two = get(two, COUNT(two));
    struct sigv4_request with_none = get(NULL, 0);

    check_refused(&with_two, &keys, &scope, "one header Host, not 2");
    check_refused(&with_none, &keys, &scope, "one header Host, not 0");
}

static void a_request_line_that_would_begin_a_header_is_refused(void)
{
    static const char *const methods[] = {"", "GET /", "GET\r\n"};
    static const char *const paths[] = {"", "a", "/a\r\nevil", "/\x01"};
    static const char *const queries[] = {"a\nevil", "a=%", "a=%4", "a=%zz", "%\xc3\xa4"};
    struct sigv4_request request = get(host_only, 1);

    for (size_t i = 0; i < COUNT(methods); i++) {
        request.method = methods[i];
        check_refused(&request, &keys, &scope, "method");
    }
    request.method = "GET";
    for (size_t i = 0; i < COUNT(paths); i++) {
        request.path = paths[i];
        check_refused(&request, &keys, &scope, "a path to sign");
    }
    request.path = "/";
    for (size_t i = 0; i < COUNT(queries); i++) {
        request.query = queries[i];
        check_refused(&request, &keys, &scope, "the query");
    }
}

static void credentials_and_scope_that_no_header_can_hold_are_refused(void)
{
    struct sigv4_request request = get(host_only, 1);
    static char evil_id[] = "AKID\r\nevil: 1";
    static char blank_token[] = "tok en";
    static char empty_token[] = "";
    struct credentials bad_id = {.access_key_id = evil_id, .secret_access_key = secret};
    struct credentials bad_token = keys;
    struct sigv4_scope bad_region = {"us-east-1/evil", "ssm", DATE};
    struct sigv4_scope bad_service = {"us-east-1", "ssm\nevil", DATE};

    bad_token.session_token = blank_token;
    check_refused(&request, &bad_id, &scope, "access key id");
    check_refused(&request, &bad_token, &scope, "session token");
    bad_token.session_token = empty_token;
    check_refused(&request, &bad_token, &scope, "session token");
    check_refused(&request, &keys, &bad_region, "region or service");
    check_refused(&request, &keys, &bad_service, "region or service");
}

static void a_date_that_the_header_cannot_say_is_refused(void)
{
    struct sigv4_request request = get(host_only, 1);
    struct sigv4_scope year_10000 = {"us-east-1", "ssm", 253402300800};

    struct sigv4_signature signature;
    struct error error = ERROR_INIT;

    check_refused(&request, &keys, &year_10000, "check the clock");
    year_10000.time--;
    CHECK(sigv4_sign(&request, &keys, &year_10000, &signature, &error));
    CHECK_TEXT(signature.date, "99991231T235959Z");
    sigv4_signature_free(&signature);
}

static void a_presigned_request_lives_up_to_seven_days(void)
{
    static const struct {
        unsigned seconds;
        bool allowed;
    } cases[] = {{0, false}, {1, true}, {604800, true}, {604801, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sigv4_request request = get(host_only, 1);
        struct sigv4_signature signature;
        struct buffer query = BUFFER_INIT;
        struct error error = ERROR_INIT;

        CHECK_INT(
            sigv4_presign(&request, &keys, &scope, cases[i].seconds, &query, &signature, &error),
            cases[i].allowed);
        sigv4_signature_free(&signature);
        sigv4_signature_free(&signature);
        buffer_free(&query);
    }
}

static const struct tap_test tests[] = {
    {"a call of Parameter Store is signed as botocore signs it",
     a_call_of_parameter_store_is_signed},
    {"a session token is signed too", a_session_token_is_signed_too},
    {"a database token is presigned as botocore presigns it", a_database_token_is_presigned},
    {"a presigned request carries the session token before the signature",
     a_presigned_request_carries_the_session_token_before_the_signature},
    {"a presigned request is bound to its body", a_presigned_request_is_bound_to_its_body},
    {"order and case of header names do not matter", order_and_case_of_header_names_do_not_matter},
    {"a run of blanks is one blank, also in quotes", a_run_of_blanks_is_one_blank_also_in_quotes},
    {"equal names join their values in the order of the request",
     equal_names_join_their_values_in_the_order_of_the_request},
    {"a name that begins another sorts before it", a_name_that_begins_another_sorts_before_it},
    {"headers of the connection are not signed", headers_of_the_connection_are_not_signed},
    {"a query is sorted and encoded once", a_query_is_sorted_and_encoded_once},
    {"a path is encoded once more than it is sent, and normalised on request",
     a_path_is_encoded_once_more_than_it_is_sent_and_normalised_on_request},
    {"a header that would begin another one is refused",
     a_header_that_would_begin_another_one_is_refused},
    {"what the signer adds is refused from others", what_the_signer_adds_is_refused_from_others},
    {"a request has one Host", a_request_has_one_host},
    {"a request line that would begin a header is refused",
     a_request_line_that_would_begin_a_header_is_refused},
    {"credentials and scope that no header can hold are refused",
     credentials_and_scope_that_no_header_can_hold_are_refused},
    {"a date that the header cannot say is refused", a_date_that_the_header_cannot_say_is_refused},
    {"a presigned request lives up to seven days", a_presigned_request_lives_up_to_seven_days},
};

TAP_MAIN(tests)
