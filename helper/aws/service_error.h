/*
 * What AWS said when it refused a call.
 *
 * AWS's JSON services put the code into the header x-amzn-errortype or into the body's member
 * __type or code, bare, with a name space before '#' or with a URL behind ':' (Smithy, "AWS JSON
 * 1.1 protocol", "Operation error serialization"). Its query services and test servers answer XML.
 * Proxies answer anything. So reading never fails: without a code there is still the HTTP status.
 *
 * Of a response only code and request id are kept, and those only with the characters and lengths
 * that such things have: nothing else of it ever reaches a log.
 */
#ifndef SSMENV_AWS_SERVICE_ERROR_H
#define SSMENV_AWS_SERVICE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define SERVICE_ERROR_CODE_BYTES    80
#define SERVICE_ERROR_REQUEST_BYTES 80

/* What a refusal means for those who asked. */
enum service_verdict {
    SERVICE_UNKNOWN,     /* no code, or none that is known here */
    SERVICE_MISSING,     /* there is no such parameter or secret, version, label or stage */
    SERVICE_DENIED,      /* the policy does not allow the action on this name */
    SERVICE_KEY_DENIED,  /* the value's KMS key cannot be used */
    SERVICE_INVALID,     /* a name is not one that the service takes */
    SERVICE_CREDENTIALS, /* nobody will be answered with these keys, this clock, this region */
    SERVICE_BUSY,        /* throttled or broken; retry.h tells which */
};

struct service_error {
    char code[SERVICE_ERROR_CODE_BYTES];          /* "" when there is none */
    char request_id[SERVICE_ERROR_REQUEST_BYTES]; /* "" when there is none */
    long status;                                  /* of HTTP */
    enum service_verdict verdict;
};

/* error_type and request_id are header values or "". */
void service_error_read(struct service_error *refusal, long status, const char *error_type,
                        const char *request_id, const char *body, size_t length);

/* "CODE for ACTION on RESOURCE (request ID): what to do". action as policies name it, like
 * ssm:GetParameters; resource is a parameter or "" when the refusal is not about one; arn is what a
 * policy would have to name, or "". Returns false. */
bool service_error_describe(const struct service_error *refusal, const char *action,
                            const char *resource, const char *arn, struct error *error);

#endif
