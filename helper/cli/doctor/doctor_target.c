#include "cli/doctor/doctor_target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Schemes as libraries write them, some with a driver behind a '+'. */
static const struct {
    const char *scheme;
    enum target_protocol protocol;
    unsigned port;
} schemes[] = {
    {"postgresql", PROTOCOL_POSTGRES, 5432}, {"postgres", PROTOCOL_POSTGRES, 5432},
    {"pgsql", PROTOCOL_POSTGRES, 5432},      {"mysql", PROTOCOL_MYSQL, 3306},
    {"mysql2", PROTOCOL_MYSQL, 3306},        {"mariadb", PROTOCOL_MYSQL, 3306},
};

enum target_protocol target_protocol_of_port(unsigned port)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (schemes[i].port == port)
            return schemes[i].protocol;
    }
    return PROTOCOL_UNKNOWN;
}

unsigned target_port(const char *text)
{
    size_t length = strlen(text);
    unsigned long port;

    if (length == 0 || length > 5 || strspn(text, "0123456789") != length)
        return 0;
    port = strtoul(text, NULL, 10);
    return port <= 65535 ? (unsigned)port : 0;
}

/* A name or an address: whatever else a value holds is not told. */
static bool keep_host(struct target *target, const char *host, size_t length)
{
    static const char legal[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";

    if (length == 0 || length >= sizeof target->host)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (host[i] == '\0' || strchr(legal, host[i]) == NULL)
            return false;
    }
    memcpy(target->host, host, length);
    target->host[length] = '\0';
    return true;
}

/* HOST, HOST:PORT or [ADDRESS]:PORT in the length bytes at text; other colons belong to an address.
 */
static bool keep_authority(struct target *target, const char *text, size_t length)
{
    const char *end = text + length;
    const char *host = text;
    const char *host_end = end;
    char port[8] = "";

    if (length > 0 && *text == '[') {
        host++;
        host_end = memchr(text, ']', length);
        if (host_end == NULL || (host_end + 1 < end && host_end[1] != ':'))
            return false;
    } else {
        const char *colon = memchr(text, ':', length);

        if (colon != NULL && memrchr(text, ':', length) == colon)
            host_end = colon;
    }
    text = host_end + (*text == '[' ? 1 : 0);
    if (text < end) {
        if ((size_t)(end - text - 1) >= sizeof port)
            return false;
        memcpy(port, text + 1, (size_t)(end - text - 1));
        target->port = target_port(port);
        if (target->port == 0)
            return false;
    }
    return keep_host(target, host, (size_t)(host_end - host));
}

bool target_of_host(struct target *target, const char *text)
{
    return keep_authority(target, text, strlen(text));
}

/* What the query says about TLS, by the names of libpq and of the MySQL drivers. */
static const struct {
    const char *parameter;
    enum target_tls tls;
} tls_parameters[] = {
    {"sslmode=disable", TARGET_TLS_NEVER},       {"sslmode=require", TARGET_TLS_REQUIRED},
    {"sslmode=verify-ca", TARGET_TLS_REQUIRED},  {"sslmode=verify-full", TARGET_TLS_REQUIRED},
    {"ssl-mode=disabled", TARGET_TLS_NEVER},     {"ssl-mode=required", TARGET_TLS_REQUIRED},
    {"ssl-mode=verify_ca", TARGET_TLS_REQUIRED}, {"ssl-mode=verify_identity", TARGET_TLS_REQUIRED},
};

static void read_query(struct target *target, const char *query)
{
    while (*query != '\0') {
        size_t length = strcspn(++query, "&#");

        for (size_t i = 0; i < sizeof tls_parameters / sizeof *tls_parameters; i++) {
            if (strlen(tls_parameters[i].parameter) == length &&
                strncasecmp(query, tls_parameters[i].parameter, length) == 0)
                target->tls = tls_parameters[i].tls;
        }
        query += length;
        if (*query == '#')
            return;
    }
}

bool target_of_url(struct target *target, const char *url, bool *legal)
{
    const char *rest = strstr(url, "://");
    size_t scheme = strcspn(url, "+:");
    const char *authority;
    const char *at;
    size_t length;

    *legal = false;
    for (size_t i = 0; rest != NULL && i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i].scheme) != scheme || strncasecmp(url, schemes[i].scheme, scheme) != 0)
            continue;
        target->protocol = schemes[i].protocol;
        target->port = schemes[i].port;
        authority = rest + 3;
        length = strcspn(authority, "/?#");
        at = memrchr(authority, '@', length);
        if (at != NULL) {
            length -= (size_t)(at + 1 - authority);
            authority = at + 1;
        }
        /* An '@' behind the path: a password that was not encoded may have begun it. */
        *legal = (at != NULL || strchr(authority + length, '@') == NULL) &&
                 keep_authority(target, authority, length);
        read_query(target, authority + length + strcspn(authority + length, "?"));
        return true;
    }
    return false;
}
