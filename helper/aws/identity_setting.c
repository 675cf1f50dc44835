#include "aws/identity_setting.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *identity_section(const struct identity *settings)
{
    return settings->section != NULL && settings->section[0] != '\0' ? settings->section : "aws";
}

const char *identity_setting(const struct identity *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->settings[i].key, key) == 0)
            return settings->settings[i].value;
    }
    return NULL;
}

bool identity_setting_is_yes(const struct identity *settings, const char *key, bool *yes,
                             struct error *error)
{
    const char *value = identity_setting(settings, key);

    *yes = value != NULL && strcmp(value, "yes") == 0;
    if (value != NULL && !*yes && strcmp(value, "no") != 0)
        return error_set(error, "[%s] %s: expected yes or no", identity_section(settings), key);
    return true;
}

uid_t identity_trusted_uid(const struct identity *settings)
{
    const char *value = identity_setting(settings, "trust_uid");
    char *end;
    unsigned long uid;

    if (value == NULL || value[0] < '0' || value[0] > '9')
        return 0;
    uid = strtoul(value, &end, 10);
    return *end == '\0' && uid == geteuid() ? geteuid() : 0;
}
