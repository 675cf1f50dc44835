#include "aws/region.h"

#include <string.h>

#include "aws/credentials.h"
#include "aws/identity_setting.h"
#include "aws/shared_config.h"

bool region_is_legal(const char *region)
{
    static const char label[] = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t length = strlen(region);

    return length > 0 && length <= 63 && strspn(region, label) == length &&
           strspn(region, "0123456789") != length && region[0] != '-' && region[length - 1] != '-';
}

static char *copy_region(const char *region, const char *place, struct error *error)
{
    char *copy;

    if (!region_is_legal(region)) {
        error_set(error, "%s: expected a region such as us-east-2", place);
        return NULL;
    }
    copy = text_copy(region);
    if (copy == NULL)
        error_set(error, "out of memory");
    return copy;
}

static char *find_in_profile(const struct shared_config *config, const char *section,
                             struct error *error)
{
    struct error credentials_answer = ERROR_INIT;
    struct error config_answer = ERROR_INIT;
    struct profile_value value;
    struct error place = ERROR_INIT;

    switch (shared_config_find(config, "region", &value, error)) {
    case PROFILE_VALUE_FOUND:
        error_set(&place, "%s:%u: region", value.path, value.line);
        return copy_region(value.text, place.text, error);
    case PROFILE_VALUE_BROKEN:
        return NULL;
    case PROFILE_VALUE_ABSENT:
        break;
    }
    shared_file_describe(&config->credentials, config->profile, "region", &credentials_answer);
    shared_file_describe(&config->config, config->profile, "region", &config_answer);
    error_set(error,
              "no region is configured: tried [%s] region: not set; %s; %s: write region = "
              "us-east-2, or whichever yours is, under [%s] in ssmenv.conf",
              section, credentials_answer.text, config_answer.text, section);
    return NULL;
}

char *region_find(const struct identity *settings, struct error *error)
{
    const char *configured = identity_setting(settings, "region");
    struct error place = ERROR_INIT;
    struct shared_config config;
    char *region = NULL;

    error_set(&place, "[%s] region", identity_section(settings));
    if (configured != NULL)
        return copy_region(configured, place.text, error);
    if (shared_config_read(&config, settings, error))
        region = find_in_profile(&config, identity_section(settings), error);
    shared_config_free(&config);
    return region;
}

bool region_is_configured(const struct identity *settings)
{
    struct shared_config config;
    struct error ignored = ERROR_INIT;
    struct profile_value value;
    bool configured;

    if (identity_setting(settings, "region") != NULL)
        return true;
    configured = !shared_config_read(&config, settings, &ignored) ||
                 shared_config_find(&config, "region", &value, &ignored) != PROFILE_VALUE_ABSENT;
    shared_config_free(&config);
    return configured;
}
