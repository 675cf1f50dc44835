#include "aws/account.h"

#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/identity_setting.h"
#include "aws/retry.h"
#include "common/trusted_file.h"

#define CA_BUNDLE_MAX ((size_t)4 * 1024 * 1024)

/* What an identity may say. A key that is not here would be a wish that is not fulfilled. */
static const char *const known_settings[] = {
    "region",
    "profile",
    "credentials_file",
    "config_file",
    "endpoint_url",
    "endpoint_url_ssm",
    "endpoint_url_sts",
    "endpoint_url_secretsmanager",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "ca_bundle",
    "max_attempts",
    "trust_uid",
    "ec2_metadata_disabled",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "role_arn",
    "external_id",
    "role_session_name",
    "web_identity_token_file",
    "container_credentials_relative_uri",
    "container_credentials_full_uri",
    "container_authorization_token_file",
};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < sizeof known_settings / sizeof *known_settings; i++) {
        if (strcmp(known_settings[i], key) == 0)
            return true;
    }
    return false;
}

static bool check_settings(const struct identity *settings, struct error *error)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (!is_known(settings->settings[i].key))
            return error_set(error, "[%s] %s is not supported", identity_section(settings),
                             settings->settings[i].key);
    }
    return true;
}

static bool read_max_attempts(struct account *account, const struct identity *settings,
                              struct error *error)
{
    const char *value = identity_setting(settings, "max_attempts");
    char *end;
    unsigned long number;

    account->max_attempts = RETRY_ATTEMPTS_DEFAULT;
    if (value == NULL)
        return true;
    number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || number < 1 ||
        number > RETRY_ATTEMPTS_MAX)
        return error_set(error, "[%s] max_attempts must be a number from 1 to %d",
                         identity_section(settings), RETRY_ATTEMPTS_MAX);
    account->max_attempts = (unsigned)number;
    return true;
}

static bool read_ca_bundle(struct account *account, const struct identity *settings,
                           struct error *error)
{
    const char *path = identity_setting(settings, "ca_bundle");

    if (path == NULL)
        return true;
    if (trusted_file_read(path, identity_trusted_uid(settings), 0022, CA_BUNDLE_MAX,
                          &account->ca_bundle, error) != TRUSTED_FILE_READ)
        return error_context(error, "[%s] ca_bundle", identity_section(settings));
    return account->ca_bundle.length > 0 ||
           error_set(error, "[%s] ca_bundle: %s is empty", identity_section(settings), path);
}

void account_configure(struct account *account, const struct identity *settings,
                       struct deadline deadline)
{
    account->deadline = deadline;
    account->settings = settings;
    if (!check_settings(settings, &account->error) ||
        !read_max_attempts(account, settings, &account->error) ||
        !read_ca_bundle(account, settings, &account->error) ||
        !metadata_open(&account->metadata, settings, &account->error))
        return;
    account->region = region_find(settings, &account->region_error);
    account->wants_region = !region_is_configured(settings);
}

void account_prepare(struct account *account)
{
    credentials_prepare(&account->source, account->settings, account->deadline, &account->error);
}

void account_open(struct account *account, const struct identity *settings,
                  struct deadline deadline)
{
    account_configure(account, settings, deadline);
    if (!error_is_set(&account->error))
        account_prepare(account);
}

static struct credential_access access_of(struct account *account)
{
    return (struct credential_access){
        .http = account->http,
        .metadata = &account->metadata,
        .settings = account->settings,
        .region = account->region,
        .ca_bundle = account->ca_bundle.length > 0 ? &account->ca_bundle : NULL,
        .clock = account->clock,
        .max_attempts = account->max_attempts,
        .deadline = account->deadline,
    };
}

static bool obtain(struct account *account, struct credentials *credentials, struct error *error)
{
    const struct credential_access access = access_of(account);

    return credentials_obtain(credentials, &account->source, &access, error);
}

bool account_identify(struct account *account, struct caller *caller, struct error *error)
{
    const struct credential_access access = access_of(account);

    return sts_get_caller_identity(caller, &account->credentials, &access, error);
}

bool account_renew(void *context)
{
    struct account *account = context;
    struct error ignored = ERROR_INIT;
    struct credentials fresh;

    if (account->renewed)
        return account->renewal_helped;
    account->renewed = true;
    account->renewal_helped =
        credentials_can_be_renewed(&account->source) && obtain(account, &fresh, &ignored);
    if (!account->renewal_helped)
        return false;
    credentials_free(&account->credentials);
    account->credentials = fresh;
    return true;
}

void account_find_region(struct account *account, struct http *http)
{
    struct error before = account->region_error;
    struct error answer = ERROR_INIT;

    if (!account->wants_region || account->region != NULL)
        return;
    account->region = metadata_region(&account->metadata, http, account->deadline, &answer);
    if (account->region == NULL)
        error_set(&account->region_error, "%s; %s", before.text, answer.text);
}

void account_connect(struct account *account, struct http *http, struct clock *clock)
{
    account->http = http;
    account->clock = clock;
    if (error_is_set(&account->error))
        return;
    account_find_region(account, http);
    obtain(account, &account->credentials, &account->error);
}

void account_name_key(const struct account *account, struct buffer *text)
{
    credentials_name(&account->credentials, &account->source, text);
}

void account_free(struct account *account)
{
    credentials_free(&account->credentials);
    credential_source_free(&account->source);
    metadata_free(&account->metadata);
    buffer_free(&account->ca_bundle);
    text_free(account->region);
}

size_t account_ports(const struct account *account, uint16_t *ports, size_t max)
{
    const uint16_t local[] = {account->metadata.port, account->source.container_port};
    size_t count = endpoint_ports(account->settings, ports, max);

    for (size_t i = 0; i < sizeof local / sizeof *local && count < max; i++) {
        if (local[i] != 0)
            ports[count++] = local[i];
    }
    return count;
}
