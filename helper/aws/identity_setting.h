/*
 * The settings of an identity: the keys that are written under [aws], as the helper sent them.
 */
#ifndef SSMENV_AWS_IDENTITY_SETTING_H
#define SSMENV_AWS_IDENTITY_SETTING_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/exchange.h"

/* The section that the settings stand in, for errors that name a key of it: aws, or aws NAME. */
const char *identity_section(const struct identity *settings);

/* The value, borrowed, or NULL. */
const char *identity_setting(const struct identity *settings, const char *key);

/* The value of a yes-or-no key; no where it is not written. */
bool identity_setting_is_yes(const struct identity *settings, const char *key, bool *yes,
                             struct error *error);

/* Who may own a file that we believe, besides root; 0 for nobody else. That is this process's own
 * user only where the helper says so with trust_uid, which it does on a host that does not run as
 * root: elsewhere this user is the one that must not be able to choose what it reads. The language
 * of ssmenv.conf has no such key. */
uid_t identity_trusted_uid(const struct identity *settings);

#endif
