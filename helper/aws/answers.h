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

/* Fills result with one answer for each lookup, and with warnings, before the deadline. clients are
 * those of the request, and learn. False only when memory ends. */
bool answers_fetch(const struct request *request, struct clients *clients, struct http *http,
                   struct deadline deadline, struct result *result, struct error *error);

#endif
