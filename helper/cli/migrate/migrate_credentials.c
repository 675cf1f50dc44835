#include <string.h>

#include "cli/migrate/migrate.h"
#include "config/section.h"
#include "paths.h"

/* What a profile may consist of so that its two keys are all there is to install. */
struct refusal {
    const char *key;
    const char *why;
};

static const struct refusal refusals[] = {
    {"aws_session_token", "its keys are temporary: they would soon be of no use"},
    {"role_arn", "it assumes a role: write role_arn into " PATH_AWS_CONFIG
                 ", and the keys of its source_profile into " PATH_CREDENTIALS},
    {"credential_process", "it runs a program: write credential_process into " PATH_AWS_CONFIG
                           ", if _ssmenv may run that program"},
    {"sso_start_url", "it logs in through a browser, which a login cannot wait for"},
    {"sso_session", "it logs in through a browser, which a login cannot wait for"},
    {"web_identity_token_file", "it has a web identity: write web_identity_token_file and role_arn "
                                "under [aws] in ssmenv.conf"},
};

/* --- which profiles --- */

enum action { ACTION_NONE, ACTION_ADD, ACTION_REPLACE };

struct keys {
    const char *id; /* borrowed from the home */
    const char *secret;
};

struct profile_use {
    const char *name;
    enum action action;
    struct keys keys;
};

struct profiles {
    struct profile_use *items;
    size_t count;
    struct arena *arena;
};

static void add_profile(struct profiles *profiles, const char *profile)
{
    if (profile == NULL)
        profile = "default";
    for (size_t i = 0; i < profiles->count; i++) {
        if (strcmp(profiles->items[i].name, profile) == 0)
            return;
    }
    profiles->items =
        arena_grow(profiles->arena, profiles->items, profiles->count, sizeof *profiles->items);
    profiles->items[profiles->count++] = (struct profile_use){.name = profile};
}

/* The drop-in's sections for this user, or for everybody. */
static bool is_of_user(const struct migration *migration, const struct section *section)
{
    return strcmp(section->position.file, migration->place.path) == 0 &&
           (section->users.count == 0 ||
            pattern_list_matches(&section->users, migration->home.user));
}

static const char *profile_of(const struct identity *identity)
{
    for (size_t i = 0; i < identity->count; i++) {
        if (strcmp(identity->settings[i].key, "profile") == 0)
            return identity->settings[i].value;
    }
    return NULL;
}

/* Those that the lines use; without lines, those that the drop-in uses. */
static struct profiles list_profiles(struct migration *migration)
{
    struct profiles profiles = {.arena = &migration->arena};

    for (size_t i = 0; i < migration->section_count; i++) {
        const struct migrate_file *file = migration->sections[i].file;

        for (size_t j = 0; j < file->variable_count; j++)
            add_profile(&profiles, file->variables[j].value.profile);
    }
    for (size_t i = 0; migration->section_count == 0 && i < migration->config.section_count; i++) {
        const struct section *section = &migration->config.sections[i];

        if (is_of_user(migration, section))
            add_profile(&profiles, profile_of(&migration->config.identities[section->identity]));
    }
    return profiles;
}

/* --- their keys --- */

static bool find_keys(const struct migration *migration, const char *profile, struct keys *keys)
{
    keys->id = migrate_home_setting(&migration->home, profile, "aws_access_key_id");
    keys->secret = migrate_home_setting(&migration->home, profile, "aws_secret_access_key");
    return keys->id != NULL && keys->secret != NULL;
}

static const char *refusal_of(const struct migration *migration, const char *profile)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (migrate_home_setting(&migration->home, profile, refusals[i].key) != NULL)
            return refusals[i].why;
    }
    return NULL;
}

/* Blanks would end the value, and a line end begin another key. */
static bool are_plain(const struct keys *keys)
{
    return strpbrk(keys->id, " \t\r\n#;") == NULL && strpbrk(keys->secret, " \t\r\n#;") == NULL;
}

static void append_profile(struct buffer *contents, const char *profile, const struct keys *keys)
{
    if (contents->length > 0 && contents->data[contents->length - 1] != '\n')
        buffer_append_char(contents, '\n');
    buffer_append_format(contents, "%s[%s]\n", contents->length > 0 ? "\n" : "", profile);
    buffer_append_text(contents, "aws_access_key_id = ");
    buffer_append_text(contents, keys->id);
    buffer_append_text(contents, "\naws_secret_access_key = ");
    buffer_append_text(contents, keys->secret);
    buffer_append_char(contents, '\n');
}

/* --- the file as it is --- */

static bool is_the_same(const struct profile_file *file, const char *profile,
                        const struct keys *keys)
{
    const struct profile_entry *id = profile_find(file, profile, "aws_access_key_id");
    const struct profile_entry *secret = profile_find(file, profile, "aws_secret_access_key");

    return id != NULL && secret != NULL && strcmp(id->value, keys->id) == 0 &&
           strcmp(secret->value, keys->secret) == 0;
}

static size_t offset_of_line(const struct buffer *contents, unsigned line)
{
    size_t at = 0;

    for (unsigned i = 1; i < line && at < contents->length; i++) {
        const char *newline = memchr(contents->data + at, '\n', contents->length - at);

        at = newline != NULL ? (size_t)(newline - contents->data) + 1 : contents->length;
    }
    return at;
}

static bool is_replaced(const struct profiles *profiles, const char *profile)
{
    for (size_t i = 0; profile != NULL && i < profiles->count; i++) {
        if (profiles->items[i].action == ACTION_REPLACE &&
            strcmp(profiles->items[i].name, profile) == 0)
            return true;
    }
    return false;
}

/* From the end, so that the lines in front of what is removed keep their numbers. */
static void remove_replaced(const struct profile_file *file, const struct profiles *profiles,
                            struct buffer *contents)
{
    for (size_t i = file->count; i-- > 0;) {
        struct buffer rest = BUFFER_INIT;
        size_t begin = offset_of_line(contents, file->sections[i].line);
        size_t end = i + 1 < file->count ? offset_of_line(contents, file->sections[i + 1].line)
                                         : contents->length;

        if (!is_replaced(profiles, file->sections[i].profile))
            continue;
        buffer_append(&rest, contents->data, begin);
        buffer_append(&rest, contents->data + end, contents->length - end);
        buffer_free(contents);
        *contents = rest;
    }
}

/* --- what is to be done --- */

static bool decide(const struct migration *migration, const struct profile_file *file,
                   struct profile_use *use, struct error *error)
{
    const char *why = refusal_of(migration, use->name);

    if (why != NULL)
        return error_set(error, "the profile %s of %s has no keys to install: %s", use->name,
                         migration->home.user, why);
    if (!find_keys(migration, use->name, &use->keys)) {
        complain(migration->command,
                 "%s/.aws has no keys for the profile %s, so none are installed: on EC2 the "
                 "instance's role does without",
                 migration->home.folder, use->name);
        return true;
    }
    if (!are_plain(&use->keys))
        return error_set(error, "the keys of the profile %s have unusual bytes", use->name);
    if (is_the_same(file, use->name, &use->keys))
        return true;
    use->action = profile_exists(file, use->name) ? ACTION_REPLACE : ACTION_ADD;
    return use->action == ACTION_ADD || migration->settings.replace ||
           error_set(error,
                     PATH_CREDENTIALS " has other keys for the profile %s: --replace puts these "
                                      "in their place",
                     use->name);
}

static bool change(struct migration *migration, const struct profile_file *file,
                   struct buffer *contents, bool *changed, struct error *error)
{
    struct profiles profiles = list_profiles(migration);

    for (size_t i = 0; i < profiles.count; i++) {
        if (!decide(migration, file, &profiles.items[i], error))
            return false;
    }
    remove_replaced(file, &profiles, contents);
    for (size_t i = 0; i < profiles.count; i++) {
        const struct profile_use *use = &profiles.items[i];

        if (use->action == ACTION_NONE)
            continue;
        append_profile(contents, use->name, &use->keys);
        *changed = true;
        complain(migration->command, "%s the keys of the profile %s of %s",
                 migration->settings.apply ? "installing" : "--apply would install", use->name,
                 migration->home.user);
    }
    return !buffer_failed(contents) || error_set(error, "out of memory");
}

bool migrate_credentials_make(struct migration *migration, const struct place *place,
                              struct buffer *contents, bool *changed, struct error *error)
{
    struct profile_file file = {0};
    bool ok = true;

    *changed = false;
    if (place->file >= 0)
        ok = place_read(place, contents, error) &&
             profile_parse(&file, PROFILE_CREDENTIALS_FILE, place->path, buffer_text(contents),
                           contents->length, error);
    ok = ok && change(migration, &file, contents, changed, error);
    profile_free(&file);
    return ok;
}

static void advise(const struct migration *migration, const char *profile)
{
    const char *why = refusal_of(migration, profile);
    struct keys keys;

    if (why != NULL)
        complain(migration->command, "the lines used the profile %s of %s, and %s", profile,
                 migration->home.user, why);
    else if (find_keys(migration, profile, &keys))
        complain(migration->command,
                 "the lines used the keys of the profile %s in %s/.aws; --credentials installs "
                 "them for all logins. Better is no key at all: give the instance a role%s",
                 profile, migration->home.folder,
                 strcmp(profile, "default") == 0 ? "" : " and take the line profile = away");
    else if (strcmp(profile, "default") != 0)
        complain(migration->command,
                 "the profile %s has to stand in " PATH_CREDENTIALS " or " PATH_AWS_CONFIG
                 "; or take the line profile = away",
                 profile);
}

void migrate_credentials_advise(struct migration *migration)
{
    struct profiles profiles = list_profiles(migration);

    for (size_t i = 0; i < profiles.count; i++)
        advise(migration, profiles.items[i].name);
}
