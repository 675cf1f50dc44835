/*
 * Whom lookups are made as and where: one client for each identity and region of a request. An
 * ARN's region is the lookup's; everything else is asked in the identity's own region.
 *
 * clients_open() reads every file there is to read (credentials, profile, CA bundle), so that the
 * sandbox can close behind it. An identity that cannot be used takes nobody else with it: its
 * clients carry the reason, and whoever asks through them is told.
 */
#ifndef SSMENV_AWS_CLIENT_H
#define SSMENV_AWS_CLIENT_H

#include "aws/call.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "common/exchange.h"

/* An identity of the request. */
struct account {
    struct credentials credentials;
    struct buffer ca_bundle; /* empty: the system's certificates */
    char *region;            /* NULL: nowhere configured */
    unsigned max_attempts;
    struct error error;        /* why it cannot be used; not set when it can */
    struct error region_error; /* why region is NULL */
};

struct client {
    const struct account *account;
    char *region;
    struct endpoint endpoint;
    struct service service;
    struct error refused; /* set: nobody will be answered, and why */
    /* Learnt: ssm:GetParameters is denied where ssm:GetParameter is allowed. */
    bool one_by_one;
};

struct clients {
    struct account *accounts;
    size_t account_count;
    struct client **items;
    size_t count;
    struct client **of_lookup; /* borrowed from items; one for each lookup of the request */
};

/* False only when memory ends. */
bool clients_open(struct clients *clients, const struct request *request, struct error *error);
void clients_free(struct clients *clients);

/* The TCP ports of all endpoints; returns how many, at most max. */
size_t clients_ports(const struct clients *clients, uint16_t *ports, size_t max);

#endif
