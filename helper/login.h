/*
 * From a login to its environment: configuration, plan, cache, fetcher, evaluation, joined here and
 * nowhere else, since config, cache and fetcher do not know each other.
 */
#ifndef SSMENV_LOGIN_H
#define SSMENV_LOGIN_H

#include "common/deadline.h"
#include "config/diagnostics.h"
#include "config/plan.h"
#include "ssmenv/wire.h"

struct login_request {
    const char *user;
    const char *service;
    const char *config; /* path; missing is no mistake when it is the default one */
    uid_t owner;        /* who, besides root, may own configuration and credentials; 0: nobody */
    struct deadline deadline;
};

struct login_outcome {
    struct environment environment;
    struct diagnostics diagnostics; /* an error for each set that is missing */
    enum wire_source source;
    uint32_t stale_seconds; /* age of the oldest stale value */
};

#define LOGIN_OUTCOME_INIT ((struct login_outcome){0})

/* Always fills outcome, which the caller frees with login_outcome_free(). */
void login_resolve(const struct login_request *request, struct login_outcome *outcome);
void login_outcome_free(struct login_outcome *outcome);

/* An error or warning that is about no line of the configuration. */
void login_note(struct login_outcome *outcome, enum severity severity, const char *text);

#endif
