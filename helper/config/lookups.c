#include "config/lookups.h"

#include <string.h>

#include "ssmenv/limits.h"

/* No name holds a #, so the key is unambiguous. */
static const char *key_of(struct arena *arena, const struct lookup *lookup)
{
    size_t name_length = strlen(lookup->name);
    size_t member_length = strlen(lookup->member);
    char *key = arena_alloc(arena, 1 + name_length + 1 + member_length + 1);

    key[0] = (char)('0' + lookup->kind);
    memcpy(key + 1, lookup->name, name_length);
    key[1 + name_length] = '#';
    memcpy(key + 2 + name_length, lookup->member, member_length);
    return key;
}

/* The table's memory is the arena's. */
void lookups_begin_set(struct lookups *lookups)
{
    lookups->by_key = (struct name_table){0};
}

bool lookups_add(struct lookups *lookups, struct arena *arena, struct lookup lookup, size_t *index)
{
    const char *key = key_of(arena, &lookup);
    const size_t *known = name_table_find(&lookups->by_key, key);

    if (known != NULL) {
        *index = *known;
        return true;
    }
    if (lookups->count == LIMIT_LOOKUPS)
        return false;
    *index = lookups->count;
    name_table_put(&lookups->by_key, arena, key, lookups->count);
    lookups->items = arena_grow(arena, lookups->items, lookups->count, sizeof lookup);
    lookups->items[lookups->count++] = lookup;
    return true;
}
