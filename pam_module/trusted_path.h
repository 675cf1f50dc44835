/*
 * Whether a program may be started by root: nobody else may be able to replace it.
 *
 * Symlinks are resolved first. Then the file must be a regular one, owned by root (or by the
 * caller's own euid, when that is not 0) and not writable by group or others; and so must every
 * folder above it, up to the root folder. A sticky folder of root's, such as /tmp, passes: what
 * belongs to root in there cannot be replaced by others. A POSIX ACL that grants somebody writing
 * shows in the group's bits, so it is covered (acl(5), "Correspondence between ACL entries and file
 * permission bits").
 */
#ifndef SSMENV_MODULE_TRUSTED_PATH_H
#define SSMENV_MODULE_TRUSTED_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "fault.h"

/* Returns the resolved path, which the caller frees, or NULL with a fault. euid: the caller's. */
char *trusted_path_resolve(const char *path, uid_t euid, struct fault *fault);

#endif
