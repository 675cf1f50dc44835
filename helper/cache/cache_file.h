/*
 * A file of the cache folder, read and replaced as a whole. Whoever reads one sees the old or the
 * new contents, never half of them. Only files of this user are read, and no link is followed.
 */
#ifndef SSMENV_CACHE_CACHE_FILE_H
#define SSMENV_CACHE_CACHE_FILE_H

#include "common/buffer.h"
#include "common/error.h"

enum cache_file {
    CACHE_FILE_READ,
    CACHE_FILE_ABSENT,
    CACHE_FILE_BROKEN, /* the error says why */
};

/* At most limit bytes. */
enum cache_file cache_file_read(int folder, const char *name, size_t limit, struct buffer *bytes,
                                struct error *error);

/* next: the name of the file until it is whole; nobody else may write one of this name meanwhile.
 */
bool cache_file_replace(int folder, const char *name, const char *next, const struct buffer *bytes,
                        struct error *error);

#endif
