#include "aws/account.h"

#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/identity_setting.h"
#include "aws/kept.h"
#include "aws/region.h"
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

/* Whether what was kept belongs to what would be asked now. */
static bool kept_fits(struct account *account)
{
    const struct keepsake *kept = &account->settings->kept;

    return kept_origin(&account->source, account->metadata.url, account->origin) &&
           kept->life != 0 && strcmp(kept->origin, account->origin) == 0 &&
           (kept->region == NULL || region_is_legal(kept->region));
}

/* A process is not run for credentials that were kept, unless they turn out to be another's. */
static bool prepare_for_kept(struct account *account)
{
    struct error ignored = ERROR_INIT;

    if (account->settings->kept.access_key_id == NULL)
        return false;
    if (credentials_prepare_for_kept(&account->source, account->settings, account->deadline,
                                     &ignored) &&
        kept_fits(account))
        return true;
    credential_source_free(&account->source);
    return false;
}

void account_prepare(struct account *account)
{
    account->kept_fits =
        prepare_for_kept(account) || (credentials_prepare(&account->source, account->settings,
                                                          account->deadline, &account->error) &&
                                      kept_fits(account));
    account->wants_instance_id =
        account->wants_instance_id || credential_source_names_instance(&account->source);
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
        .instance_id = account->instance_id,
        .ca_bundle = account->ca_bundle.length > 0 ? &account->ca_bundle : NULL,
        .clock = account->clock,
        .max_attempts = account->max_attempts,
        .deadline = account->deadline,
    };
}

static bool obtain(struct account *account, struct credentials *credentials, struct error *error)
{
    const struct credential_access access = access_of(account);

    if (credential_source_names_instance(&account->source) && account->instance_id == NULL)
        return error_set(error, "[%s] role_session_name: %s", identity_section(account->settings),
                         account->instance_error.text);
    if (!credentials_obtain(credentials, &account->source, &access, error))
        return false;
    account->has_news = account->has_news || credentials->expires != 0;
    return true;
}

bool account_identify(struct account *account, struct caller *caller, struct error *error)
{
    const struct credential_access access = access_of(account);

    return sts_get_caller_identity(caller, &account->credentials, &access, error);
}

static bool have_expired(const struct service_error *refusal)
{
    return strcmp(refusal->code, "ExpiredTokenException") == 0 ||
           strcmp(refusal->code, "ExpiredToken") == 0;
}

/* Who was given another role may ask for more than with what was kept; but one that is assumed
 * stays the same, however often that is done. */
static bool others_may_help(const struct account *account, const struct service_error *refusal)
{
    if (refusal->verdict == SERVICE_DENIED)
        return account->uses_kept && account->source.role_count == 0;
    return account->uses_kept || have_expired(refusal);
}

/* Who is denied something needs others: the same would be denied it again. */
static bool obtain_others(struct account *account, bool denied, struct credentials *fresh)
{
    struct error ignored = ERROR_INIT;

    metadata_forget(&account->metadata);
    if (!credentials_can_be_renewed(&account->source) || !obtain(account, fresh, &ignored))
        return false;
    if (!denied || strcmp(fresh->access_key_id, account->credentials.access_key_id) != 0)
        return true;
    credentials_free(fresh);
    return false;
}

bool account_renew(void *context, const struct service_error *refusal)
{
    struct account *account = context;
    struct credentials fresh;

    if (account->renewed || !others_may_help(account, refusal))
        return account->renewed && account->renewal_helped;
    account->renewed = true;
    account->renewal_helped = obtain_others(account, refusal->verdict == SERVICE_DENIED, &fresh);
    account->kept_refused =
        account->uses_kept && !account->renewal_helped && refusal->verdict == SERVICE_CREDENTIALS;
    if (!account->renewal_helped)
        return false;
    credentials_free(&account->credentials);
    account->credentials = fresh;
    account->uses_kept = false;
    return true;
}

void account_find_region(struct account *account, struct http *http)
{
    struct error before = account->region_error;
    struct error answer = ERROR_INIT;

    if (!account->wants_region || account->region != NULL)
        return;
    account->region = metadata_region(&account->metadata, http, account->deadline, &answer);
    account->has_news = account->has_news || account->region != NULL;
    if (account->region == NULL)
        error_set(&account->region_error, "%s; %s", before.text, answer.text);
}

static void find_instance_id(struct account *account)
{
    struct error answer = ERROR_INIT;

    if (!account->wants_instance_id || account->instance_id != NULL)
        return;
    account->instance_id =
        metadata_instance_id(&account->metadata, account->http, account->deadline, &answer);
    account->has_news = account->has_news || account->instance_id != NULL;
    if (account->instance_id == NULL)
        error_set(
            &account->instance_error,
            "%%i stands for the id of the EC2 instance, which cannot be had: %s; on a machine "
            "that is no instance write a name without %%i",
            answer.text);
}

/* What cannot be copied is asked for. */
static void take_kept(struct account *account)
{
    const struct keepsake *kept = &account->settings->kept;

    if (!account->kept_fits)
        return;
    if (account->wants_region && account->region == NULL)
        account->region = text_copy(kept->region);
    account->instance_id = text_copy(kept->instance_id);
    account->uses_kept = kept_credentials(kept, account->clock, &account->credentials);
}

bool account_must_ask(const struct account *account)
{
    const struct keepsake *kept = &account->settings->kept;
    bool fits = account->kept_fits;

    if (error_is_set(&account->error))
        return false;
    return (account->wants_region && !(fits && kept->region != NULL)) ||
           (account->wants_instance_id && !(fits && kept->instance_id != NULL)) ||
           (credentials_can_be_renewed(&account->source) && !(fits && kept->access_key_id != NULL));
}

void account_connect(struct account *account, struct http *http, struct clock *clock)
{
    account->http = http;
    account->clock = clock;
    if (error_is_set(&account->error))
        return;
    take_kept(account);
    account_find_region(account, http);
    find_instance_id(account);
    if (!account->uses_kept)
        obtain(account, &account->credentials, &account->error);
}

void account_learn(const struct account *account, struct learnt *learnt)
{
    struct keepsake *keepsake = &learnt->keepsake;

    *learnt = (struct learnt){.lesson = account->kept_refused ? LESSON_FORGET : LESSON_NONE};
    if (account->kept_refused || !account->has_news)
        return;
    if (kept_put_credentials(keepsake, &account->credentials, account->clock)) {
        keepsake->origin = text_copy(account->origin);
        keepsake->region = account->wants_region ? text_copy(account->region) : NULL;
        keepsake->instance_id = text_copy(account->instance_id);
    }
    if (keepsake_is_legal(keepsake) && (keepsake->access_key_id != NULL ||
                                        keepsake->region != NULL || keepsake->instance_id != NULL))
        learnt->lesson = LESSON_KEEP;
    else
        keepsake_free(keepsake);
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
    text_free(account->instance_id);
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
