/*
 * A file that holds one token: of a web identity, or for the endpoint of a container. Kubernetes
 * puts a new one there now and then, as the target of a symlink, so it is read at each fetch, and
 * the symlink is followed; the file itself must belong to root and not be writable by others.
 */
#ifndef SSMENV_AWS_TOKEN_FILE_H
#define SSMENV_AWS_TOKEN_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"

/* The token on the heap, or NULL. One line break at the end is the file's; any other byte that a
 * header cannot have is an error. owner: who may own the file besides root. */
char *token_file_read(const char *path, uid_t owner, struct error *error);

#endif
