/*
 * The heap of ssmenv-helper where it is linked with musl, whose own malloc(3) maps memory for each
 * size and unmaps what is freed: to a program that lives for half a millisecond that costs more
 * than its work.
 *
 * Memory is handed out in the order of the requests and never again: whoever still used what was
 * freed would find no other's data, and calloc() finds zeros. For one thread.
 */
#include "common/heap.h"

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_BYTES (128 * 1024) /* more than a short configuration needs */
#define CHUNK_BYTES (1024 * 1024)
#define PAGE_BYTES  ((size_t)64 * 1024) /* of any machine, or several */

/* What stands before each block. */
struct header {
    alignas(max_align_t) size_t bytes;
};

static alignas(max_align_t) unsigned char first[FIRST_BYTES];
static unsigned char *next = first;
static unsigned char *end = first + sizeof first;

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* What is left of the chunk before is given up. */
static bool begin_chunk(size_t bytes, int flags)
{
    void *chunk;

    bytes = rounded(bytes, PAGE_BYTES);
    chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (chunk == MAP_FAILED)
        return false;
    next = chunk;
    end = next + bytes;
    return true;
}

void heap_prepare(size_t bytes)
{
    begin_chunk(bytes, MAP_POPULATE);
}

static bool make_room(size_t bytes)
{
    return (size_t)(end - next) >= bytes ||
           begin_chunk(bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES, 0);
}

void *malloc(size_t bytes)
{
    struct header *header;

    if (bytes > PTRDIFF_MAX - CHUNK_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    bytes = rounded(bytes, alignof(max_align_t));
    if (!make_room(sizeof *header + bytes))
        return NULL;
    header = (struct header *)next;
    header->bytes = bytes;
    next += sizeof *header + bytes;
    return header + 1;
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return malloc(total);
}

void *realloc(void *block, size_t bytes)
{
    const struct header *header;
    void *longer;

    if (block == NULL)
        return malloc(bytes);
    header = (const struct header *)block - 1;
    if (bytes <= header->bytes)
        return block;
    longer = malloc(bytes);
    if (longer != NULL)
        memcpy(longer, block, header->bytes);
    return longer;
}
