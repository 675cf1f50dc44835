#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "config/groups.h"
#include "login_fetch.h"
#include "login_sets.h"
#include "paths.h"

void login_note(struct login_outcome *outcome, enum severity severity, const char *text)
{
    diagnostics_add(&outcome->diagnostics, severity, (struct position){0}, "%s", text);
}

/* --- the sets by way of the cache --- */

static void count_in(struct login_outcome *outcome, const struct cache_set *set)
{
    uint32_t age = set->age_ms / 1000 < UINT32_MAX ? (uint32_t)(set->age_ms / 1000) : UINT32_MAX;

    if (set->source > outcome->source)
        outcome->source = set->source;
    if (set->source != WIRE_SOURCE_STALE)
        return;
    if (age > outcome->stale_seconds)
        outcome->stale_seconds = age;
    login_note(outcome, SEVERITY_WARNING, set->reason.text);
}

static bool obtain(const struct config *config, const struct plan *plan, struct login_fetch *fetch,
                   struct answer *answers, struct login_outcome *outcome)
{
    struct cache_policy policy = login_policy(config);
    struct cache_set *sets = calloc(plan->set_count, sizeof *sets);
    struct cache cache;
    size_t count;
    bool ok;

    if (sets == NULL)
        return false;
    cache_open(&cache, PATH_RUNDIR, &policy);
    fetch->cache = &cache;
    count = login_sets(plan, &fetch->identities, answers, sets);
    ok = cache_obtain(&cache, sets, count, fetch->deadline, login_fetch, fetch);
    for (size_t i = 0; i < count; i++)
        count_in(outcome, &sets[i]);
    if (error_is_set(&cache.problem))
        login_note(outcome, SEVERITY_WARNING, cache.problem.text);
    cache_close(&cache);
    free(sets);
    return ok;
}

/* --- all of it --- */

static void resolve(const struct login_request *request, const struct config *config,
                    const struct plan *plan, struct login_outcome *outcome)
{
    struct login_fetch fetch = {.deadline = request->deadline,
                                .diagnostics = &outcome->diagnostics};
    struct result answers = {.answers = calloc(plan->lookup_count + 1, sizeof(struct answer)),
                             .answer_count = plan->lookup_count};

    if (answers.answers == NULL ||
        !identities_make(&fetch.identities, config, request->user, request->owner) ||
        (plan->lookup_count > 0 && !obtain(config, plan, &fetch, answers.answers, outcome)))
        login_note(outcome, SEVERITY_ERROR, "out of memory");
    else
        plan_resolve(plan, answers.answers, &outcome->environment, &outcome->diagnostics);
    identities_free(&fetch.identities);
    if (answers.answers != NULL)
        result_free(&answers);
}

/* Half of the time: a directory that does not answer leaves enough for the other sections. */
static struct groups groups_for(const struct config *config, struct deadline deadline)
{
    return (struct groups){.config = config, .deadline = deadline_in(deadline_left(deadline) / 2)};
}

void login_resolve(const struct login_request *request, struct login_outcome *outcome)
{
    struct config config = CONFIG_INIT;
    struct groups groups = groups_for(&config, request->deadline);
    struct login login = {.user = request->user,
                          .service = request->service,
                          .in_group = groups_have,
                          .context = &groups};
    bool is_default = strcmp(request->config, PATH_CONFIG) == 0;
    struct plan plan = PLAN_INIT;

    *outcome = LOGIN_OUTCOME_INIT;
    if (config_load(&config, request->config, is_default, request->owner, &outcome->diagnostics) &&
        plan_build(&plan, &config, &login, &outcome->diagnostics))
        resolve(request, &config, &plan, outcome);
    if (error_is_set(&groups.error))
        login_note(outcome, SEVERITY_ERROR, groups.error.text);
    plan_free(&plan);
    config_free(&config);
    groups_free(&groups);
}

void login_outcome_free(struct login_outcome *outcome)
{
    environment_free(&outcome->environment);
    diagnostics_free(&outcome->diagnostics);
}
