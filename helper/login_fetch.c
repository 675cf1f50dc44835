#include "login_fetch.h"

#include "common/fetcher.h"

/* The fetcher answers this long before the helper's own end, so that its verdicts, not its death,
 * reach the log. */
#define FETCHER_MARGIN_MS 100

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

bool login_fetch(void *context, struct lookup *lookups, struct answer *answers, size_t count)
{
    struct login_fetch *fetch = context;
    struct identity used[LIMIT_IDENTITIES];
    struct request request = {.deadline = {fetch->deadline.at - FETCHER_MARGIN_MS},
                              .identities = used,
                              .lookups = lookups,
                              .lookup_count = count};
    struct result result = {0};
    struct error error = ERROR_INIT;

    request.identity_count = identities_pick(&fetch->identities, lookups, count, used);
    if (!fetcher_ask(&request, fetch->deadline, &result, &error))
        return fail_all(answers, count, error.text);
    take_answers(&result, answers);
    for (size_t i = 0; i < result.warning_count; i++)
        diagnostics_add(fetch->diagnostics, SEVERITY_WARNING, (struct position){0}, "%s",
                        result.warnings[i]);
    result_free(&result);
    return true;
}
