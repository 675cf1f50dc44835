#include "config/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES    ((size_t)4000) /* with all headers less than a page */
#define FIRST_ELEMENTS ((size_t)4)

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t capacity;
    alignas(max_align_t) char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "out of memory\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);

    (void)written;
    _exit(EXIT_FAILURE);
}

/* Not zeroed as a whole: most of a block is never used, and every page that is touched costs a
 * login a page fault. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = malloc(sizeof *block + capacity);

    if (block == NULL)
        out_of_memory();
    *block = (struct arena_block){.older = arena->blocks, .capacity = capacity};
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    size_t rounded;
    char *memory;

    if (size > PTRDIFF_MAX / 2)
        out_of_memory();
    rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (block == NULL || block->capacity - block->used < rounded)
        block = add_block(arena, rounded);
    memory = block->bytes + block->used;
    block->used += rounded;
    return memset(memory, 0, rounded);
}

char *arena_copy_bytes(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (length != 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return arena_copy_bytes(arena, text, strlen(text));
}

/* The capacity follows from the count: FIRST_ELEMENTS, then every power of two. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
    bool full = count == 0 || (count >= FIRST_ELEMENTS && (count & (count - 1)) == 0);
    size_t capacity = count == 0 ? FIRST_ELEMENTS : count * 2;
    void *moved;

    if (!full)
        return items;
    if (capacity > PTRDIFF_MAX / 2 / size)
        out_of_memory();
    moved = arena_alloc(arena, capacity * size);
    if (count != 0)
        memcpy(moved, items, count * size);
    return moved;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->older;
        explicit_bzero(block->bytes, block->used);
        free(block);
    }
}
