#include "aws/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/certificates.h"
#include "aws/http_failure.h"

#define USER_AGENT       "pam_ssmenv"
#define POLL_MAX_MS      1000
#define CONNECT_MIN_MS   100
#define CONNECTIONS_KEPT 16
#define TOO_LARGE        "%s sent more than %zu bytes: this is not how AWS answers: check endpoint_url"

struct http_transfer {
    CURL *easy;
    struct curl_slist *headers;
    char host[HTTP_HEADER_BYTES]; /* with the port where the URL has one */
    bool too_large;
    struct http_exchange *exchange; /* NULL once it was given up */
    struct http_transfer *next;
};

struct http {
    CURLM *multi;
    struct certificates certificates; /* looked for by the first transfer that needs them */
    bool certificates_found;
    struct http_transfer *transfers; /* all that libcurl still knows */
};

struct http *http_open(struct error *error)
{
    struct http *http = calloc(1, sizeof *http);

    if (http == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_SSL) == CURLE_OK)
        http->multi = curl_multi_init();
    if (http->multi == NULL) {
        error_set(error, "libcurl cannot be used");
        free(http);
        return NULL;
    }
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return http;
}

static void transfer_free(struct http_transfer *transfer)
{
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer);
}

/* Takes the transfer out of libcurl's hands. */
static void transfer_end(struct http *http, struct http_transfer *transfer)
{
    struct http_transfer **link = &http->transfers;

    while (*link != NULL && *link != transfer)
        link = &(*link)->next;
    if (*link != NULL)
        *link = transfer->next;
    curl_multi_remove_handle(http->multi, transfer->easy);
    transfer_free(transfer);
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    while (http->transfers != NULL) {
        if (http->transfers->exchange != NULL)
            http->transfers->exchange->transfer = NULL;
        transfer_end(http, http->transfers);
    }
    curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    free(http);
}

bool http_add_header(struct http_request *request, const char *name, const char *value)
{
    if (request->header_count == HTTP_HEADERS_MAX)
        return false;
    request->headers[request->header_count++] = (struct http_header){name, value};
    return true;
}

/* libcurl hands over a part of the body. Fewer bytes than it gave end the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    struct buffer *body;

    if (transfer->exchange == NULL)
        return 0;
    body = &transfer->exchange->response.body;
    if (size * count > HTTP_BODY_BYTES - body->length) {
        transfer->too_large = true;
        return 0;
    }
    buffer_append(body, bytes, size * count);
    return buffer_failed(body) ? 0 : size * count;
}

static void keep_header(char value[HTTP_HEADER_BYTES], const char *bytes, size_t length)
{
    while (length > 0 && strchr(" \t", *bytes) != NULL) {
        bytes++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", bytes[length - 1]) != NULL)
        length--;
    if (length >= HTTP_HEADER_BYTES || memchr(bytes, '\0', length) != NULL)
        length = 0;
    memcpy(value, bytes, length);
    value[length] = '\0';
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    struct http_response *response;
    size_t length = size * count;

    if (transfer->exchange == NULL)
        return 0;
    response = &transfer->exchange->response;
    const struct {
        const char *name;
        char *value;
    } kept[] = {
        {"x-amzn-requestid:", response->request_id},
        {"x-amzn-errortype:", response->error_type},
        {"date:", response->date},
        {"retry-after:", response->retry_after},
        {"x-amz-retry-after:", response->amazon_retry_after},
    };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        size_t name_length = strlen(kept[i].name);

        if (length >= name_length && strncasecmp(bytes, kept[i].name, name_length) == 0)
            keep_header(kept[i].value, bytes + name_length, length - name_length);
    }
    return length;
}

/* This machine itself and link-local addresses: the metadata and container services. */
static bool is_near(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[INET6_ADDRSTRLEN] = "";
    size_t length = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1) {
        uint32_t address = ntohl(four.s_addr);

        return address >> 24 == 127 || address >> 16 == (169U << 8 | 254U);
    }
    if (length < 2 || length - 2 >= sizeof bare || host[0] != '[')
        return false;
    memcpy(bare, host + 1, length - 2);
    return inet_pton(AF_INET6, bare, &six) == 1 &&
           (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six) ||
            memcmp(&six, "\xfd\x00\x0e\xc2", 4) == 0); /* fd00:ec2::/32, AWS's link-local range */
}

struct parts {
    char *scheme;
    char *host;
    char *port; /* NULL: the scheme's */
};

static void parts_free(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
}

/* The URL was checked where it was configured; what decides about security is checked again. */
static bool split_url(const char *url, struct parts *parts, struct error *error)
{
    CURLU *handle = curl_url();
    bool ok = handle != NULL &&
              curl_url_set(handle, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
              curl_url_get(handle, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
              curl_url_get(handle, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK;

    if (ok)
        curl_url_get(handle, CURLUPART_PORT, &parts->port, 0);
    curl_url_cleanup(handle);
    if (!ok)
        return error_set(error, "the endpoint is no URL: check endpoint_url");
    if (strcmp(parts->scheme, "https") == 0)
        return true;
    if (strcmp(parts->scheme, "http") != 0)
        return error_set(error, "%s://%s: only https is spoken: check endpoint_url", parts->scheme,
                         parts->host);
    return is_near(parts->host) ||
           error_set(error, "http://%s: without TLS only this machine is asked: use https",
                     parts->host);
}

/* Nothing but the one request that was asked for. */
static bool confine(CURL *easy, const char *scheme)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    CURLcode protocols = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
#else
    CURLcode protocols =
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                         (long)(strcmp(scheme, "https") == 0 ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
    return protocols == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
}

static CURLcode trust_bundle(CURL *easy, const struct buffer *bundle)
{
#if LIBCURL_VERSION_NUM >= 0x074d00
    struct curl_blob blob = {bundle->data, bundle->length, CURL_BLOB_NOCOPY};
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);

    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) : code;
#else
    (void)easy;
    (void)bundle;
    return CURLE_NOT_BUILT_IN;
#endif
}

static CURLcode trust(CURL *easy, struct http *http, const struct buffer *ca_bundle)
{
    const struct certificates *system = &http->certificates;

    if (ca_bundle != NULL)
        return trust_bundle(easy, ca_bundle);
    if (!http->certificates_found)
        certificates_find(&http->certificates);
    http->certificates_found = true;
    if (system->folder_is_complete)
        return curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    if (system->bundle[0] != '\0')
        return curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return CURLE_OK;
}

static bool secure(CURL *easy, struct http *http, const struct buffer *ca_bundle)
{
    return curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           trust(easy, http, ca_bundle) == CURLE_OK;
}

/* Ending a transfer whose name is still being resolved would wait for the resolver, for seconds,
 * where libcurl does not know QUICK_EXIT; there the deadline of the whole is the only one. */
static bool limit_connecting(CURL *easy, struct deadline deadline)
{
#if LIBCURL_VERSION_NUM >= 0x075700
    long half = deadline_left(deadline) / 2;

    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            half > CONNECT_MIN_MS ? half : (long)CONNECT_MIN_MS) == CURLE_OK;
#else
    (void)easy;
    (void)deadline;
    return true;
#endif
}

static bool add_headers(struct http_transfer *transfer, const struct http_request *request)
{
    struct buffer line = BUFFER_INIT;
    bool ok = true;

    for (size_t i = 0; ok && i < request->header_count; i++) {
        struct curl_slist *longer;

        buffer_clear(&line);
        buffer_append_format(&line, "%s: %s", request->headers[i].name, request->headers[i].value);
        longer = buffer_failed(&line) || strpbrk(buffer_text(&line), "\r\n") != NULL
                     ? NULL
                     : curl_slist_append(transfer->headers, buffer_text(&line));
        ok = longer != NULL;
        if (ok)
            transfer->headers = longer;
    }
    buffer_free(&line);
    return ok &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

static bool ask(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK;

    if (ok && request->body != NULL)
        ok = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)request->body_length) == CURLE_OK;
    return ok && add_headers(transfer, request);
}

static bool start(struct http *http, struct http_transfer *transfer, const char *scheme)
{
    const struct http_request *request = &transfer->exchange->request;

    transfer->easy = curl_easy_init();
    return transfer->easy != NULL && ask(transfer, request) && confine(transfer->easy, scheme) &&
           secure(transfer->easy, http, request->ca_bundle) &&
           limit_connecting(transfer->easy, request->deadline) &&
           curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
}

bool http_begin(struct http *http, struct http_exchange *exchange)
{
    struct http_transfer *transfer = calloc(1, sizeof *transfer);
    struct parts parts = {0};
    bool started = false;

    exchange->answered = false;
    exchange->reached = false;
    exchange->transient = false;
    exchange->transfer = NULL;
    if (transfer == NULL) {
        error_set(&exchange->error, "out of memory");
        return false;
    }
    transfer->exchange = exchange;
    if (!split_url(exchange->request.url, &parts, &exchange->error))
        goto out;
    snprintf(transfer->host, sizeof transfer->host, "%s%s%s", parts.host,
             parts.port != NULL ? ":" : "", parts.port != NULL ? parts.port : "");
    started = start(http, transfer, parts.scheme);
    if (!started)
        error_set(&exchange->error, "libcurl cannot ask %s", transfer->host);
out:
    parts_free(&parts);
    if (!started) {
        transfer_free(transfer);
        return false;
    }
    exchange->transfer = transfer;
    transfer->next = http->transfers;
    http->transfers = transfer;
    return true;
}

/* Whether the host was found, connected to and believed. */
static bool has_reached(CURL *easy)
{
    curl_off_t passed = 0;

    return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &passed) == CURLE_OK && passed > 0;
}

static int64_t milestone(CURL *easy, CURLINFO info)
{
    curl_off_t passed = 0;

    return curl_easy_getinfo(easy, info, &passed) == CURLE_OK && passed > 0 ? (int64_t)passed : 0;
}

static void take_timing(CURL *easy, struct http_exchange *exchange)
{
    const char *address = NULL;

    exchange->timing = (struct http_timing){
        .resolved = milestone(easy, CURLINFO_NAMELOOKUP_TIME_T),
        .connected = milestone(easy, CURLINFO_CONNECT_TIME_T),
        .secured = milestone(easy, CURLINFO_APPCONNECT_TIME_T),
    };
    if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != NULL)
        snprintf(exchange->address, sizeof exchange->address, "%s", address);
}

static struct http_exchange *finish(struct http *http, struct http_transfer *transfer,
                                    CURLcode code)
{
    struct http_exchange *exchange = transfer->exchange;

    if (exchange != NULL) {
        exchange->transfer = NULL;
        exchange->answered = code == CURLE_OK;
        exchange->reached = has_reached(transfer->easy);
        take_timing(transfer->easy, exchange);
        if (exchange->answered)
            curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &exchange->response.status);
        else if (transfer->too_large)
            error_set(&exchange->error, TOO_LARGE, transfer->host, HTTP_BODY_BYTES);
        else
            http_failure_describe(transfer->easy, code, transfer->host, &exchange->transient,
                                  &exchange->error);
    }
    transfer_end(http, transfer);
    return exchange;
}

/* The next transfer that has ended, if any has. */
static struct http_exchange *take_finished(struct http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        char *transfer = NULL;
        CURLcode code = message->data.result;
        struct http_exchange *exchange;

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK)
            continue;
        exchange = finish(http, (struct http_transfer *)(void *)transfer, code);
        if (exchange != NULL)
            return exchange;
    }
    return NULL;
}

struct http_exchange *http_wait(struct http *http, struct deadline until)
{
    for (;;) {
        struct http_exchange *finished;
        int running;
        int left;

        curl_multi_perform(http->multi, &running);
        finished = take_finished(http);
        left = deadline_left(until);
        if (finished != NULL || left == 0)
            return finished;
        curl_multi_poll(http->multi, NULL, 0, left < POLL_MAX_MS ? left : POLL_MAX_MS, NULL);
    }
}

bool http_has_resolved(const struct http_exchange *exchange)
{
    curl_off_t passed = 0;

    return exchange->transfer != NULL &&
           curl_easy_getinfo(exchange->transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &passed) ==
               CURLE_OK &&
           passed > 0;
}

void http_give_up(struct http_exchange *exchange)
{
    exchange->transient = false;
    if (exchange->transfer == NULL)
        return;
    http_failure_describe_wait(exchange->transfer->easy, exchange->transfer->host,
                               &exchange->error);
    take_timing(exchange->transfer->easy, exchange);
    exchange->transfer->exchange = NULL;
    exchange->transfer = NULL;
}

void http_perform(struct http *http, struct http_exchange *exchange)
{
    exchange->timed_out = false;
    if (!http_begin(http, exchange) || http_wait(http, exchange->request.deadline) == exchange)
        return;
    exchange->timed_out = true;
    exchange->reached = exchange->transfer != NULL && has_reached(exchange->transfer->easy);
    http_give_up(exchange);
}

void http_exchange_free(struct http_exchange *exchange)
{
    if (exchange->transfer != NULL)
        exchange->transfer->exchange = NULL;
    buffer_free(&exchange->response.body);
    *exchange = (struct http_exchange){0};
}
