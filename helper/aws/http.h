/*
 * HTTP over libcurl: several exchanges in flight on one thread, each with one answer or one error
 * in words. Nothing is repeated here and nothing is signed.
 *
 * What holds for every exchange: TLS 1.2 or newer with certificate and host name verified; no
 * redirect is followed; no proxy, cookie, netrc or other setting comes from the environment; plain
 * http goes to this machine and to link-local addresses only; an answer larger than
 * HTTP_BODY_BYTES is an error. Only the response headers that AWS's protocols use are kept.
 *
 * An exchange is the caller's; while it is in flight (http_begin to http_wait) it must stay where
 * it is, and so must what its request points to.
 */
#ifndef SSMENV_AWS_HTTP_H
#define SSMENV_AWS_HTTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"

/* Ten parameters of 64 KiB whose bytes are all escaped as \u00XX. */
#define HTTP_BODY_BYTES   ((size_t)4 * 1024 * 1024)
#define HTTP_HEADER_BYTES 256 /* longest value of a response header that is kept */
#define HTTP_HEADERS_MAX  24

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *url;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    const char *body; /* NULL for none */
    size_t body_length;
    const struct buffer *ca_bundle; /* certificates to trust, PEM; NULL: the system's */
    struct deadline deadline;       /* connecting takes at most half of what is left */
};

struct http_response {
    long status;
    struct buffer body;
    /* "" where a header is absent or longer than HTTP_HEADER_BYTES - 1 */
    char request_id[HTTP_HEADER_BYTES];         /* x-amzn-RequestId */
    char error_type[HTTP_HEADER_BYTES];         /* x-amzn-errortype */
    char date[HTTP_HEADER_BYTES];               /* Date */
    char retry_after[HTTP_HEADER_BYTES];        /* Retry-After */
    char amazon_retry_after[HTTP_HEADER_BYTES]; /* x-amz-retry-after */
};

/* How long it took from the beginning to each milestone, in microseconds; 0: not reached. */
struct http_timing {
    int64_t resolved;
    int64_t connected;
    int64_t secured; /* TLS is there; always 0 without */
};

struct http_exchange {
    struct http_request request;
    struct http_response response; /* complete when answered */
    bool answered;
    bool reached;                   /* not answered, but the request was under way */
    bool timed_out;                 /* http_perform(): not answered by the deadline */
    bool transient;                 /* not answered, but another attempt may be */
    struct http_timing timing;      /* when over, one way or the other */
    char address[INET6_ADDRSTRLEN]; /* that was connected to; "": none */
    struct error error;             /* not answered: what happened, with which host, what to do */
    void *context;                  /* the caller's */
    struct http_transfer *transfer; /* libcurl's side of it; private */
};

struct http; /* the connections */

/* Looks for the system's certificates: before the sandbox closes. NULL with an error when libcurl
 * cannot be used. */
struct http *http_open(struct error *error);

/* Ends every exchange that is still in flight. May wait for a name that is being resolved: a
 * program that has no time left ends without it. */
void http_close(struct http *http);

bool http_add_header(struct http_request *request, const char *name, const char *value);

/* Starts the exchange. On false nothing was started, and exchange->error says why. */
bool http_begin(struct http *http, struct http_exchange *exchange);

/* Waits for the next exchange to end, at most until then. NULL when none did. */
struct http_exchange *http_wait(struct http *http, struct deadline until);

/* Whether this exchange has got past resolving its host's name, so that others need not ask. */
bool http_has_resolved(const struct http_exchange *exchange);

/* Fills exchange->error with what an unfinished exchange is waiting for. */
void http_give_up(struct http_exchange *exchange);

/* From beginning to end, until the request's deadline. Nothing else may be in flight. */
void http_perform(struct http *http, struct http_exchange *exchange);

/* Releases what the exchange owns. One that was given up stays with libcurl until http_close(). */
void http_exchange_free(struct http_exchange *exchange);

#endif
