#include "aws/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/identity_setting.h"
#include "aws/region.h"
#include "aws/url.h"
#include "common/buffer.h"

struct partition {
    const char *region_prefix; /* the longest one that fits decides */
    const char *name;
    const char *suffix;
    const char *dualstack_suffix;
};

static const struct partition partitions[] = {
    {"", "aws", "amazonaws.com", "api.aws"},
    {"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
};

static const char *const services[] = {"ssm", "sts", "secretsmanager", "rds"};

#define ENDPOINT_KEY "endpoint_url"

/* As AWS_ENDPOINT_URL_SSM and the like are for AWS's SDKs. */
static const struct {
    const char *service;
    const char *key;
} own_urls[] = {
    {"ssm", "endpoint_url_ssm"},
    {"sts", "endpoint_url_sts"},
    {"secretsmanager", "endpoint_url_secretsmanager"},
};

#define ENDPOINT_KEYS (sizeof own_urls / sizeof *own_urls)

/* Where a service's names do not follow from the partition's. */
struct exception {
    const char *service;
    const char *partition;
    bool fips; /* what is asked for … */
    bool dualstack;
    bool fips_name; /* … and which name answers to it */
    bool dualstack_suffix;
};

static const struct exception exceptions[] = {
    /* Here every endpoint is a FIPS one. */
    {"ssm", "aws-us-gov", true, false, false, false},
    {"sts", "aws-us-gov", true, false, false, false},
    {"rds", "aws-us-gov", true, false, false, false},
    /* Its usual names have IPv6 addresses too. */
    {"secretsmanager", "aws", false, true, false, false},
    {"secretsmanager", "aws", true, true, true, false},
    {"secretsmanager", "aws-cn", false, true, false, false},
    {"secretsmanager", "aws-us-gov", false, true, false, false},
    {"secretsmanager", "aws-us-gov", true, true, true, false},
};

/* The parts of an endpoint_url, borrowed from it. */
struct url {
    bool tls;
    const char *host; /* with the brackets of an IPv6 address */
    size_t host_length;
    const char *port; /* digits, or "" */
    size_t port_length;
    const char *path;
};

static const struct partition *partition_of(const char *region)
{
    const struct partition *found = NULL;

    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
        size_t length = strlen(partitions[i].region_prefix);

        if (strncmp(region, partitions[i].region_prefix, length) == 0 &&
            (found == NULL || length > strlen(found->region_prefix)))
            found = &partitions[i];
    }
    return found;
}

static bool is_known(const char *service)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (strcmp(services[i], service) == 0)
            return true;
    }
    return false;
}

static const struct exception *exception_of(const char *service, const char *partition, bool fips,
                                            bool dualstack)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        const struct exception *exception = &exceptions[i];

        if (strcmp(exception->service, service) == 0 &&
            strcmp(exception->partition, partition) == 0 && exception->fips == fips &&
            exception->dualstack == dualstack)
            return exception;
    }
    return NULL;
}

static bool finish(struct endpoint *endpoint, struct error *error)
{
    if (endpoint->url != NULL && endpoint->host != NULL && endpoint->path != NULL)
        return true;
    endpoint_free(endpoint);
    return error_set(error, "out of memory");
}

static bool make_endpoint(struct endpoint *endpoint, const struct partition *partition,
                          const char *service, const char *region, bool fips, bool dualstack,
                          struct error *error)
{
    const struct exception *exception = exception_of(service, partition->name, fips, dualstack);
    bool fips_name = exception != NULL ? exception->fips_name : fips;
    bool dualstack_suffix = exception != NULL ? exception->dualstack_suffix : dualstack;
    struct buffer url = BUFFER_INIT;

    buffer_append_format(&url, "https://%s%s.%s.%s/", service, fips_name ? "-fips" : "", region,
                         dualstack_suffix ? partition->dualstack_suffix : partition->suffix);
    if (!buffer_failed(&url)) {
        endpoint->url = text_copy(buffer_text(&url));
        endpoint->host = text_copy_bytes(url.data + strlen("https://"),
                                         url.length - strlen("https://") - strlen("/"));
    }
    endpoint->path = text_copy("/");
    endpoint->port = 443;
    buffer_free(&url);
    return finish(endpoint, error);
}

static bool consists_of(const char *text, size_t length, const char *bytes)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || strchr(bytes, text[i]) == NULL)
            return false;
    }
    return length > 0;
}

/* False when the text is none. */
static bool split_url(const char *text, struct url *url)
{
    const char *authority = strstr(text, "://");
    size_t length;

    if (authority == NULL)
        return false;
    url->tls = strncasecmp(text, "https://", strlen("https://")) == 0;
    if (!url->tls && strncasecmp(text, "http://", strlen("http://")) != 0)
        return false;
    url->host = authority + strlen("://");
    length = strcspn(url->host, "/");
    url->path = url->host + length;
    url->host_length = url->host[0] == '[' ? strcspn(url->host, "]") + 1 : strcspn(url->host, ":/");
    if (url->host_length > length)
        return false;
    url->port = url->host + url->host_length;
    url->port_length = length - url->host_length;
    if (url->port_length == 0)
        return true;
    url->port++;
    url->port_length--;
    return url->port[-1] == ':' && url->port_length <= 5 &&
           consists_of(url->port, url->port_length, "0123456789");
}

static bool copy_host(const struct url *url, size_t skip, char host[64])
{
    size_t length = url->host_length - 2 * skip;

    if (length >= 64)
        return false;
    memcpy(host, url->host + skip, length);
    host[length] = '\0';
    return true;
}

static bool is_ipv6(const struct url *url, struct in6_addr *address)
{
    char host[64];

    return url->host[0] == '[' && url->host_length > 2 && copy_host(url, 1, host) &&
           inet_pton(AF_INET6, host, address) == 1;
}

/* Addresses that do not leave the machine. Names are compared, never resolved. */
static bool is_loopback(const struct url *url)
{
    struct in6_addr ipv6;
    struct in_addr ipv4;
    char host[64];

    if (is_ipv6(url, &ipv6))
        return IN6_IS_ADDR_LOOPBACK(&ipv6);
    if (!copy_host(url, 0, host))
        return false;
    if (inet_pton(AF_INET, host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127;
    return strcasecmp(host, "localhost") == 0;
}

static bool has_legal_host(const struct url *url)
{
    static const char host[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
    struct in6_addr ipv6;

    if (url->host[0] == '[')
        return is_ipv6(url, &ipv6);
    return consists_of(url->host, url->host_length, host);
}

/* Bytes that are sent as they are written, and segments that nobody resolves on the way: else the
 * path that is signed would not be the one that arrives. */
static bool has_legal_path(const struct url *url)
{
    static const char path[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/";
    const char *segment = url->path;

    if (*segment != '\0' && !consists_of(segment, strlen(segment), path))
        return false;
    while (*segment != '\0') {
        size_t length = strcspn(++segment, "/");

        if ((length == 1 && segment[0] == '.') ||
            (length == 2 && segment[0] == '.' && segment[1] == '.'))
            return false;
        segment += length;
    }
    return true;
}

static bool parse_url(const char *text, struct url *url, struct error *error)
{
    if (!split_url(text, url) || !has_legal_host(url))
        return error_set(error, "expected https://HOST or https://HOST:PORT");
    if (!has_legal_path(url))
        return error_set(error, "expected a path of letters, digits and any of - . _ ~ / without "
                                "dot segments, or none");
    if (!url->tls && !is_loopback(url))
        return error_set(error, "expected https; http is only for addresses of this machine "
                                "(127.0.0.0/8, [::1], localhost)");
    return true;
}

static void append_lower_case(struct buffer *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_append_char(text, bytes[i] >= 'A' && bytes[i] <= 'Z' ? (char)(bytes[i] - 'A' + 'a')
                                                                    : bytes[i]);
}

static bool use_url(struct endpoint *endpoint, const char *text, struct error *error)
{
    struct buffer host = BUFFER_INIT;
    struct buffer full = BUFFER_INIT;
    struct url url;
    unsigned long standard;
    unsigned long port;

    if (!parse_url(text, &url, error))
        return false;
    standard = url.tls ? 443 : 80;
    port = url.port_length > 0 ? strtoul(url.port, NULL, 10) : standard;
    if (port == 0 || port > 65535)
        return error_set(error, "expected a port from 1 to 65535");
    append_lower_case(&host, url.host, url.host_length);
    if (port != standard)
        buffer_append_format(&host, ":%lu", port);
    buffer_append_format(&full, "%s://%s%s", url.tls ? "https" : "http", buffer_text(&host),
                         *url.path != '\0' ? url.path : "/");
    if (!buffer_failed(&host) && !buffer_failed(&full)) {
        endpoint->url = text_copy(buffer_text(&full));
        endpoint->host = text_copy(buffer_text(&host));
    }
    endpoint->path = text_copy(*url.path != '\0' ? url.path : "/");
    endpoint->port = (uint16_t)port;
    buffer_free(&host);
    buffer_free(&full);
    return finish(endpoint, error);
}

/* What is configured for this service, else for all. */
struct configured_url {
    const char *key;
    const char *url; /* NULL: nothing */
};

static struct configured_url configured_url(const struct identity *settings, const char *service)
{
    struct configured_url configured = {.key = ENDPOINT_KEY};

    for (size_t i = 0; i < ENDPOINT_KEYS; i++) {
        if (strcmp(own_urls[i].service, service) == 0 &&
            identity_setting(settings, own_urls[i].key) != NULL)
            configured.key = own_urls[i].key;
    }
    configured.url = identity_setting(settings, configured.key);
    return configured;
}

bool endpoint_find(struct endpoint *endpoint, const struct identity *settings, const char *service,
                   const char *region, struct error *error)
{
    struct configured_url configured = configured_url(settings, service);
    const char *section = identity_section(settings);
    const struct partition *partition;
    bool fips;
    bool dualstack;

    *endpoint = (struct endpoint){0};
    if (!region_is_legal(region))
        return error_set(error, "the region is none: expected a name such as us-east-2");
    if (!is_known(service))
        return error_set(error, "no endpoint is known for the service %s", service);
    if (!identity_setting_is_yes(settings, "use_fips_endpoint", &fips, error) ||
        !identity_setting_is_yes(settings, "use_dualstack_endpoint", &dualstack, error))
        return false;
    if (configured.url != NULL && (fips || dualstack))
        return error_set(error, "[%s] %s cannot be combined with %s: remove one of them", section,
                         configured.key, fips ? "use_fips_endpoint" : "use_dualstack_endpoint");
    partition = partition_of(region);
    endpoint->partition = partition->name;
    if (configured.url == NULL)
        return make_endpoint(endpoint, partition, service, region, fips, dualstack, error);
    return use_url(endpoint, configured.url, error) ||
           error_context(error, "[%s] %s", section, configured.key);
}

/* Without a port it is a standard one, which is open to everybody. */
static uint16_t port_of(const struct identity *settings, const char *key)
{
    const char *url = identity_setting(settings, key);
    struct url_target target;

    return url != NULL && url_find_target(url, &target) ? target.port : 0;
}

size_t endpoint_ports(const struct identity *settings, uint16_t *ports, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i <= ENDPOINT_KEYS && count < max; i++) {
        ports[count] = port_of(settings, i < ENDPOINT_KEYS ? own_urls[i].key : ENDPOINT_KEY);
        count += ports[count] != 0 ? 1 : 0;
    }
    return count;
}

void endpoint_free(struct endpoint *endpoint)
{
    text_free(endpoint->url);
    text_free(endpoint->host);
    text_free(endpoint->path);
    *endpoint = (struct endpoint){0};
}
