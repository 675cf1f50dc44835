/*
 * What was kept of an identity (common/keepsake.h), from the fetcher's side: whether it belongs to
 * the sources that would be asked now, the credentials in it, and what is to be kept from now on.
 */
#ifndef SSMENV_AWS_KEPT_H
#define SSMENV_AWS_KEPT_H

#include "aws/clock.h"
#include "aws/credentials.h"
#include "common/keepsake.h"

/* Stores what tells this source from any other, with everything that it would be asked with, as
 * hexadecimal digits: a changed role, token or command is another source. metadata_url: where the
 * instance would be asked. False when memory ends. */
bool kept_origin(const struct credential_source *source, const char *metadata_url,
                 char origin[KEEPSAKE_ORIGIN_BYTES + 1]);

/* The credentials of the keepsake; false when it has none, or memory ends. */
bool kept_credentials(const struct keepsake *kept, const struct clock *clock,
                      struct credentials *credentials);

/* Puts credentials into the keepsake, if they are temporary and last long enough to be kept, and
 * sets its life: what else is in it does not change as long as the instance runs. False when memory
 * ends. */
bool kept_put_credentials(struct keepsake *keepsake, const struct credentials *credentials,
                          const struct clock *clock);

#endif
