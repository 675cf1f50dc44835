#include "aws/database_token.h"

#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"
#include "aws/sigv4_canonical.h"

#define LIFE_SECONDS 900
#define HOST_BYTES   253 /* RFC 1035 */
#define PORT_DIGITS  5

static bool is_host(const char *host, size_t length)
{
    static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

    return length > 0 && length <= HOST_BYTES && strspn(host, bytes) >= length;
}

static bool is_port(const char *port)
{
    size_t digits = strspn(port, "0123456789");
    unsigned long number = strtoul(port, NULL, 10);

    return digits > 0 && digits <= PORT_DIGITS && port[digits] == '\0' && number > 0 &&
           number <= 65535;
}

static bool check_endpoint(const char *endpoint, struct error *error)
{
    const char *colon = strrchr(endpoint, ':');

    if (colon != NULL && is_host(endpoint, (size_t)(colon - endpoint)) && is_port(colon + 1))
        return true;
    return error_set(error, "%s: expected HOST:PORT, as in db.example.com:5432", endpoint);
}

static char *lower_case(const char *text)
{
    char *copy = text_copy(text);

    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    return copy;
}

bool database_token_make(const struct credentials *credentials, const char *region,
                         const char *endpoint, const char *user, time_t now, struct buffer *token,
                         struct error *error)
{
    const struct sigv4_scope scope = {region, "rds-db", now};
    struct sigv4_signature signature = {0};
    struct buffer query = BUFFER_INIT;
    char *host;
    bool ok;

    if (!check_endpoint(endpoint, error))
        return false;
    if (user[0] == '\0')
        return error_set(error, "the name of the database user is empty");
    host = lower_case(endpoint);
    if (host == NULL)
        return error_set(error, "out of memory");
    buffer_append_text(&query, "Action=connect&DBUser=");
    canonical_encode(&query, user, strlen(user), "");
    buffer_append_format(token, "%s/?", endpoint);
    ok = sigv4_presign(
        &(const struct sigv4_request){.method = "GET",
                                      .path = "/",
                                      .query = buffer_text(&query),
                                      .headers = &(const struct sigv4_header){"Host", host},
                                      .header_count = 1},
        credentials, &scope, LIFE_SECONDS, token, &signature, error);
    sigv4_signature_free(&signature);
    buffer_free(&query);
    text_free(host);
    return ok;
}
