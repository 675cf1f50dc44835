/*
 * Where a service is reached: where its own endpoint_url_ssm, endpoint_url_sts or
 * endpoint_url_secretsmanager says, else endpoint_url, else by the rules of the partition that the
 * region lies in (https://docs.aws.amazon.com/general/latest/gr/rande.html,
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). The rules are those
 * of the services' endpoint rule sets as AWS's SDKs ship them.
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

/* service as in signatures (ssm); settings are the keys of [aws]: use_fips_endpoint and
 * use_dualstack_endpoint (yes or no), or a URL, which excludes both. A URL has https, or http
 * and an address of this machine. An error names the key, not its value. On false
 * nothing has to be freed. */
bool endpoint_find(struct endpoint *endpoint, const struct identity *settings, const char *service,
                   const char *region, struct error *error);

/* The ports that the URLs of the settings name; returns how many, at most max. */
size_t endpoint_ports(const struct identity *settings, uint16_t *ports, size_t max);

void endpoint_free(struct endpoint *endpoint);

#endif
