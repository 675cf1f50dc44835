#include "aws/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/clock.h"
#include "aws/retry.h"
#include "aws/url.h"

/* Enough to hide the round trips of 200 parameters, far below the quota of 40 calls a second. */
#define IN_FLIGHT_MAX 8

/* The first call resolves the endpoint's name for all: the others wait for it, but not for long. */
#define HEAD_START_MS      100
#define HEAD_START_POLL_MS 2

#define OPERATION_BYTES 64

struct run {
    struct http *http;
    const struct call_source *source;
    struct deadline deadline;
    struct call *waiting;   /* for their next attempt */
    struct call *in_flight; /* their exchange is with http */
    size_t in_flight_count;
    struct deadline head_start;
    bool open; /* the head start is over */
};

static void list_add(struct call **list, struct call *call)
{
    call->next = *list;
    *list = call;
}

static void list_remove(struct call **list, const struct call *call)
{
    while (*list != call)
        list = &(*list)->next;
    *list = call->next;
}

static void name_action(const struct call *call, char action[OPERATION_BYTES])
{
    snprintf(action, OPERATION_BYTES, "%s:%s", call->service->name, call->operation);
}

static void finish(struct run *run, struct call *call, enum call_outcome outcome)
{
    call->outcome = outcome;
    run->source->finished(run->source->context, call);
}

#define JSON_TYPE "application/x-amz-json-1.1"
#define FORM_TYPE "application/x-www-form-urlencoded; charset=utf-8"

static bool sign(struct call *call, const struct sigv4_header *headers, size_t count,
                 struct error *error)
{
    const struct service *service = call->service;
    const struct sigv4_request request = {
        .method = "POST",
        .path = service->path,
        .query = "",
        .headers = headers,
        .header_count = count,
        .body = call->body.data,
        .body_length = call->body.length,
    };
    const struct sigv4_scope scope = {service->region, service->name, clock_now(service->clock)};
    struct http_request *http = &call->exchange.request;

    call->clock_offset = service->clock != NULL ? service->clock->offset : 0;
    sigv4_signature_free(&call->signature);
    if (!sigv4_sign(&request, service->credentials, &scope, &call->signature, error))
        return false;
    http_add_header(http, "X-Amz-Date", call->signature.date);
    if (service->credentials->session_token != NULL)
        http_add_header(http, "X-Amz-Security-Token", service->credentials->session_token);
    http_add_header(http, "Authorization", buffer_text(&call->signature.authorization));
    return true;
}

/* Host and content are signed with everything that makes this request this request. */
static bool add_headers(struct call *call, struct error *error)
{
    const struct service *service = call->service;
    const struct sigv4_header headers[] = {
        {"Host", service->host},
        {"Content-Type", service->target != NULL ? JSON_TYPE : FORM_TYPE},
        {"X-Amz-Target", buffer_text(&call->target)},
    };
    size_t count = sizeof headers / sizeof *headers - (service->target != NULL ? 0 : 1);

    for (size_t i = 0; i < count; i++)
        http_add_header(&call->exchange.request, headers[i].name, headers[i].value);
    return service->credentials == NULL || sign(call, headers, count, error);
}

/* Makes the next attempt. What keeps it from starting is final. */
static void attempt(struct run *run, struct call *call)
{
    http_exchange_free(&call->exchange);
    buffer_clear(&call->target);
    if (call->service->target != NULL)
        buffer_append_format(&call->target, "%s.%s", call->service->target, call->operation);
    call->exchange = (struct http_exchange){
        .request = {.method = "POST",
                    .url = call->service->url,
                    .body = buffer_text(&call->body),
                    .body_length = call->body.length,
                    .ca_bundle = call->service->ca_bundle,
                    .deadline = run->deadline},
        .context = call,
    };
    call->attempts++;
    if (buffer_failed(&call->body) || buffer_failed(&call->target)) {
        error_set(&call->error, "out of memory");
        finish(run, call, CALL_FAILED);
    } else if (!add_headers(call, &call->error)) {
        finish(run, call, CALL_FAILED);
    } else if (!http_begin(run->http, &call->exchange)) {
        call->error = call->exchange.error;
        finish(run, call, CALL_FAILED);
    } else {
        list_add(&run->in_flight, call);
        run->in_flight_count++;
    }
}

/* Lets the call wait for another attempt if there should be one. */
static bool retry(struct run *run, struct call *call, enum retry_class reason)
{
    const struct http_response *response = &call->exchange.response;
    int64_t asked = call->exchange.answered
                        ? retry_after_ms(response->amazon_retry_after, response->retry_after)
                        : 0;
    int64_t delay = retry_delay(reason, call->attempts, call->service->max_attempts, asked,
                                deadline_left(run->deadline), retry_random());

    if (delay < 0)
        return false;
    call->not_before = monotonic_ms() + delay;
    list_add(&run->waiting, call);
    return true;
}

static void settle_broken(struct run *run, struct call *call)
{
    call->error = call->exchange.error;
    call->reached = call->exchange.reached;
    if (!call->exchange.transient || !retry(run, call, RETRY_TRANSIENT))
        finish(run, call, CALL_FAILED);
}

static void settle_success(struct run *run, struct call *call)
{
    const struct buffer *body = &call->exchange.response.body;

    if (call->service->target == NULL ||
        (json_read(&call->answer, buffer_text(body), body->length) &&
         call->answer.kind == JSON_OBJECT)) {
        finish(run, call, CALL_ANSWERED);
        return;
    }
    call->reached = true;
    error_set(&call->error,
              "the answer of %s is not AWS's: check endpoint_url and what lies between",
              call->service->host);
    if (!retry(run, call, RETRY_TRANSIENT))
        finish(run, call, CALL_FAILED);
}

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(codes[i], code) == 0)
            return true;
    }
    return false;
}

/* Whether the clock is another than the call was signed with. Only a date that TLS vouches for is
 * believed. */
static bool has_better_time(const struct call *call)
{
    static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                        "RequestExpired", "RequestTimeTooSkewed",
                                        "RequestInTheFuture"};
    struct clock *clock = call->service->clock;
    struct url_target target;

    if (clock == NULL || call->service->credentials == NULL ||
        !is_one_of(call->refusal.code, codes, sizeof codes / sizeof *codes) ||
        !url_find_target(call->service->url, &target) || !target.tls)
        return false;
    return clock_correct(clock, call->exchange.response.date) ||
           clock->offset != call->clock_offset;
}

static bool has_new_credentials(const struct call *call)
{
    enum service_verdict verdict = call->refusal.verdict;

    return call->service->renew != NULL &&
           (verdict == SERVICE_CREDENTIALS || verdict == SERVICE_DENIED) &&
           call->service->renew(call->service->renewer, &call->refusal);
}

/* Lets the call be repeated if what AWS found wrong is right now. */
static bool mend(struct run *run, struct call *call)
{
    if (call->mended || (!has_better_time(call) && !has_new_credentials(call)))
        return false;
    call->mended = true;
    call->not_before = monotonic_ms();
    list_add(&run->waiting, call);
    return true;
}

static void settle_refusal(struct run *run, struct call *call)
{
    const struct http_response *response = &call->exchange.response;
    char action[OPERATION_BYTES];

    service_error_read(&call->refusal, response->status, response->error_type, response->request_id,
                       buffer_text(&response->body), response->body.length);
    name_action(call, action);
    service_error_describe(&call->refusal, action, "", "", &call->error);
    if (!mend(run, call) &&
        !retry(run, call, retry_classify(call->refusal.code, call->refusal.status)))
        finish(run, call, CALL_REFUSED);
}

static void settle(struct run *run, struct call *call)
{
    list_remove(&run->in_flight, call);
    run->in_flight_count--;
    if (!call->exchange.answered)
        settle_broken(run, call);
    else if (call->exchange.response.status == 200)
        settle_success(run, call);
    else
        settle_refusal(run, call);
}

static bool head_start_is_over(struct run *run)
{
    run->open = run->open || deadline_passed(run->head_start);
    for (struct call *call = run->in_flight; call != NULL && !run->open; call = call->next)
        run->open = http_has_resolved(&call->exchange);
    return run->open;
}

static bool has_room(struct run *run)
{
    if (run->in_flight_count == 0)
        return true;
    return run->in_flight_count < IN_FLIGHT_MAX && head_start_is_over(run);
}

/* A call whose wait is over, or NULL. */
static struct call *take_due(struct run *run)
{
    int64_t now = monotonic_ms();

    for (struct call *call = run->waiting; call != NULL; call = call->next) {
        if (call->not_before <= now) {
            list_remove(&run->waiting, call);
            return call;
        }
    }
    return NULL;
}

static void start_calls(struct run *run)
{
    while (has_room(run)) {
        struct call *call = take_due(run);

        if (call == NULL)
            call = run->source->next(run->source->context);
        if (call == NULL)
            return;
        attempt(run, call);
    }
}

/* When to look around at the latest. */
static struct deadline wake_time(const struct run *run)
{
    struct deadline wake = run->deadline;

    if (!run->open && run->in_flight_count > 0)
        wake = deadline_earlier(wake, deadline_in(HEAD_START_POLL_MS));
    for (const struct call *call = run->waiting; call != NULL; call = call->next)
        wake = deadline_earlier(wake, (struct deadline){call->not_before});
    return wake;
}

static void end(struct run *run)
{
    while (run->in_flight != NULL) {
        struct call *call = run->in_flight;
        struct error before = call->error;

        list_remove(&run->in_flight, call);
        run->in_flight_count--;
        call->reached = true;
        http_give_up(&call->exchange);
        call->error = call->exchange.error;
        if (error_is_set(&before))
            error_set(&call->error, "%s; the attempt before: %s", call->exchange.error.text,
                      before.text);
        finish(run, call, CALL_FAILED);
    }
    while (run->waiting != NULL) {
        struct call *call = run->waiting;

        list_remove(&run->waiting, call);
        finish(run, call, CALL_FAILED);
    }
}

void calls_run(struct http *http, const struct call_source *source, struct deadline deadline)
{
    struct run run = {.http = http,
                      .source = source,
                      .deadline = deadline,
                      .head_start = deadline_in(HEAD_START_MS)};

    while (!deadline_passed(deadline)) {
        struct http_exchange *exchange;

        start_calls(&run);
        if (run.in_flight == NULL && run.waiting == NULL)
            return;
        exchange = http_wait(http, wake_time(&run));
        if (exchange != NULL)
            settle(&run, exchange->context);
    }
    end(&run);
}

/* The one call is its own source: it is begun once. */
struct single {
    struct call *call;
    bool begun;
};

static struct call *begin_single(void *context)
{
    struct single *single = context;

    if (single->begun)
        return NULL;
    single->begun = true;
    return single->call;
}

static void finish_single(void *context, struct call *call)
{
    (void)context;
    (void)call;
}

void call_run(struct http *http, struct call *call, struct deadline deadline)
{
    struct single single = {.call = call};
    const struct call_source source = {begin_single, finish_single, &single};

    calls_run(http, &source, deadline);
    if (single.begun)
        return;
    call->outcome = CALL_FAILED;
    error_set(&call->error, "time ended before %s could be asked", call->service->host);
}

bool call_describe(const struct call *call, const char *resource, const char *arn,
                   struct error *error)
{
    char action[OPERATION_BYTES];

    name_action(call, action);
    if (call->outcome == CALL_REFUSED)
        return service_error_describe(&call->refusal, action, resource, arn, error);
    return error_set(error, "%s%s%s: %s", action, resource[0] != '\0' ? " on " : "", resource,
                     call->error.text);
}

void call_free(struct call *call)
{
    http_exchange_free(&call->exchange);
    sigv4_signature_free(&call->signature);
    buffer_free(&call->body);
    buffer_free(&call->target);
}
