#include "config/plan.h"

#include <string.h>

#include "config/lookups.h"
#include "config/reference.h"
#include "config/selection.h"
#include "config/variables.h"
#include "ssmenv/limits.h"

#define NUMBER_(number) #number
#define NUMBER(number)  NUMBER_(number)

struct building {
    struct plan *plan;
    const struct config *config;
    const struct login *login;
    struct diagnostics *diagnostics;
    struct lookups lookups;
    size_t *imports; /* lines that import, above the one being added */
    size_t import_count;
};

/* --- who owns each name, and what texts name --- */

static struct source find_source(const struct building *building, const char *variable)
{
    const size_t *line = name_table_find(&building->plan->owners, variable);

    if (line != NULL)
        return (struct source){SOURCE_LINE, *line};
    for (size_t i = building->import_count; i-- > 0;) {
        const struct plan_line *import = &building->plan->lines[building->imports[i]];

        if (import_can_bring(import->assignment, variable))
            return (struct source){.kind = SOURCE_IMPORTS};
    }
    return (struct source){.kind = SOURCE_NOWHERE};
}

/* The table of owners holds the lines above only, so its entry is the nearest one. */
static void find_sources(struct building *building, struct plan_line *line)
{
    size_t count = 0;

    for (size_t i = 0; i < line->assignment->count; i++) {
        const struct text *text = &line->assignment->alternatives[i].text;

        for (size_t j = 0; j < text->count; j++) {
            if (text->pieces[j].variable == NULL)
                continue;
            line->sources =
                arena_grow(&building->plan->arena, line->sources, count, sizeof *line->sources);
            line->sources[count++] = find_source(building, text->pieces[j].variable);
        }
    }
    line->source_count = count;
}

static void add_line(struct building *building, const struct assignment *assignment, size_t set)
{
    struct plan *plan = building->plan;
    struct plan_line line = {.assignment = assignment, .set = set};

    find_sources(building, &line);
    if (assignment->import) {
        building->imports = arena_grow(&plan->arena, building->imports, building->import_count,
                                       sizeof *building->imports);
        building->imports[building->import_count++] = plan->line_count;
    } else {
        name_table_put(&plan->owners, &plan->arena, assignment->name, plan->line_count);
    }
    plan->lines = arena_grow(&plan->arena, plan->lines, plan->line_count, sizeof line);
    plan->lines[plan->line_count++] = line;
}

static void add_set(struct building *building, const struct section *section)
{
    struct plan *plan = building->plan;
    struct plan_set set = {
        .section = section, .first_line = plan->line_count, .line_count = section->count};

    for (size_t i = 0; i < section->count; i++)
        add_line(building, &section->assignments[i], plan->set_count);
    plan->sets = arena_grow(&plan->arena, plan->sets, plan->set_count, sizeof set);
    plan->sets[plan->set_count++] = set;
}

/* Sources lie above, so one pass from below reaches everything that is needed. */
static void mark_needed(struct plan *plan)
{
    for (size_t i = plan->line_count; i-- > 0;) {
        struct plan_line *line = &plan->lines[i];
        const size_t *owner = name_table_find(&plan->owners, line->assignment->name);

        line->owns = owner != NULL && *owner == i;
        line->needed = line->needed || line->owns || line->assignment->import;
        for (size_t j = 0; line->needed && j < line->source_count; j++) {
            if (line->sources[j].kind == SOURCE_LINE)
                plan->lines[line->sources[j].line].needed = true;
        }
    }
}

/* --- what to look up --- */

static bool plan_mistake(const struct building *building, const struct plan_line *line,
                         const struct alternative *alternative, const char *text)
{
    diagnostics_add(building->diagnostics, SEVERITY_ERROR, alternative->position, "%s: %s",
                    line->assignment->name, text);
    return false;
}

static bool add_lookup(struct building *building, const struct plan_line *line,
                       const struct alternative *alternative, size_t *index)
{
    struct arena *arena = &building->plan->arena;
    const struct reference *reference = alternative->reference;
    char *name = reference->names_user ? reference_name_for(reference, building->login->user, arena)
                                       : arena_copy(arena, reference->name);
    struct lookup lookup;

    if (name == NULL)
        return plan_mistake(building, line, alternative,
                            "%u: the user's name cannot be part of a parameter's name, which has "
                            "only letters, digits and _ . -");
    lookup = (struct lookup){.kind = reference->kind,
                             .identity = building->plan->sets[line->set].section->identity,
                             .name = name,
                             .member = arena_copy(arena, reference->member)};
    if (!lookups_add(&building->lookups, arena, lookup, index))
        return plan_mistake(building, line, alternative,
                            "one login asks for at most " NUMBER(LIMIT_LOOKUPS) " parameters");
    return true;
}

static bool add_line_lookups(struct building *building, struct plan_line *line)
{
    const struct assignment *assignment = line->assignment;

    line->lookups = arena_alloc(&building->plan->arena, assignment->count * sizeof *line->lookups);
    for (size_t i = 0; i < assignment->count; i++) {
        if (assignment->alternatives[i].kind == ALTERNATIVE_PARAMETER &&
            !add_lookup(building, line, &assignment->alternatives[i], &line->lookups[i]))
            return false;
    }
    return true;
}

static bool add_set_lookups(struct building *building, const struct plan_set *set, size_t *needed)
{
    for (size_t i = set->first_line; i < set->first_line + set->line_count; i++) {
        struct plan_line *line = &building->plan->lines[i];

        if (!line->needed)
            continue;
        if (++*needed > LIMIT_LOOKUPS)
            return plan_mistake(building, line, &line->assignment->alternatives[0],
                                "one login needs at most " NUMBER(LIMIT_LOOKUPS) " lines");
        if (!add_line_lookups(building, line))
            return false;
    }
    return true;
}

static void add_lookups(struct building *building)
{
    struct plan *plan = building->plan;
    size_t needed = 0;

    for (size_t i = 0; i < plan->set_count; i++) {
        struct plan_set *set = &plan->sets[i];

        lookups_begin_set(&building->lookups);
        set->first_lookup = building->lookups.count;
        set->failed = !add_set_lookups(building, set, &needed);
        set->lookup_count = set->failed ? 0 : building->lookups.count - set->first_lookup;
    }
    plan->lookups = building->lookups.items;
    plan->lookup_count = building->lookups.count;
}

static bool is_selected(const struct section *section, const struct login *login)
{
    return login->selects != NULL ? login->selects(login, section)
                                  : section_select(section, login).matches;
}

bool plan_build(struct plan *plan, const struct config *config, const struct login *login,
                struct diagnostics *diagnostics)
{
    struct building building = {
        .plan = plan, .config = config, .login = login, .diagnostics = diagnostics};

    *plan = PLAN_INIT;
    if (login->user == NULL || login->user[0] == '\0' || login->service == NULL) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, (struct position){0},
                        "the login has no user or no service");
        return false;
    }
    for (size_t i = 0; i < config->section_count; i++) {
        if (is_selected(&config->sections[i], login))
            add_set(&building, &config->sections[i]);
    }
    mark_needed(plan);
    add_lookups(&building);
    return true;
}

static bool line_names_user(const struct plan_line *line)
{
    for (size_t i = 0; line->needed && i < line->assignment->count; i++) {
        const struct alternative *alternative = &line->assignment->alternatives[i];

        if (alternative->kind == ALTERNATIVE_PARAMETER && alternative->reference->names_user)
            return true;
    }
    return false;
}

bool plan_set_names_user(const struct plan *plan, const struct plan_set *set)
{
    for (size_t i = set->first_line; i < set->first_line + set->line_count; i++) {
        if (line_names_user(&plan->lines[i]))
            return true;
    }
    return false;
}

void plan_free(struct plan *plan)
{
    arena_free(&plan->arena);
    *plan = PLAN_INIT;
}
