/*
 * Answering lookups from Parameter Store and Secrets Manager, all calls in flight together.
 *
 * Parameters are asked ten to a GetParameters call, each name once however many lookups want it,
 * imports page by page with GetParametersByPath, and secrets one to a GetSecretValue call. One name
 * that is denied, malformed or encrypted with a key out of reach fails a whole GetParameters call
 * on AWS's side; such a call is asked again name by name, and where ssm:GetParameters itself is
 * denied with GetParameter, so that each lookup gets the verdict that is its own.
 */
#ifndef SSMENV_AWS_ANSWERS_H
#define SSMENV_AWS_ANSWERS_H

#include "aws/client.h"
#include "aws/http.h"
#include "common/deadline.h"
#include "common/exchange.h"

/* What was learnt about a lookup beyond its answer, for whoever tells a person about it. */
struct answer_detail {
    char type[16];    /* of a parameter that was found: SecureString; "": not told */
    char version[40]; /* of a parameter or secret that was found; "": not told */
    bool key_denied;  /* denied was not the action, but the value's KMS key */
};

/* Fills result with one answer for each lookup, and with warnings, before the deadline. clients are
 * those of the request, and learn. details: one for each lookup, or NULL. False only when memory
 * ends. */
bool answers_fetch(const struct request *request, struct clients *clients, struct http *http,
                   struct deadline deadline, struct result *result, struct answer_detail *details,
                   struct error *error);

#endif
