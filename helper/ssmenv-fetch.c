/*
 * ssmenv-fetch: reads one request (common/exchange.h) from standard input, asks AWS, writes one
 * result to standard output. Started by ssmenv-helper as "ssmenv-fetch --parent=PID"; never as
 * root.
 *
 * Files are read first. Then the sandbox closes, and only behind it the network begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/answers.h"
#include "aws/client.h"
#include "aws/http.h"
#include "aws/json.h"
#include "aws/sandbox.h"
#include "common/companion.h"
#include "common/deadline.h"
#include "common/exchange.h"
#include "common/frame.h"
#include "common/heap.h"
#include "common/privilege.h"

#define REQUEST_WAIT_MS 10000 /* whoever started us has its request ready */
#define WRITE_MS        50    /* kept back for writing the result */
#define PORTS_MAX       LIMIT_LOOKUPS

static bool read_request(struct request *request, struct error *error)
{
    struct buffer payload = BUFFER_INIT;
    bool ok;

    payload.limit = LIMIT_REQUEST_BYTES;
    ok = frame_read(STDIN_FILENO, WIRE_REQUEST, LIMIT_REQUEST_BYTES, deadline_in(REQUEST_WAIT_MS),
                    &payload, error) &&
         request_decode(request, payload.data, payload.length, error);
    buffer_free(&payload);
    return ok;
}

/* The point by which the answers have been found. Nobody waits for longer than a login may last. */
static struct deadline answer_deadline(const struct request *request)
{
    struct deadline deadline = deadline_earlier(request->deadline, deadline_in(TIMEOUT_MAX_MS));

    deadline.at -= WRITE_MS;
    return deadline;
}

/* Answers that came late are still written, in case somebody waits for them. */
static struct deadline write_deadline(const struct request *request)
{
    struct deadline least = deadline_in(WRITE_MS);

    return request->deadline.at > least.at ? request->deadline : least;
}

/* A lost datagram must not cost the five seconds after which libc asks again by default. */
static void hasten_resolver(void)
{
    setenv("RES_OPTIONS", "timeout:1 attempts:3", 1);
}

static bool close_sandbox(const struct clients *clients, struct result *result, struct error *error)
{
    uint16_t ports[PORTS_MAX];
    struct sandbox_layers layers = {false, false};

    if (!sandbox_close(ports, clients_ports(clients, ports, PORTS_MAX), &layers, error))
        return false;
    return layers.landlock || layers.seccomp ||
           result_warn(result, "this kernel offers neither Landlock nor seccomp: ssmenv-fetch "
                               "talks to the network without a sandbox") ||
           error_set(error, "out of memory");
}

/* Everything from the files to the answers. Connections and keys are left to the end of the
 * process, which follows at once: closing would wait for a name that is still being resolved. */
static bool fetch(const struct request *request, struct deadline deadline, struct result *result,
                  struct error *error)
{
    struct clients clients = {0};
    struct http *http;
    struct http *for_credentials;

    json_use_wiping_memory();
    hasten_resolver();
    http = http_open(error);
    if (http == NULL || !clients_open(&clients, request, deadline, error))
        return false;
    for_credentials = clients_need_service(&clients) ? http_open(error) : NULL;
    return (for_credentials != NULL || !clients_need_service(&clients)) &&
           close_sandbox(&clients, result, error) &&
           clients_connect(&clients, request, for_credentials, error) &&
           answers_fetch(request, &clients, http, deadline, result, NULL, error) &&
           clients_learn(&clients, result, error) && clients_warn(&clients, result, error);
}

/* What failed for all is the answer to each. */
static bool fail_all(const struct request *request, struct result *result, const char *text)
{
    result_free(result);
    result->answers = calloc(request->lookup_count + 1, sizeof *result->answers);
    if (result->answers == NULL)
        return false;
    result->answer_count = request->lookup_count;
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (!answer_set(&result->answers[i], ANSWER_FAILED, text))
            return false;
    }
    return true;
}

static bool write_result(const struct result *result, struct deadline deadline, struct error *error)
{
    struct buffer frame = BUFFER_INIT;

    result_encode(result, &frame);
    if (buffer_failed(&frame))
        return error_set(error, "the result is too large");
    return frame_write(STDOUT_FILENO, frame.data, frame.length, deadline, error);
}

static bool run(pid_t parent, struct error *error)
{
    struct request request;
    struct result result = {0};

    if (!privilege_drop(0, 0, parent, error) || !read_request(&request, error))
        return false;
    if (!fetch(&request, answer_deadline(&request), &result, error) &&
        !fail_all(&request, &result, error->text))
        return error_set(error, "out of memory");
    return write_result(&result, write_deadline(&request), error);
}

/* What OpenSSL, libcurl and one call allocate. */
#define HEAP_BYTES ((size_t)576 * 1024)

int main(int argc, char **argv)
{
    pid_t parent = companion_parent(argc, argv);
    struct error error = ERROR_INIT;

    heap_prepare(HEAP_BYTES);
    if (parent == 0)
        error_set(&error, "usage: ssmenv-fetch --parent=PID, with a request on standard input");
    else if (run(parent, &error))
        _exit(EXIT_SUCCESS); /* not exit(): a thread may still be resolving a name */
    fprintf(stderr, "ssmenv-fetch: %s\n", error.text);
    _exit(EXIT_FAILURE);
}
