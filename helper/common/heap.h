/*
 * Room on the heap, made in one step. A program that lives for milliseconds pays for its memory
 * page by page, with a page fault for each; where the amount is known beforehand, one call gets all
 * of it for a fraction (madvise(2), MADV_POPULATE_WRITE, Linux 5.14). Elsewhere nothing happens,
 * and nothing is lost.
 */
#ifndef SSMENV_HEAP_H
#define SSMENV_HEAP_H

#include <stddef.h>

/* To be called before much is allocated. bytes: what the program is about to use; memory that is
 * never used is wasted. */
void heap_prepare(size_t bytes);

#endif
