/*
 * A fetcher that misbehaves: fetcher_test finds it beside itself, as the helper finds the real one.
 * The first lookup's name says what it does.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exchange.h"
#include "common/frame.h"

static bool read_request(struct request *request)
{
    struct buffer payload = BUFFER_INIT;
    struct error error = ERROR_INIT;
    bool ok = frame_read(STDIN_FILENO, WIRE_REQUEST, LIMIT_REQUEST_BYTES, deadline_in(5000),
                         &payload, &error) &&
              request_decode(request, payload.data, payload.length, &error);

    buffer_free(&payload);
    return ok;
}

static void answer(const struct request *request, size_t count)
{
    struct result result = {.answers = calloc(count + 1, sizeof(struct answer)),
                            .answer_count = count};
    struct buffer frame = BUFFER_INIT;
    struct error error = ERROR_INIT;

    for (size_t i = 0; i < count; i++) {
        answer_set(&result.answers[i], ANSWER_FOUND, "");
        answer_add(&result.answers[i], request->lookups[i].name, "value");
    }
    result_encode(&result, &frame);
    frame_write(STDOUT_FILENO, frame.data, frame.length, deadline_in(5000), &error);
    buffer_free(&frame);
    result_free(&result);
}

static void hang(void)
{
    for (;;)
        pause();
}

static int act(const struct request *request)
{
    const char *what = request->lookups[0].name;

    if (strcmp(what, "answer") == 0) {
        answer(request, request->lookup_count);
    } else if (strcmp(what, "answer and stay") == 0) {
        answer(request, request->lookup_count);
        close(STDOUT_FILENO);
        hang();
    } else if (strcmp(what, "too few") == 0) {
        answer(request, request->lookup_count - 1);
    } else if (strcmp(what, "garbage") == 0) {
        return write(STDOUT_FILENO, "0123456789abcdef", 16) == 16 ? 0 : 9;
    } else if (strcmp(what, "exit 3") == 0) {
        return 3;
    } else if (strcmp(what, "abort") == 0) {
        abort();
    } else if (strcmp(what, "hang") == 0) {
        hang();
    }
    return 0;
}

int main(void)
{
    struct request request;
    int status;

    if (!read_request(&request))
        return 9;
    status = act(&request);
    request_free(&request);
    return status;
}
