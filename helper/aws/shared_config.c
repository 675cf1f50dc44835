#include "aws/shared_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aws/identity_setting.h"
#include "common/trusted_file.h"
#include "paths.h"

#define FILE_LIMIT ((size_t)64 * 1024)

struct file_rule {
    const char *setting;
    const char *standard;
    enum profile_kind kind;
    mode_t forbidden;
};

static const struct file_rule credentials_rule = {"credentials_file", PATH_CREDENTIALS,
                                                  PROFILE_CREDENTIALS_FILE, 0027};
static const struct file_rule config_rule = {"config_file", PATH_AWS_CONFIG, PROFILE_CONFIG_FILE,
                                             0022};

static bool is_forbidden(const char *path)
{
    return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 && errno == EACCES;
}

static bool read_file(struct shared_file *file, const struct file_rule *rule,
                      const struct identity *settings, struct error *error)
{
    const char *configured = identity_setting(settings, rule->setting);
    struct buffer contents = BUFFER_INIT;
    bool ok = false;

    file->path = configured != NULL ? configured : rule->standard;
    switch (trusted_file_read(file->path, identity_trusted_uid(settings), rule->forbidden,
                              FILE_LIMIT, &contents, error)) {
    case TRUSTED_FILE_READ:
        ok = profile_parse(&file->contents, rule->kind, file->path, buffer_text(&contents),
                           contents.length, error);
        break;
    case TRUSTED_FILE_ABSENT:
        file->absent = true;
        file->absence = *error;
        *error = ERROR_INIT;
        ok = true;
        break;
    case TRUSTED_FILE_REFUSED:
        if (is_forbidden(file->path))
            error_set(error, "%s: not readable for %s: run chgrp %s %s; chmod 0640 %s", file->path,
                      HELPER_USER, HELPER_USER, file->path, file->path);
        break;
    }
    buffer_free(&contents);
    return ok;
}

static void describe_profiles(const struct shared_file *file, struct buffer *text)
{
    struct buffer names = BUFFER_INIT;

    profile_list(&file->contents, &names);
    if (file->absent)
        buffer_append_text(text, file->absence.text);
    else if (names.length == 0)
        buffer_append_format(text, "%s has no profile", file->path);
    else
        buffer_append_format(text, "%s has only %s", file->path, buffer_text(&names));
    buffer_free(&names);
}

/* A section [NAME] of the config file is a frequent slip. */
static void describe_slip(const struct shared_config *config, struct buffer *text)
{
    const struct profile_file *file = &config->config.contents;

    for (size_t i = 0; i < file->count; i++) {
        if (file->sections[i].profile == NULL &&
            strcmp(file->sections[i].header, config->profile) == 0)
            buffer_append_format(text, "; %s:%u has [%s], which has to be [profile %s] there",
                                 config->config.path, file->sections[i].line, config->profile,
                                 config->profile);
    }
}

static bool check_profile(const struct shared_config *config, const struct identity *settings,
                          struct error *error)
{
    struct buffer text = BUFFER_INIT;

    if (profile_exists(&config->credentials.contents, config->profile) ||
        profile_exists(&config->config.contents, config->profile))
        return true;
    describe_profiles(&config->credentials, &text);
    buffer_append_text(&text, "; ");
    describe_profiles(&config->config, &text);
    describe_slip(config, &text);
    error_set(error, "there is no profile %s, which [%s] profile names: %s", config->profile,
              identity_section(settings), buffer_text(&text));
    buffer_free(&text);
    return false;
}

bool shared_config_read(struct shared_config *config, const struct identity *settings,
                        struct error *error)
{
    const char *named = identity_setting(settings, "profile");

    *config = (struct shared_config){.profile = named != NULL ? named : "default"};
    return read_file(&config->credentials, &credentials_rule, settings, error) &&
           read_file(&config->config, &config_rule, settings, error) &&
           (named == NULL || check_profile(config, settings, error));
}

void shared_config_free(struct shared_config *config)
{
    profile_free(&config->credentials.contents);
    profile_free(&config->config.contents);
}

enum profile_value_state shared_file_find(const struct shared_file *file, const char *profile,
                                          const char *key, struct profile_value *value,
                                          struct error *error)
{
    const struct profile_entry *entry = profile_find(&file->contents, profile, key);

    if (entry == NULL)
        return PROFILE_VALUE_ABSENT;
    if (entry->continued != 0) {
        error_set(error,
                  "%s:%u:1: expected no blank before a key: an indented line continues the %s of "
                  "line %u",
                  file->path, entry->continued, key, entry->line);
        return PROFILE_VALUE_BROKEN;
    }
    *value = (struct profile_value){.text = entry->value, .path = file->path, .line = entry->line};
    return PROFILE_VALUE_FOUND;
}

enum profile_value_state shared_config_find(const struct shared_config *config, const char *key,
                                            struct profile_value *value, struct error *error)
{
    enum profile_value_state state =
        shared_file_find(&config->credentials, config->profile, key, value, error);

    return state != PROFILE_VALUE_ABSENT
               ? state
               : shared_file_find(&config->config, config->profile, key, value, error);
}

void shared_file_describe(const struct shared_file *file, const char *profile, const char *key,
                          struct error *answer)
{
    struct buffer profiles = BUFFER_INIT;

    describe_profiles(file, &profiles);
    if (profile_exists(&file->contents, profile))
        error_set(answer, "%s has no %s in profile %s", file->path, key, profile);
    else
        error_set(answer, "%s", buffer_text(&profiles));
    buffer_free(&profiles);
}

static void warn(struct buffer *text, const char *warning)
{
    buffer_append_format(text, "%s%s", text->length > 0 ? "; " : "", warning);
}

/* Where calls go must not depend on a key that nobody looked at. */
static void warn_of_unread_keys(const struct shared_config *config, const struct identity *settings,
                                struct buffer *text)
{
    static const struct {
        const char *key;
        const char *instead;
    } unread[] = {
        {"endpoint_url", "endpoint_url"},
        {"services", "endpoint_url"},
        {"use_fips_endpoint", "use_fips_endpoint"},
        {"use_dualstack_endpoint", "use_dualstack_endpoint"},
        {"ca_bundle", "ca_bundle"},
    };

    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++) {
        struct error warning = ERROR_INIT;
        struct error ignored = ERROR_INIT;
        struct profile_value value;

        if (identity_setting(settings, unread[i].instead) != NULL ||
            shared_config_find(config, unread[i].key, &value, &ignored) != PROFILE_VALUE_FOUND)
            continue;
        error_set(&warning, "%s:%u: %s of a profile is not read: write %s under [%s]", value.path,
                  value.line, unread[i].key, unread[i].instead, identity_section(settings));
        warn(text, warning.text);
    }
}

void shared_config_warn(const struct shared_config *config, const struct identity *settings,
                        struct buffer *text)
{
    const struct shared_file *const files[] = {&config->credentials, &config->config};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (error_is_set(&files[i]->contents.warning))
            warn(text, files[i]->contents.warning.text);
    }
    warn_of_unread_keys(config, settings, text);
}
