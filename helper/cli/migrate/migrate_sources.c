#include "cli/migrate/migrate_sources.h"

#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRONMENT "/etc/environment" /* environment(5): no shell, but variables for all */

static const char *const system_files[] = {
    ENVIRONMENT,   "/etc/profile",    "/etc/profile.d/*.sh", "/etc/bash.bashrc",
    "/etc/bashrc", "/etc/zsh/zshenv", "/etc/zsh/zprofile",   "/etc/zsh/zshrc",
};

static const char *const home_files[] = {
    ".bash_profile", ".bash_login", ".profile",  ".bashrc",
    ".bash_aliases", ".zshenv",     ".zprofile", ".zshrc",
};

static struct migrate_source *add(struct migrate_sources *sources, const char *path,
                                  const char *user)
{
    struct migrate_source *source;

    sources->items =
        arena_grow(sources->arena, sources->items, sources->count, sizeof *sources->items);
    source = &sources->items[sources->count++];
    *source = (struct migrate_source){
        .path = arena_copy(sources->arena, path), .user = user, .place = PLACE_INIT};
    return source;
}

static bool is_listed(const struct migrate_sources *sources, const char *path)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].path, path) == 0)
            return true;
    }
    return false;
}

/* Links in the system's own folders are root's, so they may be followed. */
static void add_system_files(struct migrate_sources *sources, bool context)
{
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++) {
        glob_t found;

        if (glob(system_files[i], 0, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++) {
            char *path = realpath(found.gl_pathv[j], NULL);

            if (path != NULL && !is_listed(sources, path))
                add(sources, path, NULL)->context =
                    context || strcmp(system_files[i], ENVIRONMENT) == 0;
            free(path);
        }
        globfree(&found);
    }
}

/* --- opening --- */

static bool lies_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* A file of root is everybody's, unless it lies in root's home; any other is its owner's. */
static const char *whose(const struct migrate_sources *sources, const struct migrate_source *source)
{
    const struct passwd *entry = getpwuid(source->place.status.st_uid);

    if (entry == NULL)
        return NULL;
    if (entry->pw_uid == 0 && !lies_below(source->path, entry->pw_dir))
        return NULL;
    return arena_copy(sources->arena, entry->pw_name);
}

static bool read_standard_input(struct migrate_source *source)
{
    ssize_t count;

    do {
        char *room = buffer_reserve(&source->text, 4096);

        count = room != NULL ? read(STDIN_FILENO, room, 4096) : -1;
        if (count > 0)
            buffer_grow(&source->text, (size_t)count);
    } while (count > 0 && source->text.length <= PLACE_FILE_LIMIT);
    return count == 0 || error_set(&source->problem, "standard input cannot be read");
}

static bool open_source(struct migrate_sources *sources, struct migrate_source *source)
{
    enum place_state state;

    if (source->named && strcmp(source->path, "-") == 0)
        return read_standard_input(source);
    state = place_open(&source->place, source->path, &source->problem);
    if (state == PLACE_ABSENT && !source->named)
        source->problem = ERROR_INIT;
    if (state != PLACE_OPEN || !place_read(&source->place, &source->text, &source->problem))
        return false;
    if (source->named && source->user == NULL)
        source->user = whose(sources, source);
    return true;
}

static void open_all(struct migrate_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        sources->items[i].opened = open_source(sources, &sources->items[i]);
}

void migrate_sources_of_home(struct migrate_sources *sources, const struct migrate_home *home)
{
    add_system_files(sources, false);
    for (size_t i = 0; i < sizeof home_files / sizeof *home_files; i++) {
        struct buffer path = BUFFER_INIT;

        buffer_append_format(&path, "%s/%s", home->folder, home_files[i]);
        add(sources, buffer_text(&path), home->user);
        buffer_free(&path);
    }
    open_all(sources);
}

static bool is_named(char *const *names, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], path) == 0)
            return true;
    }
    return false;
}

void migrate_sources_named(struct migrate_sources *sources, char *const *names, size_t count,
                           const char *user)
{
    size_t kept = 0;

    add_system_files(sources, true);
    for (size_t i = 0; i < sources->count; i++) {
        if (!is_named(names, count, sources->items[i].path))
            sources->items[kept++] = sources->items[i];
    }
    sources->count = kept;
    for (size_t i = 0; i < count; i++)
        add(sources, names[i], user)->named = true;
    open_all(sources);
}

bool migrate_sources_user(const struct migrate_sources *sources, const char **user,
                          struct error *error)
{
    *user = NULL;
    for (size_t i = 0; i < sources->count; i++) {
        const struct migrate_source *source = &sources->items[i];

        if (source->user == NULL)
            continue;
        if (*user != NULL && strcmp(*user, source->user) != 0)
            return error_set(error,
                             "the files belong to %s and %s: name those of one user at a time",
                             *user, source->user);
        *user = source->user;
    }
    return true;
}

/* --- reading --- */

/* The next file is read by another shell, or by the same one: it has what was exported. */
static void forget_unexported(struct shell_variables *variables, bool all_exported)
{
    for (size_t i = 0; i < variables->count; i++) {
        struct shell_variable *variable = &variables->items[i];

        variable->exported = variable->exported || all_exported;
        if (!variable->exported)
            variable->value = NULL;
    }
}

static void read_text(const struct migrate_source *source, struct migrate_home *home,
                      const struct buffer *text, struct shell_variables *variables,
                      struct migrate_file *file)
{
    struct aws_defaults defaults = migrate_home_defaults(home);
    bool of_home = source->user != NULL && strcmp(source->user, home->user) == 0;

    migrate_read(file, source->path, buffer_text(text), text->length, variables,
                 of_home ? &defaults : NULL);
}

static void read_source(struct migrate_source *source, struct shell_variables *variables,
                        struct migrate_home *home)
{
    source->given = shell_variables_copy(variables);
    read_text(source, home, &source->text, variables, &source->file);
    if (source->context)
        source->file = (struct migrate_file){.path = source->path};
    forget_unexported(variables, strcmp(source->path, ENVIRONMENT) == 0);
}

void migrate_source_reread(const struct migrate_source *source, struct migrate_home *home,
                           const struct buffer *text, struct migrate_file *file)
{
    struct shell_variables variables = shell_variables_copy(&source->given);

    read_text(source, home, text, &variables, file);
}

/* What the system's files set counts for the user's; not the other way round. */
void migrate_sources_read(struct migrate_sources *sources, struct migrate_home *home)
{
    struct shell_variables of_all = {.arena = sources->arena};
    struct shell_variables of_user;
    bool begun = false;

    for (size_t i = 0; i < sources->count; i++) {
        struct migrate_source *source = &sources->items[i];

        if (!source->opened)
            continue;
        if (source->user != NULL && !begun)
            of_user = shell_variables_copy(&of_all);
        begun = begun || source->user != NULL;
        read_source(source, source->user != NULL ? &of_user : &of_all, home);
    }
}

void migrate_sources_free(struct migrate_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        place_close(&sources->items[i].place);
        buffer_free(&sources->items[i].text);
    }
}
