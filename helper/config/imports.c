#include <string.h>

#include "common/instance_id.h"

#include "config/resolution.h"
#include "config/variables.h"
#include "ssmenv/names.h"

static const struct value failed = {.state = VALUE_FAILED};
static const struct value unset = {.state = VALUE_UNSET};

struct importing {
    struct resolution *resolution;
    size_t line;
    const struct plan_line *plan_line;
    const char *path; /* ends in /, may hold %i */
};

static void warn(const struct importing *importing, const char *name, const char *parameter,
                 const char *reason)
{
    diagnostics_add(importing->resolution->diagnostics, SEVERITY_WARNING,
                    importing->plan_line->assignment->position, "%s, from %s, is left out: %s",
                    name, parameter, reason);
}

/* /prod/app/log-level below /prod/app/ with the prefix APP_ makes APP_LOG_LEVEL. */
static const char *make_name(const struct importing *importing, const char *rest)
{
    const char *written = importing->plan_line->assignment->name;
    size_t prefix_length = strlen(written) - 1;
    char *name = arena_alloc(&importing->resolution->arena, prefix_length + strlen(rest) + 1);
    char *end = name + prefix_length;

    memcpy(name, written, prefix_length);
    for (; *rest != '\0'; rest++) {
        char c = *rest;

        if (c >= 'a' && c <= 'z')
            *end++ = (char)(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            *end++ = c;
        else
            *end++ = '_';
    }
    return name;
}

/* Why a name is never imported; NULL: it may be. */
static const char *refusal(const char *name)
{
    size_t length = strlen(name);

    if (!name_is_valid(name, length))
        return "it is no name of a variable";
    if (name_is_denied(name, length))
        return "it would change how programs of the session run";
    if (name_is_redirecting(name, length))
        return "it redirects network traffic and is set only by a line of its own";
    return NULL;
}

static void add_imported(const struct importing *importing, const struct imported *imported)
{
    struct resolution *resolution = importing->resolution;
    struct set_state *set = &resolution->sets[importing->plan_line->set];

    name_table_put(&set->by_name, &resolution->arena, imported->name, set->imported_count);
    set->imported =
        arena_grow(&resolution->arena, set->imported, set->imported_count, sizeof *imported);
    set->imported[set->imported_count++] = *imported;
}

/* Two parameters make one name: neither is set. A line that writes the name out settles it. */
static void collide(const struct importing *importing, struct imported *first,
                    const char *parameter)
{
    struct resolution *resolution = importing->resolution;

    if (strcmp(first->parameter, parameter) == 0)
        return;
    first->value = unset;
    if (name_table_find(&resolution->plan->owners, first->name) == NULL)
        diagnostics_add(resolution->diagnostics, SEVERITY_WARNING,
                        importing->plan_line->assignment->position,
                        "%s is left out: both %s and %s make this name", first->name,
                        first->parameter, parameter);
}

static bool take_entry(const struct importing *importing, const struct entry *entry)
{
    struct resolution *resolution = importing->resolution;
    struct set_state *set = &resolution->sets[importing->plan_line->set];
    struct imported imported = {.parameter = entry->name, .line = importing->line};
    const size_t *known;
    const char *reason;
    size_t path_length;

    path_length = instance_id_match_path(importing->path, entry->name);
    if (path_length == 0) {
        warn(importing, "a variable", entry->name, "it does not lie below the imported path");
        return true;
    }
    imported.name = make_name(importing, entry->name + path_length);
    imported.value = (struct value){VALUE_SET, entry->value, strlen(entry->value)};
    reason = refusal(imported.name);
    if (reason != NULL) {
        warn(importing, imported.name, entry->name, reason);
        return true;
    }
    if (imported.value.length > LIMIT_VALUE_BYTES) {
        resolution_fail(resolution, importing->plan_line,
                        importing->plan_line->assignment->position,
                        "parameter %s has %zu bytes, and a value at most %d", entry->name,
                        imported.value.length, LIMIT_VALUE_BYTES);
        return false;
    }
    known = name_table_find(&set->by_name, imported.name);
    if (known != NULL)
        collide(importing, &set->imported[*known], entry->name);
    else
        add_imported(importing, &imported);
    return true;
}

static struct value found_nothing(const struct importing *importing)
{
    const struct assignment *assignment = importing->plan_line->assignment;

    if (assignment->count > 1)
        return unset;
    resolution_fail(
        importing->resolution, importing->plan_line, assignment->alternatives[0].position,
        "no parameter lies below %s; end the line in || unset if that may be so", importing->path);
    return failed;
}

struct value import_line(struct resolution *resolution, size_t line)
{
    const struct plan_line *plan_line = &resolution->plan->lines[line];
    const struct answer *answer = &resolution->answers[plan_line->lookups[0]];
    struct importing importing = {resolution, line, plan_line,
                                  resolution->plan->lookups[plan_line->lookups[0]].name};
    bool whole = true;

    if (answer->state == ANSWER_MISSING || (answer->state == ANSWER_FOUND && answer->count == 0))
        return found_nothing(&importing);
    if (answer->state != ANSWER_FOUND) {
        resolution_fail_answer(resolution, plan_line,
                               plan_line->assignment->alternatives[0].position,
                               &resolution->plan->lookups[plan_line->lookups[0]], answer);
        return failed;
    }
    for (size_t i = 0; i < answer->count; i++)
        whole = take_entry(&importing, &answer->entries[i]) && whole;
    return whole ? (struct value){.state = VALUE_SET} : failed;
}

/* The nearest import above that brings the name. One that failed might have brought it. */
struct value import_find(struct resolution *resolution, size_t line, const char *name,
                         size_t *import)
{
    const struct plan *plan = resolution->plan;

    for (size_t i = line; i-- > 0;) {
        const struct plan_line *candidate = &plan->lines[i];
        const struct set_state *set = &resolution->sets[candidate->set];
        const size_t *known;

        if (!candidate->assignment->import || !import_can_bring(candidate->assignment, name))
            continue;
        *import = i;
        if (resolution->values[i].state == VALUE_FAILED)
            return failed;
        known = name_table_find(&set->by_name, name);
        if (known != NULL && set->imported[*known].line < line)
            return set->imported[*known].value;
    }
    *import = line;
    return unset;
}
