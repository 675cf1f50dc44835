#include "cli/migrate/migrate_home.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Under sudo the variable names who called; only root can have been called through it. */
static const struct passwd *find_account(const char *user)
{
    const char *caller = getuid() == 0 ? getenv("SUDO_USER") : NULL;

    if (user != NULL)
        return getpwnam(user);
    return caller != NULL && caller[0] != '\0' ? getpwnam(caller) : getpwuid(getuid());
}

static bool read_file(const struct migrate_home *home, const char *name, enum profile_kind kind,
                      struct profile_file *file, struct arena *arena, struct error *error)
{
    struct buffer path = BUFFER_INIT;
    struct buffer text = BUFFER_INIT;
    struct place place = PLACE_INIT;
    enum place_state state;
    bool ok;

    buffer_append_format(&path, "%s/.aws/%s", home->folder, name);
    state = place_open(&place, arena_copy(arena, buffer_text(&path)), error);
    ok = state == PLACE_OPEN;
    if (ok && place.status.st_uid != home->uid && place.status.st_uid != 0)
        ok = error_set(error, "%s belongs to uid %u", place.path, (unsigned)place.status.st_uid);
    ok = ok && place_read(&place, &text, error) &&
         profile_parse(file, kind, place.path, buffer_text(&text), text.length, error);
    if (state == PLACE_ABSENT) {
        *error = ERROR_INIT;
        ok = true;
    }
    place_close(&place);
    buffer_free(&text);
    buffer_free(&path);
    return ok;
}

bool migrate_home_find(struct migrate_home *home, const char *user, struct arena *arena,
                       struct error *error)
{
    const struct passwd *entry;
    char *folder;

    *home = (struct migrate_home){0};
    errno = 0;
    entry = find_account(user);
    if (entry == NULL)
        return error_set(error, "there is no user %s%s%s", user != NULL ? user : "of this process",
                         errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    home->user = arena_copy(arena, entry->pw_name);
    home->uid = entry->pw_uid;
    home->gid = entry->pw_gid;
    folder = realpath(entry->pw_dir, NULL);
    home->folder = arena_copy(arena, folder != NULL ? folder : entry->pw_dir);
    free(folder);
    return read_file(home, "config", PROFILE_CONFIG_FILE, &home->config, arena, error) &&
           read_file(home, "credentials", PROFILE_CREDENTIALS_FILE, &home->credentials, arena,
                     error);
}

void migrate_home_free(struct migrate_home *home)
{
    profile_free(&home->config);
    profile_free(&home->credentials);
}

const char *migrate_home_setting(const struct migrate_home *home, const char *profile,
                                 const char *key)
{
    const struct profile_entry *entry = profile_find(&home->credentials, profile, key);

    if (entry == NULL)
        entry = profile_find(&home->config, profile, key);
    return entry != NULL && entry->continued == 0 && entry->value[0] != '\0' ? entry->value : NULL;
}

static struct aws_profile find_profile(const struct aws_defaults *defaults, const char *profile)
{
    const struct migrate_home *home = defaults->context;

    return (struct aws_profile){migrate_home_setting(home, profile, "region"),
                                migrate_home_setting(home, profile, "output")};
}

struct aws_defaults migrate_home_defaults(struct migrate_home *home)
{
    return (struct aws_defaults){find_profile, home};
}
