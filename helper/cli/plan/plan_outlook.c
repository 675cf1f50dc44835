#include "cli/plan/plan_outlook.h"

#include <stdlib.h>
#include <string.h>

#include "cache/set_key.h"
#include "login_sets.h"
#include "paths.h"

#define NOT_FETCHED "not fetched yet"

/* --- what the cache holds --- */

static bool keep_answers(struct answer *answers, const struct store *store, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!answer_copy(&answers[i], &store->values.answers[i]))
            return false;
    }
    return true;
}

static bool fail_answers(struct answer *answers, const char *reason, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!answer_set(&answers[i], ANSWER_FAILED, reason))
            return false;
    }
    return true;
}

static enum set_outlook_kind judge(const struct store *store, const struct cache_policy *policy,
                                   uint64_t now)
{
    bool usable = freshness_is_usable(store, policy, now);

    switch (freshness_judge(store, policy, now, false)) {
    case FRESH:
        return SET_FRESH;
    case HOLD:
        return usable ? SET_STALE : SET_WITHOUT;
    default:
        return usable ? SET_DUE : SET_UNKNOWN;
    }
}

static bool look_at_store(struct set_outlook *outlook, const struct cache_set *set,
                          const struct store *store, const struct cache_policy *policy)
{
    uint64_t now = cache_now();
    uint64_t until = freshness_until(store, policy);

    outlook->kind = judge(store, policy, now);
    outlook->age_ms = store->fetched_at != 0 ? now - store->fetched_at : 0;
    outlook->wait_ms = until > now ? until - now : 0;
    if (store->attempt == ATTEMPT_FAILED && store->reason != NULL) {
        text_free(outlook->reason);
        outlook->reason = text_copy(store->reason);
        if (outlook->reason == NULL)
            return false;
    }
    if (outlook->kind == SET_FRESH || outlook->kind == SET_STALE)
        return keep_answers(set->answers, store, set->count);
    outlook->open = outlook->kind != SET_WITHOUT;
    return fail_answers(set->answers, outlook->open ? NOT_FETCHED : outlook->reason, set->count);
}

static bool look_at_set(struct outlook *outlook, const struct cache *cache,
                        const struct cache_set *set, struct set_outlook *of)
{
    struct buffer key = BUFFER_INIT;
    struct store store = {0};
    struct error error = ERROR_INIT;
    bool ok;

    set_key_write(set->identity, set->lookups, set->count, &key);
    if (cache->folder >= 0 &&
        store_load(&store, cache->folder, buffer_text(&key), cache_now, &error) == STORE_LOADED &&
        (store.fetched_at == 0 || store.values.answer_count == set->count)) {
        ok = look_at_store(of, set, &store, &cache->policy);
    } else {
        of->kind = SET_UNKNOWN;
        of->open = true;
        ok = fail_answers(set->answers, NOT_FETCHED, set->count);
    }
    if (error_is_set(&error) && !error_is_set(&outlook->cache_problem))
        outlook->cache_problem = error;
    ok = ok && !buffer_failed(&key);
    store_free(&store);
    buffer_free(&key);
    return ok;
}

/* login_sets() leaves out the sets of constants. */
static bool look_at_cache(struct outlook *outlook)
{
    const struct plan *plan = &outlook->plan;
    struct cache_policy policy = login_policy(outlook->config);
    struct cache_set *sets = calloc(plan->set_count + 1, sizeof *sets);
    struct cache cache;
    size_t next = 0;
    bool ok = sets != NULL;

    if (!ok)
        return false;
    cache_open(&cache, PATH_RUNDIR, &policy);
    outlook->cache_problem = cache.problem;
    login_sets(plan, &outlook->identities, outlook->answers, sets);
    for (size_t i = 0; ok && i < plan->set_count; i++) {
        outlook->sets[i].reason = text_copy("");
        ok = outlook->sets[i].reason != NULL;
        if (ok && plan->sets[i].lookup_count > 0)
            ok = look_at_set(outlook, &cache, &sets[next++], &outlook->sets[i]);
    }
    cache_close(&cache);
    free(sets);
    return ok;
}

/* --- which sets wait for others --- */

static bool join(struct outlook *outlook, size_t set, size_t other)
{
    bool changed = outlook->sets[set].open != outlook->sets[other].open;

    outlook->sets[set].open |= changed;
    outlook->sets[other].open |= changed;
    return changed;
}

/* A text that names what an import may bring waits for all imports above that could. */
static bool join_imports(struct outlook *outlook, size_t line)
{
    const struct plan *plan = &outlook->plan;
    bool changed = false;

    for (size_t i = 0; i < line; i++) {
        if (plan->lines[i].assignment->import)
            changed |= join(outlook, plan->lines[line].set, plan->lines[i].set);
    }
    return changed;
}

static bool join_line(struct outlook *outlook, size_t line)
{
    const struct plan_line *plan_line = &outlook->plan.lines[line];
    bool changed = false;

    for (size_t i = 0; plan_line->needed && i < plan_line->source_count; i++) {
        const struct source *source = &plan_line->sources[i];

        if (source->kind == SOURCE_LINE)
            changed |= join(outlook, plan_line->set, outlook->plan.lines[source->line].set);
        else if (source->kind == SOURCE_IMPORTS)
            changed |= join_imports(outlook, line);
    }
    return changed;
}

/* Sets that a text joins stand or fall together, so one of them that is open leaves all open. */
static void join_open_sets(struct outlook *outlook)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < outlook->plan.line_count; i++)
            changed |= join_line(outlook, i);
    }
}

/* --- all of it --- */

bool outlook_make(struct outlook *outlook, const struct config *config, const char *user,
                  const char *service, uid_t owner, struct error *error)
{
    *outlook = (struct outlook){
        .config = config,
        .groups = {.config = config, .deadline = deadline_in(TIMEOUT_DEFAULT_MS / 2)}};
    outlook->login = (struct login){
        .user = user, .service = service, .in_group = groups_have, .context = &outlook->groups};
    if (!plan_build(&outlook->plan, config, &outlook->login, &outlook->planning))
        return error_set(error, "%s", outlook->planning.items[0].text);
    if (error_is_set(&outlook->groups.error))
        diagnostics_add(&outlook->planning, SEVERITY_ERROR, (struct position){0}, "%s",
                        outlook->groups.error.text);
    outlook->answers = calloc(outlook->plan.lookup_count + 1, sizeof *outlook->answers);
    outlook->sets = calloc(outlook->plan.set_count + 1, sizeof *outlook->sets);
    if (outlook->answers == NULL || outlook->sets == NULL ||
        !identities_make(&outlook->identities, config, user, owner) || !look_at_cache(outlook))
        return error_set(error, "out of memory");
    join_open_sets(outlook);
    plan_resolve(&outlook->plan, outlook->answers, &outlook->environment, &outlook->resolving);
    return true;
}

void outlook_free(struct outlook *outlook)
{
    struct result answers = {.answers = outlook->answers,
                             .answer_count = outlook->plan.lookup_count};

    for (size_t i = 0; outlook->sets != NULL && i < outlook->plan.set_count; i++)
        text_free(outlook->sets[i].reason);
    free(outlook->sets);
    if (outlook->answers != NULL)
        result_free(&answers);
    environment_free(&outlook->environment);
    diagnostics_free(&outlook->planning);
    diagnostics_free(&outlook->resolving);
    identities_free(&outlook->identities);
    plan_free(&outlook->plan);
    groups_free(&outlook->groups);
    *outlook = OUTLOOK_INIT;
}

/* --- what becomes of a line --- */

const struct variable *outlook_next(const struct outlook *outlook, size_t line, size_t *next)
{
    while (*next < outlook->environment.count) {
        size_t at = (*next)++;

        if (outlook->environment.lines[at] == line)
            return &outlook->environment.variables[at];
    }
    return NULL;
}

static bool is_within(const struct plan *plan, const struct plan_set *set, struct position position)
{
    const struct section *section = set->section;
    unsigned last = section->position.line;

    if (set->line_count > 0)
        last = plan->lines[set->first_line + set->line_count - 1].assignment->position.line;
    return position.file != NULL && strcmp(position.file, section->position.file) == 0 &&
           position.line >= section->position.line && position.line <= last;
}

bool outlook_is_certain(const struct outlook *outlook, const struct diagnostic *diagnostic)
{
    for (size_t i = 0; i < outlook->plan.set_count; i++) {
        if (is_within(&outlook->plan, &outlook->plan.sets[i], diagnostic->position))
            return !outlook->sets[i].open;
    }
    return true;
}

static bool has_failed(const struct outlook *outlook, size_t set)
{
    const struct plan_set *plan_set = &outlook->plan.sets[set];

    for (size_t i = 0; i < outlook->resolving.count; i++) {
        const struct diagnostic *item = &outlook->resolving.items[i];

        if (item->severity == SEVERITY_ERROR && is_within(&outlook->plan, plan_set, item->position))
            return true;
    }
    return plan_set->failed;
}

enum line_state outlook_line(const struct outlook *outlook, size_t line)
{
    const struct plan_line *plan_line = &outlook->plan.lines[line];
    size_t next = 0;

    if (!plan_line->owns && !plan_line->assignment->import)
        return LINE_OVERRIDDEN;
    if (outlook->sets[plan_line->set].open)
        return LINE_OPEN;
    if (outlook_next(outlook, line, &next) != NULL)
        return LINE_SET;
    return has_failed(outlook, plan_line->set) ? LINE_FAILED : LINE_UNSET;
}

const char *outlook_setting(const struct outlook *outlook, const struct section *section,
                            const char *key)
{
    const struct identity *identity = &outlook->config->identities[section->identity];

    for (size_t i = 0; i < identity->count; i++) {
        if (strcmp(identity->settings[i].key, key) == 0)
            return identity->settings[i].value;
    }
    return NULL;
}
