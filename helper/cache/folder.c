#include "cache/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache/lock.h"
#include "common/list.h"

#define HEXADECIMAL "0123456789abcdef"
#define PATH_BYTES  64

/* --- what lies there --- */

/* A set as the folder shows it. Each has a lock, since nothing is stored without one. */
struct place {
    char name[STORE_NAME_BYTES];
    struct timespec used;
    uint64_t bytes;
};

struct places {
    struct place *items;
    size_t count;
    uint64_t bytes;
};

static DIR *open_list(int folder)
{
    int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = descriptor >= 0 ? fdopendir(descriptor) : NULL;

    if (list == NULL && descriptor >= 0)
        close(descriptor);
    return list;
}

/* Whether it is the name of a set's file of this kind. */
static bool is_named(const char *entry, const char *suffix)
{
    return strspn(entry, HEXADECIMAL) == STORE_NAME_BYTES - 1 &&
           strcmp(entry + STORE_NAME_BYTES - 1, suffix) == 0;
}

static bool stat_file(int folder, const char *name, const char *suffix, struct stat *status)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s%s", name, suffix);
    return fstatat(folder, path, status, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool add_place(struct places *places, int folder, const char *name)
{
    struct place *grown = list_grow(places->items, places->count, sizeof *places->items);
    struct place *place;
    struct stat status;

    if (grown == NULL)
        return false;
    places->items = grown;
    place = &grown[places->count++];
    *place = (struct place){0};
    snprintf(place->name, sizeof place->name, "%s", name);
    if (stat_file(folder, name, LOCK_SUFFIX, &status))
        place->used = status.st_mtim;
    if (stat_file(folder, name, "", &status))
        place->bytes = (uint64_t)status.st_size;
    places->bytes += place->bytes;
    return true;
}

static bool list_places(int folder, struct places *places)
{
    DIR *list = open_list(folder);
    const struct dirent *entry;
    bool ok = list != NULL;

    *places = (struct places){0};
    while (ok && (entry = readdir(list)) != NULL) {
        if (is_named(entry->d_name, LOCK_SUFFIX)) {
            char name[STORE_NAME_BYTES];

            snprintf(name, sizeof name, "%.*s", STORE_NAME_BYTES - 1, entry->d_name);
            ok = add_place(places, folder, name);
        }
    }
    if (list != NULL)
        closedir(list);
    return ok;
}

/* --- looking --- */

static uint64_t unused_ms(int folder, const char *name)
{
    struct stat status;
    time_t now = time(NULL);

    if (!stat_file(folder, name, LOCK_SUFFIX, &status) || status.st_mtim.tv_sec > now)
        return 0;
    return (uint64_t)(now - status.st_mtim.tv_sec) * 1000;
}

static bool show(int folder, const char *name, store_clock *now, folder_visitor *visitor,
                 void *context)
{
    struct stored_set set = {.unused_ms = unused_ms(folder, name)};
    struct error error = ERROR_INIT;
    bool go_on = true;

    snprintf(set.name, sizeof set.name, "%s", name);
    if (store_read(&set.store, &set.key, folder, name, now, &error) == STORE_LOADED &&
        set_key_read(set.key, &set.parts))
        go_on = visitor(context, &set);
    set_key_free(&set.parts);
    store_free(&set.store);
    text_free(set.key);
    return go_on;
}

bool folder_visit(int folder, store_clock *now, folder_visitor *visitor, void *context,
                  struct error *error)
{
    struct places places;
    bool ok = list_places(folder, &places);

    if (!ok)
        error_set(error, "the cache folder cannot be read: %s", strerror(errno));
    for (size_t i = 0; ok && i < places.count; i++)
        ok = show(folder, places.items[i].name, now, visitor, context);
    free(places.items);
    return ok;
}

/* --- forgetting --- */

static void remove_file(int folder, const char *name, const char *suffix)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s%s", name, suffix);
    unlinkat(folder, path, 0);
}

/* The lock goes last: whoever gets it meanwhile finds it removed and takes another one. */
static void remove_set(int folder, const char *name)
{
    remove_file(folder, name, "");
    remove_file(folder, name, STORE_NEW);
    remove_file(folder, name, LOCK_SUFFIX);
}

static enum lock_result forget_now(int folder, const char *name)
{
    struct error error = ERROR_INIT;
    int lock;
    enum lock_result result = lock_try(folder, name, &lock, &error);

    if (result == LOCK_HELD) {
        remove_set(folder, name);
        close(lock);
    }
    return result;
}

bool folder_forget(int folder, const char *name, struct deadline deadline)
{
    enum lock_result result = forget_now(folder, name);

    while (result == LOCK_BUSY && !deadline_passed(deadline)) {
        struct error error = ERROR_INIT;
        int lock;

        if (lock_wait(folder, name, deadline, &lock, &error) == LOCK_HELD)
            close(lock);
        result = forget_now(folder, name);
    }
    return result == LOCK_HELD;
}

/* Files that belong to no set, among them those that another version has left. */
static bool remove_others(int folder)
{
    DIR *list = open_list(folder);
    const struct dirent *entry;
    bool ok = list != NULL;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (unlinkat(folder, entry->d_name, 0) != 0 && errno != EISDIR && errno != ENOENT)
            ok = false;
    }
    if (list != NULL)
        closedir(list);
    return ok;
}

bool folder_empty(int folder, struct deadline deadline, size_t *count, struct error *error)
{
    struct places places;
    bool ok = list_places(folder, &places);

    *count = places.count;
    for (size_t i = 0; i < places.count; i++)
        folder_forget(folder, places.items[i].name, deadline);
    ok = remove_others(folder) && ok;
    free(places.items);
    return ok || error_set(error, "the cache folder cannot be emptied: %s", strerror(errno));
}

/* --- the bound --- */

static int compare_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct place *)a)->used;
    const struct timespec *y = &((const struct place *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Whether that is more than so many quarters of the bound. */
static bool exceeds(size_t count, uint64_t bytes, unsigned quarters)
{
    return count > FOLDER_SETS_MAX / 4 * quarters || bytes > FOLDER_BYTES_MAX / 4 * quarters;
}

void folder_limit(int folder)
{
    struct places places;
    size_t left;
    uint64_t bytes;

    list_places(folder, &places);
    left = places.count;
    bytes = places.bytes;
    if (exceeds(left, bytes, 4)) {
        qsort(places.items, places.count, sizeof *places.items, compare_use);
        for (size_t i = 0; i < places.count && exceeds(left, bytes, 3); i++) {
            if (forget_now(folder, places.items[i].name) == LOCK_HELD) {
                left--;
                bytes -= places.items[i].bytes;
            }
        }
    }
    free(places.items);
}
