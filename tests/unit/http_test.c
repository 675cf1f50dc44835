#include "aws/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define REQUEST_MAX 4096
#define LONG_WAIT   20000
#define OK_HEAD     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

/* A server that answers every request with the same bytes and closes, or is silent. */
struct server {
    pid_t pid;
    int port;
    int requests; /* read end: what it was asked, as it came */
};

static int listen_on_loopback(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        exit(1);
    *port = ntohs(address.sin_port);
    return listener;
}

static bool is_complete(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strcasestr(request, "content-length: ");

    return end != NULL && strlen(end + 4) >= (length != NULL ? strtoul(length + 16, NULL, 10) : 0);
}

static void serve_one(int connection, const char *answer, size_t length, int record)
{
    char request[REQUEST_MAX] = "";
    size_t got = 0;

    while (!is_complete(request)) {
        ssize_t count = read(connection, request + got, sizeof request - 1 - got);

        if (count <= 0)
            return;
        got += (size_t)count;
        request[got] = '\0';
    }
    if (write(record, request, got) != (ssize_t)got)
        return;
    while (answer == NULL)
        pause();
    while (length > 0) {
        ssize_t count = write(connection, answer, length);

        if (count <= 0)
            return;
        answer += count;
        length -= (size_t)count;
    }
}

/* answer NULL: silence. */
static struct server serve_bytes(const char *answer, size_t length)
{
    struct server server;
    int ends[2];
    int listener = listen_on_loopback(&server.port);

    if (pipe(ends) != 0)
        exit(1);
    server.pid = fork();
    if (server.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int connection = accept(listener, NULL, NULL);

            serve_one(connection, answer, length, ends[1]);
            close(connection);
        }
    }
    close(listener);
    close(ends[1]);
    server.requests = ends[0];
    return server;
}

static struct server serve(const char *answer)
{
    return serve_bytes(answer, answer != NULL ? strlen(answer) : 0);
}

/* Ends the server and returns what it was asked. */
static const char *stop(struct server *server, char request[REQUEST_MAX])
{
    size_t got = 0;
    ssize_t count;

    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    while ((count = read(server->requests, request + got, REQUEST_MAX - 1 - got)) > 0)
        got += (size_t)count;
    request[got] = '\0';
    close(server->requests);
    return request;
}

static struct http_exchange exchange_with(const char *url)
{
    return (struct http_exchange){.request = {.method = "POST",
                                              .url = url,
                                              .body = "{\"a\":1}",
                                              .body_length = 7,
                                              .deadline = deadline_in(LONG_WAIT)}};
}

static struct http_exchange exchange_at(int port, char url[64])
{
    snprintf(url, 64, "http://127.0.0.1:%d/", port);
    return exchange_with(url);
}

/* One exchange from begin to end. */
static void run(struct http_exchange *exchange)
{
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);

    if (CHECK(http != NULL) && http_begin(http, exchange))
        CHECK(http_wait(http, exchange->request.deadline) == exchange);
    http_close(http);
}

/* What came of asking a server that answers with these bytes. */
static struct http_exchange answered_with(const char *answer)
{
    struct server server = serve(answer);
    char request[REQUEST_MAX];
    char url[64];
    struct http_exchange exchange = exchange_at(server.port, url);

    run(&exchange);
    stop(&server, request);
    return exchange;
}

static void an_answer_comes_with_status_headers_and_body(void)
{
    struct http_exchange exchange =
        answered_with("HTTP/1.1 400 Bad Request\r\nX-Amzn-RequestId:  1234-abcd \r\n"
                      "x-AMZN-errortype: Foo#Bar:http\r\nDate: Tue\r\nRetry-After: 3\r\n"
                      "x-amz-retry-after: 1500\r\nContent-Length: 5\r\n\r\nhello");

    CHECK(exchange.answered);
    CHECK_INT(exchange.response.status, 400);
    CHECK_TEXT(buffer_text(&exchange.response.body), "hello");
    CHECK_TEXT(exchange.response.request_id, "1234-abcd");
    CHECK_TEXT(exchange.response.error_type, "Foo#Bar:http");
    CHECK_TEXT(exchange.response.date, "Tue");
    CHECK_TEXT(exchange.response.retry_after, "3");
    CHECK_TEXT(exchange.response.amazon_retry_after, "1500");
    http_exchange_free(&exchange);
}

static void a_header_that_is_too_long_is_left_out(void)
{
    struct buffer answer = BUFFER_INIT;
    struct http_exchange exchange;

    buffer_append_text(&answer, OK_HEAD "x-amzn-RequestId: ");
    for (int i = 0; i < 1000; i++)
        buffer_append_char(&answer, 'A');
    buffer_append_text(&answer, "\r\n\r\n{}");
    exchange = answered_with(buffer_text(&answer));
    CHECK(exchange.answered);
    CHECK_TEXT(exchange.response.request_id, "");
    http_exchange_free(&exchange);
    buffer_free(&answer);
}

static void a_request_is_sent_as_it_was_made(void)
{
    struct server server = serve(OK_HEAD "\r\n{}");
    char url[64];
    char request[REQUEST_MAX];
    struct http_exchange exchange = exchange_at(server.port, url);

    http_add_header(&exchange.request, "Host", "ssm.example");
    http_add_header(&exchange.request, "X-Amz-Target", "AmazonSSM.GetParameters");
    http_add_header(&exchange.request, "Content-Type", "application/x-amz-json-1.1");
    run(&exchange);
    stop(&server, request);
    CHECK_INT(strncmp(request, "POST / HTTP/1.1\r\n", 17), 0);
    CHECK_CONTAINS(request, "\r\nHost: ssm.example\r\n");
    CHECK_CONTAINS(request, "\r\nX-Amz-Target: AmazonSSM.GetParameters\r\n");
    CHECK_CONTAINS(request, "\r\nContent-Type: application/x-amz-json-1.1\r\n");
    CHECK_CONTAINS(request, "\r\n\r\n{\"a\":1}");
    CHECK(strcasestr(request, "\r\nExpect:") == NULL);
    CHECK(strcasestr(request, "\r\nCookie:") == NULL);
    CHECK(strcasestr(request, "\r\nAuthorization:") == NULL);
    http_exchange_free(&exchange);
}

static void the_environment_changes_nothing(void)
{
    static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY",
                                            "all_proxy"};
    struct http_exchange exchange;

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], "http://127.0.0.1:1/", 1);
    exchange = answered_with(OK_HEAD "\r\n{}");
    CHECK(exchange.answered);
    CHECK_TEXT(exchange.error.text, "");
    http_exchange_free(&exchange);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
}

static void a_redirect_is_an_answer(void)
{
    struct server server = serve("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
                                 "Content-Length: 0\r\n\r\n");
    char url[64];
    char request[REQUEST_MAX];
    struct http_exchange exchange = exchange_at(server.port, url);

    run(&exchange);
    CHECK_INT(exchange.response.status, 307);
    CHECK(strstr(stop(&server, request), "elsewhere") == NULL);
    http_exchange_free(&exchange);
}

static void a_broken_answer_is_an_error_that_may_pass(void)
{
    static const struct {
        const char *answer;
        const char *error;
        bool transient;
    } cases[] = {
        {"", "closed the connection without an answer", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "broke off in the middle", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", "", true},
        {"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_exchange exchange = answered_with(cases[i].answer);

        CHECK(!exchange.answered);
        CHECK_CONTAINS(exchange.error.text, cases[i].error);
        CHECK_CONTAINS(exchange.error.text, "127.0.0.1:");
        CHECK_INT(exchange.transient, cases[i].transient);
        CHECK(exchange.reached);
        http_exchange_free(&exchange);
    }
}

static void an_endless_answer_ends_at_the_limit(void)
{
    struct buffer answer = BUFFER_INIT;
    struct server server;
    struct http_exchange exchange;
    char request[REQUEST_MAX];
    char url[64];

    buffer_append_text(&answer, "HTTP/1.1 200 OK\r\n\r\n");
    while (answer.length < HTTP_BODY_BYTES + 1000)
        buffer_append_text(&answer, "0123456789abcdef0123456789abcdef0123456789abcdef");
    server = serve_bytes(answer.data, answer.length);
    exchange = exchange_at(server.port, url);
    run(&exchange);
    stop(&server, request);
    CHECK(!exchange.answered);
    CHECK(!exchange.transient);
    CHECK_CONTAINS(exchange.error.text, "sent more than 4194304 bytes");
    CHECK(exchange.response.body.length <= HTTP_BODY_BYTES);
    http_exchange_free(&exchange);
    buffer_free(&answer);
}

static void nobody_at_the_port_is_an_error_that_may_pass(void)
{
    char url[64];
    int port;
    struct http_exchange exchange;

    close(listen_on_loopback(&port));
    exchange = exchange_at(port, url);
    run(&exchange);
    CHECK(!exchange.answered);
    CHECK(!exchange.reached);
    CHECK(exchange.transient);
    CHECK_CONTAINS(exchange.error.text, "no connection to 127.0.0.1:");
    http_exchange_free(&exchange);
}

static void without_tls_only_near_hosts_are_asked(void)
{
    static const struct {
        const char *url;
        const char *error; /* NULL: allowed */
    } cases[] = {
        {"http://example.invalid/", "use https"},
        {"http://127.0.0.1.example.invalid/", "use https"},
        {"http://localhost.example.invalid/", "use https"},
        {"http://10.0.0.1/", "use https"},
        {"http://169.253.1.1/", "use https"},
        {"http://[2001:db8::1]/", "use https"},
        {"ftp://127.0.0.1/", "only https is spoken"},
        {"file:///etc/passwd", "endpoint"},
        {"gopher://127.0.0.1/", "only https is spoken"},
        {"http://user:word@127.0.0.1/", "no URL"},
        {"", "no URL"},
        {"http://127.0.0.1:1/", NULL},
        {"http://localhost:1/", NULL},
        {"http://[::1]:1/", NULL},
    };
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_exchange exchange = exchange_with(cases[i].url);
        bool begun = http_begin(http, &exchange);

        if (!CHECK_INT(begun, cases[i].error == NULL) ||
            (!begun && !CHECK_CONTAINS(exchange.error.text, cases[i].error)))
            printf("# for %s\n", cases[i].url);
        if (begun)
            CHECK(http_wait(http, deadline_in(LONG_WAIT)) == &exchange);
        http_exchange_free(&exchange);
    }
    http_close(http);
}

static void a_header_cannot_smuggle_another(void)
{
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);
    struct http_exchange exchange = exchange_with("http://127.0.0.1:1/");

    http_add_header(&exchange.request, "X-Amz-Target", "a\r\nX-Evil: b");
    CHECK(!http_begin(http, &exchange));
    http_exchange_free(&exchange);
    http_close(http);
}

static void silence_is_described_when_given_up(void)
{
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);
    struct server server = serve(NULL);
    char request[REQUEST_MAX];
    char url[64];
    struct http_exchange exchange = exchange_at(server.port, url);

    CHECK(http_begin(http, &exchange));
    CHECK(http_wait(http, deadline_in(200)) == NULL);
    CHECK(http_has_resolved(&exchange));
    http_give_up(&exchange);
    CHECK_CONTAINS(exchange.error.text, "time ended while waiting for the answer of 127.0.0.1:");
    http_exchange_free(&exchange);
    http_close(http);
    stop(&server, request);
}

static void a_connection_that_hangs_is_described_as_such(void)
{
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);
    char url[64];
    int port;
    int listener = listen_on_loopback(&port); /* completes no TLS handshake */
    struct http_exchange exchange;

    snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
    exchange = exchange_with(url);
    CHECK(http_begin(http, &exchange));
    CHECK(http_wait(http, deadline_in(200)) == NULL);
    http_give_up(&exchange);
    CHECK_CONTAINS(exchange.error.text, "time ended during the TLS handshake with 127.0.0.1:");
    http_exchange_free(&exchange);
    http_close(http);
    close(listener);
}

static void several_exchanges_are_in_flight(void)
{
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error);
    struct server servers[3];
    struct http_exchange exchanges[3];
    char urls[3][64];
    char request[REQUEST_MAX];
    size_t answered = 0;

    for (size_t i = 0; i < 3; i++) {
        servers[i] = serve(i == 0 ? NULL : OK_HEAD "\r\n{}");
        exchanges[i] = exchange_at(servers[i].port, urls[i]);
        CHECK(http_begin(http, &exchanges[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        struct http_exchange *ended = http_wait(http, deadline_in(LONG_WAIT));

        CHECK(ended == &exchanges[1] || ended == &exchanges[2]);
        answered += ended != NULL && ended->answered ? 1 : 0;
    }
    CHECK_INT((long long)answered, 2);
    for (size_t i = 0; i < 3; i++) {
        http_exchange_free(&exchanges[i]);
        stop(&servers[i], request);
    }
    http_close(http);
}

static const struct tap_test tests[] = {
    {"an answer comes with status, headers and body", an_answer_comes_with_status_headers_and_body},
    {"a header that is too long is left out", a_header_that_is_too_long_is_left_out},
    {"a request is sent as it was made, and nothing more", a_request_is_sent_as_it_was_made},
    {"proxies of the environment are not used", the_environment_changes_nothing},
    {"a redirect is an answer and is not followed", a_redirect_is_an_answer},
    {"a broken answer is an error that may pass", a_broken_answer_is_an_error_that_may_pass},
    {"an endless answer ends at the limit", an_endless_answer_ends_at_the_limit},
    {"nobody at the port is an error that may pass", nobody_at_the_port_is_an_error_that_may_pass},
    {"without TLS only this machine and link-local hosts are asked",
     without_tls_only_near_hosts_are_asked},
    {"a header cannot smuggle another", a_header_cannot_smuggle_another},
    {"silence is described when it is given up", silence_is_described_when_given_up},
    {"a connection that hangs is described as such", a_connection_that_hangs_is_described_as_such},
    {"several exchanges are in flight, each ends when it is answered",
     several_exchanges_are_in_flight},
};

TAP_MAIN(tests)
