/*
 * Whom lookups are made as and where: one client for each identity, region and service of
 * a request. An ARN's region is the lookup's; everything else is asked in the identity's own
 * region.
 *
 * clients_open() reads every file there is to read (credentials, profile, CA bundle), so that the
 * sandbox can close behind it; clients_connect() then gets over the network what is missing. An
 * identity that cannot be used takes nobody else with it: its clients carry the reason, and whoever
 * asks through them is told.
 */
#ifndef SSMENV_AWS_CLIENT_H
#define SSMENV_AWS_CLIENT_H

#include "aws/account.h"
#include "aws/call.h"
#include "aws/endpoint.h"
#include "common/exchange.h"

enum client_kind {
    SERVICE_PARAMETERS, /* Systems Manager's Parameter Store */
    SERVICE_SECRETS,    /* Secrets Manager */
};

struct client {
    struct account *account;
    enum client_kind kind;
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
    char **names; /* of the lookups whose name holds %i: the name with the id; NULL for others */
    size_t lookup_count;
    struct clock clock;
};

/* False only when memory ends. The request must outlive the clients. */
bool clients_open(struct clients *clients, const struct request *request, struct deadline deadline,
                  struct error *error);
/* The parts of clients_open() and clients_connect(), for whoever takes longer over each account:
 * room for them, and, when their regions are known, who is asked for each lookup. */
bool clients_init(struct clients *clients, const struct request *request, struct error *error);
bool clients_route(struct clients *clients, const struct request *request, struct error *error);

/* The name that a lookup is asked with. It still holds %i where the id is not known; why, the
 * account says. */
const char *clients_name(const struct clients *clients, const struct request *request, size_t i);

/* Whether anybody has to be asked for credentials, region or instance id, now or when AWS refuses
 * what was kept. */
bool clients_need_service(const struct clients *clients);
/* http: for credentials alone, see account_connect(); NULL when nobody has to be asked. False only
 * when memory ends. */
bool clients_connect(struct clients *clients, const struct request *request, struct http *http,
                     struct error *error);
void clients_free(struct clients *clients);

/* Adds what is to be kept of each identity; after the calls. False only when memory ends. */
bool clients_learn(const struct clients *clients, struct result *result, struct error *error);

/* Adds what the log should hear about clock and credentials; after the calls. */
bool clients_warn(const struct clients *clients, struct result *result, struct error *error);

/* The TCP ports of all that may be asked; returns how many, at most max. */
size_t clients_ports(const struct clients *clients, uint16_t *ports, size_t max);

#endif
