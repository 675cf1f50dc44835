#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/token_file.h"

#define LACKS_ROLE "it needs a role_arn beside it"

/* role: NULL where it could not be added. */
static bool add_token(struct credential_source *source, const struct identity *settings,
                      const char *token_file, struct assumed_role *role, struct error *error)
{
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
    struct assumed_role *role = NULL;

    if (token_file == NULL) {
        error_set(error, "[%s] %s: not set", identity_section(place->settings), provider->key);
        return PROVIDER_NOT_CONFIGURED;
    }
    if (identity_setting(place->settings, "role_arn") == NULL)
        error_set(error, LACKS_ROLE);
    else
        role = credential_source_add_configured(source, place->settings, NULL, error);
    if (add_token(source, place->settings, token_file, role, error))
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
    struct assumed_role *role = NULL;
    enum profile_value_state state = shared_config_find(place->config, provider->key, &file, error);

    if (state == PROFILE_VALUE_ABSENT)
        return PROVIDER_NOT_CONFIGURED;
    if (state == PROFILE_VALUE_BROKEN ||
        shared_config_find(place->config, "role_arn", &arn, error) == PROFILE_VALUE_BROKEN ||
        shared_config_find(place->config, "role_session_name", &name, error) ==
            PROFILE_VALUE_BROKEN)
        return PROVIDER_BROKEN;
    if (arn.text == NULL)
        error_set(error, LACKS_ROLE);
    else
        role = credential_source_add_role(source, arn.text, name.text, NULL, error);
    if (add_token(source, place->settings, file.text, role, error))
        return PROVIDER_FOUND;
    error_context(error, "%s:%u: %s", file.path, file.line, provider->key);
    return PROVIDER_BROKEN;
}
