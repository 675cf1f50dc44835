#include "aws/sts.h"

#include <string.h>

#include "aws/call.h"
#include "aws/endpoint.h"
#include "aws/sigv4_canonical.h"
#include "aws/timestamp.h"
#include "aws/xml.h"

#define VALUE_MAX 8192

static void add_field(struct buffer *form, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buffer_append_format(form, "&%s=", name);
    canonical_encode(form, value, strlen(value), "");
}

static void write_form(struct buffer *form, const char *operation, const struct assumed_role *role)
{
    buffer_append_format(form, "Version=2011-06-15&Action=%s", operation);
    add_field(form, "RoleArn", role->arn);
    add_field(form, "RoleSessionName", role->session_name);
    add_field(form, "ExternalId", role->external_id);
    add_field(form, "WebIdentityToken", role->web_identity_token);
    if (role->duration != 0)
        buffer_append_format(form, "&DurationSeconds=%u", role->duration);
}

/* A member of the credentials, on the heap; an error names it. */
static char *take_member(const char *operation, const char *name, const char *text, size_t length,
                         struct error *error)
{
    struct buffer value = {.limit = VALUE_MAX};
    struct buffer path = BUFFER_INIT;
    char *member = NULL;

    buffer_append_format(&path, "%sResponse/%sResult/Credentials/%s", operation, operation, name);
    if (xml_find(text, length, buffer_text(&path), &value) && !buffer_failed(&value) &&
        credential_is_legal(buffer_text(&value)))
        member = text_copy(buffer_text(&value));
    else
        error_set(error, "%s is missing in its answer, or is none", name);
    buffer_free(&path);
    buffer_free(&value);
    return member;
}

bool sts_read_answer(struct credentials *credentials, const char *operation, const char *text,
                     size_t length, struct error *error)
{
    struct error first = ERROR_INIT;
    char *expiration = take_member(operation, "Expiration", text, length, &first);
    bool ok;

    *credentials = (struct credentials){
        .access_key_id = take_member(operation, "AccessKeyId", text, length, &first),
        .secret_access_key = take_member(operation, "SecretAccessKey", text, length, &first),
        .session_token = take_member(operation, "SessionToken", text, length, &first),
    };
    ok = !error_is_set(&first);
    if (ok && !timestamp_read(expiration, &credentials->expires))
        ok = error_set(&first, "Expiration is no time in its answer");
    text_free(expiration);
    if (ok)
        return true;
    credentials_free(credentials);
    *error = first;
    return false;
}

/* The one call is its own source: it is begun once. */
struct single {
    struct call call;
    bool begun;
};

static struct call *begin(void *context)
{
    struct single *single = context;

    if (single->begun)
        return NULL;
    single->begun = true;
    return &single->call;
}

static void finished(void *context, struct call *call)
{
    (void)context;
    (void)call;
}

static bool describe_refusal(const struct call *call, const struct assumed_role *role,
                             struct error *error)
{
    struct error said = ERROR_INIT;

    call_describe(call, role->arn, "", &said);
    return error_set(error, "%s%s", said.text,
                     call->outcome == CALL_REFUSED && call->refusal.verdict == SERVICE_DENIED
                         ? ", or the role's trust policy does not name who asks"
                         : "");
}

static bool ask(const struct service *service, const char *operation,
                const struct assumed_role *role, const struct credential_access *access,
                struct credentials *credentials, struct error *error)
{
    struct single single = {.call = {.service = service, .operation = operation}};
    const struct call_source source = {begin, finished, &single};
    struct call *call = &single.call;
    bool ok;

    write_form(&call->body, operation, role);
    calls_run(access->http, &source, access->deadline);
    if (!single.begun)
        ok = error_set(error, "time ended before %s could be asked", service->host);
    else if (call->outcome != CALL_ANSWERED)
        ok = describe_refusal(call, role, error);
    else
        ok = sts_read_answer(credentials, operation, buffer_text(&call->exchange.response.body),
                             call->exchange.response.body.length, error) ||
             error_context(error, "%s", service->host);
    if (ok && !timestamp_read_http(call->exchange.response.date, &credentials->told))
        credentials->told = 0;
    call_free(call);
    return ok;
}

bool sts_assume_role(struct credentials *credentials, const struct assumed_role *role,
                     const struct credentials *with, const struct credential_access *access,
                     struct error *error)
{
    struct endpoint endpoint;
    struct service service = {.name = "sts",
                              .region = access->region,
                              .credentials = with,
                              .clock = access->clock,
                              .ca_bundle = access->ca_bundle,
                              .max_attempts = access->max_attempts};
    bool ok;

    *credentials = (struct credentials){0};
    if (access->region == NULL)
        return error_set(error, "a role is assumed in a region, and none is known: write region = "
                                "us-east-2, or whichever yours is, under [aws] in ssmenv.conf");
    if (!endpoint_find(&endpoint, access->settings, "sts", access->region, error))
        return false;
    service.url = endpoint.url;
    service.host = endpoint.host;
    service.path = endpoint.path;
    ok = ask(&service, with != NULL ? "AssumeRole" : "AssumeRoleWithWebIdentity", role, access,
             credentials, error);
    endpoint_free(&endpoint);
    return ok;
}
