#include "cli/policy/source_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 64

struct range {
    unsigned char address[16];
    unsigned prefix; /* bits */
    int family;
};

/* What no call to AWS ever comes from (IANA's special-purpose address registries, RFC 6890). The
 * ranges for documentation are no harm, and stand in examples. */
static const struct {
    const char *network;
    unsigned prefix;
    const char *kind;
} unseen[] = {
    {"10.0.0.0", 8, "private"},        {"172.16.0.0", 12, "private"},
    {"192.168.0.0", 16, "private"},    {"100.64.0.0", 10, "carrier-grade NAT's private"},
    {"127.0.0.0", 8, "loopback"},      {"169.254.0.0", 16, "link-local"},
    {"0.0.0.0", 8, "reserved"},        {"224.0.0.0", 3, "multicast or reserved"},
    {"::1", 128, "loopback"},          {"fc00::", 7, "private"},
    {"fe80::", 10, "link-local"},      {"ff00::", 8, "multicast"},
    {"::ffff:0:0", 96, "IPv4-mapped"},
};

static bool read_address(const char *text, struct range *range)
{
    range->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(range->family, text, range->address) == 1;
}

static unsigned bits_of(int family)
{
    return family == AF_INET6 ? 128 : 32;
}

static bool read_prefix(const char *text, unsigned most, unsigned *prefix)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return false;
    *prefix = (unsigned)strtoul(text, NULL, 10);
    return *prefix <= most;
}

static bool read_range(char *text, struct range *range)
{
    char *slash = strchr(text, '/');

    if (slash != NULL)
        *slash++ = '\0';
    if (!read_address(text, range))
        return false;
    range->prefix = bits_of(range->family);
    return slash == NULL || read_prefix(slash, range->prefix, &range->prefix);
}

static bool bit(const unsigned char *address, unsigned index)
{
    return (address[index / 8] >> (7 - index % 8) & 1) != 0;
}

static bool has_host_bits(const struct range *range)
{
    for (unsigned i = range->prefix; i < bits_of(range->family); i++) {
        if (bit(range->address, i))
            return true;
    }
    return false;
}

static bool is_within(const struct range *range, const struct range *outer)
{
    if (range->family != outer->family || range->prefix < outer->prefix)
        return false;
    for (unsigned i = 0; i < outer->prefix; i++) {
        if (bit(range->address, i) != bit(outer->address, i))
            return false;
    }
    return true;
}

/* NULL: a public one. */
static const char *kind_of(const struct range *range)
{
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        struct range outer;

        if (read_address(unseen[i].network, &outer)) {
            outer.prefix = unseen[i].prefix;
            if (is_within(range, &outer))
                return unseen[i].kind;
        }
    }
    return NULL;
}

bool source_address_judge(const char *text, size_t length, struct error *error)
{
    char copy[TEXT_MAX] = "";
    struct range range;
    const char *kind;

    if (length < sizeof copy)
        memcpy(copy, text, length);
    if (!read_range(copy, &range))
        return error_set(error,
                         "%.*s is no address and no range in CIDR notation: expected one as "
                         "in 203.0.113.7/32",
                         (int)length, text);
    kind = kind_of(&range);
    if (kind != NULL)
        return error_set(error,
                         "%.*s is a %s address, which AWS never sees: calls arrive from the public "
                         "address of the NAT gateway or of the instance (curl "
                         "https://checkip.amazonaws.com shows it); through a VPC endpoint, use "
                         "--source-vpce",
                         (int)length, text, kind);
    if (range.prefix == 0)
        return error_set(error, "%.*s is everybody: leave --source-ip out", (int)length, text);
    return !has_host_bits(&range) ||
           error_set(error, "%.*s has bits behind its prefix: write the first address of the range",
                     (int)length, text);
}

bool source_endpoint_judge(const char *text, size_t length, struct error *error)
{
    static const char start[] = "vpce-";
    size_t digits = length - strlen(start);
    bool ok = length > strlen(start) && strncmp(text, start, strlen(start)) == 0 &&
              (digits == 8 || digits == 17) &&
              strspn(text + strlen(start), "0123456789abcdef") == digits;

    return ok || error_set(error,
                           "%.*s is not the id of a VPC endpoint: expected one as in "
                           "vpce-0123456789abcdef0",
                           (int)length, text);
}
