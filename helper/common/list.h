/*
 * Lists that grow by one element at a time. Their room doubles, so that the memory that they leave
 * behind on their way is no more than what they need in the end.
 */
#ifndef SSMENV_COMMON_LIST_H
#define SSMENV_COMMON_LIST_H

#include <stddef.h>

/* Makes room for one more behind count elements of size bytes each. A list begins as NULL with
 * count 0, and grows by nothing else. Returns the list, which may have moved, or NULL, and it stays
 * as it was. Old places are not wiped: for elements that hold no secrets themselves. */
void *list_grow(void *list, size_t count, size_t size);

#endif
