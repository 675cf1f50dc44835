#include "cache/keepsake_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache/cache_file.h"
#include "common/frame.h"
#include "ssmenv/limits.h"

#define MAGIC       "SSMK"
#define VERSION     1
#define HASH_BYTES  8
#define FILE_LIMIT  (LIMIT_SETTINGS * 2 * LIMIT_SETTING_BYTES + 4 * KEEPSAKE_TOKEN_BYTES)
#define NAME_BYTES  64
#define FIXED_BYTES (sizeof MAGIC - 1 + 1)

static void make_name(const char *key, char name[NAME_BYTES])
{
    char hash[STORE_NAME_BYTES];

    store_name(key, hash);
    snprintf(name, NAME_BYTES, "%s" KEEPSAKE_SUFFIX, hash);
}

static void encode(const struct keepsake *keepsake, const char *key, uint64_t now,
                   struct buffer *bytes)
{
    bytes->limit = FILE_LIMIT;
    buffer_append_text(bytes, MAGIC);
    frame_put_u8(bytes, VERSION);
    frame_put_text(bytes, key);
    frame_put_u64(bytes, now);
    keepsake_put(keepsake, bytes);
    if (!buffer_failed(bytes))
        frame_put_u64(bytes, store_hash(bytes->data, bytes->length));
}

static bool is_whole(const struct buffer *bytes)
{
    size_t body = bytes->length - HASH_BYTES;
    struct wire_reader reader;

    if (bytes->length < FIXED_BYTES + HASH_BYTES ||
        memcmp(bytes->data, MAGIC, sizeof MAGIC - 1) != 0 ||
        bytes->data[sizeof MAGIC - 1] != VERSION)
        return false;
    wire_reader_init(&reader, bytes->data + body, HASH_BYTES);
    return wire_read_u64(&reader) == store_hash(bytes->data, body);
}

/* False when too little is left of it. */
static bool grow_old(struct keepsake *keepsake, uint64_t age_ms)
{
    uint64_t age = age_ms / 1000 + (age_ms % 1000 != 0);

    if (age + KEEPSAKE_LIFE_MIN_S > keepsake->life)
        return false;
    keepsake->life -= (uint32_t)age;
    return true;
}

static enum store_load decode(struct keepsake *keepsake, const struct buffer *bytes,
                              const char *key, store_clock *now)
{
    struct wire_reader reader;
    struct wire_text text;
    uint64_t kept_at;
    uint64_t time;

    if (!is_whole(bytes))
        return STORE_DAMAGED;
    wire_reader_init(&reader, bytes->data + FIXED_BYTES, bytes->length - FIXED_BYTES - HASH_BYTES);
    text = wire_read_text(&reader, FILE_LIMIT);
    if (text.length != strlen(key) || memcmp(text.bytes, key, text.length) != 0)
        return STORE_ABSENT;
    kept_at = wire_read_u64(&reader);
    time = now();
    if (!keepsake_take(keepsake, &reader) || !wire_reader_done(&reader) || keepsake->life == 0 ||
        kept_at > time)
        return STORE_DAMAGED;
    return grow_old(keepsake, time - kept_at) ? STORE_LOADED : STORE_ABSENT;
}

enum store_load keepsake_load(struct keepsake *keepsake, int folder, const char *key,
                              store_clock *now, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    enum store_load result = STORE_DAMAGED;
    char name[NAME_BYTES];

    *keepsake = (struct keepsake){0};
    make_name(key, name);
    switch (cache_file_read(folder, name, FILE_LIMIT, &bytes, error)) {
    case CACHE_FILE_ABSENT:
        return STORE_ABSENT;
    case CACHE_FILE_BROKEN:
        break;
    case CACHE_FILE_READ:
        result = decode(keepsake, &bytes, key, now);
        error_set(error, "%s", result == STORE_DAMAGED ? "damaged" : "");
        break;
    }
    buffer_free(&bytes);
    if (result != STORE_LOADED)
        keepsake_free(keepsake);
    if (result == STORE_DAMAGED) {
        error_context(error, "kept credentials in %s are discarded", name);
        unlinkat(folder, name, 0);
    }
    return result;
}

/* A file that is being written has the suffix too, and somebody's number behind it. */
static void sweep(int folder)
{
    int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    time_t oldest = time(NULL) - KEEPSAKE_LIFE_MAX_S;
    const struct dirent *entry;
    struct stat status;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (strstr(entry->d_name, KEEPSAKE_SUFFIX) != NULL &&
            fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_mtim.tv_sec < oldest)
            unlinkat(folder, entry->d_name, 0);
    }
    if (list != NULL)
        closedir(list);
    else if (descriptor >= 0)
        close(descriptor);
}

bool keepsake_save(const struct keepsake *keepsake, int folder, const char *key, store_clock *now,
                   struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    char name[NAME_BYTES];
    char next[NAME_BYTES + 16];
    bool saved;

    make_name(key, name);
    snprintf(next, sizeof next, "%s.%ld", name, (long)getpid());
    encode(keepsake, key, now(), &bytes);
    sweep(folder);
    saved = cache_file_replace(folder, name, next, &bytes, error) ||
            error_context(error, "credentials cannot be kept");
    buffer_free(&bytes);
    return saved;
}

void keepsake_forget(int folder, const char *key)
{
    char name[NAME_BYTES];

    make_name(key, name);
    unlinkat(folder, name, 0);
}
