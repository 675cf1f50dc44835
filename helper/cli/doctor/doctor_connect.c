#include "cli/doctor/doctor_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the name --- */

/* A question to the resolver. It may be answered after nobody waits any more: then it is left to
 * the end of the process, with the memory that it writes to. */
struct question {
    struct gaicb request;
    struct addrinfo hints;
    char host[256];
    char port[8];
};

static struct question *question_ask(const char *host, unsigned port)
{
    struct question *question = calloc(1, sizeof *question);
    struct gaicb *list[1];

    if (question == NULL)
        return NULL;
    snprintf(question->host, sizeof question->host, "%s", host);
    snprintf(question->port, sizeof question->port, "%u", port);
    question->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    question->request = (struct gaicb){
        .ar_name = question->host, .ar_service = question->port, .ar_request = &question->hints};
    list[0] = &question->request;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) == 0)
        return question;
    free(question);
    return NULL;
}

static int question_wait(struct question *question, struct deadline deadline)
{
    const struct gaicb *list[1] = {&question->request};
    int left;

    while (gai_error(&question->request) == EAI_INPROGRESS &&
           (left = deadline_left(deadline)) > 0) {
        struct timespec wait = {left / 1000, (long)(left % 1000) * 1000000};

        gai_suspend(list, 1, &wait);
    }
    return gai_error(&question->request);
}

static const struct {
    int code;
    enum connection_outcome outcome;
} resolver_outcomes[] = {
    {EAI_NONAME, CONNECTION_NO_NAME},
    {EAI_NODATA, CONNECTION_NO_NAME},
    {EAI_AGAIN, CONNECTION_NO_NAMING},
    {EAI_INPROGRESS, CONNECTION_NO_NAMING},
};

/* The addresses, for freeaddrinfo(), or NULL. */
static struct addrinfo *resolve(const char *host, unsigned port, struct deadline deadline,
                                enum connection_outcome *outcome, struct error *error)
{
    struct question *question = question_ask(host, port);
    struct addrinfo *addresses = NULL;
    int code;

    *outcome = CONNECTION_IMPOSSIBLE;
    if (question == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    code = question_wait(question, deadline);
    if (code == EAI_INPROGRESS) {
        *outcome = CONNECTION_NO_NAMING;
        return NULL;
    }
    addresses = code == 0 ? question->request.ar_result : NULL;
    error_set(error, "the name cannot be resolved: %s", gai_strerror(code));
    for (size_t i = 0; i < sizeof resolver_outcomes / sizeof *resolver_outcomes; i++) {
        if (resolver_outcomes[i].code == code)
            *outcome = resolver_outcomes[i].outcome;
    }
    free(question);
    return addresses;
}

/* --- the connection --- */

static const struct {
    int code;
    enum connection_outcome outcome;
} connect_outcomes[] = {
    {0, CONNECTION_MADE},
    {ECONNREFUSED, CONNECTION_REFUSED},
    {ETIMEDOUT, CONNECTION_NO_ANSWER},
    {ENETUNREACH, CONNECTION_NO_ROUTE},
    {EHOSTUNREACH, CONNECTION_NO_ROUTE},
};

static int wait_connected(int descriptor, struct deadline deadline)
{
    struct pollfd poll_for = {.fd = descriptor, .events = POLLOUT};
    int code = 0;
    socklen_t size = sizeof code;
    int ready;

    do
        ready = poll(&poll_for, 1, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return ETIMEDOUT;
    if (ready < 0 || getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
        return errno;
    return code;
}

static int connect_to(struct connection *connection, const struct addrinfo *address,
                      struct deadline deadline)
{
    int code;

    connection_close(connection);
    getnameinfo(address->ai_addr, address->ai_addrlen, connection->address,
                sizeof connection->address, NULL, 0, NI_NUMERICHOST);
    connection->socket = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->socket < 0)
        return errno;
    code = connect(connection->socket, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    return code == EINPROGRESS ? wait_connected(connection->socket, deadline) : code;
}

static enum connection_outcome outcome_of(int code, struct error *error)
{
    for (size_t i = 0; i < sizeof connect_outcomes / sizeof *connect_outcomes; i++) {
        if (connect_outcomes[i].code == code)
            return connect_outcomes[i].outcome;
    }
    error_set(error, "%s", strerror(code));
    return CONNECTION_IMPOSSIBLE;
}

static int count_addresses(const struct addrinfo *addresses)
{
    int count = 0;

    for (; addresses != NULL; addresses = addresses->ai_next)
        count++;
    return count;
}

/* Of several addresses that fail the most telling one counts, which is the lowest. */
static enum connection_outcome try_each(struct connection *connection,
                                        const struct addrinfo *addresses, struct deadline deadline,
                                        struct error *error)
{
    enum connection_outcome best = CONNECTION_IMPOSSIBLE;
    char address[sizeof connection->address] = "";
    int left = count_addresses(addresses);

    for (; addresses != NULL && best != CONNECTION_MADE; addresses = addresses->ai_next, left--) {
        struct deadline share = deadline_in(deadline_left(deadline) / left);
        enum connection_outcome outcome =
            outcome_of(connect_to(connection, addresses, share), error);

        if (outcome > best || (outcome == best && address[0] != '\0'))
            continue;
        best = outcome;
        memcpy(address, connection->address, sizeof address);
    }
    memcpy(connection->address, address, sizeof address);
    return best;
}

enum connection_outcome connection_open(struct connection *connection, const char *host,
                                        unsigned port, struct deadline deadline,
                                        struct error *error)
{
    int64_t start = monotonic_ms();
    enum connection_outcome outcome;
    struct addrinfo *addresses = resolve(host, port, deadline, &outcome, error);

    connection->resolved_ms = monotonic_ms() - start;
    if (addresses == NULL)
        return outcome;
    start = monotonic_ms();
    outcome = try_each(connection, addresses, deadline, error);
    connection->connected_ms = monotonic_ms() - start;
    freeaddrinfo(addresses);
    return outcome;
}

void connection_close(struct connection *connection)
{
    if (connection->socket >= 0)
        close(connection->socket);
    connection->socket = -1;
}

/* --- bytes --- */

static bool wait_for(const struct connection *connection, short event, struct deadline deadline)
{
    struct pollfd poll_for = {.fd = connection->socket, .events = event};
    int ready;

    do
        ready = poll(&poll_for, 1, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool connection_send(struct connection *connection, const struct buffer *bytes,
                     struct deadline deadline)
{
    size_t sent = 0;

    while (sent < bytes->length) {
        ssize_t count;

        if (!wait_for(connection, POLLOUT, deadline))
            return false;
        count = send(connection->socket, bytes->data + sent, bytes->length - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        sent += count > 0 ? (size_t)count : 0;
    }
    return true;
}

bool connection_receive(struct connection *connection, struct buffer *bytes,
                        struct deadline deadline, bool *ended)
{
    char part[512];

    *ended = false;
    for (;;) {
        ssize_t count;

        if (!wait_for(connection, POLLIN, deadline))
            return false;
        count = recv(connection->socket, part, sizeof part, 0);
        if (count > 0) {
            buffer_append(bytes, part, (size_t)count);
            return !buffer_failed(bytes);
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            *ended = true;
            return false;
        }
    }
}
