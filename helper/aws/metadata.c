#include "aws/metadata.h"

#include <string.h>

#include "aws/identity_setting.h"
#include "aws/local_service.h"
#include "aws/region.h"
#include "aws/timestamp.h"
#include "aws/url.h"
#include "common/instance_id.h"

#define ADDRESS_IPV4     "http://169.254.169.254"
#define ADDRESS_IPV6     "http://[fd00:ec2::254]"
#define TOKEN_PATH       "/latest/api/token"
#define TOKEN_SECONDS    "21600"
#define REGION_PATH      "/latest/meta-data/placement/region"
#define INSTANCE_ID_PATH "/latest/meta-data/instance-id"
#define QUESTION_MS      1000
#define TOKEN_MAX        1024
#define ANSWER_MAX       65536

#define HOP_LIMIT                                                                                  \
    "the metadata service at %s can be reached, but does not answer: from within a container "     \
    "that "                                                                                        \
    "is a hop limit that is too small: raise HttpPutResponseHopLimit of the instance to 2 (aws "   \
    "ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)"

#define NOBODY                                                                                     \
    "the metadata service at %s cannot be reached: this is no EC2 instance, or a packet filter "   \
    "is in the way"

/* The address, from ec2_metadata_service_endpoint, else from the mode. */
static const char *address_of(const struct identity *settings, struct error *error)
{
    const char *configured = identity_setting(settings, "ec2_metadata_service_endpoint");
    const char *mode = identity_setting(settings, "ec2_metadata_service_endpoint_mode");

    if (configured != NULL)
        return configured;
    if (mode == NULL || strcasecmp(mode, "ipv4") == 0)
        return ADDRESS_IPV4;
    if (strcasecmp(mode, "ipv6") == 0)
        return ADDRESS_IPV6;
    error_set(error, "[%s] ec2_metadata_service_endpoint_mode: expected ipv4 or ipv6",
              identity_section(settings));
    return NULL;
}

bool metadata_open(struct metadata_service *service, const struct identity *settings,
                   struct error *error)
{
    const char *address = address_of(settings, error);
    struct url_target target;
    size_t length;

    *service = (struct metadata_service){.settings = settings, .token = {.limit = TOKEN_MAX + 1}};
    if (address == NULL ||
        !identity_setting_is_yes(settings, "ec2_metadata_disabled", &service->disabled, error))
        return false;
    if (!url_find_target(address, &target) || (!target.loopback && !target.link_local) ||
        strpbrk(address, "?#") != NULL)
        return error_set(error,
                         "[%s] ec2_metadata_service_endpoint: expected http:// and a link-local "
                         "address, or one of this machine",
                         identity_section(settings));
    length = strlen(address);
    while (address[length - 1] == '/')
        length--;
    service->port = target.port;
    service->url = text_copy_bytes(address, length);
    return service->url != NULL || error_set(error, "out of memory");
}

void metadata_forget(struct metadata_service *service)
{
    for (size_t i = 0; i < service->found_count; i++) {
        text_free(service->found[i].path);
        text_free(service->found[i].text);
    }
    service->found_count = 0;
}

/* What cannot be remembered is asked for once more. */
static void remember(struct metadata_service *service, const char *path, const char *text)
{
    struct metadata_found found = {text_copy(path), text_copy(text)};

    if (found.path != NULL && found.text != NULL && service->found_count < METADATA_ANSWERS_MAX) {
        service->found[service->found_count++] = found;
        return;
    }
    text_free(found.path);
    text_free(found.text);
}

void metadata_share(struct metadata_service *service, const struct metadata_service *other)
{
    if (service->disabled || other->disabled || service->url == NULL || other->url == NULL ||
        strcmp(service->url, other->url) != 0)
        return;
    buffer_clear(&service->token);
    buffer_append_text(&service->token, buffer_text(&other->token));
    service->date = other->date;
    service->silence = other->silence;
    metadata_forget(service);
    for (size_t i = 0; i < other->found_count; i++)
        remember(service, other->found[i].path, other->found[i].text);
}

void metadata_free(struct metadata_service *service)
{
    metadata_forget(service);
    text_free(service->url);
    buffer_free(&service->token);
    *service = (struct metadata_service){0};
}

struct question {
    const char *method;
    const char *path;
    const char *header;
    const char *value;
};

static void ask(const struct metadata_service *service, struct http *http,
                const struct question *question, struct deadline deadline,
                struct http_exchange *exchange)
{
    struct buffer url = BUFFER_INIT;

    http_exchange_free(exchange);
    buffer_append_format(&url, "%s%s", service->url, question->path);
    exchange->request = (struct http_request){.method = question->method, .url = buffer_text(&url)};
    http_add_header(&exchange->request, question->header, question->value);
    local_service_ask(http, exchange, QUESTION_MS, deadline);
    buffer_free(&url);
}

/* Fills in why there is no token. */
static void describe_refusal(const struct metadata_service *service,
                             const struct http_exchange *exchange, struct error *error)
{
    if (!exchange->answered && exchange->reached && exchange->timed_out)
        error_set(error, HOP_LIMIT, service->url);
    else if (!exchange->answered)
        error_set(error, NOBODY, service->url);
    else if (exchange->response.status == 403)
        error_set(error,
                  "the metadata service at %s is turned off for this instance (HTTP status "
                  "403): turn it on with aws ec2 modify-instance-metadata-options "
                  "--http-endpoint enabled",
                  service->url);
    else
        error_set(error, "the metadata service at %s gives no token (HTTP status %ld)",
                  service->url, exchange->response.status);
}

static bool is_token(const struct buffer *body)
{
    const char *text = buffer_text(body);

    for (size_t i = 0; i < body->length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return body->length > 0 && body->length <= TOKEN_MAX;
}

static bool renew_token(struct metadata_service *service, struct http *http,
                        struct deadline deadline, struct error *error)
{
    const struct question question = {"PUT", TOKEN_PATH, "X-aws-ec2-metadata-token-ttl-seconds",
                                      TOKEN_SECONDS};
    struct http_exchange exchange = {0};
    bool ok;

    buffer_clear(&service->token);
    ask(service, http, &question, deadline, &exchange);
    ok = exchange.answered && exchange.response.status == 200 && is_token(&exchange.response.body);
    if (ok)
        buffer_append(&service->token, exchange.response.body.data, exchange.response.body.length);
    else
        describe_refusal(service, &exchange, &service->silence);
    http_exchange_free(&exchange);
    if (!ok)
        *error = service->silence;
    return ok;
}

static enum metadata_answer take_answer(struct metadata_service *service, const char *path,
                                        const struct http_exchange *exchange, struct buffer *text,
                                        struct error *error)
{
    const struct http_response *response = &exchange->response;

    if (!exchange->answered) {
        error_set(error, "the metadata service: %s", exchange->error.text);
        return METADATA_SILENT;
    }
    if (response->status == 404) {
        error_set(error, "the metadata service at %s has no %s", service->url, path);
        return METADATA_ABSENT;
    }
    if (response->status != 200 || response->body.length > ANSWER_MAX) {
        error_set(error, "the metadata service at %s answers HTTP status %ld for %s", service->url,
                  response->status, path);
        return METADATA_SILENT;
    }
    if (!timestamp_read_http(response->date, &service->date))
        service->date = 0;
    buffer_append(text, response->body.data, response->body.length);
    remember(service, path, buffer_text(&response->body));
    return METADATA_FOUND;
}

static const char *find(const struct metadata_service *service, const char *path)
{
    for (size_t i = 0; i < service->found_count; i++) {
        if (strcmp(service->found[i].path, path) == 0)
            return service->found[i].text;
    }
    return NULL;
}

enum metadata_answer metadata_ask(struct metadata_service *service, struct http *http,
                                  const char *path, struct deadline deadline, struct buffer *text,
                                  struct error *error)
{
    struct http_exchange exchange = {0};
    enum metadata_answer answer = METADATA_SILENT;
    struct question question = {"GET", path, "X-aws-ec2-metadata-token", ""};
    const char *found = find(service, path);

    if (found != NULL) {
        buffer_append_text(text, found);
        return METADATA_FOUND;
    }
    *error = service->silence;
    if (service->disabled)
        error_set(error, "the metadata service is not asked: [%s] ec2_metadata_disabled is yes",
                  identity_section(service->settings));
    if (error_is_set(error) ||
        (service->token.length == 0 && !renew_token(service, http, deadline, error)))
        return METADATA_SILENT;
    question.value = buffer_text(&service->token);
    ask(service, http, &question, deadline, &exchange);
    if (exchange.answered && exchange.response.status == 401) {
        if (!renew_token(service, http, deadline, error))
            goto out;
        question.value = buffer_text(&service->token);
        ask(service, http, &question, deadline, &exchange);
    }
    answer = take_answer(service, path, &exchange, text, error);
out:
    http_exchange_free(&exchange);
    return answer;
}

/* What is at path, if it is legal; what says what it should be. */
static char *ask_word(struct metadata_service *service, struct http *http, const char *path,
                      bool (*is_legal)(const char *text), const char *what,
                      struct deadline deadline, struct error *error)
{
    struct buffer text = {.limit = ANSWER_MAX};
    char *word = NULL;

    if (metadata_ask(service, http, path, deadline, &text, error) == METADATA_FOUND) {
        if (is_legal(buffer_text(&text)))
            word = text_copy(buffer_text(&text));
        else
            error_set(error, "the metadata service at %s answers no %s for %s", service->url, what,
                      path);
    }
    buffer_free(&text);
    return word;
}

char *metadata_region(struct metadata_service *service, struct http *http, struct deadline deadline,
                      struct error *error)
{
    return ask_word(service, http, REGION_PATH, region_is_legal, "region", deadline, error);
}

char *metadata_instance_id(struct metadata_service *service, struct http *http,
                           struct deadline deadline, struct error *error)
{
    return ask_word(service, http, INSTANCE_ID_PATH, instance_id_is_legal, "instance id", deadline,
                    error);
}
