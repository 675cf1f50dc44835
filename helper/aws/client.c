#include "aws/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/retry.h"
#include "common/trusted_file.h"

#define CA_BUNDLE_MAX ((size_t)4 * 1024 * 1024)

/* What an identity may say. A key that is not here would be a wish that is not fulfilled. */
static const char *const known_settings[] = {
    "region",       "profile",           "credentials_file",       "config_file",
    "endpoint_url", "use_fips_endpoint", "use_dualstack_endpoint", "ca_bundle",
    "max_attempts", "trust_uid",
};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < sizeof known_settings / sizeof *known_settings; i++) {
        if (strcmp(known_settings[i], key) == 0)
            return true;
    }
    return false;
}

static const char *find_setting(const struct identity *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->settings[i].key, key) == 0)
            return settings->settings[i].value;
    }
    return NULL;
}

static bool check_settings(const struct identity *settings, struct error *error)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (!is_known(settings->settings[i].key))
            return error_set(error, "[aws] %s is not supported", settings->settings[i].key);
    }
    return true;
}

static bool read_max_attempts(struct account *account, const struct identity *settings,
                              struct error *error)
{
    const char *value = find_setting(settings, "max_attempts");
    char *end;
    unsigned long number;

    account->max_attempts = RETRY_ATTEMPTS_DEFAULT;
    if (value == NULL)
        return true;
    number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || number < 1 ||
        number > RETRY_ATTEMPTS_MAX)
        return error_set(error, "[aws] max_attempts must be a number from 1 to %d",
                         RETRY_ATTEMPTS_MAX);
    account->max_attempts = (unsigned)number;
    return true;
}

static bool read_ca_bundle(struct account *account, const struct identity *settings,
                           struct error *error)
{
    const char *path = find_setting(settings, "ca_bundle");

    if (path == NULL)
        return true;
    if (trusted_file_read(path, geteuid(), 0022, CA_BUNDLE_MAX, &account->ca_bundle, error) !=
        TRUSTED_FILE_READ)
        return error_context(error, "[aws] ca_bundle");
    return account->ca_bundle.length > 0 || error_set(error, "[aws] ca_bundle: %s is empty", path);
}

static void account_open(struct account *account, const struct identity *settings)
{
    if (!check_settings(settings, &account->error) ||
        !read_max_attempts(account, settings, &account->error) ||
        !read_ca_bundle(account, settings, &account->error) ||
        !credentials_find(&account->credentials, settings, &account->error))
        return;
    account->region = region_find(settings, &account->region_error);
}

static void account_free(struct account *account)
{
    credentials_free(&account->credentials);
    buffer_free(&account->ca_bundle);
    text_free(account->region);
}

/* The fourth field of arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME, NULL for other names. The
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
    if (!endpoint_find(&client->endpoint, settings, "ssm", client->region, &client->refused))
        return;
    client->service = (struct service){
        .name = "ssm",
        .target = "AmazonSSM",
        .region = client->region,
        .url = client->endpoint.url,
        .host = client->endpoint.host,
        .path = client->endpoint.path,
        .credentials = &account->credentials,
        .ca_bundle = account->ca_bundle.length > 0 ? &account->ca_bundle : NULL,
        .max_attempts = account->max_attempts,
    };
}

static bool same_region(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct client *find_client(const struct clients *clients, const struct account *account,
                                  const char *region)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (clients->items[i]->account == account && same_region(clients->items[i]->region, region))
            return clients->items[i];
    }
    return NULL;
}

/* The client of this account and region (NULL: none is known), made when it is the first time. */
static struct client *get_client(struct clients *clients, const struct account *account,
                                 const struct identity *settings, const char *region)
{
    struct client *client = find_client(clients, account, region);

    if (client != NULL)
        return client;
    client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->account = account;
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
    const struct account *account = &clients->accounts[lookup->identity];
    char *region = region_of_arn(lookup->name);
    struct client *client = get_client(clients, account, &request->identities[lookup->identity],
                                       region != NULL ? region : account->region);

    text_free(region);
    return client;
}

bool clients_open(struct clients *clients, const struct request *request, struct error *error)
{
    *clients = (struct clients){
        .accounts = calloc(request->identity_count + 1, sizeof *clients->accounts),
        .items = calloc(request->lookup_count + 1, sizeof(struct client *)),
        .of_lookup = calloc(request->lookup_count + 1, sizeof(struct client *)),
    };
    if (clients->accounts == NULL || clients->items == NULL || clients->of_lookup == NULL)
        return error_set(error, "out of memory");
    clients->account_count = request->identity_count;
    for (size_t i = 0; i < request->identity_count; i++)
        account_open(&clients->accounts[i], &request->identities[i]);
    for (size_t i = 0; i < request->lookup_count; i++) {
        clients->of_lookup[i] = client_of(clients, request, &request->lookups[i]);
        if (clients->of_lookup[i] == NULL)
            return error_set(error, "out of memory");
    }
    return true;
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
    *clients = (struct clients){0};
}

size_t clients_ports(const struct clients *clients, uint16_t *ports, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < clients->count && count < max; i++) {
        if (clients->items[i]->endpoint.port != 0)
            ports[count++] = clients->items[i]->endpoint.port;
    }
    return count;
}
