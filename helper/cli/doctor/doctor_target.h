/*
 * Where the variables of a login say that a database is. Of their values only host, port and what
 * is said about TLS are ever looked at or told.
 */
#ifndef SSMENV_CLI_DOCTOR_TARGET_H
#define SSMENV_CLI_DOCTOR_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#define TARGET_HOST_BYTES 254 /* RFC 1035: a name has at most 253 */

enum target_protocol {
    PROTOCOL_UNKNOWN,
    PROTOCOL_POSTGRES,
    PROTOCOL_MYSQL,
};

enum target_tls {
    TARGET_TLS_UNSAID,
    TARGET_TLS_NEVER,    /* sslmode=disable */
    TARGET_TLS_REQUIRED, /* sslmode=require or stricter */
};

struct target {
    const char *source; /* "DATABASE_URL", "DB_HOST", "--db"; borrowed */
    char host[TARGET_HOST_BYTES];
    unsigned port; /* 0: not said */
    enum target_protocol protocol;
    enum target_tls tls;
};

/* HOST:PORT, [ADDRESS]:PORT or HOST. False when it is none of these. */
bool target_of_host(struct target *target, const char *text);
/* Digits, 1 to 65535; 0 for anything else. */
unsigned target_port(const char *text);
/* True when url has the scheme of a database that is known; *legal: and a host that can be one. */
bool target_of_url(struct target *target, const char *url, bool *legal);

/* What is spoken there, if the port tells. */
enum target_protocol target_protocol_of_port(unsigned port);

#endif
