#include "cli/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "config/plan.h"
#include "login_identities.h"
#include "login_sets.h"

struct taking {
    struct inventory *inventory;
    const struct config *config;
    uid_t owner;
    struct error *error;
};

/* --- what sections ask for --- */

static bool has_criteria(const struct section *section)
{
    return section->users.count > 0 || section->groups.count > 0 || section->services.count > 0;
}

static bool select_alone(const struct login *login, const struct section *section)
{
    return section == login->context;
}

static bool select_with_common(const struct login *login, const struct section *section)
{
    return section == login->context || !has_criteria(section);
}

/* What cannot be asked for this user fails its set; a login would say so. */
static bool plan_section(struct plan *plan, const struct config *config, const char *user,
                         bool (*selects)(const struct login *, const struct section *),
                         const struct section *section)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct login login = {
        .user = user, .service = "", .selects = selects, .context = (void *)(uintptr_t)section};
    bool ok = plan_build(plan, config, &login, &diagnostics);

    diagnostics_free(&diagnostics);
    return ok;
}

static bool has_lookup(const struct plan *plan, const struct lookup *wanted)
{
    for (size_t i = 0; i < plan->lookup_count; i++) {
        const struct lookup *lookup = &plan->lookups[i];

        if (lookup->kind == wanted->kind && strcmp(lookup->name, wanted->name) == 0 &&
            strcmp(lookup->member, wanted->member) == 0)
            return true;
    }
    return false;
}

/* A section by itself asks for all that it can ever ask for. */
static bool can_ask(const struct config *config, const struct identities *identities,
                    const struct section *section, const struct set_key *parts)
{
    struct plan plan = PLAN_INIT;
    bool can = strcmp(identities_key(identities, section->identity), parts->identity) == 0 &&
               plan_section(&plan, config, identities->user, select_alone, section);

    for (size_t i = 0; can && i < parts->count; i++)
        can = has_lookup(&plan, &parts->lookups[i]);
    plan_free(&plan);
    return can;
}

static bool find_sections(const struct taking *taking, struct known_set *set)
{
    const char *user = *set->user != '\0' ? set->user : ANY_USER;
    const struct config *config = taking->config;
    struct identities identities;
    bool ok = identities_make(&identities, config, user, taking->owner);

    set->sections = calloc(config->section_count + 1, sizeof *set->sections);
    ok = ok && set->sections != NULL;
    for (size_t i = 0; ok && i < config->section_count; i++) {
        if (can_ask(config, &identities, &config->sections[i], &set->parts))
            set->sections[set->section_count++] = &config->sections[i];
    }
    for (size_t i = 0; ok && set->section_count > 0 && i < set->parts.count; i++)
        set->parts.lookups[i].identity = set->sections[0]->identity;
    identities_free(&identities);
    return ok || error_set(taking->error, "out of memory");
}

/* --- gathering --- */

static struct known_set *find_set(const struct inventory *inventory, const char *key)
{
    for (size_t i = 0; i < inventory->count; i++) {
        if (strcmp(inventory->items[i].key, key) == 0)
            return &inventory->items[i];
    }
    return NULL;
}

/* Takes over key and parts. */
static struct known_set *add_set(const struct taking *taking, char *key, struct set_key parts,
                                 const char *user)
{
    struct inventory *inventory = taking->inventory;
    struct known_set set = {.key = key, .parts = parts, .user = text_copy(user)};
    struct known_set *grown =
        realloc(inventory->items, (inventory->count + 1) * sizeof *inventory->items);

    if (grown != NULL)
        inventory->items = grown;
    if (grown == NULL || set.user == NULL) {
        text_free(key);
        set_key_free(&parts);
        text_free(set.user);
        error_set(taking->error, "out of memory");
        return NULL;
    }
    grown[inventory->count] = set;
    return find_sections(taking, &grown[inventory->count++]) ? &grown[inventory->count - 1] : NULL;
}

static bool add_described(const struct taking *taking, const struct cache_set *set)
{
    struct buffer text = BUFFER_INIT;
    struct set_key parts;
    bool ok = true;

    set_key_write(set->identity, set->lookups, set->count, &text);
    if (buffer_failed(&text))
        ok = error_set(taking->error, "out of memory");
    else if (*set->user == '\0' && find_set(taking->inventory, buffer_text(&text)) == NULL)
        ok = (set_key_read(buffer_text(&text), &parts) ||
              error_set(taking->error, "out of memory")) &&
             add_set(taking, text_copy(buffer_text(&text)), parts, "") != NULL;
    buffer_free(&text);
    return ok;
}

static bool add_sets_of(const struct taking *taking, const struct identities *identities,
                        const struct section *section)
{
    struct plan plan = PLAN_INIT;
    struct cache_set *sets = NULL;
    struct answer *answers = NULL;
    size_t count = 0;
    bool ok = true;

    if (plan_section(&plan, taking->config, ANY_USER, select_with_common, section)) {
        sets = calloc(plan.set_count + 1, sizeof *sets);
        answers = calloc(plan.lookup_count + 1, sizeof *answers);
        ok = sets != NULL && answers != NULL;
        count = ok ? login_sets(&plan, identities, answers, sets) : 0;
    }
    for (size_t i = 0; ok && i < count; i++)
        ok = add_described(taking, &sets[i]);
    free(sets);
    free(answers);
    plan_free(&plan);
    return ok || error_is_set(taking->error) || error_set(taking->error, "out of memory");
}

static bool add_all_described(const struct taking *taking)
{
    struct identities identities;
    bool ok = identities_make(&identities, taking->config, ANY_USER, taking->owner);

    if (!ok)
        error_set(taking->error, "out of memory");
    for (size_t i = 0; ok && i < taking->config->section_count; i++)
        ok = add_sets_of(taking, &identities, &taking->config->sections[i]);
    identities_free(&identities);
    return ok;
}

/* A folder_visitor. */
static bool add_stored(void *context, struct stored_set *stored)
{
    const struct taking *taking = context;
    struct known_set *set = find_set(taking->inventory, stored->key);

    if (set == NULL) {
        set = add_set(taking, stored->key, stored->parts, stored->store.user);
        stored->key = NULL;
        stored->parts = SET_KEY_INIT;
    }
    if (set == NULL)
        return false;
    set->stored = true;
    set->store = stored->store;
    set->unused_ms = stored->unused_ms;
    stored->store = (struct store){0};
    return true;
}

bool inventory_take(struct inventory *inventory, const struct config *config, int folder,
                    uid_t owner, struct error *error)
{
    struct taking taking = {
        .inventory = inventory, .config = config, .owner = owner, .error = error};

    *inventory = INVENTORY_INIT;
    return add_all_described(&taking) &&
           folder_visit(folder, cache_now, add_stored, &taking, error);
}

void inventory_free(struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++) {
        struct known_set *set = &inventory->items[i];

        text_free(set->key);
        set_key_free(&set->parts);
        text_free(set->user);
        free(set->sections);
        store_free(&set->store);
    }
    free(inventory->items);
    *inventory = INVENTORY_INIT;
}

void known_set_describe(const struct known_set *set, struct buffer *text)
{
    for (size_t i = 0; i < set->section_count; i++) {
        const struct position *position = &set->sections[i]->position;

        buffer_append_format(text, "%s%s:%u", i > 0 ? ", " : "", position->file, position->line);
    }
    if (set->section_count == 0)
        buffer_append_text(text, "no section");
    if (*set->user != '\0')
        buffer_append_format(text, " for %s", set->user);
}
