/* The heap that the helper has with musl, beside the one that this program has itself. */
#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

void *once_malloc(size_t bytes);
void once_free(void *block);
void *once_calloc(size_t count, size_t bytes);
void *once_realloc(void *block, size_t bytes);
void once_prepare(size_t bytes);

#define malloc       once_malloc
#define free         once_free
#define calloc       once_calloc
#define realloc      once_realloc
#define heap_prepare once_prepare
#include "musl/heap.c"
#undef malloc
#undef free
#undef calloc
#undef realloc

#define BLOCKS 5000

static size_t size_of(size_t number)
{
    return number % 100 == 99 ? 40000 : number * 7 % 300;
}

static void blocks_are_aligned_and_keep_what_is_in_them(void)
{
    static unsigned char *blocks[BLOCKS];

    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = once_malloc(size_of(i));
        if (!CHECK(blocks[i] != NULL) ||
            !CHECK_INT((long long)((uintptr_t)blocks[i] % alignof(max_align_t)), 0))
            return;
        memset(blocks[i], (int)(i % 251), size_of(i));
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < size_of(i); j++) {
            if (blocks[i][j] != i % 251) {
                CHECK_INT(blocks[i][j], (int)(i % 251));
                return;
            }
        }
    }
}

static void what_was_freed_is_nobody_elses(void)
{
    char *freed = once_malloc(100);
    char *next_one;

    memset(freed, 'x', 100);
    once_free(freed);
    once_free(NULL);
    next_one = once_calloc(4, 25);
    CHECK(next_one >= freed + 100 || next_one + 100 <= freed);
    for (int i = 0; i < 100; i++)
        CHECK_INT(next_one[i], 0);
}

static void growing_keeps_the_contents(void)
{
    char *block = once_realloc(NULL, 10);
    char *longer;

    memcpy(block, "123456789", 10);
    CHECK(once_realloc(block, 3) == block);
    longer = once_realloc(block, 100000);
    CHECK_TEXT(longer, "123456789");
}

static void a_block_may_be_larger_than_a_chunk(void)
{
    unsigned char *block = once_malloc((size_t)3 * CHUNK_BYTES);

    if (!CHECK(block != NULL))
        return;
    block[0] = block[3 * CHUNK_BYTES - 1] = 1;
    CHECK(once_malloc(1) != NULL);
}

static void what_cannot_be_had_is_refused(void)
{
    static const size_t too_much[] = {SIZE_MAX, PTRDIFF_MAX, (size_t)1 << 62};
    char *block = once_malloc(10);

    for (size_t i = 0; i < sizeof too_much / sizeof too_much[0]; i++) {
        errno = 0;
        CHECK(once_malloc(too_much[i]) == NULL);
        CHECK_INT(errno, ENOMEM);
        CHECK(once_realloc(block, too_much[i]) == NULL);
    }
    errno = 0;
    CHECK(once_calloc(SIZE_MAX / 2 + 1, 2) == NULL);
    CHECK_INT(errno, ENOMEM);
}

static void room_that_was_prepared_is_there(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = (size_t)300 * 1024;
    unsigned char resident = 0;
    uintptr_t last;

    once_prepare(bytes);
    last = (uintptr_t)once_malloc(bytes - 1024) + bytes - 2048;
    CHECK(mincore((void *)(last / page * page), page, &resident) == 0);
    CHECK_INT(resident & 1, 1);
}

static const struct tap_test tests[] = {
    {"blocks are aligned and keep what is in them", blocks_are_aligned_and_keep_what_is_in_them},
    {"what was freed is nobody else's, and calloc gives zeros", what_was_freed_is_nobody_elses},
    {"growing keeps the contents", growing_keeps_the_contents},
    {"a block may be larger than a chunk", a_block_may_be_larger_than_a_chunk},
    {"what cannot be had is refused", what_cannot_be_had_is_refused},
    {"room that was prepared is there before it is used", room_that_was_prepared_is_there},
};

TAP_MAIN(tests)
