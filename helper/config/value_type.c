#include "config/value_type.h"

#include <string.h>

#include "config/arn.h"
#include "config/lexer.h"
#include "ssmenv/duration.h"
#include "ssmenv/limits.h"

static bool has_control(const char *value)
{
    for (; *value != '\0'; value++) {
        if (is_control((unsigned char)*value))
            return true;
    }
    return false;
}

/* Only letters, digits, underscores and the bytes of more, between least and most of them. */
static bool consists_of(const char *value, const char *more, size_t least, size_t most)
{
    size_t length = strlen(value);

    for (size_t i = 0; i < length; i++) {
        if (!is_name_byte((unsigned char)value[i]) && strchr(more, value[i]) == NULL)
            return false;
    }
    return length >= least && length <= most;
}

static bool is_region(const char *value)
{
    return region_is_valid(value, strlen(value));
}

static bool is_profile(const char *value)
{
    return value[0] != '\0' && !has_control(value) && strpbrk(value, "[]") == NULL;
}

static bool is_path(const char *value)
{
    return value[0] == '/' && value[1] != '\0' && !has_control(value) &&
           strlen(value) < LIMIT_PATH_BYTES;
}

/* IAM API reference, Role: path and name consist of letters, digits and +=,.@-_/ */
static bool is_role_arn(const char *value)
{
    const char *account = strstr(value, ":iam::");
    size_t partition;

    if (strncmp(value, "arn:aws", strlen("arn:aws")) != 0 || account == NULL)
        return false;
    partition = (size_t)(account - value) - strlen("arn:");
    if (!region_is_valid(value + strlen("arn:"), partition))
        return false;
    account += strlen(":iam::");
    if (!account_is_valid(account, strcspn(account, ":")))
        return false;
    account += strcspn(account, ":");
    if (strncmp(account, ":role/", strlen(":role/")) != 0)
        return false;
    return consists_of(account + strlen(":role/"), "+=,.@-/", 1, 1024);
}

/* STS API reference, AssumeRole. */
static bool is_external_id(const char *value)
{
    return consists_of(value, "+=,.@:/-", 2, 1224);
}

/* AssumeRole again; %u stands for the user, who may be longer than there is room, and %i for the id
 * of the instance. */
static bool is_session_name(const char *value)
{
    size_t length = 0;
    size_t least = 2;

    for (; *value != '\0'; value++, length++) {
        if (value[0] == '%' && (value[1] == 'u' || value[1] == 'i')) {
            value++;
            least = 1;
        } else if (!is_name_byte((unsigned char)*value) && strchr("+=,.@-", *value) == NULL) {
            return false;
        }
    }
    return length >= least && length <= 64;
}

/* The host of a URL without user, blank or control bytes; NULL when it is none. */
static const char *url_host(const char *url, const char *scheme, size_t *length)
{
    const char *host = url + strlen(scheme);
    size_t authority;

    if (strncmp(url, scheme, strlen(scheme)) != 0 || has_control(url) ||
        strpbrk(url, " \"<>\\^`{|}") != NULL)
        return NULL;
    authority = strcspn(host, "/?#");
    if (authority == 0 || memchr(host, '@', authority) != NULL)
        return NULL;
    if (host[0] == '[' && memchr(host, ']', authority) == NULL)
        return NULL;
    *length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    return *length != 0 ? host : NULL;
}

static bool host_is(const char *host, size_t length, const char *known)
{
    return length == strlen(known) && memcmp(host, known, length) == 0;
}

static bool is_ipv4(const char *host, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_digit((unsigned char)host[i]) && host[i] != '.')
            return false;
    }
    return true;
}

static bool host_is_loopback(const char *host, size_t length)
{
    return host_is(host, length, "localhost") || host_is(host, length, "[::1]") ||
           (length > 4 && memcmp(host, "127.", 4) == 0 && is_ipv4(host, length));
}

static bool host_is_link_local(const char *host, size_t length)
{
    return (length > 8 && memcmp(host, "169.254.", 8) == 0 && is_ipv4(host, length)) ||
           (length > 10 && memcmp(host, "[fd00:ec2:", 10) == 0) ||
           (length > 6 && memcmp(host, "[fe80:", 6) == 0);
}

static bool is_endpoint_url(const char *value)
{
    size_t length;
    const char *host = url_host(value, "https://", &length);

    if (host != NULL)
        return true;
    host = url_host(value, "http://", &length);
    return host != NULL && host_is_loopback(host, length);
}

static bool is_metadata_url(const char *value)
{
    size_t length;
    const char *host = url_host(value, "http://", &length);

    return host != NULL && (host_is_loopback(host, length) || host_is_link_local(host, length));
}

/* The fetcher knows AWS's addresses one by one. */
static bool is_container_url(const char *value)
{
    return is_endpoint_url(value) || is_metadata_url(value);
}

static bool is_address_family(const char *value)
{
    return strcmp(value, "ipv4") == 0 || strcmp(value, "ipv6") == 0;
}

static bool is_boolean(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static bool is_attempts(const char *value)
{
    return (strlen(value) == 1 && value[0] >= '1' && value[0] <= '9') || strcmp(value, "10") == 0;
}

static bool is_duration(const char *value)
{
    uint64_t milliseconds;

    return duration_parse(value, strlen(value), &milliseconds);
}

static bool is_on_denied(const char *value)
{
    return strcmp(value, "purge") == 0 || strcmp(value, "stale") == 0;
}

const struct value_type type_region = {is_region, "a region such as us-east-2"};
const struct value_type type_profile = {is_profile, "the name of a profile"};
const struct value_type type_path = {is_path, "a path that begins with /"};
const struct value_type type_role_arn = {is_role_arn,
                                         "the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME"};
const struct value_type type_external_id = {
    is_external_id, "2 to 1224 letters, digits or any of _ + = , . @ : / -"};
const struct value_type type_session_name = {
    is_session_name,
    "2 to 64 letters, digits or any of _ + = , . @ -, %u for the login's user or %i for the EC2 "
    "instance's id"};
const struct value_type type_endpoint_url = {
    is_endpoint_url, "https://HOST, or http:// for an address of this machine"};
const struct value_type type_metadata_url = {
    is_metadata_url,
    "http://169.254.169.254, http://[fd00:ec2::254], or http:// and another link-local address or "
    "one of this machine"};
const struct value_type type_container_url = {
    is_container_url, "https://HOST, or http:// for an address of AWS's or of this machine"};
const struct value_type type_address_family = {is_address_family, "ipv4 or ipv6"};
const struct value_type type_boolean = {is_boolean, "yes or no"};
const struct value_type type_attempts = {is_attempts, "a number from 1 to 10"};
const struct value_type type_duration = {
    is_duration, "a duration such as 250ms, 3s, 5m or 24h, at most 366 days"};
const struct value_type type_on_denied = {is_on_denied, "purge or stale"};
