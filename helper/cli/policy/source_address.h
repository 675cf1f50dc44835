/*
 * Addresses as aws:SourceIp compares them: the public ones that AWS sees a call come from
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html). A
 * private address in such a condition allows nobody, and looks right for as long as nobody tries.
 */
#ifndef SSMENV_CLI_SOURCE_ADDRESS_H
#define SSMENV_CLI_SOURCE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* length bytes of an IPv4 or IPv6 address, or a range in CIDR notation. False, with an error that
 * says what to write instead, when it is none, or none that AWS can ever see. */
bool source_address_judge(const char *text, size_t length, struct error *error);

/* The same for the id of a VPC endpoint, vpce-0123456789abcdef0. */
bool source_endpoint_judge(const char *text, size_t length, struct error *error);

#endif
