#include "config/arn.h"

#include <string.h>

#include "config/lexer.h"

#define REGION_BYTES   63 /* one label of a host's name, RFC 1035 */
#define ACCOUNT_DIGITS 12
#define FIELDS         5

bool arn_is_next(const char *text)
{
    return strncmp(text, "arn:", 4) == 0;
}

bool region_is_valid(const char *region, size_t length)
{
    bool only_digits = true;

    if (length == 0 || length > REGION_BYTES || region[0] == '-' || region[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)region[i];

        if (c != '-' && (!is_name_byte(c) || c == '_'))
            return false;
        only_digits = only_digits && is_digit(c);
    }
    return !only_digits;
}

bool account_is_valid(const char *account, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_digit((unsigned char)account[i]))
            return false;
    }
    return length == ACCOUNT_DIGITS;
}

/* The fields of an ARN before the resource: arn, partition, service, region, account. */
static bool field_is_valid(size_t field, const char *text, size_t length, const char *service)
{
    switch (field) {
    case 0:
        return length == 3 && memcmp(text, "arn", 3) == 0;
    case 1:
        return length >= 3 && memcmp(text, "aws", 3) == 0 && region_is_valid(text, length);
    case 2:
        return length == strlen(service) && memcmp(text, service, length) == 0;
    case 3:
        return region_is_valid(text, length);
    default:
        return account_is_valid(text, length);
    }
}

bool arn_find_resource(const char *arn, const char *service, size_t *offset)
{
    *offset = 0;
    for (size_t field = 0; field < FIELDS; field++) {
        const char *at = arn + *offset;
        size_t length = strcspn(at, ":");

        if (at[length] != ':' || !field_is_valid(field, at, length, service))
            return false;
        *offset += length + 1;
    }
    return true;
}
