#include "cli/policy/assumed_roles.h"

#include <string.h>

#include "aws/identity_setting.h"
#include "aws/shared_config.h"

/* Before all that are there: a profile is read from the last role to the first. */
static void put_first(struct assumed_roles *roles, const char *arn, struct arena *arena)
{
    if (roles->count == sizeof roles->arns / sizeof *roles->arns)
        return;
    memmove(roles->arns + 1, roles->arns, roles->count * sizeof *roles->arns);
    roles->arns[0] = arena_copy(arena, arn);
    roles->count++;
}

/* The value of the profile's key, or NULL; a broken one is an error. */
static const char *find(const struct shared_config *config, const char *key, struct error *error)
{
    struct profile_value value;

    return shared_config_find(config, key, &value, error) == PROFILE_VALUE_FOUND ? value.text
                                                                                 : NULL;
}

/* Goes on to the source profile; false at the end of the chain: keys written in it win over a role
 * of its own. */
static bool follow(struct shared_config *config, struct error *error)
{
    const char *source = find(config, "source_profile", error);

    if (source == NULL || strcmp(source, config->profile) == 0)
        return false;
    config->profile = source;
    return find(config, "aws_access_key_id", error) == NULL;
}

static void find_in_profiles(struct assumed_roles *roles, struct shared_config config,
                             struct arena *arena, struct error *error)
{
    for (int i = 0; i < CREDENTIAL_ROLES_MAX; i++) {
        const char *arn = find(&config, "role_arn", error);

        if (arn == NULL)
            return;
        put_first(roles, arn, arena);
        roles->first_is_unsigned = find(&config, "web_identity_token_file", error) != NULL;
        if (roles->first_is_unsigned || !follow(&config, error))
            return;
    }
}

bool assumed_roles_find(struct assumed_roles *roles, const struct identity *settings,
                        struct arena *arena, struct error *error)
{
    const char *own = identity_setting(settings, "role_arn");
    struct shared_config config;

    *roles = (struct assumed_roles){0};
    if (own != NULL)
        put_first(roles, own, arena);
    if (identity_setting(settings, "web_identity_token_file") != NULL) {
        roles->first_is_unsigned = true;
        return true;
    }
    if (shared_config_read(&config, settings, error))
        find_in_profiles(roles, config, arena, error);
    shared_config_free(&config);
    return !error_is_set(error);
}
