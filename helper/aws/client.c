#include "aws/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/instance_id.h"

/* The fourth field of arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, NULL for other names. The
 * caller frees it. */
static char *region_of_arn(const char *name)
{
    const char *field = name;

    if (strncmp(name, "arn:", 4) != 0)
        return NULL;
    for (int i = 0; i < 3; i++) {
        field = strchr(field, ':');
        if (field == NULL)
            return text_copy("");
        field++;
    }
    return text_copy_bytes(field, strcspn(field, ":"));
}

/* What each kind of client calls its service: in signatures, and before an operation. */
static const struct {
    const char *name;
    const char *target;
} services[] = {
    [SERVICE_PARAMETERS] = {"ssm", "AmazonSSM"},
    [SERVICE_SECRETS] = {"secretsmanager", "secretsmanager"},
};

/* Fills in where and as whom; what keeps it from being used is kept in refused. */
static void client_open(struct client *client, const struct identity *settings)
{
    const struct account *account = client->account;

    if (error_is_set(&account->error)) {
        client->refused = account->error;
        return;
    }
    if (client->region == NULL) {
        client->refused = account->region_error;
        return;
    }
    if (!endpoint_find(&client->endpoint, settings, services[client->kind].name, client->region,
                       &client->refused))
        return;
    client->service = (struct service){
        .name = services[client->kind].name,
        .target = services[client->kind].target,
        .region = client->region,
        .url = client->endpoint.url,
        .host = client->endpoint.host,
        .path = client->endpoint.path,
        .credentials = &account->credentials,
        .clock = account->clock,
        .renew = account_renew,
        .renewer = client->account,
        .ca_bundle = account->ca_bundle.length > 0 ? &account->ca_bundle : NULL,
        .max_attempts = account->max_attempts,
    };
}

static bool same_region(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct client *find_client(const struct clients *clients, const struct account *account,
                                  enum client_kind kind, const char *region)
{
    for (size_t i = 0; i < clients->count; i++) {
        struct client *client = clients->items[i];

        if (client->account == account && client->kind == kind &&
            same_region(client->region, region))
            return client;
    }
    return NULL;
}

/* The client of this account, service and region (NULL: none is known), made when it is the first
 * time. */
static struct client *get_client(struct clients *clients, struct account *account,
                                 const struct identity *settings, enum client_kind kind,
                                 const char *region)
{
    struct client *client = find_client(clients, account, kind, region);

    if (client != NULL)
        return client;
    client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->account = account;
    client->kind = kind;
    client->region = text_copy(region);
    if (region != NULL && client->region == NULL) {
        free(client);
        return NULL;
    }
    client_open(client, settings);
    clients->items[clients->count++] = client;
    return client;
}

static struct client *client_of(struct clients *clients, const struct request *request,
                                const struct lookup *lookup)
{
    struct account *account = &clients->accounts[lookup->identity];
    enum client_kind kind = lookup->kind == LOOKUP_SECRET ? SERVICE_SECRETS : SERVICE_PARAMETERS;
    char *region = region_of_arn(lookup->name);
    struct client *client = get_client(clients, account, &request->identities[lookup->identity],
                                       kind, region != NULL ? region : account->region);

    text_free(region);
    return client;
}

bool clients_init(struct clients *clients, const struct request *request, struct error *error)
{
    *clients = (struct clients){
        .accounts = calloc(request->identity_count + 1, sizeof *clients->accounts),
        .items = calloc(request->lookup_count + 1, sizeof(struct client *)),
        .of_lookup = calloc(request->lookup_count + 1, sizeof(struct client *)),
        .names = calloc(request->lookup_count + 1, sizeof(char *)),
    };
    if (clients->accounts == NULL || clients->items == NULL || clients->of_lookup == NULL ||
        clients->names == NULL)
        return error_set(error, "out of memory");
    clients->account_count = request->identity_count;
    clients->lookup_count = request->lookup_count;
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (instance_id_is_named(request->lookups[i].name))
            clients->accounts[request->lookups[i].identity].wants_instance_id = true;
    }
    return true;
}

bool clients_open(struct clients *clients, const struct request *request, struct deadline deadline,
                  struct error *error)
{
    if (!clients_init(clients, request, error))
        return false;
    for (size_t i = 0; i < request->identity_count; i++)
        account_open(&clients->accounts[i], &request->identities[i], deadline);
    return true;
}

bool clients_need_service(const struct clients *clients)
{
    for (size_t i = 0; i < clients->account_count; i++) {
        const struct account *account = &clients->accounts[i];

        if (!error_is_set(&account->error) &&
            (account->wants_region || account->wants_instance_id ||
             credentials_can_be_renewed(&account->source)))
            return true;
    }
    return false;
}

/* Where the id is not known, the name stays as it is. */
static bool put_instance_id(struct clients *clients, const struct request *request, size_t i)
{
    const struct lookup *lookup = &request->lookups[i];
    const char *id = clients->accounts[lookup->identity].instance_id;
    struct buffer name = {.limit = LIMIT_LOOKUP_NAME_BYTES};

    if (id == NULL || !instance_id_is_named(lookup->name))
        return true;
    instance_id_put(&name, lookup->name, id);
    clients->names[i] = buffer_failed(&name) ? NULL : text_copy(buffer_text(&name));
    buffer_free(&name);
    return clients->names[i] != NULL;
}

const char *clients_name(const struct clients *clients, const struct request *request, size_t i)
{
    return clients->names[i] != NULL ? clients->names[i] : request->lookups[i].name;
}

bool clients_route(struct clients *clients, const struct request *request, struct error *error)
{
    for (size_t i = 0; i < request->lookup_count; i++) {
        clients->of_lookup[i] = client_of(clients, request, &request->lookups[i]);
        if (clients->of_lookup[i] == NULL || !put_instance_id(clients, request, i))
            return error_set(error, "out of memory");
    }
    return true;
}

/* The last of those before it that may know something. */
static void share_metadata(struct clients *clients, size_t index)
{
    for (size_t i = 0; i < index; i++)
        metadata_share(&clients->accounts[index].metadata, &clients->accounts[i].metadata);
}

/* Identities are asked for one after the other. One whose service hangs must not take the time of
 * the others, nor that of the calls: each has its share of what is left. */
static void connect_one(struct clients *clients, size_t index, struct http *http, size_t *to_ask)
{
    struct account *account = &clients->accounts[index];
    struct deadline all = account->deadline;
    bool is_alone = clients->account_count == 1;

    if (!account_must_ask(account)) {
        account_connect(account, http, &clients->clock);
        return;
    }
    if (!is_alone)
        account->deadline = deadline_in(deadline_left(all) / (int64_t)(*to_ask + 1));
    share_metadata(clients, index);
    account_connect(account, http, &clients->clock);
    account->deadline = all;
    (*to_ask)--;
}

bool clients_connect(struct clients *clients, const struct request *request, struct http *http,
                     struct error *error)
{
    size_t to_ask = 0;

    for (size_t i = 0; i < clients->account_count; i++)
        to_ask += account_must_ask(&clients->accounts[i]) ? 1 : 0;
    for (size_t i = 0; i < clients->account_count; i++)
        connect_one(clients, i, http, &to_ask);
    return clients_route(clients, request, error);
}

void clients_free(struct clients *clients)
{
    for (size_t i = 0; i < clients->count; i++) {
        endpoint_free(&clients->items[i]->endpoint);
        text_free(clients->items[i]->region);
        free(clients->items[i]);
    }
    for (size_t i = 0; i < clients->account_count; i++)
        account_free(&clients->accounts[i]);
    free(clients->items);
    free(clients->accounts);
    free(clients->of_lookup);
    for (size_t i = 0; i < clients->lookup_count; i++)
        text_free(clients->names[i]);
    free(clients->names);
    *clients = (struct clients){0};
}

size_t clients_ports(const struct clients *clients, uint16_t *ports, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < clients->account_count; i++)
        count += account_ports(&clients->accounts[i], ports + count, max - count);
    return count;
}

bool clients_learn(const struct clients *clients, struct result *result, struct error *error)
{
    result->learnt = calloc(clients->account_count + 1, sizeof *result->learnt);
    if (result->learnt == NULL)
        return error_set(error, "out of memory");
    result->learnt_count = clients->account_count;
    for (size_t i = 0; i < clients->account_count; i++)
        account_learn(&clients->accounts[i], &result->learnt[i]);
    return true;
}

static bool warn_of_clock(const struct clock *clock, struct result *result)
{
    struct error text = ERROR_INIT;

    if (!clock->was_corrected)
        return true;
    error_set(&text,
              "this machine's clock is %" PRId64 " seconds %s AWS's: calls were signed with AWS's "
              "time; set the clock, and check chronyd or systemd-timesyncd",
              clock->offset < 0 ? -clock->offset : clock->offset,
              clock->offset < 0 ? "ahead of" : "behind");
    return result_warn(result, text.text);
}

bool clients_warn(const struct clients *clients, struct result *result, struct error *error)
{
    bool ok = warn_of_clock(&clients->clock, result);

    for (size_t i = 0; ok && i < clients->account_count; i++) {
        const char *warning = clients->accounts[i].credentials.warning;

        ok = warning == NULL || result_warn(result, warning);
    }
    return ok || error_set(error, "out of memory");
}
