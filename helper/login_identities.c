#include "login_identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/instance_id.h"
#include "paths.h"
#include "ssmenv/limits.h"

#define SESSION_NAME        "role_session_name"
#define SESSION_NAME_BYTES  64 /* STS API reference, AssumeRole: 2 to 64 of \w+=,.@- */
#define SESSION_NAME_LETTER "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-"

/* --- the name of the session --- */

/* What STS does not take becomes a '-': a directory's user may be "DOMAIN\jane". */
static void append_user(struct buffer *name, const char *user)
{
    for (; *user != '\0'; user++)
        buffer_append_char(name, strchr(SESSION_NAME_LETTER, *user) != NULL ? *user : '-');
}

/* How much is kept of too long a name. The fetcher puts in the id of the instance and cuts once
 * more: a %i is not cut in two. */
static size_t cut(const char *name, size_t length)
{
    if (length <= SESSION_NAME_BYTES)
        return length;
    return strncmp(name + SESSION_NAME_BYTES - 1, INSTANCE_ID_MARKER, 2) == 0
               ? SESSION_NAME_BYTES + 1
               : SESSION_NAME_BYTES;
}

/* Too long a name loses its end, too short a one gains a '-'. */
static char *make_session_name(const char *written, const char *user)
{
    struct buffer name = BUFFER_INIT;
    char *copy;

    for (const char *at = written; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 'u') {
            append_user(&name, user);
            at++;
        } else {
            buffer_append_char(&name, *at);
        }
    }
    if (name.length == 1)
        buffer_append_char(&name, '-');
    copy = buffer_failed(&name)
               ? NULL
               : text_copy_bytes(buffer_text(&name), cut(buffer_text(&name), name.length));
    buffer_free(&name);
    return copy;
}

/* --- what binds stored values --- */

static const char *setting_or(const struct identity *identity, const char *key,
                              const char *otherwise)
{
    for (size_t i = 0; i < identity->count; i++) {
        if (strcmp(identity->settings[i].key, key) == 0)
            return identity->settings[i].value;
    }
    return otherwise;
}

/* Without a path there is no such file. The time of the last change of any kind cannot be set: a
 * file that was put in the place of another never looks like it. */
static void describe_file(struct buffer *key, const char *path)
{
    struct stat status = {0};

    if (path != NULL && stat(path, &status) == 0)
        buffer_append_format(key, "%s %llu %llu %lld.%09ld\n", path,
                             (unsigned long long)status.st_ino, (unsigned long long)status.st_size,
                             (long long)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

static void describe(struct buffer *key, const struct identity *identity)
{
    for (size_t i = 0; i < identity->count; i++)
        buffer_append_format(key, "%s=%s\n", identity->settings[i].key,
                             identity->settings[i].value);
    describe_file(key, setting_or(identity, "credentials_file", PATH_CREDENTIALS));
    describe_file(key, setting_or(identity, "config_file", PATH_AWS_CONFIG));
    describe_file(key, setting_or(identity, "web_identity_token_file", NULL));
    describe_file(key, setting_or(identity, "container_authorization_token_file", NULL));
}

/* --- all of it --- */

static void add_owner(struct ready_identity *ready, uid_t owner)
{
    static char key[] = "trust_uid";

    if (owner == 0)
        return;
    snprintf(ready->owner, sizeof ready->owner, "%u", (unsigned)owner);
    ready->settings.settings[ready->settings.count++] = (struct setting){key, ready->owner};
}

static bool make(struct ready_identity *ready, const struct identity *written, const char *user,
                 uid_t owner)
{
    struct identity *settings = &ready->settings;

    settings->section = written->section;
    settings->settings = calloc(written->count + 1, sizeof *settings->settings);
    if (settings->settings == NULL)
        return false;
    for (size_t i = 0; i < written->count; i++) {
        struct setting *setting = &settings->settings[settings->count++];

        *setting = written->settings[i];
        if (strcmp(setting->key, SESSION_NAME) != 0)
            continue;
        ready->names_user = strstr(setting->value, "%u") != NULL;
        ready->session_name = make_session_name(setting->value, user);
        if (ready->session_name == NULL)
            return false;
        setting->value = ready->session_name;
    }
    add_owner(ready, owner);
    describe(&ready->key, settings);
    return !buffer_failed(&ready->key);
}

bool identities_make(struct identities *identities, const struct config *config, const char *user,
                     uid_t owner)
{
    *identities = (struct identities){
        .items = calloc(config->identity_count, sizeof *identities->items), .user = user};
    if (identities->items == NULL)
        return false;
    identities->count = config->identity_count;
    for (size_t i = 0; i < identities->count; i++) {
        if (!make(&identities->items[i], &config->identities[i], user, owner))
            return false;
    }
    return true;
}

void identities_free(struct identities *identities)
{
    for (size_t i = 0; i < identities->count; i++) {
        struct ready_identity *ready = &identities->items[i];

        free(ready->settings.settings);
        text_free(ready->session_name);
        buffer_free(&ready->key);
    }
    free(identities->items);
    *identities = (struct identities){0};
}

const char *identities_key(const struct identities *identities, size_t index)
{
    return buffer_text(&identities->items[index].key);
}

size_t identities_pick(const struct identities *identities, struct lookup *lookups, size_t count,
                       struct identity *used, size_t *picked)
{
    uint16_t place[LIMIT_IDENTITIES];
    bool known[LIMIT_IDENTITIES] = {false};
    uint16_t used_count = 0;

    for (size_t i = 0; i < count; i++) {
        uint16_t identity = lookups[i].identity;

        if (!known[identity]) {
            known[identity] = true;
            place[identity] = used_count;
            picked[used_count] = identity;
            used[used_count++] = identities->items[identity].settings;
        }
        lookups[i].identity = place[identity];
    }
    return used_count;
}
