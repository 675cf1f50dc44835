#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/token_file.h"

static bool prepare(struct credential_source *source, const struct identity *settings,
                    const char *token_file, const char *arn, const char *session_name,
                    struct error *error)
{
    struct assumed_role *role;

    if (arn == NULL)
        return error_set(error, "it needs a role_arn beside it");
    role = credential_source_add_role(source, arn, session_name, NULL, error);
    if (role == NULL)
        return false;
    role->web_identity_token = token_file_read(token_file, identity_trusted_uid(settings), error);
    source->origin = CREDENTIALS_OF_WEB_IDENTITY;
    return role->web_identity_token != NULL;
}

enum provider_answer credentials_of_configured_web_identity(const struct provider *provider,
                                                            const struct provider_place *place,
                                                            struct credential_source *source,
                                                            struct error *error)
{
    const char *token_file = identity_setting(place->settings, provider->key);

    if (token_file == NULL) {
        error_set(error, "[%s] %s: not set", identity_section(place->settings), provider->key);
        return PROVIDER_NOT_CONFIGURED;
    }
    if (prepare(source, place->settings, token_file, identity_setting(place->settings, "role_arn"),
                identity_setting(place->settings, "role_session_name"), error))
        return PROVIDER_FOUND;
    error_context(error, "[%s] %s", identity_section(place->settings), provider->key);
    return PROVIDER_BROKEN;
}

enum provider_answer credentials_of_web_identity(const struct provider *provider,
                                                 const struct provider_place *place,
                                                 struct credential_source *source,
                                                 struct error *error)
{
    struct profile_value file = {.text = NULL};
    struct profile_value arn = {.text = NULL};
    struct profile_value name = {.text = NULL};
    enum profile_value_state state = shared_config_find(place->config, provider->key, &file, error);

    if (state == PROFILE_VALUE_ABSENT)
        return PROVIDER_NOT_CONFIGURED;
    if (state == PROFILE_VALUE_BROKEN ||
        shared_config_find(place->config, "role_arn", &arn, error) == PROFILE_VALUE_BROKEN ||
        shared_config_find(place->config, "role_session_name", &name, error) ==
            PROFILE_VALUE_BROKEN)
        return PROVIDER_BROKEN;
    if (prepare(source, place->settings, file.text, arn.text, name.text, error))
        return PROVIDER_FOUND;
    error_context(error, "%s:%u: %s", file.path, file.line, provider->key);
    return PROVIDER_BROKEN;
}
