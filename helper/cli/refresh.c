/* ssmenv refresh: what logins will ask for is fetched before they do. */
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cli/become.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/inventory.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "login_fetch.h"
#include "login_sets.h"
#include "paths.h"
#include "ssmenv/duration.h"

#define TIMEOUT_DEFAULT "60s"
/* One batch is ten calls of ten names. Its sets are locked meanwhile: logins that have no values
 * wait, so a batch is neither large nor slow. */
#define BATCH_LOOKUPS 100
#define BATCH_MS      10000
/* A user's own sets are renewed as long as the user comes back within this time. */
#define USED_MS (3600 * UINT64_C(1000))

struct settings {
    const char *config;
    const char *timeout;
    bool verbose;
};

struct work {
    const struct command *command;
    const struct config *config;
    struct cache *cache;
    struct identities any; /* those of ANY_USER */
    uid_t owner;
    struct deadline deadline;
    bool verbose;
    bool failed;
};

struct batch {
    const char *user; /* whose identities it is fetched under */
    struct known_set *known[BATCH_LOOKUPS];
    struct cache_set sets[BATCH_LOOKUPS];
    size_t count;
    size_t lookups;
};

/* --- what came of it --- */

static const char *failure_of(const struct cache_set *set)
{
    if (set->source != WIRE_SOURCE_FETCHED)
        return set->reason.text;
    for (size_t i = 0; i < set->count; i++) {
        if (set->answers[i].state == ANSWER_FAILED || set->answers[i].state == ANSWER_DENIED)
            return set->answers[i].error;
    }
    return NULL;
}

static void report(struct work *work, const struct known_set *known, const struct cache_set *set)
{
    const char *failure = failure_of(set);
    struct buffer name = BUFFER_INIT;

    known_set_describe(known, &name);
    progress_end();
    if (failure != NULL)
        complain(work->command, "%s: %s", buffer_text(&name), failure);
    else if (work->verbose)
        complain(work->command, "%s: renewed", buffer_text(&name));
    for (size_t i = 0; failure == NULL && work->verbose && i < set->count; i++) {
        if (set->answers[i].state == ANSWER_MISSING)
            complain(work->command, "%s: %s", buffer_text(&name), set->answers[i].error);
    }
    work->failed = work->failed || failure != NULL;
    buffer_free(&name);
}

/* --- renewing --- */

static bool prepare(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct known_set *known = batch->known[i];

        batch->sets[i] = (struct cache_set){
            .identity = known->parts.identity,
            .user = known->user,
            .lookups = known->parts.lookups,
            .answers = calloc(known->parts.count, sizeof(struct answer)),
            .count = known->parts.count,
        };
        if (batch->sets[i].answers == NULL)
            return false;
    }
    return true;
}

static bool obtain(struct work *work, struct batch *batch)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct login_fetch fetch = {.deadline = deadline_earlier(work->deadline, deadline_in(BATCH_MS)),
                                .diagnostics = &diagnostics,
                                .cache = work->cache};
    bool ok =
        identities_make(&fetch.identities, work->config, batch->user, work->owner) &&
        cache_obtain(work->cache, batch->sets, batch->count, fetch.deadline, login_fetch, &fetch);

    progress_end();
    configuration_complain(work->command, &diagnostics);
    diagnostics_free(&diagnostics);
    identities_free(&fetch.identities);
    return ok;
}

static bool renew(struct work *work, struct batch *batch)
{
    bool ok = prepare(batch) && obtain(work, batch);

    for (size_t i = 0; i < batch->count; i++) {
        struct result done = {.answers = batch->sets[i].answers,
                              .answer_count = batch->sets[i].count};

        if (ok)
            report(work, batch->known[i], &batch->sets[i]);
        if (done.answers != NULL)
            result_free(&done);
    }
    return ok;
}

/* --- which, and in which order --- */

static bool is_wanted(const struct known_set *set)
{
    return set->section_count > 0 && (*set->user == '\0' || set->unused_ms <= USED_MS);
}

static const char *session_user(const struct work *work, const struct known_set *set)
{
    return work->any.items[set->sections[0]->identity].names_user ? set->user : ANY_USER;
}

/* Moves sets from wanted to the batch, as many as belong together and fit; returns how many are
 * left. The first one always fits. */
static size_t fill(const struct work *work, struct known_set **wanted, size_t count,
                   struct batch *batch)
{
    size_t left = 0;

    *batch = (struct batch){.user = session_user(work, wanted[0])};
    for (size_t i = 0; i < count; i++) {
        if ((i == 0 || batch->lookups + wanted[i]->parts.count <= BATCH_LOOKUPS) &&
            strcmp(session_user(work, wanted[i]), batch->user) == 0) {
            batch->lookups += wanted[i]->parts.count;
            batch->known[batch->count++] = wanted[i];
        } else {
            wanted[left++] = wanted[i];
        }
    }
    return left;
}

static bool renew_all(struct work *work, const struct inventory *inventory)
{
    struct known_set **wanted = calloc(inventory->count + 1, sizeof *wanted);
    size_t count = 0;
    bool ok = wanted != NULL;

    for (size_t i = 0; ok && i < inventory->count; i++) {
        if (is_wanted(&inventory->items[i]))
            wanted[count++] = &inventory->items[i];
    }
    while (ok && count > 0) {
        struct batch batch;

        progress("fetching: %zu sets to go", count);
        count = fill(work, wanted, count, &batch);
        ok = renew(work, &batch);
    }
    progress_end();
    free(wanted);
    return ok;
}

/* Sets that nobody can ask for any more, and those whose user is gone and whose values are of no
 * use any more. A fetch that is running shows that somebody does ask. */
static void forget_old(const struct work *work, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++) {
        const struct known_set *set = &inventory->items[i];
        char name[STORE_NAME_BYTES];

        if (!set->stored || is_wanted(set) ||
            (set->section_count > 0 &&
             freshness_is_usable(&set->store, &work->cache->policy, cache_now())))
            continue;
        store_name(set->key, name);
        folder_forget(work->cache->folder, name, deadline_in(0));
    }
}

/* --- the command --- */

static bool refresh(struct work *work)
{
    struct inventory inventory = INVENTORY_INIT;
    struct error error = ERROR_INIT;
    bool ok = inventory_take(&inventory, work->config, work->cache->folder, work->owner, &error);

    if (!ok) {
        complain(work->command, "%s", error.text);
    } else {
        forget_old(work, &inventory);
        ok = identities_make(&work->any, work->config, ANY_USER, work->owner) &&
             renew_all(work, &inventory);
        if (!ok)
            complain(work->command, "out of memory");
        identities_free(&work->any);
    }
    inventory_free(&inventory);
    return ok;
}

static int refresh_configured(struct work *work)
{
    struct cache_policy policy = login_policy(work->config);
    struct cache cache;

    cache_open(&cache, PATH_RUNDIR, &policy);
    cache.renew = true;
    work->cache = &cache;
    work->failed = cache.folder < 0 || !refresh(work) || work->failed;
    if (error_is_set(&cache.problem))
        complain(work->command, "%s", cache.problem.text);
    work->failed = work->failed || error_is_set(&cache.problem);
    cache_close(&cache);
    return work->failed ? EXIT_FAILED : EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {.config = PATH_CONFIG, .timeout = TIMEOUT_DEFAULT};
    struct work work = {.command = command};
    struct config config = CONFIG_INIT;
    struct operands operands;
    struct error error = ERROR_INIT;
    uint64_t timeout_ms;
    int code;

    if (!options_parse(command, argc, argv, &settings, &operands, &code))
        return code;
    if (!duration_parse(settings.timeout, strlen(settings.timeout), &timeout_ms) ||
        timeout_ms > INT32_MAX)
        return command_misused(command, "--timeout: \"%s\" is no duration such as 30s or 2m",
                               settings.timeout);
    if (!become_helper_user(&work.owner, &error)) {
        complain(command, "%s", error.text);
        return EXIT_FAILED;
    }
    work.config = &config;
    work.deadline = deadline_in((int64_t)timeout_ms);
    work.verbose = settings.verbose;
    code = configuration_load(command, &config, settings.config, work.owner)
               ? refresh_configured(&work)
               : EXIT_FAILED;
    config_free(&config);
    return code;
}

static const struct option options[] = {
    {"--timeout", "DURATION", "give up after that time, " TIMEOUT_DEFAULT " unless given",
     offsetof(struct settings, timeout)},
    {"--verbose", NULL, "name the sets that were renewed, too", offsetof(struct settings, verbose)},
    OPTION_CONFIG(struct settings),
};

const struct command command_refresh = {
    .name = "refresh",
    .summary = "fetch what logins will ask for, before they do",
    .text = "Renews every set of values that is the same for all users, and those of single users\n"
            "that they have used within an hour; forgets what AWS said does not exist or is\n"
            "denied, and sets that the configuration does not describe any more.\n"
            "Ends with 1, and names the sets, when some could not be renewed.\n",
    .examples = "  ssmenv refresh                  after a secret was changed\n"
                "  ssmenv refresh --verbose        and see what there is\n"
                "  systemctl enable --now ssmenv-refresh.timer\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
