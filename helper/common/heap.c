#include "common/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* the C library knows it since glibc 2.35 */
#define MADV_POPULATE_WRITE 23
#endif

void heap_prepare(size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first;
    char *block;

    /* The block comes from the heap proper, and what is freed stays there. */
    mallopt(M_MMAP_THRESHOLD, (int)bytes * 2);
    mallopt(M_TRIM_THRESHOLD, (int)bytes * 2);
    block = malloc(bytes);
    if (block == NULL)
        return;
    first = ((uintptr_t)block + page - 1) & ~(page - 1);
    madvise((void *)first, (uintptr_t)block + bytes - first, MADV_POPULATE_WRITE);
    free(block);
}
