/*
 * A table from names to numbers (indices into an array of the caller's), so that a configuration of
 * any size is read in linear time. Names are borrowed; memory comes from the arena.
 */
#ifndef SSMENV_CONFIG_NAME_TABLE_H
#define SSMENV_CONFIG_NAME_TABLE_H

#include <stddef.h>

#include "config/arena.h"

struct name_slot {
    const char *name; /* NULL: free */
    size_t value;
};

struct name_table {
    struct name_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

/* The number stored under name, or NULL. Valid until the next name_table_put(). */
size_t *name_table_find(const struct name_table *table, const char *name);

/* Stores value under name, in place of an older one. */
void name_table_put(struct name_table *table, struct arena *arena, const char *name, size_t value);

#endif
