#include "aws/credentials.h"

#include <inttypes.h>
#include <string.h>

#include "aws/clock.h"
#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/shared_config.h"

/* Whoever configures what is not supported is told so. */
static enum provider_answer refuse(const struct provider *provider,
                                   const struct provider_place *place,
                                   struct credential_source *source, struct error *error)
{
    struct profile_value value;

    (void)source;
    switch (shared_config_find(place->config, provider->key, &value, error)) {
    case PROFILE_VALUE_FOUND:
        error_set(error, "%s:%u: %s: credentials from %s are not supported", value.path, value.line,
                  provider->key, provider->name);
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_BROKEN:
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_ABSENT:
        break;
    }
    return PROVIDER_NOT_CONFIGURED;
}

/* Of a profile, in the order of AWS's SDKs: the first that is configured decides. */
static const struct provider profile_providers[] = {
    {refuse, "web_identity_token_file", "a web identity"},
    {refuse, "role_arn", "an assumed role"},
    {refuse, "sso_session", "IAM Identity Center"},
    {refuse, "sso_start_url", "IAM Identity Center"},
    {credentials_of_credentials_file, "aws_access_key_id", "the credentials file"},
    {refuse, "login_session", "a console login"},
    {refuse, "credential_process", "a process"},
    {credentials_of_config_file, "aws_access_key_id", "the config file"},
};

/* The instance can always be asked. */
static enum provider_answer prepare_instance(const struct provider *provider,
                                             const struct provider_place *place,
                                             struct credential_source *source, struct error *error)
{
    (void)provider;
    (void)place;
    (void)error;
    source->origin = CREDENTIALS_OF_INSTANCE;
    return PROVIDER_FOUND;
}

static const struct provider machine_providers[] = {
    {prepare_instance, NULL, "the instance"},
};

/* Who asks for what was prepared. */
static const struct {
    credentials_ask *ask;
    const char *name;
} origins[] = {
    [CREDENTIALS_OF_INSTANCE] = {credentials_of_instance, "the EC2 instance's role"},
};

static enum provider_answer ask_table(const struct provider *table, size_t count,
                                      const struct provider_place *place,
                                      struct credential_source *source, struct buffer *tried,
                                      struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct error said = ERROR_INIT;
        enum provider_answer answer = table[i].prepare(&table[i], place, source, &said);

        if (answer != PROVIDER_NOT_CONFIGURED) {
            *error = said;
            return answer;
        }
        if (error_is_set(&said))
            buffer_append_format(tried, "%s; ", said.text);
    }
    return PROVIDER_NOT_CONFIGURED;
}

enum provider_answer credentials_of_profile(const struct provider_place *place,
                                            struct credential_source *source, struct buffer *tried,
                                            struct error *error)
{
    return ask_table(profile_providers, sizeof profile_providers / sizeof *profile_providers, place,
                     source, tried, error);
}

static bool ask_providers(struct credential_source *source, const struct provider_place *place,
                          struct error *error)
{
    struct buffer tried = BUFFER_INIT;
    enum provider_answer answer = credentials_of_profile(place, source, &tried, error);

    if (answer == PROVIDER_NOT_CONFIGURED)
        answer = ask_table(machine_providers, sizeof machine_providers / sizeof *machine_providers,
                           place, source, &tried, error);
    source->tried = text_copy(buffer_text(&tried));
    buffer_free(&tried);
    return answer == PROVIDER_FOUND;
}

static void append_warning(struct buffer *text, const struct shared_file *file)
{
    const struct error *warning = &file->contents.warning;

    if (error_is_set(warning))
        buffer_append_format(text, "%s%s", text->length > 0 ? "; " : "", warning->text);
}

/* A warning that cannot be kept is no reason to fail. */
static void keep_warnings(struct credential_source *source, const struct shared_config *config)
{
    struct buffer text = BUFFER_INIT;

    append_warning(&text, &config->credentials);
    append_warning(&text, &config->config);
    if (text.length > 0)
        source->held.warning = text_copy(buffer_text(&text));
    buffer_free(&text);
}

bool credentials_prepare(struct credential_source *source, const struct identity *settings,
                         struct error *error)
{
    struct shared_config config;
    const struct provider_place place = {.settings = settings, .config = &config};
    bool ok;

    *source = (struct credential_source){0};
    ok = shared_config_read(&config, settings, error) && ask_providers(source, &place, error);
    if (ok)
        keep_warnings(source, &config);
    shared_config_free(&config);
    return ok;
}

void credential_source_free(struct credential_source *source)
{
    credentials_free(&source->held);
    for (size_t i = 0; i < source->role_count; i++) {
        text_free(source->roles[i].arn);
        text_free(source->roles[i].session_name);
        text_free(source->roles[i].external_id);
        text_free(source->roles[i].web_identity_token);
    }
    text_free(source->container_url);
    text_free(source->container_token);
    text_free(source->tried);
    *source = (struct credential_source){0};
}

static bool copy_text(char **to, const char *from)
{
    *to = text_copy(from);
    return *to != NULL || from == NULL;
}

static bool copy_credentials(struct credentials *to, const struct credentials *from,
                             struct error *error)
{
    to->expires = from->expires;
    return (copy_text(&to->access_key_id, from->access_key_id) &&
            copy_text(&to->secret_access_key, from->secret_access_key) &&
            copy_text(&to->session_token, from->session_token) &&
            copy_text(&to->warning, from->warning)) ||
           error_set(error, "out of memory");
}

/* Everybody was asked, and this is what they said. */
static bool describe_nowhere(const struct credential_source *source, struct error *error)
{
    struct error last = *error;

    return error_set(error, "Unable to locate credentials: tried %s%s", source->tried, last.text);
}

bool credentials_obtain(struct credentials *credentials, const struct credential_source *source,
                        const struct credential_access *access, struct error *error)
{
    bool ok;

    *credentials = (struct credentials){0};
    if (source->origin == CREDENTIALS_HELD)
        ok = copy_credentials(credentials, &source->held, error);
    else
        ok = origins[source->origin].ask(credentials, source, access, error) ||
             (source->origin == CREDENTIALS_OF_INSTANCE && describe_nowhere(source, error));
    ok = ok && credentials_last(credentials, access->clock, error);
    if (!ok)
        credentials_free(credentials);
    return ok;
}

bool credentials_last(const struct credentials *credentials, const struct clock *clock,
                      struct error *error)
{
    int64_t left = credentials->expires - (int64_t)clock_now(clock);

    if (credentials->expires == 0 || left >= CREDENTIAL_LIFE_MIN_S)
        return true;
    if (left < 0)
        return error_set(error, "the credentials have expired: check this machine's clock");
    return error_set(error, "the credentials expire in %" PRId64 " seconds", left);
}

void credentials_free(struct credentials *credentials)
{
    text_free(credentials->access_key_id);
    text_free(credentials->secret_access_key);
    text_free(credentials->session_token);
    text_free(credentials->warning);
    *credentials = (struct credentials){0};
}

bool credential_is_legal(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return length > 0;
}
