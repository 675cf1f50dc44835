#include "aws/credentials.h"

#include <string.h>

#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/shared_config.h"
#include "common/buffer.h"

/* Until a provider is built, whoever configures it is told so. */
static enum provider_answer refuse(const struct provider *provider, const struct identity *settings,
                                   const struct shared_config *config,
                                   struct credentials *credentials, struct error *error)
{
    struct profile_value value;

    (void)credentials;
    if (identity_setting(settings, provider->key) != NULL) {
        error_set(error, "[aws] %s: credentials from %s are not supported yet", provider->key,
                  provider->name);
        return PROVIDER_BROKEN;
    }
    switch (shared_config_find(config, provider->key, &value, error)) {
    case PROFILE_VALUE_FOUND:
        error_set(error, "%s:%u: %s: credentials from %s are not supported yet", value.path,
                  value.line, provider->key, provider->name);
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_BROKEN:
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_ABSENT:
        break;
    }
    return PROVIDER_NOT_CONFIGURED;
}

/* In the order of AWS's SDKs: the first that is configured decides. */
static const struct provider providers[] = {
    {refuse, "web_identity_token_file", "a web identity"},
    {refuse, "role_arn", "an assumed role"},
    {refuse, "sso_session", "IAM Identity Center"},
    {refuse, "sso_start_url", "IAM Identity Center"},
    {credentials_of_credentials_file, "aws_access_key_id", "the credentials file"},
    {refuse, "login_session", "a console login"},
    {refuse, "credential_process", "a process"},
    {credentials_of_config_file, "aws_access_key_id", "the config file"},
};

static bool ask_providers(struct credentials *credentials, const struct identity *settings,
                          const struct shared_config *config, struct error *error)
{
    struct buffer tried = BUFFER_INIT;

    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        struct error said = ERROR_INIT;
        enum provider_answer answer =
            providers[i].find(&providers[i], settings, config, credentials, &said);

        if (answer != PROVIDER_NOT_CONFIGURED) {
            buffer_free(&tried);
            *error = said;
            return answer == PROVIDER_FOUND;
        }
        if (error_is_set(&said))
            buffer_append_format(&tried, "%s%s", tried.length > 0 ? "; " : "", said.text);
    }
    error_set(error,
              "Unable to locate credentials: tried %s: write aws_access_key_id and "
              "aws_secret_access_key under [%s] in %s",
              buffer_text(&tried), config->profile, config->credentials.path);
    buffer_free(&tried);
    return false;
}

static void append_warning(struct buffer *text, const struct shared_file *file)
{
    const struct error *warning = &file->contents.warning;

    if (error_is_set(warning))
        buffer_append_format(text, "%s%s", text->length > 0 ? "; " : "", warning->text);
}

/* A warning that cannot be kept is no reason to fail. */
static void keep_warnings(struct credentials *credentials, const struct shared_config *config)
{
    struct buffer text = BUFFER_INIT;

    append_warning(&text, &config->credentials);
    append_warning(&text, &config->config);
    if (text.length > 0)
        credentials->warning = text_copy(buffer_text(&text));
    buffer_free(&text);
}

bool credentials_find(struct credentials *credentials, const struct identity *settings,
                      struct error *error)
{
    struct shared_config config;
    bool ok;

    *credentials = (struct credentials){0};
    ok = shared_config_read(&config, settings, error) &&
         ask_providers(credentials, settings, &config, error);
    if (ok)
        keep_warnings(credentials, &config);
    else
        credentials_free(credentials);
    shared_config_free(&config);
    return ok;
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
