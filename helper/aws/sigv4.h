/*
 * AWS Signature Version 4, for requests with headers and for presigned URLs
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
 *
 * The caller hands over the request exactly as it will be sent, with every header that is to be
 * signed, Host among them. Nothing is kept and nothing is sent here. Signing keys are wiped.
 */
#ifndef SSMENV_AWS_SIGV4_H
#define SSMENV_AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "aws/credentials.h"
#include "common/buffer.h"
#include "common/error.h"

struct sigv4_header {
    const char *name;  /* in any case */
    const char *value; /* as sent; blanks are folded for signing */
};

struct sigv4_request {
    const char *method;
    const char *path;  /* as sent, beginning with '/' */
    const char *query; /* as sent, without '?'; "" when there is none */
    const struct sigv4_header *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    bool normalise_path; /* remove dot segments and double slashes before signing */
};

struct sigv4_scope {
    const char *region;
    const char *service;
    time_t time; /* UTC */
};

/* The texts on the way to a signature, for tests and for doctor-like diagnosis; all but the
 * signature are public. */
struct sigv4_signature {
    struct buffer canonical_request;
    struct buffer string_to_sign;
    struct buffer signed_headers;
    struct buffer authorization; /* value of the Authorization header (header form) */
    char date[17];               /* value of X-Amz-Date: 20150830T123600Z */
    char signature[65];          /* lower-case hex */
};

/* Header form. The request's headers are signed as they are; x-amz-date and, where the credentials
 * have one, x-amz-security-token are added to the signed set (the caller sends them too). */
bool sigv4_sign(const struct sigv4_request *request, const struct credentials *credentials,
                const struct sigv4_scope *scope, struct sigv4_signature *signature,
                struct error *error);

/* Presigned form: appends the complete query string, X-Amz-Signature last, to query. */
bool sigv4_presign(const struct sigv4_request *request, const struct credentials *credentials,
                   const struct sigv4_scope *scope, unsigned expires_seconds, struct buffer *query,
                   struct sigv4_signature *signature, struct error *error);

void sigv4_signature_free(struct sigv4_signature *signature);

#endif
