#include "config/name_table.h"

#include <stdint.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)32)

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static size_t hash(const char *name)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ (value >> 32));
}

/* The slot that holds name, or the free one where it belongs. */
static struct name_slot *slot_of(const struct name_table *table, const char *name)
{
    size_t mask = table->capacity - 1;
    size_t i = hash(name) & mask;

    while (table->slots[i].name != NULL && strcmp(table->slots[i].name, name) != 0)
        i = (i + 1) & mask;
    return &table->slots[i];
}

static void enlarge(struct name_table *table, struct arena *arena)
{
    struct name_table larger = {0};

    larger.capacity = table->capacity != 0 ? table->capacity * 2 : FIRST_CAPACITY;
    larger.count = table->count;
    larger.slots = arena_alloc(arena, larger.capacity * sizeof *larger.slots);
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].name != NULL)
            *slot_of(&larger, table->slots[i].name) = table->slots[i];
    }
    *table = larger;
}

size_t *name_table_find(const struct name_table *table, const char *name)
{
    struct name_slot *slot;

    if (table->count == 0)
        return NULL;
    slot = slot_of(table, name);
    return slot->name != NULL ? &slot->value : NULL;
}

void name_table_put(struct name_table *table, struct arena *arena, const char *name, size_t value)
{
    struct name_slot *slot;

    if (table->count >= table->capacity / 2)
        enlarge(table, arena);
    slot = slot_of(table, name);
    if (slot->name == NULL) {
        slot->name = name;
        table->count++;
    }
    slot->value = value;
}
