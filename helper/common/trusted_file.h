/*
 * Reading a file that decides what happens: configuration, credentials, certificates.
 *
 * The file is opened once, never through a final symlink, never blocking (a FIFO in its place must
 * not hold a login), and judged on the open descriptor: a regular file, owned by root or by owner,
 * none of the mode bits in forbidden set, at most limit bytes. The error says which check failed
 * and the command that mends it.
 */
#ifndef SSMENV_COMMON_TRUSTED_FILE_H
#define SSMENV_COMMON_TRUSTED_FILE_H

#include <sys/types.h>

#include "common/buffer.h"
#include "common/error.h"

enum trusted_file_result {
    TRUSTED_FILE_READ,
    TRUSTED_FILE_ABSENT,  /* ENOENT or ENOTDIR; the error says so too */
    TRUSTED_FILE_REFUSED, /* anything else; the error says what */
};

/* Appends the contents to contents. owner 0 means root only. */
enum trusted_file_result trusted_file_read(const char *path, uid_t owner, mode_t forbidden,
                                           size_t limit, struct buffer *contents,
                                           struct error *error);

#endif
