/*
 * Asking ssmenv-fetch: one process, one request, one result.
 *
 * The fetcher is started from the folder that holds the running program, whose path the module has
 * checked, or, when none is there (ssmenv lives elsewhere), from where ssmenv-helper was installed;
 * neither configuration nor environment can name another one. It stays in the caller's
 * process group, so that the module's kill reaches it too, and never outlives fetcher_ask(): at the
 * deadline it is killed, in every case it is reaped.
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
