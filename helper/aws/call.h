/*
 * Calls of an AWS service that speaks AWS JSON 1.1
 * (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) or the query protocol
 * (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html): several in flight on one
 * thread, each attempt signed anew, repeated by the rules of retry.h, all over at one deadline.
 *
 * calls_run() pulls: whenever another call may start it asks its source for one, and hands each
 * back when it is over. So what is asked next can depend on everything that was answered before.
 * A call belongs to the source, and must stay where it is in between.
 */
#ifndef SSMENV_AWS_CALL_H
#define SSMENV_AWS_CALL_H

#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/json.h"
#include "aws/service_error.h"
#include "aws/sigv4.h"
#include "common/deadline.h"

/* Where calls go, and as whom. Borrows everything. */
struct service {
    const char *name;   /* in signatures and policies: ssm */
    const char *target; /* before the operation in x-amz-target: AmazonSSM; NULL: query protocol */
    const char *region;
    const char *url;  /* of the endpoint, with its path */
    const char *host; /* value of the header Host: with the port where it is not the scheme's */
    const char *path; /* of the URL, beginning with '/' */
    const struct credentials *credentials; /* NULL: calls are not signed */
    struct clock *clock; /* corrected when AWS refuses a call because of it; NULL: never */
    /* NULL, or asked when AWS refuses the credentials or denies what they ask for: whether there
     * are new ones that are worth another try. */
    bool (*renew)(void *renewer, const struct service_error *refusal);
    void *renewer;
    const struct buffer *ca_bundle; /* PEM; NULL: the system's */
    unsigned max_attempts;
};

enum call_outcome {
    CALL_ANSWERED, /* answer is what AWS said */
    CALL_REFUSED,  /* refusal is what AWS said */
    CALL_FAILED,   /* no answer, or none that can be read: error says why */
};

struct call {
    /* The source fills these. */
    const struct service *service;
    const char *operation; /* GetParameters */
    struct buffer body;    /* JSON, or a form */

    /* calls_run() fills these. */
    enum call_outcome outcome;
    /* An object that points into the exchange's body; with the query protocol that is all. */
    struct json answer;
    struct service_error refusal;
    struct error error;
    bool reached; /* CALL_FAILED: something at the endpoint could be talked to */
    unsigned attempts;
    bool mended; /* the credentials or the clock were changed for it: that happens once */

    /* Private. */
    struct http_exchange exchange;
    struct sigv4_signature signature;
    struct buffer target;
    int64_t not_before;   /* on CLOCK_MONOTONIC, in milliseconds */
    int64_t clock_offset; /* of the clock when it was signed */
    struct call *next;
};

struct call_source {
    /* The next call to start, or NULL while there is none. */
    struct call *(*next)(void *context);
    /* The call is over; it may be released now. */
    void (*finished)(void *context, struct call *call);
    void *context;
};

/* Returns when no call is under way and the source has no other. At the deadline every call that is
 * under way ends as CALL_FAILED, with what it was waiting for. */
void calls_run(struct http *http, const struct call_source *source, struct deadline deadline);

/* The same for a call that stands alone. One that could not be begun in time ends as CALL_FAILED,
 * too. */
void call_run(struct http *http, struct call *call, struct deadline deadline);

/* Fills error with the call's failure or refusal; resource and arn as for service_error_describe().
 * Returns false. */
bool call_describe(const struct call *call, const char *resource, const char *arn,
                   struct error *error);

void call_free(struct call *call);

#endif
