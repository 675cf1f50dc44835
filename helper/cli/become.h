/*
 * Who the commands are when they touch configuration, cache or AWS: the same user as a login's
 * helper, so that what works here works there, and nothing in the cache belongs to root.
 */
#ifndef SSMENV_CLI_BECOME_H
#define SSMENV_CLI_BECOME_H

#include <sys/types.h>

#include "common/error.h"

/* Root becomes _ssmenv for good, with the cache folder made before; anybody else stays who they
 * are, as the helper of a host that is not root does. *owner: who besides root may own
 * configuration and credentials (see config/config.h). The process must end when this fails. */
bool become_helper_user(uid_t *owner, struct error *error);

/* _ssmenv's ids, none of them 0. */
bool find_helper_user(uid_t *uid, gid_t *gid, struct error *error);

#endif
