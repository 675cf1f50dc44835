#include "common/list.h"

#include <stdlib.h>

#define FIRST_ELEMENTS 8 /* a power of two */

void *list_grow(void *list, size_t count, size_t size)
{
    if (count == 0)
        return reallocarray(list, FIRST_ELEMENTS, size);
    if (count < FIRST_ELEMENTS || (count & (count - 1)) != 0)
        return list;
    return reallocarray(list, count, 2 * size);
}
