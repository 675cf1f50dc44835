/*
 * Where a URL leads, told from its text alone: names are compared, never resolved.
 */
#ifndef SSMENV_AWS_URL_H
#define SSMENV_AWS_URL_H

#include <stdbool.h>
#include <stdint.h>

struct url_target {
    char host[256]; /* in lower case, an IPv6 address without brackets */
    uint16_t port;
    bool tls;
    bool loopback;   /* 127.0.0.0/8, ::1, localhost */
    bool link_local; /* 169.254.0.0/16, fe80::/10, and fd00:ec2::/32, which AWS uses like it */
};

/* False when it is no URL, has a user in it, or another scheme than http and https. */
bool url_find_target(const char *url, struct url_target *target);

#endif
