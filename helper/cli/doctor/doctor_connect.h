/*
 * A TCP connection to a database, for its first words only. Nothing here waits beyond its deadline,
 * the resolver included.
 */
#ifndef SSMENV_CLI_DOCTOR_CONNECT_H
#define SSMENV_CLI_DOCTOR_CONNECT_H

#include <netinet/in.h>

#include "cli/doctor/doctor_hello.h"
#include "common/deadline.h"
#include "common/error.h"

enum connection_outcome {
    CONNECTION_MADE,
    CONNECTION_NO_NAME,    /* the name server says that there is no such name */
    CONNECTION_NO_NAMING,  /* the name server does not answer */
    CONNECTION_REFUSED,    /* the host, or a filter before it, says no at once */
    CONNECTION_NO_ANSWER,  /* nobody says anything */
    CONNECTION_NO_ROUTE,   /* this machine or a router knows no way there */
    CONNECTION_IMPOSSIBLE, /* anything else: the error says what */
};

struct connection {
    int socket;                     /* -1: none */
    char address[INET6_ADDRSTRLEN]; /* that was tried last; "": none */
    int64_t resolved_ms;            /* what it took */
    int64_t connected_ms;
};

#define CONNECTION_INIT ((struct connection){.socket = -1})

/* Tries each address of host in turn, each in its share of the time that is left. error: of
 * CONNECTION_IMPOSSIBLE. connection_close() in any case. */
enum connection_outcome connection_open(struct connection *connection, const char *host,
                                        unsigned port, struct deadline deadline,
                                        struct error *error);
void connection_close(struct connection *connection);

bool connection_send(struct connection *connection, const struct buffer *bytes,
                     struct deadline deadline);

/* Appends what has come, waiting for at least one byte. False at the end, at the deadline and after
 * an error; *ended tells the first and last from the second. */
bool connection_receive(struct connection *connection, struct buffer *bytes,
                        struct deadline deadline, bool *ended);

#endif
