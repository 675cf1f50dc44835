#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "common/fetcher.h"
#include "config/groups.h"
#include "login_identities.h"
#include "paths.h"

/* The fetcher answers this long before the helper's own end, so that its verdicts, not its death,
 * reach the log. */
#define FETCHER_MARGIN_MS 100

/* What a fetch needs, and where its warnings go. */
struct fetching {
    struct identities identities;
    struct deadline deadline;
    struct login_outcome *outcome;
};

void login_note(struct login_outcome *outcome, enum severity severity, const char *text)
{
    diagnostics_add(&outcome->diagnostics, severity, (struct position){0}, "%s", text);
}

/* --- fetching --- */

/* Moves the result's answers to where they are wanted. */
static void take_answers(struct result *result, struct answer *answers)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        answers[i] = result->answers[i];
        result->answers[i] = (struct answer){0};
    }
}

static bool fail_all(struct answer *answers, size_t count, const char *reason)
{
    for (size_t i = 0; i < count; i++) {
        if (!answer_set(&answers[i], ANSWER_FAILED, reason))
            return false;
    }
    return true;
}

/* A cache_fetch. */
static bool fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count)
{
    struct fetching *fetching = context;
    struct identity used[LIMIT_IDENTITIES];
    struct request request = {.deadline = {fetching->deadline.at - FETCHER_MARGIN_MS},
                              .identities = used,
                              .lookups = lookups,
                              .lookup_count = count};
    struct result result = {0};
    struct error error = ERROR_INIT;

    request.identity_count = identities_pick(&fetching->identities, lookups, count, used);
    if (!fetcher_ask(&request, fetching->deadline, &result, &error))
        return fail_all(answers, count, error.text);
    take_answers(&result, answers);
    for (size_t i = 0; i < result.warning_count; i++)
        login_note(fetching->outcome, SEVERITY_WARNING, result.warnings[i]);
    result_free(&result);
    return true;
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

/* One cache_set for each set of the plan that needs lookups; returns how many. */
static size_t make_sets(const struct plan *plan, const struct identities *identities,
                        struct answer *answers, struct cache_set *sets)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->set_count; i++) {
        const struct plan_set *set = &plan->sets[i];

        if (set->lookup_count > 0)
            sets[count++] =
                (struct cache_set){.identity = identities_key(identities, set->section->identity),
                                   .lookups = plan->lookups + set->first_lookup,
                                   .answers = answers + set->first_lookup,
                                   .count = set->lookup_count};
    }
    return count;
}

static bool obtain(const struct config *config, const struct plan *plan, struct fetching *fetching,
                   struct answer *answers)
{
    struct cache_policy policy = {.ttl_ms = config->cache.ttl_ms,
                                  .max_stale_ms = config->cache.max_stale_ms,
                                  .retry_after_ms = config->cache.retry_after_ms,
                                  .keep_denied = config->cache.on_denied == ON_DENIED_STALE};
    struct cache_set *sets = calloc(plan->set_count, sizeof *sets);
    struct cache cache;
    size_t count;
    bool ok;

    if (sets == NULL)
        return false;
    cache_open(&cache, PATH_RUNDIR, &policy);
    count = make_sets(plan, &fetching->identities, answers, sets);
    ok = cache_obtain(&cache, sets, count, fetching->deadline, fetch, fetching);
    for (size_t i = 0; i < count; i++)
        count_in(fetching->outcome, &sets[i]);
    if (error_is_set(&cache.problem))
        login_note(fetching->outcome, SEVERITY_WARNING, cache.problem.text);
    cache_close(&cache);
    free(sets);
    return ok;
}

/* --- all of it --- */

static void resolve(const struct login_request *request, const struct config *config,
                    const struct plan *plan, struct login_outcome *outcome)
{
    struct fetching fetching = {.deadline = request->deadline, .outcome = outcome};
    struct result answers = {.answers = calloc(plan->lookup_count + 1, sizeof(struct answer)),
                             .answer_count = plan->lookup_count};

    if (answers.answers == NULL ||
        !identities_make(&fetching.identities, config, request->user, request->owner) ||
        (plan->lookup_count > 0 && !obtain(config, plan, &fetching, answers.answers)))
        login_note(outcome, SEVERITY_ERROR, "out of memory");
    else
        plan_resolve(plan, answers.answers, &outcome->environment, &outcome->diagnostics);
    identities_free(&fetching.identities);
    if (answers.answers != NULL)
        result_free(&answers);
}

void login_resolve(const struct login_request *request, struct login_outcome *outcome)
{
    struct groups groups = GROUPS_INIT;
    struct login login = {.user = request->user,
                          .service = request->service,
                          .in_group = groups_have,
                          .context = &groups};
    bool is_default = strcmp(request->config, PATH_CONFIG) == 0;
    struct config config = CONFIG_INIT;
    struct plan plan = PLAN_INIT;

    *outcome = LOGIN_OUTCOME_INIT;
    if (config_load(&config, request->config, is_default, request->owner, &outcome->diagnostics) &&
        plan_build(&plan, &config, &login, &outcome->diagnostics))
        resolve(request, &config, &plan, outcome);
    plan_free(&plan);
    config_free(&config);
    groups_free(&groups);
}

void login_outcome_free(struct login_outcome *outcome)
{
    environment_free(&outcome->environment);
    diagnostics_free(&outcome->diagnostics);
}
