/*
 * Memory that is given back all at once: what one configuration or one plan consists of.
 *
 * A parsed configuration is hundreds of small pieces with one lifetime, so they are cut from a few
 * large blocks. arena_free() wipes the blocks, since constants may be secrets, and may be called
 * twice. These functions never return NULL: a helper without memory has nothing to answer, so it
 * ends at once with status 1, and the module reports a helper that did not answer.
 */
#ifndef SSMENV_CONFIG_ARENA_H
#define SSMENV_CONFIG_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
};

#define ARENA_INIT ((struct arena){0})

/* size bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy_bytes(struct arena *arena, const char *bytes, size_t length);
char *arena_copy(struct arena *arena, const char *text);

/* Makes room for one more element behind count elements of this size and returns the array, which
 * may have moved. An array begins as NULL with count 0. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

void arena_free(struct arena *arena);

#endif
