#include "cache/store.h"

#include <stdio.h>
#include <string.h>

#include "cache/cache_file.h"
#include "common/buffer.h"
#include "common/frame.h"
#include "ssmenv/limits.h"

#define STORE_MAGIC   "SSMC"
#define STORE_VERSION 2
#define STORE_LIMIT   LIMIT_RESULT_BYTES
#define HASH_BYTES    8

uint64_t store_hash(const void *bytes, size_t length)
{
    const unsigned char *next = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ next[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void store_name(const char *key, char name[STORE_NAME_BYTES])
{
    snprintf(name, STORE_NAME_BYTES, "%016llx", (unsigned long long)store_hash(key, strlen(key)));
}

static void encode(const struct store *store, const char *key, struct buffer *bytes)
{
    bytes->limit = STORE_LIMIT;
    buffer_append_text(bytes, STORE_MAGIC);
    frame_put_u8(bytes, STORE_VERSION);
    frame_put_text(bytes, key);
    frame_put_u64(bytes, store->fetched_at);
    frame_put_u64(bytes, store->attempt_at);
    frame_put_u64(bytes, store->attempt_end);
    frame_put_u8(bytes, (uint8_t)store->attempt);
    frame_put_text(bytes, store->reason != NULL ? store->reason : "");
    frame_put_text(bytes, store->user != NULL ? store->user : "");
    result_put(&store->values, bytes);
    if (!buffer_failed(bytes))
        frame_put_u64(bytes, store_hash(bytes->data, bytes->length));
}

static bool is_whole(const struct buffer *bytes)
{
    size_t body = bytes->length - HASH_BYTES;
    struct wire_reader reader;

    if (bytes->length < sizeof STORE_MAGIC + HASH_BYTES ||
        memcmp(bytes->data, STORE_MAGIC, sizeof STORE_MAGIC - 1) != 0 ||
        bytes->data[sizeof STORE_MAGIC - 1] != STORE_VERSION)
        return false;
    wire_reader_init(&reader, bytes->data + body, HASH_BYTES);
    return wire_read_u64(&reader) == store_hash(bytes->data, body);
}

static bool is_possible(const struct store *store, uint64_t now)
{
    return store->attempt <= ATTEMPT_SUCCEEDED && store->fetched_at <= now &&
           store->attempt_at <= now && store->attempt_end <= now;
}

static bool take_text(struct wire_reader *reader, size_t limit, char **copy)
{
    struct wire_text text = wire_read_text(reader, limit);

    *copy = text_copy_bytes(text.bytes, text.length);
    return *copy != NULL;
}

/* key: the one that is wanted; NULL: any. */
static enum store_load decode(struct store *store, char **found, const struct buffer *bytes,
                              const char *key, store_clock *now)
{
    struct wire_reader reader;
    struct error error = ERROR_INIT;

    if (!is_whole(bytes))
        return STORE_DAMAGED;
    wire_reader_init(&reader, bytes->data + sizeof STORE_MAGIC,
                     bytes->length - sizeof STORE_MAGIC - HASH_BYTES);
    if (!take_text(&reader, STORE_LIMIT, found))
        return STORE_DAMAGED;
    if (key != NULL && strcmp(*found, key) != 0)
        return STORE_ABSENT;
    store->fetched_at = wire_read_u64(&reader);
    store->attempt_at = wire_read_u64(&reader);
    store->attempt_end = wire_read_u64(&reader);
    store->attempt = wire_read_u8(&reader);
    if (!take_text(&reader, LIMIT_MESSAGE_BYTES, &store->reason) ||
        !take_text(&reader, LIMIT_USER_BYTES, &store->user) ||
        !result_take(&store->values, &reader, &error) || !wire_reader_done(&reader) ||
        !is_possible(store, now()))
        return STORE_DAMAGED;
    return STORE_LOADED;
}

static enum store_load load(struct store *store, char **found, int folder, const char *name,
                            const char *key, store_clock *now, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    enum store_load result = STORE_DAMAGED;

    *store = (struct store){0};
    switch (cache_file_read(folder, name, STORE_LIMIT, &bytes, error)) {
    case CACHE_FILE_ABSENT:
        return STORE_ABSENT;
    case CACHE_FILE_BROKEN:
        break;
    case CACHE_FILE_READ:
        result = decode(store, found, &bytes, key, now);
        error_set(error, "%s", result == STORE_DAMAGED ? "damaged" : "");
        break;
    }
    if (result != STORE_LOADED)
        store_free(store);
    if (result == STORE_DAMAGED)
        error_context(error, "cached values in %s are discarded", name);
    buffer_free(&bytes);
    return result;
}

enum store_load store_load(struct store *store, int folder, const char *key, store_clock *now,
                           struct error *error)
{
    char name[STORE_NAME_BYTES];
    char *found = NULL;
    enum store_load result;

    store_name(key, name);
    result = load(store, &found, folder, name, key, now, error);
    text_free(found);
    return result;
}

enum store_load store_read(struct store *store, char **key, int folder, const char *name,
                           store_clock *now, struct error *error)
{
    enum store_load result;

    *key = NULL;
    result = load(store, key, folder, name, NULL, now, error);
    if (result != STORE_LOADED) {
        text_free(*key);
        *key = NULL;
    }
    return result;
}

bool store_save(const struct store *store, int folder, const char *key, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    char name[STORE_NAME_BYTES];
    char next[STORE_NAME_BYTES + sizeof STORE_NEW];
    bool saved;

    store_name(key, name);
    snprintf(next, sizeof next, "%s" STORE_NEW, name);
    encode(store, key, &bytes);
    saved = cache_file_replace(folder, name, next, &bytes, error) ||
            error_context(error, "fetched values cannot be kept");
    buffer_free(&bytes);
    return saved;
}

void store_free(struct store *store)
{
    text_free(store->reason);
    text_free(store->user);
    result_free(&store->values);
    *store = (struct store){0};
}
