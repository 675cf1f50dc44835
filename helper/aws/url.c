#include "aws/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static void judge_ipv4(uint32_t address, struct url_target *target)
{
    target->loopback = address >> 24 == 127;
    target->link_local = address >> 16 == (169U << 8 | 254U);
}

static void judge(struct url_target *target)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, target->host, &four) == 1) {
        judge_ipv4(ntohl(four.s_addr), target);
    } else if (inet_pton(AF_INET6, target->host, &six) == 1) {
        target->loopback = IN6_IS_ADDR_LOOPBACK(&six);
        target->link_local =
            IN6_IS_ADDR_LINKLOCAL(&six) || memcmp(&six, "\xfd\x00\x0e\xc2", 4) == 0;
    } else {
        target->loopback = strcmp(target->host, "localhost") == 0;
    }
}

static bool take_host(const char *host, struct url_target *target)
{
    size_t skip = host[0] == '[' ? 1 : 0;
    size_t length = strlen(host);

    if (length < 2 * skip || length - 2 * skip >= sizeof target->host)
        return false;
    for (size_t i = skip; i < length - skip; i++)
        target->host[i - skip] =
            host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] - 'A' + 'a') : host[i];
    return target->host[0] != '\0';
}

bool url_find_target(const char *url, struct url_target *target)
{
    CURLU *handle = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    bool ok = handle != NULL && strstr(url, "://") != NULL &&
              curl_url_set(handle, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
              curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

    *target = (struct url_target){.tls = ok && strcmp(scheme, "https") == 0};
    ok = ok && (target->tls || strcmp(scheme, "http") == 0) && take_host(host, target);
    if (ok) {
        target->port = (uint16_t)strtoul(port, NULL, 10);
        judge(target);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(handle);
    return ok && target->port != 0;
}
