/*
 * Where a service is reached: from the region, by the rules of the partition it lies in, or where
 * endpoint_url says.
 */
#ifndef SSMENV_AWS_ENDPOINT_H
#define SSMENV_AWS_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/exchange.h"

struct endpoint {
    char *url;  /* with its path */
    char *host; /* value of the header Host: with the port where it is not the scheme's */
    char *path; /* of the URL, beginning with '/' */
    const char *partition; /* as in ARNs: aws, aws-cn, aws-us-gov … */
    uint16_t port;
};

/* service as in signatures (ssm); settings are the keys of [aws]. */
bool endpoint_find(struct endpoint *endpoint, const struct identity *settings, const char *service,
                   const char *region, struct error *error);
void endpoint_free(struct endpoint *endpoint);

#endif
