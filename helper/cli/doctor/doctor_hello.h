/*
 * The first words of a database: what PostgreSQL and MySQL or MariaDB say to a client before it has
 * told who it is. Everything here is bytes from the network.
 *
 * PostgreSQL waits for the client. Asked for TLS (SSLRequest) it answers one byte, S or N. Asked to
 * begin without TLS (StartupMessage) it asks for a password or refuses with an SQLSTATE
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 *
 * MySQL and MariaDB speak first: a handshake packet with the server's version and what it is able
 * to do, or an error packet, as for a host that is blocked
 * (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html).
 */
#ifndef SSMENV_CLI_DOCTOR_HELLO_H
#define SSMENV_CLI_DOCTOR_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

#define HELLO_BYTES_MAX     4096 /* no first word is longer */
#define HELLO_VERSION_BYTES 64
#define SQLSTATE_BYTES      6

enum hello_state {
    HELLO_INCOMPLETE, /* more bytes are needed */
    HELLO_STRANGE,    /* this is not how such a server speaks */
    HELLO_DONE,
};

/* Whether the server may go on with TLS. */
enum hello_state postgres_read_tls(const void *bytes, size_t length, bool *tls);

/* What PostgreSQL says to a StartupMessage. */
struct postgres_start {
    char sqlstate[SQLSTATE_BYTES]; /* of a refusal, like 28000; "": it asks for a password, or for
                                      none */
};

enum hello_state postgres_read_start(const void *bytes, size_t length,
                                     struct postgres_start *start);

void postgres_write_tls_request(struct buffer *bytes);
/* A session without TLS for user and database "ssmenv"; nothing but these names is told. */
void postgres_write_start(struct buffer *bytes);

struct mysql_hello {
    bool is_mariadb;
    bool tls;
    char version[HELLO_VERSION_BYTES]; /* visible ASCII; "" in an error */
    uint16_t error;                    /* of an error packet: 1129 for a blocked host; 0: none */
};

enum hello_state mysql_read_hello(const void *bytes, size_t length, struct mysql_hello *hello);

#endif
