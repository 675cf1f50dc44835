#include "login_sets.h"

struct cache_policy login_policy(const struct config *config)
{
    return (struct cache_policy){.ttl_ms = config->cache.ttl_ms,
                                 .max_stale_ms = config->cache.max_stale_ms,
                                 .retry_after_ms = config->cache.retry_after_ms,
                                 .keep_denied = config->cache.on_denied == ON_DENIED_STALE};
}

static bool is_personal(const struct plan *plan, const struct plan_set *set,
                        const struct identities *identities)
{
    return identities->items[set->section->identity].names_user || plan_set_names_user(plan, set);
}

size_t login_sets(const struct plan *plan, const struct identities *identities,
                  struct answer *answers, struct cache_set *sets)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->set_count; i++) {
        const struct plan_set *set = &plan->sets[i];

        if (set->lookup_count > 0)
            sets[count++] = (struct cache_set){
                .identity = identities_key(identities, set->section->identity),
                .user = is_personal(plan, set, identities) ? identities->user : "",
                .lookups = plan->lookups + set->first_lookup,
                .answers = answers + set->first_lookup,
                .count = set->lookup_count};
    }
    return count;
}
