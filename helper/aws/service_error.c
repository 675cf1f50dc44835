#include "aws/service_error.h"

#include <stdio.h>
#include <string.h>

#include "aws/json.h"
#include "aws/retry.h"

/* The words that follow the colon. */
#define LACKS_ACTION "the policy lacks this action"
#define CHECK_CLOCK  "check the secret key and this machine's clock"
#define EXPIRED      "the credentials have expired: renew them, and check this machine's clock"
#define UNSIGNED                                                                                   \
    "the signature did not arrive as it was sent: check endpoint_url and what lies between"
#define UNKNOWN_KEY                                                                                \
    "AWS does not know this access key or session token: check the credentials and the region"
#define IDENTITY_TOKEN                                                                             \
    "the identity provider's token is not valid: check web_identity_token_file, and the provider " \
    "and audience that the role trusts"
#define NAME_UNUSABLE "this is no name that the service takes"
#define KEY_UNUSABLE                                                                               \
    "the KMS key of the value is missing, disabled or not allowed: the role's policy and the "     \
    "key's own have to allow kms:Decrypt on it"

static const struct known_code {
    const char *code;
    enum service_verdict verdict;
    const char *advice;
} known_codes[] = {
    {"ParameterNotFound", SERVICE_MISSING, "there is no such parameter in this account and region"},
    {"ParameterVersionNotFound", SERVICE_MISSING, "there is no such version or label"},
    {"ParameterVersionLabelNotFound", SERVICE_MISSING, "there is no such version or label"},
    {"ResourceNotFoundException", SERVICE_MISSING,
     "there is no such secret, stage or version in this account and region"},
    {"AccessDeniedException", SERVICE_DENIED, LACKS_ACTION},
    {"AccessDenied", SERVICE_DENIED, LACKS_ACTION},
    {"UnauthorizedOperation", SERVICE_DENIED, LACKS_ACTION},
    {"InvalidKeyId", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"DecryptionFailure", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"KMSAccessDenied", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"KMSAccessDeniedException", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"KMSDisabledException", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"KMSInvalidStateException", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"KMSNotFoundException", SERVICE_KEY_DENIED, KEY_UNUSABLE},
    {"ValidationException", SERVICE_INVALID, NAME_UNUSABLE},
    {"ValidationError", SERVICE_INVALID, NAME_UNUSABLE},
    {"SerializationException", SERVICE_INVALID, NAME_UNUSABLE},
    {"InvalidParameterException", SERVICE_INVALID, NAME_UNUSABLE},
    {"InvalidRequestException", SERVICE_UNKNOWN,
     "the secret is marked for deletion: restore it, or name another"},
    {"UnrecognizedClientException", SERVICE_CREDENTIALS, UNKNOWN_KEY},
    {"InvalidClientTokenId", SERVICE_CREDENTIALS, UNKNOWN_KEY},
    {"InvalidAccessKeyId", SERVICE_CREDENTIALS, UNKNOWN_KEY},
    {"AuthFailure", SERVICE_CREDENTIALS, UNKNOWN_KEY},
    {"ExpiredTokenException", SERVICE_CREDENTIALS, EXPIRED},
    {"ExpiredToken", SERVICE_CREDENTIALS, EXPIRED},
    {"InvalidIdentityToken", SERVICE_CREDENTIALS, IDENTITY_TOKEN},
    {"RequestExpired", SERVICE_CREDENTIALS, CHECK_CLOCK},
    {"RequestTimeTooSkewed", SERVICE_CREDENTIALS, CHECK_CLOCK},
    {"RequestInTheFuture", SERVICE_CREDENTIALS, CHECK_CLOCK},
    {"InvalidSignatureException", SERVICE_CREDENTIALS, CHECK_CLOCK},
    {"SignatureDoesNotMatch", SERVICE_CREDENTIALS, CHECK_CLOCK},
    {"IncompleteSignature", SERVICE_CREDENTIALS, UNSIGNED},
    {"IncompleteSignatureException", SERVICE_CREDENTIALS, UNSIGNED},
    {"MissingAuthenticationToken", SERVICE_CREDENTIALS, UNSIGNED},
    {"MissingAuthenticationTokenException", SERVICE_CREDENTIALS, UNSIGNED},
    {"OptInRequired", SERVICE_CREDENTIALS,
     "the account has not enabled this region: enable it, or name another region"},
};

static const struct known_code *find_code(const char *code)
{
    for (size_t i = 0; i < sizeof known_codes / sizeof *known_codes; i++) {
        if (strcmp(known_codes[i].code, code) == 0)
            return &known_codes[i];
    }
    return NULL;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Copies a word of at most size - 1 token characters; anything else leaves "". */
static void copy_token(char *token, size_t size, const char *text, size_t length)
{
    token[0] = '\0';
    if (length >= size)
        return;
    for (size_t i = 0; i < length; i++) {
        if (!is_token_char(text[i]))
            return;
    }
    memcpy(token, text, length);
    token[length] = '\0';
}

/* The code of "name.space#Code:https://…". */
static void copy_code(struct service_error *refusal, const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    const char *hash;

    if (colon != NULL)
        length = (size_t)(colon - text);
    hash = memrchr(text, '#', length);
    if (hash != NULL) {
        length -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    copy_token(refusal->code, sizeof refusal->code, text, length);
}

/* Appends the text of the first of these members that is a string. */
static bool find_text(struct json body, const char *const *names, size_t count, struct buffer *text)
{
    for (size_t i = 0; i < count; i++) {
        struct json member;

        if (json_member(body, names[i], &member) && json_string(member, text))
            return true;
    }
    return false;
}

/* SSM passes on what KMS said as its own AccessDeniedException; only the message tells. */
static bool is_about_key(struct json body)
{
    static const char *const names[] = {"message", "Message"};
    static const char *const words[] = {"kms:", "KMS", "ciphertext"};
    struct buffer message = BUFFER_INIT;
    bool about = false;

    if (find_text(body, names, sizeof names / sizeof *names, &message)) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            about = about || strstr(buffer_text(&message), words[i]) != NULL;
    }
    buffer_free(&message);
    return about;
}

static void read_json(struct service_error *refusal, struct json body)
{
    static const char *const names[] = {"__type", "code", "Code"};
    struct buffer code = BUFFER_INIT;

    if (refusal->code[0] == '\0' && find_text(body, names, sizeof names / sizeof *names, &code))
        copy_code(refusal, buffer_text(&code), code.length);
    buffer_free(&code);
}

/* <Code>…</Code> of the query protocols' ErrorResponse. */
static void read_xml(struct service_error *refusal, const char *body, size_t length)
{
    static const char open[] = "<Code>";
    const char *code = memmem(body, length, open, sizeof open - 1);
    const char *end;

    if (code == NULL || refusal->code[0] != '\0')
        return;
    code += sizeof open - 1;
    end = memchr(code, '<', length - (size_t)(code - body));
    if (end != NULL)
        copy_code(refusal, code, (size_t)(end - code));
}

static enum service_verdict judge(const struct service_error *refusal)
{
    const struct known_code *known = find_code(refusal->code);

    if (known != NULL)
        return known->verdict;
    return retry_classify(refusal->code, refusal->status) != RETRY_NEVER ? SERVICE_BUSY
                                                                         : SERVICE_UNKNOWN;
}

void service_error_read(struct service_error *refusal, long status, const char *error_type,
                        const char *request_id, const char *body, size_t length)
{
    struct json value;

    *refusal = (struct service_error){.status = status};
    copy_code(refusal, error_type, strlen(error_type));
    copy_token(refusal->request_id, sizeof refusal->request_id, request_id, strlen(request_id));
    if (json_read(&value, body, length))
        read_json(refusal, value);
    else
        read_xml(refusal, body, length);
    refusal->verdict = judge(refusal);
    if (refusal->verdict == SERVICE_DENIED && json_read(&value, body, length) &&
        is_about_key(value))
        refusal->verdict = SERVICE_KEY_DENIED;
}

static const char *advice(const struct service_error *refusal)
{
    const struct known_code *known = find_code(refusal->code);

    if (refusal->verdict == SERVICE_KEY_DENIED)
        return KEY_UNUSABLE;
    if (known != NULL)
        return known->advice;
    if (retry_classify(refusal->code, refusal->status) == RETRY_THROTTLED)
        return "AWS throttles these calls: ask less often (ttl in [cache]), or have the quota "
               "raised";
    if (refusal->verdict == SERVICE_BUSY)
        return "AWS or something before it is out of order, which passes: health.aws.amazon.com "
               "tells what AWS knows";
    if (refusal->status >= 300 && refusal->status < 400)
        return "redirects are not followed: check endpoint_url";
    if (refusal->code[0] == '\0')
        return "this is not how AWS answers: check endpoint_url and what lies between";
    return "AWS refused the call, with a code that is new here: AWS's API reference explains it";
}

bool service_error_describe(const struct service_error *refusal, const char *action,
                            const char *resource, const char *arn, struct error *error)
{
    bool lacks_action = refusal->verdict == SERVICE_DENIED && arn[0] != '\0';
    char what[SERVICE_ERROR_CODE_BYTES + 16];
    char request[SERVICE_ERROR_REQUEST_BYTES + 16] = "";

    if (refusal->code[0] != '\0')
        strcpy(what, refusal->code);
    else
        snprintf(what, sizeof what, "HTTP status %ld", refusal->status);
    if (refusal->request_id[0] != '\0')
        snprintf(request, sizeof request, " (request %s)", refusal->request_id);
    return error_set(error, "%s for %s%s%s%s: %s%s%s", what, action,
                     resource[0] != '\0' ? " on " : "", resource, request, advice(refusal),
                     lacks_action ? " on " : "", lacks_action ? arn : "");
}
