#include "config/identities.h"

#include <stdio.h>
#include <string.h>

#include "config/suggestion.h"
#include "ssmenv/limits.h"

/* NULL is the name of [aws]. Returns count when there is none. */
static size_t find(const struct written_identities *identities, const char *name)
{
    size_t i = 0;

    if (name == NULL)
        return 0;
    for (i = 1; i < identities->count; i++) {
        if (strcmp(identities->items[i].name, name) == 0)
            break;
    }
    return i;
}

static void add(struct written_identities *identities, struct arena *arena,
                struct written_identity identity)
{
    identities->items =
        arena_grow(arena, identities->items, identities->count, sizeof *identities->items);
    identities->items[identities->count++] = identity;
}

void identities_init(struct written_identities *identities, struct arena *arena)
{
    *identities = (struct written_identities){0};
    add(identities, arena, (struct written_identity){0});
}

size_t identities_open(struct written_identities *identities, struct arena *arena,
                       const struct section *section)
{
    size_t index = find(identities, section->identity_name);

    if (index == identities->count)
        add(identities, arena,
            (struct written_identity){.name = section->identity_name,
                                      .position = section->identity_position});
    return index;
}

static void report_unknown(const struct written_identities *identities,
                           const struct section *section, struct diagnostics *diagnostics)
{
    struct suggestion suggestion = suggestion_for(section->identity_name);

    for (size_t i = 1; i < identities->count && !diagnostics_are_full(diagnostics); i++)
        suggestion_offer(&suggestion, identities->items[i].name);
    diagnostics_add(diagnostics, SEVERITY_ERROR, section->identity_position,
                    "there is no section [aws %s]%s%s%s", section->identity_name,
                    suggestion.best != NULL ? "; did you mean " : "",
                    suggestion.best != NULL ? suggestion.best : "",
                    suggestion.best != NULL ? "?" : "");
}

static char *section_name(const struct written_identity *identity, struct arena *arena)
{
    char name[LIMIT_SECTION_BYTES];

    snprintf(name, sizeof name, "aws%s%s", identity->name != NULL ? " " : "",
             identity->name != NULL ? identity->name : "");
    return arena_copy(arena, name);
}

void identities_finish(const struct written_identities *identities, struct config *config,
                       struct diagnostics *diagnostics)
{
    if (identities->count > LIMIT_IDENTITIES)
        diagnostics_add(diagnostics, SEVERITY_ERROR, identities->items[LIMIT_IDENTITIES].position,
                        "there are at most %d identities, [aws] included", LIMIT_IDENTITIES);
    config->identities =
        arena_alloc(&config->arena, identities->count * sizeof *config->identities);
    config->identity_count = identities->count;
    for (size_t i = 0; i < identities->count; i++) {
        config->identities[i].section = section_name(&identities->items[i], &config->arena);
        settings_to_identity(&identities->items[i].settings, &config->arena, &config->identities[i],
                             diagnostics);
    }
    for (size_t i = 0; i < config->section_count; i++) {
        struct section *section = &config->sections[i];
        size_t index = find(identities, section->identity_name);

        if (index == identities->count)
            report_unknown(identities, section, diagnostics);
        else
            section->identity = (uint16_t)index;
    }
}
