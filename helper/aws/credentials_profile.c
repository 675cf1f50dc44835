#include <string.h>

#include "aws/credentials_provider.h"

struct key_pair {
    struct profile_value id;
    struct profile_value secret;
    struct profile_value token;
    bool has_id;
    bool has_secret;
    bool has_token;
};

static bool find(const struct shared_file *file, const char *profile, const char *key,
                 struct profile_value *value, bool *found, struct error *error)
{
    enum profile_value_state state = shared_file_find(file, profile, key, value, error);

    *found = state == PROFILE_VALUE_FOUND;
    return state != PROFILE_VALUE_BROKEN;
}

/* aws_security_token is what the token was called before; some tools still write both. An empty
 * token is what some tools write for the keys of a user, which have none. */
static bool find_token(const struct shared_file *file, const char *profile, struct key_pair *pair,
                       struct error *error)
{
    static const char *const names[] = {"aws_session_token", "aws_security_token"};

    for (size_t i = 0; i < sizeof names / sizeof *names && !pair->has_token; i++) {
        if (!find(file, profile, names[i], &pair->token, &pair->has_token, error))
            return false;
        pair->has_token = pair->has_token && pair->token.text[0] != '\0';
    }
    return true;
}

static bool check(const struct profile_value *value, const char *key, struct error *error)
{
    if (value->text[0] == '"' || value->text[0] == '\'')
        return error_set(error, "%s:%u: %s is written in quotes: remove them", value->path,
                         value->line, key);
    if (!credential_is_legal(value->text))
        return error_set(error,
                         "%s:%u: %s is empty or has a byte that none can have (a blank, a "
                         "control character, or one outside ASCII)",
                         value->path, value->line, key);
    return true;
}

static bool check_pair(const struct key_pair *pair, const char *profile, struct error *error)
{
    const struct profile_value *lonely = pair->has_id ? &pair->id : &pair->secret;

    if (!pair->has_id || !pair->has_secret)
        return error_set(error, "%s:%u: profile %s has %s but no %s in this file", lonely->path,
                         lonely->line, profile,
                         pair->has_id ? "aws_access_key_id" : "aws_secret_access_key",
                         pair->has_id ? "aws_secret_access_key" : "aws_access_key_id");
    return check(&pair->id, "aws_access_key_id", error) &&
           check(&pair->secret, "aws_secret_access_key", error) &&
           (!pair->has_token || check(&pair->token, "aws_session_token", error));
}

static bool copy_pair(const struct key_pair *pair, struct credentials *credentials,
                      struct error *error)
{
    credentials->access_key_id = text_copy(pair->id.text);
    credentials->secret_access_key = text_copy(pair->secret.text);
    credentials->session_token = pair->has_token ? text_copy(pair->token.text) : NULL;
    return (credentials->access_key_id != NULL && credentials->secret_access_key != NULL &&
            (credentials->session_token != NULL) == pair->has_token) ||
           error_set(error, "out of memory");
}

static enum provider_answer find_in_file(const struct shared_file *file, const char *profile,
                                         struct credential_source *source, struct error *error)
{
    struct key_pair pair = {.has_id = false};

    if (!find(file, profile, "aws_access_key_id", &pair.id, &pair.has_id, error) ||
        !find(file, profile, "aws_secret_access_key", &pair.secret, &pair.has_secret, error) ||
        !find_token(file, profile, &pair, error))
        return PROVIDER_BROKEN;
    if (!pair.has_id && !pair.has_secret) {
        shared_file_describe(file, profile, "aws_access_key_id", error);
        return PROVIDER_NOT_CONFIGURED;
    }
    if (!check_pair(&pair, profile, error) || !copy_pair(&pair, &source->held, error))
        return PROVIDER_BROKEN;
    source->place = credentials_place(&pair.id, "");
    source->origin = CREDENTIALS_HELD;
    return PROVIDER_FOUND;
}

enum provider_answer credentials_of_credentials_file(const struct provider *provider,
                                                     const struct provider_place *place,
                                                     struct credential_source *source,
                                                     struct error *error)
{
    (void)provider;
    return find_in_file(&place->config->credentials, place->config->profile, source, error);
}

enum provider_answer credentials_of_config_file(const struct provider *provider,
                                                const struct provider_place *place,
                                                struct credential_source *source,
                                                struct error *error)
{
    (void)provider;
    return find_in_file(&place->config->config, place->config->profile, source, error);
}
