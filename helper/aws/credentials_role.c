#include <stdlib.h>
#include <string.h>

#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "common/instance_id.h"

#define SESSION_NAME_DEFAULT "ssmenv"
#define SESSION_NAME_MAX     64
#define DURATION_MIN         900
#define DURATION_MAX         43200

/* A key of the profile, or NULL. False when it cannot be read. */
static bool find(const struct provider_place *place, const char *key, const char **text,
                 struct profile_value *value, struct error *error)
{
    enum profile_value_state state = shared_config_find(place->config, key, value, error);

    *text = state == PROFILE_VALUE_FOUND ? value->text : NULL;
    return state != PROFILE_VALUE_BROKEN;
}

char *role_session_name(const char *configured, const char *instance_id)
{
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-";
    struct buffer name = BUFFER_INIT;
    char *copy;

    if (configured == NULL || strlen(configured) < 2)
        buffer_append_text(&name, SESSION_NAME_DEFAULT);
    else if (instance_id != NULL)
        instance_id_put(&name, configured, instance_id);
    else
        buffer_append_text(&name, configured);
    copy = buffer_failed(&name)
               ? NULL
               : text_copy_bytes(buffer_text(&name), strnlen(buffer_text(&name), SESSION_NAME_MAX));
    buffer_free(&name);
    for (size_t i = 0; copy != NULL && copy[i] != '\0'; i++) {
        if (strchr(alphabet, copy[i]) == NULL)
            copy[i] = '-';
    }
    return copy;
}

struct assumed_role *credential_source_add_role(struct credential_source *source, const char *arn,
                                                const char *session_name, const char *external_id,
                                                struct error *error)
{
    struct assumed_role *role = &source->roles[source->role_count];

    if (source->role_count == CREDENTIAL_ROLES_MAX) {
        error_set(error, "more than %d roles follow each other", CREDENTIAL_ROLES_MAX);
        return NULL;
    }
    source->role_count++;
    role->arn = text_copy(arn);
    role->session_name = role_session_name(session_name, NULL);
    role->external_id = text_copy(external_id);
    if (role->arn != NULL && role->session_name != NULL &&
        (role->external_id != NULL || external_id == NULL))
        return role;
    error_set(error, "out of memory");
    return NULL;
}

static bool read_duration(const char *text, const struct profile_value *value, unsigned *duration,
                          struct error *error)
{
    char *end;
    unsigned long number;

    if (text == NULL)
        return true;
    number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < DURATION_MIN ||
        number > DURATION_MAX)
        return error_set(error, "%s:%u: duration_seconds: expected a number from %d to %d",
                         value->path, value->line, DURATION_MIN, DURATION_MAX);
    *duration = (unsigned)number;
    return true;
}

/* What the profile says about the role itself. */
static bool add_role(const struct provider_place *place, struct credential_source *source,
                     const char *arn, struct error *error)
{
    struct profile_value value;
    struct profile_value duration;
    const char *session_name;
    const char *external_id;
    const char *seconds;
    const char *mfa;
    struct assumed_role *role;

    if (!find(place, "role_session_name", &session_name, &value, error) ||
        !find(place, "external_id", &external_id, &value, error) ||
        !find(place, "duration_seconds", &seconds, &duration, error) ||
        !find(place, "mfa_serial", &mfa, &value, error))
        return false;
    if (mfa != NULL)
        return error_set(error,
                         "%s:%u: mfa_serial: nobody is asked for a code at a login: use a "
                         "role without it",
                         value.path, value.line);
    role = credential_source_add_role(source, arn, session_name, external_id, error);
    return role != NULL && read_duration(seconds, &duration, &role->duration, error);
}

static bool is_in_chain(const struct provider_place *place, const char *profile)
{
    for (; place != NULL; place = place->origin) {
        if (strcmp(place->config->profile, profile) == 0)
            return true;
    }
    return false;
}

static bool profile_is_known(const struct shared_config *config, const char *profile)
{
    return profile_exists(&config->credentials.contents, profile) ||
           profile_exists(&config->config.contents, profile);
}

/* Keys that are written in the source profile win over a role of its own, as in AWS's SDKs. */
static enum provider_answer ask_profile(const struct provider_place *place, bool is_itself,
                                        struct credential_source *source, struct error *error)
{
    static provider_prepare *const files[] = {credentials_of_credentials_file,
                                              credentials_of_config_file};
    struct buffer tried = BUFFER_INIT;
    enum provider_answer answer = PROVIDER_NOT_CONFIGURED;

    for (size_t i = 0; i < 2 && answer == PROVIDER_NOT_CONFIGURED; i++) {
        struct error said = ERROR_INIT;

        answer = files[i](NULL, place, source, &said);
        if (answer == PROVIDER_BROKEN)
            *error = said;
    }
    if (answer == PROVIDER_NOT_CONFIGURED && !is_itself)
        answer = credentials_of_profile(place, source, &tried, error);
    buffer_free(&tried);
    return answer;
}

static bool use_source_profile(const struct provider_place *place, const char *profile,
                               const struct profile_value *value, struct credential_source *source,
                               struct error *error)
{
    bool is_itself = strcmp(place->config->profile, profile) == 0;
    struct shared_config config = *place->config;
    struct provider_place next = *place;

    if (!profile_is_known(&config, profile))
        return error_set(error, "%s:%u: source_profile: there is no profile %s", value->path,
                         value->line, profile);
    if (!is_itself && is_in_chain(place, profile))
        return error_set(error,
                         "%s:%u: source_profile: profile %s is in this chain already: the "
                         "profiles go in a circle",
                         value->path, value->line, profile);
    config.profile = profile;
    next.config = &config;
    next.origin = place;
    switch (ask_profile(&next, is_itself, source, error)) {
    case PROVIDER_FOUND:
        return true;
    case PROVIDER_BROKEN:
        return false;
    case PROVIDER_NOT_CONFIGURED:
        break;
    }
    return error_set(error, "%s:%u: source_profile: profile %s has no credentials", value->path,
                     value->line, profile);
}

static bool use_credential_source(const struct provider_place *place, const char *name,
                                  const struct profile_value *value,
                                  struct credential_source *source, struct error *error)
{
    if (strcmp(name, "Ec2InstanceMetadata") == 0) {
        source->origin = CREDENTIALS_OF_INSTANCE;
        return true;
    }
    if (strcmp(name, "EcsContainer") == 0)
        return credentials_prepare_container(NULL, place, source, error) == PROVIDER_FOUND ||
               error_context(error, "%s:%u: credential_source = EcsContainer", value->path,
                             value->line);
    if (strcmp(name, "Environment") == 0)
        return error_set(error,
                         "%s:%u: credential_source = Environment: a login has no environment "
                         "with credentials: use Ec2InstanceMetadata, EcsContainer or "
                         "source_profile",
                         value->path, value->line);
    return error_set(error,
                     "%s:%u: credential_source: expected Ec2InstanceMetadata or EcsContainer",
                     value->path, value->line);
}

enum provider_answer credentials_of_role(const struct provider *provider,
                                         const struct provider_place *place,
                                         struct credential_source *source, struct error *error)
{
    struct profile_value role;
    struct profile_value value;
    struct profile_value other;
    const char *arn;
    const char *profile;
    const char *named_source;
    bool ok;

    (void)provider;
    if (!find(place, "role_arn", &arn, &role, error) ||
        !find(place, "source_profile", &profile, &value, error) ||
        !find(place, "credential_source", &named_source, &other, error))
        return PROVIDER_BROKEN;
    if (arn == NULL)
        return PROVIDER_NOT_CONFIGURED;
    if ((profile == NULL) == (named_source == NULL)) {
        error_set(error, "%s:%u: role_arn: profile %s needs %s source_profile or credential_source",
                  role.path, role.line, place->config->profile,
                  profile == NULL ? "a" : "one of, not both,");
        return PROVIDER_BROKEN;
    }
    ok = add_role(place, source, arn, error) &&
         (profile != NULL ? use_source_profile(place, profile, &value, source, error)
                          : use_credential_source(place, named_source, &other, source, error));
    return ok ? PROVIDER_FOUND : PROVIDER_BROKEN;
}

struct assumed_role *credential_source_add_configured(struct credential_source *source,
                                                      const struct identity *settings,
                                                      const char *external_id, struct error *error)
{
    const char *name = identity_setting(settings, "role_session_name");
    bool names_instance = name != NULL && instance_id_is_named(name);
    struct assumed_role *role = credential_source_add_role(
        source, identity_setting(settings, "role_arn"), name, external_id, error);

    if (role == NULL || !names_instance)
        return role;
    text_free(role->session_name);
    role->session_name = text_copy(name);
    role->names_instance = true;
    if (role->session_name != NULL)
        return role;
    error_set(error, "out of memory");
    return NULL;
}

bool credential_source_add_configured_role(struct credential_source *source,
                                           const struct identity *settings, struct error *error)
{
    static const char *const companions[] = {"external_id", "role_session_name"};
    const char *arn = identity_setting(settings, "role_arn");

    for (size_t i = 0; arn == NULL && i < sizeof companions / sizeof *companions; i++) {
        if (identity_setting(settings, companions[i]) != NULL)
            return error_set(error, "[%s] %s belongs to a role_arn, which is not set",
                             identity_section(settings), companions[i]);
    }
    return arn == NULL || identity_setting(settings, "web_identity_token_file") != NULL ||
           credential_source_add_configured(
               source, settings, identity_setting(settings, "external_id"), error) != NULL;
}
