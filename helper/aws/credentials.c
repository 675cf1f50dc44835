#include "aws/credentials.h"

#include <inttypes.h>
#include <string.h>

#include "aws/clock.h"
#include "aws/credentials_provider.h"
#include "aws/identity_setting.h"
#include "aws/shared_config.h"
#include "aws/sts.h"

/* Whoever configures what is not supported is told so. */
static enum provider_answer refuse(const struct provider *provider,
                                   const struct provider_place *place,
                                   struct credential_source *source, struct error *error)
{
    struct profile_value value;

    (void)source;
    switch (shared_config_find(place->config, provider->key, &value, error)) {
    case PROFILE_VALUE_FOUND:
        error_set(error, "%s:%u: %s: credentials from %s are not supported", value.path, value.line,
                  provider->key, provider->name);
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_BROKEN:
        return PROVIDER_BROKEN;
    case PROFILE_VALUE_ABSENT:
        break;
    }
    return PROVIDER_NOT_CONFIGURED;
}

/* Of a profile, in the order of AWS's SDKs: the first that is configured decides. */
static const struct provider profile_providers[] = {
    {credentials_of_web_identity, "web_identity_token_file", "a web identity"},
    {credentials_of_role, "role_arn", "an assumed role"},
    {refuse, "sso_session", "IAM Identity Center"},
    {refuse, "sso_start_url", "IAM Identity Center"},
    {credentials_of_credentials_file, "aws_access_key_id", "the credentials file"},
    {refuse, "login_session", "a console login"},
    {credentials_of_process, "credential_process", "a process"},
    {credentials_of_config_file, "aws_access_key_id", "the config file"},
};

/* The instance can always be asked. */
static enum provider_answer prepare_instance(const struct provider *provider,
                                             const struct provider_place *place,
                                             struct credential_source *source, struct error *error)
{
    (void)provider;
    (void)place;
    (void)error;
    source->origin = CREDENTIALS_OF_INSTANCE;
    return PROVIDER_FOUND;
}

/* What AWS's SDKs read from the environment, [aws] says; it comes before a profile where that does
 * with them, and behind it likewise. */
static const struct provider first_providers[] = {
    {credentials_of_configured_web_identity, "web_identity_token_file", "a web identity"},
};

static const struct provider last_providers[] = {
    {credentials_prepare_container, NULL, "the container"},
    {prepare_instance, NULL, "the instance"},
};

/* Who asks for what was prepared. */
static const struct {
    credentials_ask *ask;
    const char *name;
} origins[] = {
    [CREDENTIALS_OF_CONTAINER] = {credentials_of_container, "the endpoint of the container"},
    [CREDENTIALS_OF_INSTANCE] = {credentials_of_instance, "the EC2 instance's role"},
};

static enum provider_answer ask_table(const struct provider *table, size_t count,
                                      const struct provider_place *place,
                                      struct credential_source *source, struct buffer *tried,
                                      struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct error said = ERROR_INIT;
        enum provider_answer answer = table[i].prepare(&table[i], place, source, &said);

        if (answer != PROVIDER_NOT_CONFIGURED) {
            *error = said;
            return answer;
        }
        if (error_is_set(&said))
            buffer_append_format(tried, "%s; ", said.text);
    }
    return PROVIDER_NOT_CONFIGURED;
}

enum provider_answer credentials_of_profile(const struct provider_place *place,
                                            struct credential_source *source, struct buffer *tried,
                                            struct error *error)
{
    return ask_table(profile_providers, sizeof profile_providers / sizeof *profile_providers, place,
                     source, tried, error);
}

static bool ask_providers(struct credential_source *source, const struct provider_place *place,
                          struct error *error)
{
    struct buffer tried = BUFFER_INIT;
    enum provider_answer answer =
        ask_table(first_providers, sizeof first_providers / sizeof *first_providers, place, source,
                  &tried, error);

    if (answer == PROVIDER_NOT_CONFIGURED)
        answer = credentials_of_profile(place, source, &tried, error);
    if (answer == PROVIDER_NOT_CONFIGURED)
        answer = ask_table(last_providers, sizeof last_providers / sizeof *last_providers, place,
                           source, &tried, error);
    source->tried = text_copy(buffer_text(&tried));
    buffer_free(&tried);
    return answer == PROVIDER_FOUND;
}

/* A warning that cannot be kept is no reason to fail. */
static void keep_warnings(struct credential_source *source, const struct identity *settings,
                          const struct shared_config *config)
{
    struct buffer text = BUFFER_INIT;

    shared_config_warn(config, settings, &text);
    if (text.length > 0)
        source->held.warning = text_copy(buffer_text(&text));
    buffer_free(&text);
}

static bool prepare(struct credential_source *source, const struct identity *settings,
                    bool are_kept, struct deadline deadline, struct error *error)
{
    struct shared_config config;
    const struct provider_place place = {
        .settings = settings, .deadline = deadline, .are_kept = are_kept, .config = &config};
    bool ok;

    *source = (struct credential_source){0};
    ok = shared_config_read(&config, settings, error) &&
         credential_source_add_configured_role(source, settings, error) &&
         ask_providers(source, &place, error);
    if (ok)
        keep_warnings(source, settings, &config);
    shared_config_free(&config);
    return ok;
}

bool credentials_prepare(struct credential_source *source, const struct identity *settings,
                         struct deadline deadline, struct error *error)
{
    return prepare(source, settings, false, deadline, error);
}

bool credentials_prepare_for_kept(struct credential_source *source, const struct identity *settings,
                                  struct deadline deadline, struct error *error)
{
    return prepare(source, settings, true, deadline, error);
}

bool credential_source_names_instance(const struct credential_source *source)
{
    for (size_t i = 0; i < source->role_count; i++) {
        if (source->roles[i].names_instance)
            return true;
    }
    return false;
}

void credential_source_free(struct credential_source *source)
{
    credentials_free(&source->held);
    for (size_t i = 0; i < source->role_count; i++) {
        text_free(source->roles[i].arn);
        text_free(source->roles[i].session_name);
        text_free(source->roles[i].external_id);
        text_free(source->roles[i].web_identity_token);
    }
    text_free(source->place);
    text_free(source->container_url);
    text_free(source->container_token);
    text_free(source->command);
    text_free(source->tried);
    *source = (struct credential_source){0};
}

static bool copy_text(char **to, const char *from)
{
    *to = text_copy(from);
    return *to != NULL || from == NULL;
}

static bool copy_credentials(struct credentials *to, const struct credentials *from,
                             struct error *error)
{
    to->expires = from->expires;
    return (copy_text(&to->access_key_id, from->access_key_id) &&
            copy_text(&to->secret_access_key, from->secret_access_key) &&
            copy_text(&to->session_token, from->session_token) &&
            copy_text(&to->warning, from->warning)) ||
           error_set(error, "out of memory");
}

char *credentials_place(const struct profile_value *value, const char *follows)
{
    struct buffer text = BUFFER_INIT;
    char *place;

    buffer_append_format(&text, "%s:%u%s", value->path, value->line, follows);
    place = text_copy(buffer_text(&text));
    buffer_free(&text);
    return place;
}

/* assumed: how many of the source's roles were. */
static void name_credentials(const struct credentials *credentials,
                             const struct credential_source *source, size_t assumed,
                             struct buffer *text)
{
    const char *holder = source->place;

    if (assumed > 0)
        holder = source->roles[source->role_count - assumed].arn;
    else if (source->origin == CREDENTIALS_OF_CONTAINER ||
             source->origin == CREDENTIALS_OF_INSTANCE)
        holder = origins[source->origin].name;
    buffer_append_format(text, "access key %s of %s", credentials->access_key_id,
                         holder != NULL ? holder : "nobody");
}

void credentials_name(const struct credentials *credentials, const struct credential_source *source,
                      struct buffer *text)
{
    name_credentials(credentials, source, source->role_count, text);
}

/* The instance is asked last: when it has none, nobody has. Where credential_source names it, it is
 * one that is configured but broken. */
static bool describe_failure(const struct credential_source *source, struct error *error)
{
    struct error last = *error;

    if (source->origin == CREDENTIALS_OF_INSTANCE && source->tried[0] != '\0')
        return error_set(error, "Unable to locate credentials: tried %s%s", source->tried,
                         last.text);
    return error_context(error, "%s", origins[source->origin].name);
}

/* What roles are assumed with; nothing where a web identity assumes the first one. */
static bool obtain_first(struct credentials *credentials, const struct credential_source *source,
                         const struct credential_access *access, struct error *error)
{
    if (source->origin == CREDENTIALS_OF_WEB_IDENTITY)
        return true;
    if (source->origin == CREDENTIALS_OF_PROCESS)
        return error_set(error, "the credential_process was not run");
    if (source->origin == CREDENTIALS_HELD) {
        if (!copy_credentials(credentials, &source->held, error))
            return false;
    } else if (!origins[source->origin].ask(credentials, source, access, error)) {
        return describe_failure(source, error);
    }
    return credentials_last(credentials, access->clock, error);
}

static bool describe_assumer(const struct credentials *credentials,
                             const struct credential_source *source, size_t assumed,
                             struct error *error)
{
    struct error said = *error;
    struct buffer name = BUFFER_INIT;

    name_credentials(credentials, source, assumed, &name);
    error_set(error, "%s; it was asked with %s", said.text, buffer_text(&name));
    buffer_free(&name);
    return false;
}

/* Assumes the next role, after so many of them. */
static bool assume(struct credentials *credentials, const struct credential_source *source,
                   size_t assumed, const struct credential_access *access, struct error *error)
{
    const struct assumed_role *role = &source->roles[source->role_count - 1 - assumed];
    struct credentials next;
    bool is_signed = role->web_identity_token == NULL;

    if (!sts_assume_role(&next, role, is_signed ? credentials : NULL, access, error))
        return is_signed ? describe_assumer(credentials, source, assumed, error) : false;
    credentials_free(credentials);
    *credentials = next;
    return credentials_last(credentials, access->clock, error);
}

bool credentials_obtain(struct credentials *credentials, const struct credential_source *source,
                        const struct credential_access *access, struct error *error)
{
    bool ok;

    *credentials = (struct credentials){0};
    ok = obtain_first(credentials, source, access, error);
    for (size_t i = 0; ok && i < source->role_count; i++)
        ok = assume(credentials, source, i, access, error);
    if (!ok) {
        credentials_free(credentials);
        return false;
    }
    if (credentials->warning == NULL)
        credentials->warning = text_copy(source->held.warning);
    return true;
}

bool credentials_can_be_renewed(const struct credential_source *source)
{
    return source->origin != CREDENTIALS_OF_PROCESS &&
           (source->origin != CREDENTIALS_HELD || source->role_count > 0);
}

bool credentials_last(const struct credentials *credentials, const struct clock *clock,
                      struct error *error)
{
    int64_t now = credentials->told != 0 ? credentials->told : (int64_t)clock_now(clock);
    int64_t left = credentials->expires - now;

    if (credentials->expires == 0 || left >= CREDENTIAL_LIFE_MIN_S)
        return true;
    if (left < 0)
        return error_set(error, "the credentials have expired: check this machine's clock");
    return error_set(error, "the credentials expire in %" PRId64 " seconds", left);
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
