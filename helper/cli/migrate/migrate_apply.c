#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cli/migrate/migrate.h"
#include "paths.h"

struct application {
    struct migration *migration;
    struct place credentials;
    struct replacement *items; /* in the order in which they are committed */
    size_t count;
    bool made_folder; /* conf.d */
};

static struct replacement *open_item(struct application *application)
{
    struct arena *arena = &application->migration->arena;

    application->items =
        arena_grow(arena, application->items, application->count, sizeof *application->items);
    application->items[application->count] = (struct replacement){0};
    return &application->items[application->count++];
}

/* --- what is to be written --- */

/* conf.d is made where make install has not run; it is root's and may be read by all. */
static bool open_dropin(struct application *application, struct error *error)
{
    struct place *place = &application->migration->place;
    const char *path = place->path;
    char *folder =
        arena_copy_bytes(&application->migration->arena, path, (size_t)(strrchr(path, '/') - path));

    if (place->folder >= 0)
        return true;
    application->made_folder = mkdir(folder, 0755) == 0 && chmod(folder, 0755) == 0;
    if (!application->made_folder && errno != EEXIST)
        return error_set(error, "%s: %s", folder, strerror(errno));
    place_open(place, path, error);
    if (place->folder < 0)
        return false;
    *error = ERROR_INIT;
    return true;
}

static bool stage_dropin(struct application *application, struct error *error)
{
    struct migration *migration = application->migration;
    struct replacement_owner owner = {.mode = 0644};

    if (migration->section_count == 0)
        return true;
    return open_dropin(application, error) &&
           (migration->place.file < 0 || place_is_safe(&migration->place, 0, error)) &&
           replacement_stage(open_item(application), &migration->place, &migration->text, owner,
                             false, error);
}

static bool credentials_owner(struct replacement_owner *owner, struct error *error)
{
    const struct passwd *entry = getpwnam(HELPER_USER);

    if (entry == NULL)
        return error_set(error, "there is no account " HELPER_USER ": systemd-sysusers makes it");
    *owner = (struct replacement_owner){.gid = entry->pw_gid, .mode = 0640};
    return true;
}

static bool stage_credentials(struct application *application, struct error *error)
{
    struct migration *migration = application->migration;
    struct replacement_owner owner;
    struct buffer contents = BUFFER_INIT;
    enum place_state state;
    bool changed = false;
    bool ok;

    if (!migration->settings.credentials)
        return true;
    state = place_open(&application->credentials, PATH_CREDENTIALS, error);
    if (state == PLACE_ABSENT && application->credentials.folder >= 0)
        *error = ERROR_INIT;
    else if (state != PLACE_OPEN)
        return false;
    ok = migrate_credentials_make(migration, &application->credentials, &contents, &changed, error);
    if (ok && changed)
        ok = credentials_owner(&owner, error) &&
             (state == PLACE_ABSENT || place_is_safe(&application->credentials, 0, error)) &&
             replacement_stage(open_item(application), &application->credentials, &contents, owner,
                               false, error);
    buffer_free(&contents);
    return ok;
}

/* Reading the new text must find nothing to take over, and leave as much as before. */
static bool check_changed(const struct migrate_source *source, struct migrate_home *home,
                          const struct buffer *changed, struct error *error)
{
    struct migrate_file file;

    if (buffer_failed(changed))
        return error_set(error, "out of memory");
    migrate_source_reread(source, home, changed, &file);
    return (file.variable_count == 0 && file.problem_count == source->file.problem_count) ||
           error_set(error, "%s cannot be changed safely: comment its lines out by hand",
                     source->path);
}

static bool stage_source(struct application *application, struct migrate_source *source,
                         struct error *error)
{
    struct migration *migration = application->migration;
    struct buffer changed = {.limit = 4 * PLACE_FILE_LIMIT};
    uid_t owner =
        source->place.status.st_uid != 0 && source->user != NULL ? migration->home.uid : 0;
    bool ok;

    if (source->file.range_count == 0)
        return true;
    if (source->place.file < 0)
        return error_set(error, "standard input cannot be changed: name the file");
    migrate_comment_out(&source->file, buffer_text(&source->text), source->text.length, &changed);
    ok = place_is_safe(&source->place, owner, error) &&
         check_changed(source, &migration->home, &changed, error) &&
         replacement_stage(open_item(application), &source->place, &changed,
                           (struct replacement_owner){0}, true, error);
    buffer_free(&changed);
    return ok;
}

static bool stage_all(struct application *application, struct error *error)
{
    struct migrate_sources *sources = &application->migration->sources;

    if (!stage_credentials(application, error) || !stage_dropin(application, error))
        return false;
    for (size_t i = 0; i < sources->count; i++) {
        if (!stage_source(application, &sources->items[i], error))
            return false;
    }
    return true;
}

/* --- doing it --- */

static bool commit_all(struct application *application, struct error *error)
{
    for (size_t i = 0; i < application->count; i++) {
        if (!replacement_commit(&application->items[i], error))
            return false;
    }
    return true;
}

static void undo_all(struct application *application)
{
    const struct place *place = &application->migration->place;

    for (size_t i = application->count; i-- > 0;)
        replacement_undo(&application->items[i]);
    if (application->made_folder)
        unlinkat(place->folder, "../conf.d", AT_REMOVEDIR);
}

static void report(const struct application *application)
{
    const struct command *command = application->migration->command;

    for (size_t i = 0; i < application->count; i++) {
        struct replacement *item = &application->items[i];

        replacement_finish(item);
        if (item->keeps_backup)
            complain(command, "commented out in %s; as it was: %s", item->place->path,
                     item->backup);
        else
            complain(command, "wrote %s", item->place->path);
    }
}

bool migrate_apply(struct migration *migration, struct error *error)
{
    struct application application = {.migration = migration, .credentials = PLACE_INIT};
    bool ok;

    if (geteuid() != 0)
        return error_set(error, "--apply writes to /etc: run it as root");
    if (setgroups(0, NULL) != 0)
        return error_set(error, "groups cannot be given up: %s", strerror(errno));
    umask(077);
    ok = stage_all(&application, error) && commit_all(&application, error);
    if (ok)
        report(&application);
    else
        undo_all(&application);
    place_close(&application.credentials);
    return ok;
}
