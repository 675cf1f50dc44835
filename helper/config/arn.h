/*
 * Amazon resource names, arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
 */
#ifndef SSMENV_CONFIG_ARN_H
#define SSMENV_CONFIG_ARN_H

#include <stdbool.h>
#include <stddef.h>

bool arn_is_next(const char *text);

/* Stores the offset of the resource. False when what stands before it is not right for this
 * service; the offset is then that of the field that is wrong. */
bool arn_find_resource(const char *arn, const char *service, size_t *offset);

/* ^(?![0-9]+$)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)$: what may become part of a host's name. */
bool region_is_valid(const char *region, size_t length);
bool account_is_valid(const char *account, size_t length);

#endif
