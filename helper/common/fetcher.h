/*
 * Asking ssmenv-fetch (companion.h): one request, one result.
 */
#ifndef SSMENV_COMMON_FETCHER_H
#define SSMENV_COMMON_FETCHER_H

#include "common/deadline.h"
#include "common/error.h"
#include "common/exchange.h"

/* On success result has one answer for each lookup of request, and the caller frees it. */
bool fetcher_ask(const struct request *request, struct deadline deadline, struct result *result,
                 struct error *error);

#endif
