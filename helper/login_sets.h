/*
 * From a plan to the sets that the cache keeps: what [cache] says becomes the cache's policy, and
 * each set of a plan that has to be fetched becomes one of the cache's.
 */
#ifndef SSMENV_LOGIN_SETS_H
#define SSMENV_LOGIN_SETS_H

#include "cache/cache.h"
#include "config/plan.h"
#include "login_identities.h"

struct cache_policy login_policy(const struct config *config);

/* Fills sets, an array as long as the plan's; returns how many need lookups. answers: one for each
 * of the plan's lookups. Identities and plan were made for the same user. The sets borrow from
 * all of them. */
size_t login_sets(const struct plan *plan, const struct identities *identities,
                  struct answer *answers, struct cache_set *sets);

#endif
