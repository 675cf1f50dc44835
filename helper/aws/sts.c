#include "aws/sts.h"

#include <string.h>

#include "aws/call.h"
#include "aws/credentials_provider.h"
#include "aws/endpoint.h"
#include "aws/identity_setting.h"
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

static bool write_form(struct buffer *form, const char *operation, const struct assumed_role *role,
                       const char *instance_id)
{
    char *name = role_session_name(role->session_name, role->names_instance ? instance_id : NULL);

    buffer_append_format(form, "Version=2011-06-15&Action=%s", operation);
    add_field(form, "RoleArn", role->arn);
    add_field(form, "RoleSessionName", name);
    add_field(form, "ExternalId", role->external_id);
    add_field(form, "WebIdentityToken", role->web_identity_token);
    if (role->duration != 0)
        buffer_append_format(form, "&DurationSeconds=%u", role->duration);
    text_free(name);
    return name != NULL;
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

static bool describe_refusal(const struct call *call, const struct assumed_role *role,
                             struct error *error)
{
    struct error said = ERROR_INIT;

    call_describe(call, role->arn, "", &said);
    return error_set(
        error, "%s%s", said.text,
        call->outcome == CALL_REFUSED && call->refusal.verdict == SERVICE_DENIED
            ? ", or the role's trust policy does not name who asks, or wants another external_id"
            : "");
}

static bool ask(const struct service *service, const char *operation,
                const struct assumed_role *role, const struct credential_access *access,
                struct credentials *credentials, struct error *error)
{
    struct call call = {.service = service, .operation = operation};
    bool ok;

    if (!write_form(&call.body, operation, role, access->instance_id)) {
        call_free(&call);
        return error_set(error, "out of memory");
    }
    call_run(access->http, &call, access->deadline);
    if (call.outcome != CALL_ANSWERED)
        ok = describe_refusal(&call, role, error);
    else
        ok = sts_read_answer(credentials, operation, buffer_text(&call.exchange.response.body),
                             call.exchange.response.body.length, error) ||
             error_context(error, "%s", service->host);
    if (ok && !timestamp_read_http(call.exchange.response.date, &credentials->told))
        credentials->told = 0;
    call_free(&call);
    return ok;
}

/* Where STS is asked in this region; service borrows from endpoint. */
static bool find_service(struct service *service, struct endpoint *endpoint,
                         const struct credentials *with, const struct credential_access *access,
                         struct error *error)
{
    if (access->region == NULL)
        return error_set(error,
                         "a role is assumed in a region, and none is known: write region = "
                         "us-east-2, or whichever yours is, under [%s] in ssmenv.conf",
                         identity_section(access->settings));
    if (!endpoint_find(endpoint, access->settings, "sts", access->region, error))
        return false;
    *service = (struct service){.name = "sts",
                                .region = access->region,
                                .url = endpoint->url,
                                .host = endpoint->host,
                                .path = endpoint->path,
                                .credentials = with,
                                .clock = access->clock,
                                .ca_bundle = access->ca_bundle,
                                .max_attempts = access->max_attempts};
    return true;
}

bool sts_assume_role(struct credentials *credentials, const struct assumed_role *role,
                     const struct credentials *with, const struct credential_access *access,
                     struct error *error)
{
    struct endpoint endpoint;
    struct service service;
    bool ok;

    *credentials = (struct credentials){0};
    if (!find_service(&service, &endpoint, with, access, error))
        return false;
    ok = ask(&service, with != NULL ? "AssumeRole" : "AssumeRoleWithWebIdentity", role, access,
             credentials, error);
    endpoint_free(&endpoint);
    return ok;
}

/* --- who asks --- */

#define CALLER_OPERATION "GetCallerIdentity"

static char *take_caller_member(const struct buffer *body, const char *path)
{
    struct buffer value = {.limit = VALUE_MAX};
    char *member = NULL;

    if (xml_find(buffer_text(body), body->length, path, &value) && !buffer_failed(&value) &&
        credential_is_legal(buffer_text(&value)))
        member = text_copy(buffer_text(&value));
    buffer_free(&value);
    return member;
}

static bool read_caller(struct caller *caller, const struct buffer *body, struct error *error)
{
    static const char result[] = CALLER_OPERATION "Response/" CALLER_OPERATION "Result/";
    struct buffer path = BUFFER_INIT;

    buffer_append_format(&path, "%sAccount", result);
    caller->account = take_caller_member(body, buffer_text(&path));
    buffer_clear(&path);
    buffer_append_format(&path, "%sArn", result);
    caller->arn = take_caller_member(body, buffer_text(&path));
    buffer_free(&path);
    return (caller->account != NULL && caller->arn != NULL) ||
           error_set(error, "its answer does not tell account and ARN");
}

bool sts_get_caller_identity(struct caller *caller, const struct credentials *with,
                             const struct credential_access *access, struct error *error)
{
    struct endpoint endpoint;
    struct service service;
    struct call call = {.service = &service, .operation = CALLER_OPERATION};
    bool ok;

    *caller = (struct caller){0};
    if (!find_service(&service, &endpoint, with, access, error))
        return false;
    buffer_append_text(&call.body, "Version=2011-06-15&Action=" CALLER_OPERATION);
    call_run(access->http, &call, access->deadline);
    if (call.outcome != CALL_ANSWERED)
        ok = call_describe(&call, "", "", error);
    else
        ok = read_caller(caller, &call.exchange.response.body, error) ||
             error_context(error, "%s", service.host);
    call_free(&call);
    endpoint_free(&endpoint);
    if (!ok)
        caller_free(caller);
    return ok;
}

void caller_free(struct caller *caller)
{
    text_free(caller->account);
    text_free(caller->arn);
    *caller = (struct caller){0};
}
