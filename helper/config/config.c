#include "config/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "config/parser.h"

#define DROP_IN_FOLDER "conf.d"
#define DROP_IN_ENDING ".conf"
#define OTHERS_WRITE   (S_IWGRP | S_IWOTH)

struct loading {
    struct parser parser;
    uid_t owner;
    const char *main_name; /* of PATH, without its folder */
    const struct config_candidate *candidates;
    size_t candidate_count;
    struct diagnostics *diagnostics;
    struct arena arena; /* paths */
};

struct names {
    char **items;
    size_t count;
};

static void mistake(struct loading *loading, const char *text)
{
    diagnostics_add(loading->diagnostics, SEVERITY_ERROR, (struct position){0}, "%s", text);
}

/* A candidate: whatever its name leads to. */
static bool read_any(const char *path, struct buffer *contents, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    ssize_t count = -1;

    while (descriptor >= 0 && contents->length <= LIMIT_CONFIG_BYTES) {
        char *room = buffer_reserve(contents, 4096);

        count = room != NULL ? read(descriptor, room, 4096) : -1;
        if (count <= 0)
            break;
        buffer_grow(contents, (size_t)count);
    }
    if (count < 0)
        error_set(error, "%s: %s", path, strerror(errno));
    else if (count > 0)
        error_set(error, "%s is larger than %d bytes", path, LIMIT_CONFIG_BYTES);
    if (descriptor >= 0)
        close(descriptor);
    return count == 0;
}

static void load_file(struct loading *loading, const char *path, bool may_be_absent)
{
    struct buffer contents = BUFFER_INIT;
    struct error error = ERROR_INIT;
    enum trusted_file_result result = trusted_file_read(path, loading->owner, OTHERS_WRITE,
                                                        LIMIT_CONFIG_BYTES, &contents, &error);

    if (result == TRUSTED_FILE_READ)
        parser_read(&loading->parser, path, buffer_text(&contents), contents.length);
    else if (result == TRUSTED_FILE_REFUSED || !may_be_absent)
        mistake(loading, error.text);
    buffer_free(&contents);
}

static void load_candidate(struct loading *loading, const struct config_candidate *candidate)
{
    struct buffer contents = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (read_any(candidate->path, &contents, &error))
        parser_read(&loading->parser, candidate->path, buffer_text(&contents), contents.length);
    else
        mistake(loading, error.text);
    buffer_free(&contents);
}

static bool is_drop_in(const char *name)
{
    size_t length = strlen(name);
    size_t ending = strlen(DROP_IN_ENDING);

    return name[0] != '.' && length > ending && strcmp(name + length - ending, DROP_IN_ENDING) == 0;
}

/* In byte order: strcmp compares unsigned bytes and knows no locale. */
static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool folder_is_trusted(struct loading *loading, const char *folder, int descriptor)
{
    struct error error = ERROR_INIT;
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        error_set(&error, "%s: %s", folder, strerror(errno));
    else if (status.st_uid != 0 && status.st_uid != loading->owner)
        error_set(&error, "%s is owned by uid %u, not by root: run chown root %s", folder,
                  (unsigned)status.st_uid, folder);
    else if ((status.st_mode & OTHERS_WRITE) != 0)
        error_set(&error, "%s has mode %04o, which lets others in: run chmod go-w %s", folder,
                  (unsigned)(status.st_mode & 07777), folder);
    if (error_is_set(&error))
        mistake(loading, error.text);
    return !error_is_set(&error);
}

/* NULL when there is no such folder, or after a mistake, which was reported. */
static DIR *open_folder(struct loading *loading, const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct error error = ERROR_INIT;
    DIR *stream = NULL;

    if (descriptor < 0 && errno == ENOENT)
        return NULL;
    if (descriptor < 0) {
        error_set(&error, "%s: %s", folder,
                  errno == ELOOP || errno == ENOTDIR ? "not a folder; a link is not followed"
                                                     : strerror(errno));
        mistake(loading, error.text);
        return NULL;
    }
    if (folder_is_trusted(loading, folder, descriptor)) {
        stream = fdopendir(descriptor);
        if (stream == NULL)
            mistake(loading, "conf.d cannot be read: out of memory");
    }
    if (stream == NULL)
        close(descriptor);
    return stream;
}

static struct names list_drop_ins(struct loading *loading, const char *folder)
{
    DIR *stream = open_folder(loading, folder);
    struct names names = {0};
    struct dirent *entry;

    if (stream == NULL)
        return names;
    errno = 0;
    while ((entry = readdir(stream)) != NULL && names.count < LIMIT_CONFIG_FILES) {
        if (!is_drop_in(entry->d_name))
            continue;
        names.items = arena_grow(&loading->arena, names.items, names.count, sizeof *names.items);
        names.items[names.count++] = arena_copy(&loading->arena, entry->d_name);
    }
    if (entry != NULL || errno != 0)
        mistake(loading, entry != NULL ? "conf.d holds too many files" : "conf.d cannot be read");
    closedir(stream);
    return names;
}

/* FOLDER/NAME; folder may be empty or end in a slash. */
static char *join(struct loading *loading, const char *folder, size_t folder_length,
                  const char *name)
{
    char *path = arena_alloc(&loading->arena, folder_length + 1 + strlen(name) + 1);

    memcpy(path, folder, folder_length);
    if (folder_length != 0 && folder[folder_length - 1] != '/')
        path[folder_length++] = '/';
    memcpy(path + folder_length, name, strlen(name));
    return path;
}

/* The candidate that takes the place of the file of this name. */
static const struct config_candidate *find_candidate(const struct loading *loading,
                                                     const char *name)
{
    for (size_t i = 0; i < loading->candidate_count; i++) {
        const char *as = loading->candidates[i].as;

        if (as != NULL && strcmp(as, name) == 0)
            return &loading->candidates[i];
    }
    return NULL;
}

static bool is_listed(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_for_drop_in(const struct loading *loading, const struct config_candidate *candidate)
{
    return candidate->as != NULL && is_drop_in(candidate->as) &&
           strcmp(candidate->as, loading->main_name) != 0;
}

/* Candidates whose place is not taken yet are there all the same. */
static void add_candidates(struct loading *loading, struct names *names)
{
    for (size_t i = 0; i < loading->candidate_count; i++) {
        const char *as = loading->candidates[i].as;

        if (!is_for_drop_in(loading, &loading->candidates[i]) || is_listed(names, as))
            continue;
        names->items =
            arena_grow(&loading->arena, names->items, names->count, sizeof *names->items);
        names->items[names->count++] = arena_copy(&loading->arena, as);
    }
    if (names->count != 0)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
}

static void load_drop_ins(struct loading *loading, const char *path, size_t folder_length)
{
    const char *folder = join(loading, path, folder_length, DROP_IN_FOLDER);
    struct names names = list_drop_ins(loading, folder);

    add_candidates(loading, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct config_candidate *candidate = find_candidate(loading, names.items[i]);

        if (candidate != NULL && is_for_drop_in(loading, candidate))
            load_candidate(loading, candidate);
        else
            load_file(loading, join(loading, folder, strlen(folder), names.items[i]), false);
    }
}

static void load_last(struct loading *loading)
{
    for (size_t i = 0; i < loading->candidate_count; i++) {
        const struct config_candidate *candidate = &loading->candidates[i];

        if (!is_for_drop_in(loading, candidate) &&
            (candidate->as == NULL || strcmp(candidate->as, loading->main_name) != 0))
            load_candidate(loading, candidate);
    }
}

bool config_load_candidates(struct config *config, const char *path, bool missing_is_empty,
                            uid_t owner, const struct config_candidate *candidates, size_t count,
                            struct diagnostics *diagnostics)
{
    const char *slash = strrchr(path, '/');
    struct loading loading = {.owner = owner,
                              .main_name = slash != NULL ? slash + 1 : path,
                              .candidates = candidates,
                              .candidate_count = count,
                              .diagnostics = diagnostics};
    const struct config_candidate *candidate = find_candidate(&loading, loading.main_name);
    bool good;

    parser_init(&loading.parser, config, diagnostics);
    if (candidate != NULL)
        load_candidate(&loading, candidate);
    else
        load_file(&loading, path, missing_is_empty);
    load_drop_ins(&loading, path, (size_t)(loading.main_name - path));
    load_last(&loading);
    good = parser_finish(&loading.parser);
    arena_free(&loading.arena);
    return good;
}

bool config_load(struct config *config, const char *path, bool missing_is_empty, uid_t owner,
                 struct diagnostics *diagnostics)
{
    return config_load_candidates(config, path, missing_is_empty, owner, NULL, 0, diagnostics);
}

void config_free(struct config *config)
{
    arena_free(&config->arena);
    *config = (struct config){0};
}
