/*
 * What was learnt about an identity (common/keepsake.h), in a file of the cache folder beside the
 * stores: named by a hash of the identity's key, which it repeats, replaced as a whole, private to
 * this user. It is opened by whoever fetches, never by a login whose values are fresh.
 *
 * Whoever comes last wins; there is no lock, since everybody who learns something at the same time
 * learns things that are as good. Files that nobody has replaced for as long as a keepsake can last
 * are removed by whoever writes one.
 */
#ifndef SSMENV_CACHE_KEEPSAKE_STORE_H
#define SSMENV_CACHE_KEEPSAKE_STORE_H

#include "cache/store.h"
#include "common/keepsake.h"

#define KEEPSAKE_SUFFIX ".identity"

/* On STORE_LOADED the caller owns keepsake, whose life is what is left of it now; else it is empty.
 * A damaged file is removed. key: as for a set, all that decides whose the keepsake is. */
enum store_load keepsake_load(struct keepsake *keepsake, int folder, const char *key,
                              store_clock *now, struct error *error);
bool keepsake_save(const struct keepsake *keepsake, int folder, const char *key, store_clock *now,
                   struct error *error);
void keepsake_forget(int folder, const char *key);

#endif
