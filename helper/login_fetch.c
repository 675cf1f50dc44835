#include "login_fetch.h"

#include <stdlib.h>

#include "cache/keepsake_store.h"
#include "common/fetcher.h"

/* The fetcher answers this long before the helper's own end, so that its verdicts, not its death,
 * reach the log. */
#define FETCHER_MARGIN_MS 100

/* A batch on its way. */
struct batch {
    struct login_fetch *fetch;
    struct identity used[LIMIT_IDENTITIES];
    size_t picked[LIMIT_IDENTITIES]; /* which of the identities each is */
    struct request request;
    struct result result;
};

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

static void warn(const struct batch *batch, const char *text)
{
    diagnostics_add(batch->fetch->diagnostics, SEVERITY_WARNING, (struct position){0}, "%s", text);
}

/* --- what is kept of the identities --- */

static int folder_of(const struct batch *batch)
{
    return batch->fetch->cache != NULL ? batch->fetch->cache->folder : -1;
}

static const char *key_of(const struct batch *batch, size_t i)
{
    return identities_key(&batch->fetch->identities, batch->picked[i]);
}

static void bring_along(struct batch *batch)
{
    for (size_t i = 0; i < batch->request.identity_count; i++) {
        struct error error = ERROR_INIT;

        batch->used[i].kept = (struct keepsake){0};
        if (folder_of(batch) >= 0 &&
            keepsake_load(&batch->used[i].kept, folder_of(batch), key_of(batch, i), cache_now,
                          &error) == STORE_DAMAGED)
            warn(batch, error.text);
    }
}

static void let_go(struct batch *batch)
{
    for (size_t i = 0; i < batch->request.identity_count; i++)
        keepsake_free(&batch->used[i].kept);
}

static void keep(const struct batch *batch)
{
    const struct result *result = &batch->result;

    for (size_t i = 0; folder_of(batch) >= 0 && i < result->learnt_count; i++) {
        struct error error = ERROR_INIT;

        if (result->learnt[i].lesson == LESSON_FORGET)
            keepsake_forget(folder_of(batch), key_of(batch, i));
        if (result->learnt[i].lesson == LESSON_KEEP &&
            !keepsake_save(&result->learnt[i].keepsake, folder_of(batch), key_of(batch, i),
                           cache_now, &error))
            warn(batch, error.text);
    }
}

/* --- asking --- */

static bool ask(struct batch *batch, struct error *error)
{
    struct result *result = &batch->result;

    if (!fetcher_ask(&batch->request, batch->fetch->deadline, result, error))
        return false;
    if (result->learnt_count != 0 && result->learnt_count != batch->request.identity_count) {
        result_free(result);
        return error_set(error, "ssmenv-fetch spoke of other identities than it was asked about");
    }
    keep(batch);
    return true;
}

/* Whether an answer failed for nothing but credentials that were kept. */
static bool was_misled(const struct batch *batch)
{
    const struct result *result = &batch->result;

    for (size_t i = 0; result->learnt_count != 0 && i < result->answer_count; i++) {
        if (result->answers[i].state == ANSWER_FAILED &&
            result->learnt[batch->request.lookups[i].identity].lesson == LESSON_FORGET)
            return true;
    }
    return false;
}

/* A process that gives credentials is run before the fetcher's sandbox closes, so a fetcher that
 * was given some that AWS refuses cannot run it any more. Another one can. */
static void ask_without_kept(struct batch *batch)
{
    struct result first = batch->result;
    struct error ignored = ERROR_INIT;

    let_go(batch);
    if (ask(batch, &ignored))
        result_free(&first);
    else
        batch->result = first;
}

bool login_fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count)
{
    struct login_fetch *fetch = context;
    struct batch batch = {.fetch = fetch,
                          .request = {.deadline = {fetch->deadline.at - FETCHER_MARGIN_MS},
                                      .lookups = lookups,
                                      .lookup_count = count}};
    struct error error = ERROR_INIT;
    bool ok;

    batch.request.identities = batch.used;
    batch.request.identity_count =
        identities_pick(&fetch->identities, lookups, count, batch.used, batch.picked);
    bring_along(&batch);
    ok = ask(&batch, &error);
    if (ok && was_misled(&batch))
        ask_without_kept(&batch);
    let_go(&batch);
    if (!ok)
        return fail_all(answers, count, error.text);
    take_answers(&batch.result, answers);
    for (size_t i = 0; i < batch.result.warning_count; i++)
        warn(&batch, batch.result.warnings[i]);
    result_free(&batch.result);
    return true;
}
