#include "config/settings.h"

#include <string.h>

#include "common/buffer.h"
#include "config/suggestion.h"
#include "config/value_type.h"
#include "ssmenv/duration.h"

struct setting_key {
    const char *name;
    const struct value_type *type;
};

struct settings_section {
    const char *name;
    struct setting_key keys[SETTING_KEYS_MAX]; /* ends where name is NULL */
};

const struct settings_section settings_of_aws = {
    "aws",
    {
        {"region", &type_region},
        {"profile", &type_profile},
        {"credentials_file", &type_path},
        {"config_file", &type_path},
        {"role_arn", &type_role_arn},
        {"external_id", &type_external_id},
        {"role_session_name", &type_session_name},
        {"web_identity_token_file", &type_path},
        {"container_credentials_relative_uri", &type_path},
        {"container_credentials_full_uri", &type_container_url},
        {"container_authorization_token_file", &type_path},
        {"endpoint_url", &type_endpoint_url},
        {"endpoint_url_ssm", &type_endpoint_url},
        {"endpoint_url_sts", &type_endpoint_url},
        {"endpoint_url_secretsmanager", &type_endpoint_url},
        {"use_fips_endpoint", &type_boolean},
        {"use_dualstack_endpoint", &type_boolean},
        {"ca_bundle", &type_path},
        {"ec2_metadata_disabled", &type_boolean},
        {"ec2_metadata_service_endpoint", &type_metadata_url},
        {"ec2_metadata_service_endpoint_mode", &type_address_family},
        {"max_attempts", &type_attempts},
    }};

const struct settings_section settings_of_cache = {"cache",
                                                   {
                                                       {"ttl", &type_duration},
                                                       {"max_stale", &type_duration},
                                                       {"retry_after", &type_duration},
                                                       {"on_denied", &type_on_denied},
                                                   }};

static int place_of(const struct settings_section *section, const char *key)
{
    for (int i = 0; i < SETTING_KEYS_MAX && section->keys[i].name != NULL; i++) {
        if (strcmp(section->keys[i].name, key) == 0)
            return i;
    }
    return -1;
}

static void report_unknown_key(const struct settings_section *section, const char *key,
                               struct position position, struct diagnostics *diagnostics)
{
    struct suggestion suggestion = suggestion_for(key);
    struct buffer known = {.limit = LIMIT_MESSAGE_BYTES};

    for (size_t i = 0; i < SETTING_KEYS_MAX && section->keys[i].name != NULL; i++) {
        suggestion_offer(&suggestion, section->keys[i].name);
        buffer_append_format(&known, " %s", section->keys[i].name);
    }
    if (suggestion.best != NULL)
        diagnostics_add(diagnostics, SEVERITY_ERROR, position,
                        "[%s] has no key %s; did you mean %s?", section->name, key,
                        suggestion.best);
    else
        diagnostics_add(diagnostics, SEVERITY_ERROR, position, "[%s] has no key %s; it has%s",
                        section->name, key, buffer_text(&known));
    buffer_free(&known);
}

int settings_find(const struct settings_section *section, const char *key, struct position position,
                  struct diagnostics *diagnostics)
{
    int place = place_of(section, key);

    if (place < 0)
        report_unknown_key(section, key, position, diagnostics);
    return place;
}

void settings_put(const struct settings_section *section, struct settings *settings, int key,
                  struct written_setting setting, struct position value_position,
                  struct diagnostics *diagnostics)
{
    struct written_setting *written = &settings->written[key];
    const struct setting_key *known = &section->keys[key];

    if (written->value != NULL && written->position.file == setting.position.file)
        diagnostics_add(diagnostics, SEVERITY_ERROR, setting.position,
                        "%s is already written on line %u", known->name, written->position.line);
    if (!known->type->accepts(setting.value))
        diagnostics_add(diagnostics, SEVERITY_ERROR, value_position, "%s: expected %s", known->name,
                        known->type->expected);
    *written = setting;
}

static const struct written_setting *written_as(const struct settings_section *section,
                                                const struct settings *settings, const char *key)
{
    return &settings->written[place_of(section, key)];
}

/* The first key that names an endpoint; NULL: none does. */
static const char *named_endpoint(const struct settings *settings)
{
    static const char *const keys[] = {"endpoint_url", "endpoint_url_ssm", "endpoint_url_sts",
                                       "endpoint_url_secretsmanager"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (written_as(&settings_of_aws, settings, keys[i])->value != NULL)
            return keys[i];
    }
    return NULL;
}

/* A named endpoint is used as it is, so it cannot also be chosen by these. */
static void check_endpoint(const struct settings *settings, struct diagnostics *diagnostics)
{
    static const char *const choosers[] = {"use_fips_endpoint", "use_dualstack_endpoint"};
    const char *named = named_endpoint(settings);

    if (named == NULL)
        return;
    for (size_t i = 0; i < sizeof choosers / sizeof choosers[0]; i++) {
        const struct written_setting *chooser = written_as(&settings_of_aws, settings, choosers[i]);

        if (chooser->value != NULL && strcmp(chooser->value, "yes") == 0)
            diagnostics_add(diagnostics, SEVERITY_ERROR, chooser->position,
                            "%s cannot be combined with %s: remove one of the two", choosers[i],
                            named);
    }
}

void settings_to_identity(const struct settings *settings, struct arena *arena,
                          struct identity *identity, struct diagnostics *diagnostics)
{
    for (int i = 0; i < SETTING_KEYS_MAX && settings_of_aws.keys[i].name != NULL; i++) {
        struct setting *setting;

        if (settings->written[i].value == NULL)
            continue;
        identity->settings =
            arena_grow(arena, identity->settings, identity->count, sizeof *identity->settings);
        setting = &identity->settings[identity->count++];
        setting->key = arena_copy(arena, settings_of_aws.keys[i].name);
        setting->value = arena_copy(arena, settings->written[i].value);
    }
    check_endpoint(settings, diagnostics);
}

static uint64_t duration_or(const struct settings *settings, const char *key, uint64_t standard)
{
    const char *value = written_as(&settings_of_cache, settings, key)->value;
    uint64_t milliseconds;

    if (value == NULL || !duration_parse(value, strlen(value), &milliseconds))
        return standard;
    return milliseconds;
}

void settings_to_cache(const struct settings *settings, struct cache_settings *cache)
{
    const char *on_denied = written_as(&settings_of_cache, settings, "on_denied")->value;

    cache->ttl_ms = duration_or(settings, "ttl", UINT64_C(5) * 60 * 1000);
    cache->max_stale_ms = duration_or(settings, "max_stale", UINT64_C(24) * 3600 * 1000);
    cache->retry_after_ms = duration_or(settings, "retry_after", UINT64_C(30) * 1000);
    cache->on_denied =
        on_denied != NULL && strcmp(on_denied, "stale") == 0 ? ON_DENIED_STALE : ON_DENIED_PURGE;
}
