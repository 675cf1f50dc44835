#include "cli/check/check_pam_services.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"

#define PAM_CONF    "/etc/pam.conf"
#define FILE_LIMIT  ((size_t)1024 * 1024)
#define LEVELS_MAX  16   /* of files within files: libpam's PAM_SUBSTACK_MAX_LEVEL */
#define ENTRIES_MAX 1024 /* of a stack */
#define FILES_MAX   1024 /* of a stack; files that include each other grow fast */
#define OUR_MODULE  "pam_ssmenv"

static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"};

#define FOLDERS (sizeof folders / sizeof folders[0])

/* What package managers and editors leave beside the files that count. */
static const char *const leftovers[] = {"~",          ".bak",      ".orig",     ".old",
                                        ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".dpkg-tmp",
                                        ".rpmnew",    ".rpmsave",  ".rpmorig",  ".ucf-dist",
                                        ".pam-old",   ".pamnew",   ".swp"};

static bool is_leftover(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        size_t ending = strlen(leftovers[i]);

        if (length > ending && strcmp(name + length - ending, leftovers[i]) == 0)
            return true;
    }
    return name[0] == '.';
}

/* --- files --- */

static void add_unseen(struct pam_services *services, const char *path)
{
    services->unseen = arena_grow(&services->arena, services->unseen, services->unseen_count,
                                  sizeof *services->unseen);
    services->unseen[services->unseen_count++] = arena_copy(&services->arena, path);
}

/* libpam trusts these files whoever owns them; so they are read like any others. */
static bool read_text(const char *path, struct buffer *text)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    ssize_t count = -1;

    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        char *room;

        while (text->length < FILE_LIMIT && (room = buffer_reserve(text, 4096)) != NULL &&
               (count = read(descriptor, room, 4096)) > 0)
            buffer_grow(text, (size_t)count);
    }
    if (descriptor >= 0)
        close(descriptor);
    return count >= 0;
}

static const struct pam_file *load_file(struct pam_services *services, const char *path)
{
    struct buffer text = BUFFER_INIT;
    struct pam_file *file = NULL;

    for (size_t i = 0; i < services->file_count; i++) {
        if (strcmp(services->files[i]->path, path) == 0)
            return services->files[i];
    }
    if (read_text(path, &text)) {
        file = arena_alloc(&services->arena, sizeof *file);
        pam_file_read(file, &services->arena, path, buffer_text(&text), text.length,
                      strcmp(path, PAM_CONF) == 0);
        services->files = arena_grow(&services->arena, services->files, services->file_count,
                                     sizeof(struct pam_file *));
        services->files[services->file_count++] = file;
    } else if (access(path, F_OK) == 0) {
        add_unseen(services, path);
    }
    buffer_free(&text);
    return file;
}

static char *join(struct arena *arena, const char *folder, const char *name)
{
    char *path = arena_alloc(arena, strlen(folder) + 1 + strlen(name) + 1);

    stpcpy(stpcpy(stpcpy(path, folder), "/"), name);
    return path;
}

/* The file that libpam would open for a name. */
static const struct pam_file *find_file(struct pam_services *services, const char *name)
{
    if (name[0] == '/')
        return load_file(services, name);
    for (size_t i = 0; i < FOLDERS; i++) {
        const struct pam_file *file = load_file(services, join(&services->arena, folders[i], name));

        if (file != NULL)
            return file;
    }
    return NULL;
}

/* --- services --- */

const struct pam_service *pam_services_find(const struct pam_services *services, const char *name)
{
    for (size_t i = 0; i < services->service_count; i++) {
        if (strcasecmp(services->services[i].name, name) == 0)
            return &services->services[i];
    }
    return NULL;
}

static void add_service(struct pam_services *services, const char *name, const char *path)
{
    struct pam_service service = {.name = arena_copy(&services->arena, name),
                                  .path = arena_copy(&services->arena, path)};

    if (pam_services_find(services, name) != NULL)
        return;
    services->services =
        arena_grow(&services->arena, services->services, services->service_count, sizeof service);
    services->services[services->service_count++] = service;
}

/* False when there is no such folder. */
static bool load_folder(struct pam_services *services, const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;

    if (stream == NULL && errno == ENOENT)
        return false;
    if (stream == NULL) {
        add_unseen(services, folder);
        return true;
    }
    while ((entry = readdir(stream)) != NULL) {
        const char *path = join(&services->arena, folder, entry->d_name);

        if (!is_leftover(entry->d_name) && load_file(services, path) != NULL)
            add_service(services, entry->d_name, path);
    }
    closedir(stream);
    return true;
}

static void load_one_file(struct pam_services *services)
{
    const struct pam_file *file = load_file(services, PAM_CONF);

    services->in_one_file = true;
    for (size_t i = 0; file != NULL && i < file->count; i++)
        add_service(services, file->lines[i].service, PAM_CONF);
}

static int compare_services(const void *a, const void *b)
{
    return strcmp(((const struct pam_service *)a)->name, ((const struct pam_service *)b)->name);
}

static bool is_include(const struct pam_line *line)
{
    return line->kind == PAM_INCLUDE || line->kind == PAM_SUBSTACK;
}

static void mark_included(struct pam_services *services)
{
    for (size_t i = 0; i < services->file_count; i++) {
        const struct pam_file *file = services->files[i];

        for (size_t j = 0; j < file->count; j++) {
            const char *slash = strrchr(file->lines[j].module, '/');
            const char *name = slash != NULL ? slash + 1 : file->lines[j].module;

            for (size_t k = 0; is_include(&file->lines[j]) && k < services->service_count; k++)
                services->services[k].included |= strcmp(services->services[k].name, name) == 0;
        }
    }
}

void pam_services_load(struct pam_services *services)
{
    bool found = false;

    if (services->loaded)
        return;
    services->loaded = true;
    for (size_t i = 0; i < FOLDERS; i++)
        found |= load_folder(services, folders[i]);
    if (!found)
        load_one_file(services);
    if (services->service_count > 0)
        qsort(services->services, services->service_count, sizeof *services->services,
              compare_services);
    mark_included(services);
}

void pam_services_free(struct pam_services *services)
{
    arena_free(&services->arena);
    *services = (struct pam_services){0};
}

/* --- stacks --- */

/* A file that is being read, within another one. */
struct level {
    const struct pam_file *file;
    size_t next; /* line */
    unsigned substack;
};

struct stacking {
    struct pam_services *services;
    const char *service;
    enum pam_type type;
    struct pam_stack stack;
    struct level levels[LEVELS_MAX];
    size_t depth;
    size_t opened;      /* files, until now */
    unsigned substacks; /* begun until now */
};

static void add_entry(struct stacking *stacking, struct pam_entry entry)
{
    struct pam_stack *stack = &stacking->stack;

    stack->entries =
        arena_grow(&stacking->services->arena, stack->entries, stack->count, sizeof entry);
    stack->entries[stack->count++] = entry;
}

/* Begins with a file that is included, or with the service's own. */
static void open_level(struct stacking *stacking, const struct pam_file *file, unsigned substack)
{
    if (file == NULL || stacking->depth == LEVELS_MAX || stacking->opened == FILES_MAX)
        return;
    stacking->opened++;
    stacking->levels[stacking->depth++] = (struct level){.file = file, .substack = substack};
}

static bool is_wanted(const struct stacking *stacking, const struct pam_line *line)
{
    return (line->type == stacking->type || line->type == PAM_TYPE_ANY) &&
           (line->service == NULL || strcasecmp(line->service, stacking->service) == 0);
}

/* The next line of the innermost file, which ends with its last one. */
static void take_line(struct stacking *stacking)
{
    struct level *level = &stacking->levels[stacking->depth - 1];
    unsigned substack = level->substack;
    const struct pam_line *line;

    if (level->next == level->file->count) {
        stacking->depth--;
        return;
    }
    line = &level->file->lines[level->next++];
    if (!is_wanted(stacking, line))
        return;
    if (line->kind == PAM_SUBSTACK)
        substack = ++stacking->substacks;
    if (is_include(line))
        open_level(stacking, find_file(stacking->services, line->module), substack);
    else
        add_entry(stacking, (struct pam_entry){level->file, line, substack});
}

struct pam_stack pam_services_stack(struct pam_services *services,
                                    const struct pam_service *service, enum pam_type type)
{
    struct stacking stacking = {.services = services, .service = service->name, .type = type};

    open_level(&stacking, load_file(services, service->path), 0);
    while (stacking.depth > 0 && stacking.stack.count < ENTRIES_MAX)
        take_line(&stacking);
    return stacking.stack;
}

/* --- modules --- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool pam_line_has_module(const struct pam_line *line, const char *name)
{
    return line->kind == PAM_MODULE && strcmp(file_name(line->module), name) == 0;
}

/* A misspelled ending, or a module in the place of a control, is meant to be ours as well. */
bool pam_line_is_ours(const struct pam_line *line)
{
    const char *word =
        line->kind == PAM_BROKEN && *line->module == '\0' ? line->control : line->module;

    return (line->kind == PAM_MODULE || line->kind == PAM_BROKEN) &&
           strncmp(file_name(word), OUR_MODULE, strlen(OUR_MODULE)) == 0;
}

bool pam_service_uses_module(struct pam_services *services, const struct pam_service *service)
{
    struct pam_stack stack = pam_services_stack(services, service, PAM_TYPE_SESSION);

    for (size_t i = 0; i < stack.count; i++) {
        if (pam_line_is_ours(stack.entries[i].line))
            return true;
    }
    return false;
}
