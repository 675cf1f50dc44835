#include "aws/local_service.h"

#include <poll.h>

#include "aws/retry.h"

#define ATTEMPTS 3

static enum retry_class classify(const struct http_exchange *exchange)
{
    if (exchange->answered)
        return retry_classify("", exchange->response.status);
    return exchange->transient ? RETRY_TRANSIENT : RETRY_NEVER;
}

void local_service_ask(struct http *http, struct http_exchange *exchange, int64_t milliseconds,
                       struct deadline deadline)
{
    const struct http_request request = exchange->request;

    for (unsigned attempt = 1;; attempt++) {
        int64_t delay;

        exchange->request.deadline = deadline_earlier(deadline, deadline_in(milliseconds));
        http_perform(http, exchange);
        delay = retry_delay(classify(exchange), attempt, ATTEMPTS, 0, deadline_left(deadline),
                            retry_random());
        if (delay < 0)
            return;
        poll(NULL, 0, (int)delay);
        http_exchange_free(exchange);
        exchange->request = request;
    }
}
