/*
 * What libcurl's result codes mean to somebody who has to mend it: which host, what happened, what
 * to check, and whether another attempt may help.
 */
#ifndef SSMENV_AWS_HTTP_FAILURE_H
#define SSMENV_AWS_HTTP_FAILURE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "common/error.h"

/* easy: the transfer that ended with code. Stores whether another attempt may succeed. */
void http_failure_describe(CURL *easy, CURLcode code, const char *host, bool *transient,
                           struct error *error);

/* What a transfer that is still going on waits for. */
void http_failure_describe_wait(CURL *easy, const char *host, struct error *error);

#endif
