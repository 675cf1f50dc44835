/*
 * What one login gets, in two steps around the fetch.
 *
 * plan_build() picks the sections that match the login, decides which section owns each name, and
 * lists the lookups that are needed, each once. Nothing was fetched until then. The caller obtains
 * one answer per lookup, in the same order. plan_resolve() then evaluates the sets: each is set as
 * a whole or left out as a whole.
 *
 * A plan borrows from its config, which must outlive it.
 */
#ifndef SSMENV_CONFIG_PLAN_H
#define SSMENV_CONFIG_PLAN_H

#include "common/exchange.h"
#include "config/config.h"
#include "config/diagnostics.h"

struct login {
    const char *user;    /* the session's user; for su and sudo the target */
    const char *service; /* the PAM service */
    /* Whether a group of the user matches the pattern. Asked only where a section names groups. */
    bool (*in_group)(const struct login *login, const char *pattern);
    void *context;
};

struct variable {
    char *name;
    char *value; /* a secret */
};

struct environment {
    struct variable *variables;
    size_t count;
};

struct plan {
    struct lookup *lookups;
    size_t lookup_count;
    /* … sets … */
};

bool plan_build(struct plan *plan, const struct config *config, const struct login *login,
                struct diagnostics *diagnostics);

/* answers has plan->lookup_count elements. Sets that succeed go into environment; each set that
 * fails adds an error, each import name left out a warning. Returns false when a set failed; the
 * others stand in environment all the same. */
bool plan_resolve(const struct plan *plan, const struct answer *answers,
                  struct environment *environment, struct diagnostics *diagnostics);

void plan_free(struct plan *plan);
void environment_free(struct environment *environment);

#endif
