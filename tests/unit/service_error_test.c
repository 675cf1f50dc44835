#include "aws/service_error.h"

#include "tap.h"

static struct service_error read_error(const char *header, const char *body)
{
    struct service_error refusal;

    service_error_read(&refusal, 400, header, "", body, strlen(body));
    return refusal;
}

/* The forms of Smithy's protocol tests for errors, and the order of the places. */
static void the_code_is_found_in_every_form(void)
{
    static const struct {
        const char *header;
        const char *body;
    } forms[] = {
        {"FooError", "{}"},
        {"FooError:http://internal.amazon.com/coral/com.amazon.coral.validate/", "{}"},
        {"aws.protocoltests.restjson#FooError:http://internal.amazon.com/coral/", "{}"},
        {"", "{\"code\": \"FooError\"}"},
        {"", "{\"code\": \"aws.protocoltests.restjson#FooError\"}"},
        {"", "{\"code\": \"aws.protocoltests.restjson#FooError:http://internal.amazon.com/\"}"},
        {"", "{\"__type\": \"FooError\"}"},
        {"", "{\"__type\": \"aws.protocoltests.restjson#FooError\"}"},
        {"", "{\"__type\": \"aws.protocoltests.restjson#FooError:http://internal.amazon.com/\"}"},
        {"", "{\"Code\": \"FooError\"}"},
        {"FooError", "{\"__type\": \"Other\", \"code\": \"Another\"}"},
        {"", "{\"code\": \"Other\", \"__type\": \"FooError\"}"},
        {"FooError", "<html>"},
        {"FooError", ""},
        {"", "<ErrorResponse><Error><Type>Sender</Type><Code>FooError</Code></Error>"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        CHECK_TEXT(read_error(forms[i].header, forms[i].body).code, "FooError");
}

static void bodies_that_are_no_error_have_no_code(void)
{
    static const char *const bodies[] = {
        "",
        "<html><body>503</body></html>",
        "[]",
        "null",
        "{",
        "{\"__type\": 5}",
        "{\"__type\": {\"__type\": \"X\"}}",
        "{\"__type\": \"with blanks\"}",
        "{\"__type\": \"line\\nbreak\"}",
        "{\"__type\": \"nul\\u0000\"}",
        "\xff\xfe\x01",
        "<Code>",
        "<Code></Code>",
        "<Code><b>x</b></Code>",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct service_error refusal = read_error("", bodies[i]);

        CHECK_TEXT(refusal.code, "");
        CHECK_INT(refusal.verdict, SERVICE_UNKNOWN);
        CHECK_INT(refusal.status, 400);
    }
}

static void verdicts_follow_from_codes(void)
{
    static const struct {
        const char *code;
        enum service_verdict verdict;
    } cases[] = {
        {"ParameterNotFound", SERVICE_MISSING},
        {"ParameterVersionNotFound", SERVICE_MISSING},
        {"AccessDeniedException", SERVICE_DENIED},
        {"InvalidKeyId", SERVICE_KEY_DENIED},
        {"KMSAccessDenied", SERVICE_KEY_DENIED},
        {"ValidationException", SERVICE_INVALID},
        {"UnrecognizedClientException", SERVICE_CREDENTIALS},
        {"ExpiredTokenException", SERVICE_CREDENTIALS},
        {"InvalidSignatureException", SERVICE_CREDENTIALS},
        {"SignatureDoesNotMatch", SERVICE_CREDENTIALS},
        {"InvalidClientTokenId", SERVICE_CREDENTIALS},
        {"MissingAuthenticationToken", SERVICE_CREDENTIALS},
        {"IncompleteSignature", SERVICE_CREDENTIALS},
        {"ThrottlingException", SERVICE_BUSY},
        {"InternalServerError", SERVICE_BUSY},
        {"SomethingNew", SERVICE_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!CHECK_INT(read_error(cases[i].code, "{}").verdict, cases[i].verdict))
            printf("# with %s\n", cases[i].code);
    }
}

static void a_denial_that_speaks_of_kms_is_about_the_key(void)
{
    static const char *const messages[] = {
        "User: x is not authorized to perform: kms:Decrypt on resource: y",
        "The ciphertext refers to a customer master key that does not exist",
    };
    char body[256];

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        snprintf(body, sizeof body, "{\"message\": \"%s\"}", messages[i]);
        CHECK_INT(read_error("AccessDeniedException", body).verdict, SERVICE_KEY_DENIED);
        snprintf(body, sizeof body, "{\"Message\": \"%s\"}", messages[i]);
        CHECK_INT(read_error("AccessDeniedException", body).verdict, SERVICE_KEY_DENIED);
    }
    CHECK_INT(read_error("AccessDeniedException",
                         "{\"message\": \"not authorized to perform: ssm:GetParameters\"}")
                  .verdict,
              SERVICE_DENIED);
}

static const char *describe(long status, const char *code, const char *request, const char *body,
                            const char *resource, const char *arn, struct error *error)
{
    struct service_error refusal;

    service_error_read(&refusal, status, code, request, body, strlen(body));
    CHECK(!service_error_describe(&refusal, "ssm:GetParameters", resource, arn, error));
    return error->text;
}

static void a_description_says_what_and_what_to_do(void)
{
    struct error error;

    CHECK_TEXT(describe(400, "AccessDeniedException", "1234-abcd", "{}", "/prod/db",
                        "arn:aws:ssm:us-east-2:*:parameter/prod/db", &error),
               "AccessDeniedException for ssm:GetParameters on /prod/db (request 1234-abcd): the "
               "policy lacks this action on arn:aws:ssm:us-east-2:*:parameter/prod/db");
    CHECK_CONTAINS(describe(400, "InvalidSignatureException", "", "{}", "", "", &error), "clock");
    CHECK_CONTAINS(describe(400, "ExpiredTokenException", "", "{}", "", "", &error), "clock");
    CHECK_CONTAINS(describe(400, "ThrottlingException", "", "{}", "", "", &error), "throttles");
    CHECK_CONTAINS(describe(307, "", "", "", "", "", &error), "redirects are not followed");
    CHECK_CONTAINS(describe(407, "", "", "<html>", "", "", &error),
                   "HTTP status 407 for ssm:GetParameters: this is not how AWS answers");
    CHECK_CONTAINS(describe(503, "", "", "<html>", "", "", &error), "HTTP status 503");
    CHECK_CONTAINS(describe(400, "AccessDeniedException", "",
                            "{\"message\":\"not authorized to perform: kms:Decrypt\"}", "/x",
                            "arn:x", &error),
                   "KMS key");
}

static void nothing_of_a_response_but_code_and_request_is_told(void)
{
    char long_code[300];
    struct error error;
    struct service_error refusal;

    describe(400, "FooError", "id", "{\"message\": \"SECRET\", \"x\": \"SECRET\"}", "", "", &error);
    CHECK(strstr(error.text, "SECRET") == NULL);
    memset(long_code, 'A', sizeof long_code - 1);
    long_code[sizeof long_code - 1] = '\0';
    service_error_read(&refusal, 400, long_code, long_code, "{}", 2);
    CHECK_TEXT(refusal.code, "");
    CHECK_TEXT(refusal.request_id, "");
    service_error_read(&refusal, 400, "Foo Error", "id\x1b[31m", "{}", 2);
    CHECK_TEXT(refusal.code, "");
    CHECK_TEXT(refusal.request_id, "");
}

static const struct tap_test tests[] = {
    {"the code is found in each of the forms that AWS writes", the_code_is_found_in_every_form},
    {"a body that is no error has no code and does no harm", bodies_that_are_no_error_have_no_code},
    {"verdicts follow from codes", verdicts_follow_from_codes},
    {"a denial that speaks of KMS is about the key", a_denial_that_speaks_of_kms_is_about_the_key},
    {"a description says what happened and what to do", a_description_says_what_and_what_to_do},
    {"nothing of a response but code and request id is told",
     nothing_of_a_response_but_code_and_request_is_told},
};

TAP_MAIN(tests)
