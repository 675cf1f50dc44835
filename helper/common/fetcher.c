#include "common/fetcher.h"

#include "common/companion.h"

struct asking {
    const struct request *request;
    struct result *result;
};

static bool take(void *context, const struct buffer *payload, struct error *error)
{
    struct asking *asking = context;
    struct result *result = asking->result;

    if (!result_decode(result, payload->data, payload->length, error))
        return false;
    if (result->answer_count == asking->request->lookup_count)
        return true;
    error_set(error, "it gave %zu answers to %zu lookups", result->answer_count,
              asking->request->lookup_count);
    result_free(result);
    return false;
}

bool fetcher_ask(const struct request *request, struct deadline deadline, struct result *result,
                 struct error *error)
{
    static const struct companion fetcher = {"ssmenv-fetch", WIRE_RESULT, LIMIT_RESULT_BYTES, take};
    struct asking asking = {request, result};
    struct buffer question = BUFFER_INIT;
    bool ok;

    *result = (struct result){0};
    request_encode(request, &question);
    ok = buffer_failed(&question) ? error_set(error, "ssmenv-fetch: the request is too large")
                                  : companion_ask(&fetcher, &question, deadline, &asking, error);
    buffer_free(&question);
    return ok;
}
