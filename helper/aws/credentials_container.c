#include <string.h>

#include "aws/credentials_json.h"
#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/local_service.h"
#include "aws/timestamp.h"
#include "aws/token_file.h"
#include "aws/url.h"

#define RELATIVE_KEY "container_credentials_relative_uri"
#define FULL_KEY     "container_credentials_full_uri"
#define TOKEN_KEY    "container_authorization_token_file"
#define ECS_ADDRESS  "http://169.254.170.2"
#define ATTEMPT_MS   2000

/* Of the task role endpoints of ECS and the agents of EKS Pod Identity, as AWS's SDKs have them. */
static const char *const allowed_hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

static bool is_allowed(const struct url_target *target)
{
    if (target->tls || target->loopback)
        return true;
    for (size_t i = 0; i < sizeof allowed_hosts / sizeof *allowed_hosts; i++) {
        if (strcmp(allowed_hosts[i], target->host) == 0)
            return true;
    }
    return false;
}

static bool use_url(struct credential_source *source, const struct provider_place *place,
                    const char *key, const char *start, const char *rest, struct error *error)
{
    const char *section = identity_section(place->settings);
    struct buffer url = BUFFER_INIT;
    struct url_target target;
    bool ok;

    buffer_append_format(&url, "%s%s", start, rest);
    ok = !buffer_failed(&url) && strpbrk(buffer_text(&url), " \t\r\n#") == NULL &&
         url_find_target(buffer_text(&url), &target);
    if (!ok)
        error_set(error, "[%s] %s is no URL", section, key);
    else if (!is_allowed(&target))
        ok = error_set(error,
                       "[%s] %s: expected https, an address of this machine, or one of "
                       "169.254.170.2, 169.254.170.23 and [fd00:ec2::23]",
                       section, key);
    if (ok) {
        source->container_port = target.port;
        source->container_url = text_copy(buffer_text(&url));
        ok = source->container_url != NULL || error_set(error, "out of memory");
    }
    buffer_free(&url);
    return ok;
}

static bool read_token(struct credential_source *source, const struct identity *settings,
                       struct error *error)
{
    const char *path = identity_setting(settings, TOKEN_KEY);

    if (path == NULL)
        return true;
    source->container_token = token_file_read(path, identity_trusted_uid(settings), error);
    return source->container_token != NULL ||
           error_context(error, "[%s] " TOKEN_KEY, identity_section(settings));
}

enum provider_answer credentials_prepare_container(const struct provider *provider,
                                                   const struct provider_place *place,
                                                   struct credential_source *source,
                                                   struct error *error)
{
    const char *relative = identity_setting(place->settings, RELATIVE_KEY);
    const char *full = identity_setting(place->settings, FULL_KEY);
    const char *section = identity_section(place->settings);
    bool ok;

    (void)provider;
    if (relative == NULL && full == NULL) {
        error_set(error, "[%s] " RELATIVE_KEY " and " FULL_KEY ": not set", section);
        return PROVIDER_NOT_CONFIGURED;
    }
    if (relative != NULL && relative[0] != '/')
        ok = error_set(error, "[%s] " RELATIVE_KEY ": expected a path that begins with /", section);
    else if (relative != NULL)
        ok = use_url(source, place, RELATIVE_KEY, ECS_ADDRESS, relative, error);
    else
        ok = use_url(source, place, FULL_KEY, full, "", error);
    if (!ok || !read_token(source, place->settings, error))
        return PROVIDER_BROKEN;
    source->origin = CREDENTIALS_OF_CONTAINER;
    return PROVIDER_FOUND;
}

static bool read_answer(const struct http_exchange *exchange, const struct identity *settings,
                        struct credentials *credentials, struct error *error)
{
    const struct http_response *response = &exchange->response;
    struct json document;

    if (!exchange->answered && !exchange->reached && !exchange->timed_out)
        return error_set(error, "%s; it is served by the agent of ECS or EKS: does that run?",
                         exchange->error.text);
    if (!exchange->answered)
        return error_set(error, "%s", exchange->error.text);
    if (response->status == 401 || response->status == 403)
        return error_set(
            error, "it refuses the authorization token (HTTP status %ld): check [%s] " TOKEN_KEY,
            response->status, identity_section(settings));
    if (response->status != 200)
        return error_set(error,
                         "it answers HTTP status %ld: look at the log of the agent that serves it "
                         "(ECS, EKS Pod Identity)",
                         response->status);
    if (!json_read(&document, buffer_text(&response->body), response->body.length) ||
        document.kind != JSON_OBJECT)
        return error_set(error, "its answer is no JSON object");
    if (!credentials_read_json(credentials, document, "Token", error))
        return error_context(error, "its answer");
    if (!timestamp_read_http(response->date, &credentials->told))
        credentials->told = 0;
    return true;
}

bool credentials_of_container(struct credentials *credentials,
                              const struct credential_source *source,
                              const struct credential_access *access, struct error *error)
{
    struct http_exchange exchange = {
        .request = {.method = "GET", .url = source->container_url, .ca_bundle = access->ca_bundle}};
    bool ok;

    http_add_header(&exchange.request, "Accept", "application/json");
    if (source->container_token != NULL)
        http_add_header(&exchange.request, "Authorization", source->container_token);
    local_service_ask(access->http, &exchange, ATTEMPT_MS, access->deadline);
    ok = read_answer(&exchange, access->settings, credentials, error);
    http_exchange_free(&exchange);
    return ok;
}
