#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/list.h"
#include "config/resolution.h"
#include "ssmenv/limits.h"

const char *lookup_kind_name(enum lookup_kind kind)
{
    static const char *const names[] = {[LOOKUP_PARAMETER] = "parameter",
                                        [LOOKUP_CHILDREN] = "path",
                                        [LOOKUP_SUBTREE] = "path",
                                        [LOOKUP_SECRET] = "secret"};

    return names[kind];
}

/* --- reporting --- */

void resolution_fail(struct resolution *resolution, const struct plan_line *line,
                     struct position position, const char *format, ...)
{
    char text[LIMIT_MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    resolution->sets[line->set].failed = true;
    diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, position, "%s: %s",
                    line->assignment->name, text);
}

static bool was_reported(struct resolution *resolution, const char *words)
{
    for (size_t i = 0; i < resolution->reported_count; i++) {
        if (strcmp(resolution->reported[i], words) == 0)
            return true;
    }
    if (resolution->reported_count < DIAGNOSTICS_MAX)
        resolution->reported[resolution->reported_count++] = words;
    return false;
}

void resolution_fail_answer(struct resolution *resolution, const struct plan_line *line,
                            struct position position, const struct lookup *lookup,
                            const struct answer *answer)
{
    const char *words =
        answer->error != NULL && answer->error[0] != '\0' && answer->state != ANSWER_FOUND
            ? answer->error
            : "the answer is damaged";

    resolution->sets[line->set].failed = true;
    if (was_reported(resolution, words))
        return;
    if (strstr(words, lookup->name) != NULL)
        resolution_fail(resolution, line, position, "%s", words);
    else
        resolution_fail(resolution, line, position, "%s %s: %s", lookup_kind_name(lookup->kind),
                        lookup->name, words);
}

/* --- sets that fail together --- */

static size_t first_joined(struct resolution *resolution, size_t set)
{
    while (resolution->sets[set].joined_to != set) {
        struct set_state *state = &resolution->sets[set];

        state->joined_to = resolution->sets[state->joined_to].joined_to;
        set = state->joined_to;
    }
    return set;
}

void resolution_join(struct resolution *resolution, size_t set, size_t other)
{
    size_t a = first_joined(resolution, set);
    size_t b = first_joined(resolution, other);

    if (a < b)
        resolution->sets[b].joined_to = a;
    else
        resolution->sets[a].joined_to = b;
}

static void join_by_texts(struct resolution *resolution)
{
    const struct plan *plan = resolution->plan;

    for (size_t i = 0; i < plan->line_count; i++) {
        const struct plan_line *line = &plan->lines[i];

        for (size_t j = 0; line->needed && j < line->source_count; j++) {
            if (line->sources[j].kind == SOURCE_LINE)
                resolution_join(resolution, line->set, plan->lines[line->sources[j].line].set);
        }
    }
}

/* Chains the members of each group behind its first one, in order. */
static void chain_joined(struct resolution *resolution)
{
    size_t count = resolution->plan->set_count;
    size_t *last = arena_alloc(&resolution->arena, count * sizeof *last);

    for (size_t i = 0; i < count; i++) {
        size_t first = first_joined(resolution, i);

        resolution->sets[i].next_joined = i;
        if (first != i)
            resolution->sets[last[first]].next_joined = i;
        last[first] = i;
    }
}

/* --- evaluation --- */

static void evaluate_set(struct resolution *resolution, size_t set)
{
    const struct plan_set *plan_set = &resolution->plan->sets[set];
    struct set_state *state = &resolution->sets[set];

    resolution->reported_count = 0;
    state->failed = plan_set->failed;
    for (size_t i = plan_set->first_line; i < plan_set->first_line + plan_set->line_count; i++) {
        const struct plan_line *line = &resolution->plan->lines[i];

        if (plan_set->failed)
            resolution->values[i].state = VALUE_FAILED;
        else if (line->needed)
            resolution->values[i] = line->assignment->import ? import_line(resolution, i)
                                                             : evaluate_line(resolution, i);
    }
}

static void evaluate(struct resolution *resolution)
{
    const struct plan *plan = resolution->plan;

    resolution->values =
        arena_alloc(&resolution->arena, plan->line_count * sizeof *resolution->values);
    resolution->sets = arena_alloc(&resolution->arena, plan->set_count * sizeof *resolution->sets);
    for (size_t i = 0; i < plan->set_count; i++)
        resolution->sets[i].joined_to = i;
    join_by_texts(resolution);
    for (size_t i = 0; i < plan->set_count; i++)
        evaluate_set(resolution, i);
    chain_joined(resolution);
}

/* --- the environment --- */

struct assembling {
    struct resolution *resolution;
    struct environment *environment;
    size_t bytes;                    /* of "NAME=VALUE" and its NUL, of all variables */
    struct name_table import_owners; /* of imported names: the last set that brings them */
};

static void find_import_owners(struct assembling *assembling)
{
    struct resolution *resolution = assembling->resolution;

    for (size_t i = 0; i < resolution->plan->set_count; i++) {
        const struct set_state *set = &resolution->sets[i];

        for (size_t j = 0; j < set->imported_count; j++)
            name_table_put(&assembling->import_owners, &resolution->arena, set->imported[j].name,
                           i);
    }
}

/* Makes room for one more variable. */
static bool grow(struct environment *environment)
{
    struct variable *variables =
        list_grow(environment->variables, environment->count, sizeof *variables);
    size_t *lines = NULL;

    if (variables != NULL) {
        environment->variables = variables;
        lines = list_grow(environment->lines, environment->count, sizeof *lines);
    }
    if (lines != NULL)
        environment->lines = lines;
    return lines != NULL;
}

static bool put(struct assembling *assembling, size_t line, const char *name,
                const struct value *value)
{
    struct environment *environment = assembling->environment;
    struct variable variable = {text_copy(name), text_copy_bytes(value->text, value->length)};

    if (variable.name == NULL || variable.value == NULL || !grow(environment)) {
        text_free(variable.name);
        text_free(variable.value);
        return false;
    }
    environment->lines[environment->count] = line;
    environment->variables[environment->count++] = variable;
    assembling->bytes += strlen(name) + 1 + value->length + 1;
    return true;
}

static bool put_within_limits(struct assembling *assembling, size_t line, const char *name,
                              const struct value *value)
{
    const struct plan_line *plan_line = &assembling->resolution->plan->lines[line];
    struct position position = plan_line->assignment->position;

    if (assembling->environment->count == LIMIT_VARIABLES)
        diagnostics_add(assembling->resolution->diagnostics, SEVERITY_ERROR, position,
                        "%s: a login gets at most %d variables", name, LIMIT_VARIABLES);
    else if (strlen(name) + 1 + value->length + 1 > LIMIT_ENVIRONMENT_BYTES - assembling->bytes)
        diagnostics_add(assembling->resolution->diagnostics, SEVERITY_ERROR, position,
                        "%s: all variables of a login together have at most %d bytes", name,
                        LIMIT_ENVIRONMENT_BYTES);
    else if (!put(assembling, line, name, value))
        diagnostics_add(assembling->resolution->diagnostics, SEVERITY_ERROR, position,
                        "%s: out of memory", name);
    else
        return true;
    assembling->resolution->sets[plan_line->set].failed = true;
    return false;
}

static bool put_imported(struct assembling *assembling, size_t set)
{
    const struct resolution *resolution = assembling->resolution;
    const struct set_state *state = &resolution->sets[set];

    for (size_t i = 0; i < state->imported_count; i++) {
        const struct imported *imported = &state->imported[i];

        if (imported->value.state != VALUE_SET ||
            name_table_find(&resolution->plan->owners, imported->name) != NULL ||
            *name_table_find(&assembling->import_owners, imported->name) != set)
            continue;
        if (!put_within_limits(assembling, imported->line, imported->name, &imported->value))
            return false;
    }
    return true;
}

static bool put_set(struct assembling *assembling, size_t set)
{
    const struct resolution *resolution = assembling->resolution;
    const struct plan_set *plan_set = &resolution->plan->sets[set];

    for (size_t i = plan_set->first_line; i < plan_set->first_line + plan_set->line_count; i++) {
        const struct plan_line *line = &resolution->plan->lines[i];

        if (line->owns && resolution->values[i].state == VALUE_SET &&
            !put_within_limits(assembling, i, line->assignment->name, &resolution->values[i]))
            return false;
    }
    return put_imported(assembling, set);
}

static void take_back(struct assembling *assembling, size_t count, size_t bytes)
{
    struct environment *environment = assembling->environment;

    while (environment->count > count) {
        struct variable *last = &environment->variables[--environment->count];

        text_free(last->name);
        text_free(last->value);
    }
    assembling->bytes = bytes;
}

/* The failed set of a group of joined ones, or the number of sets. */
static size_t find_failed(const struct resolution *resolution, size_t first)
{
    size_t set = first;

    while (!resolution->sets[set].failed) {
        if (resolution->sets[set].next_joined == set)
            return resolution->plan->set_count;
        set = resolution->sets[set].next_joined;
    }
    return set;
}

/* Each set that fails adds an error, also those that only follow another. */
static void report_joined(struct resolution *resolution, size_t first, size_t failed)
{
    const struct plan_set *sets = resolution->plan->sets;
    struct position cause = sets[failed].section->position;
    size_t set = first;

    for (;;) {
        if (!resolution->sets[set].failed)
            diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, sets[set].section->position,
                            "this section is left out with the one at %s:%u: a text joins them, "
                            "and that one failed",
                            cause.file, cause.line);
        if (resolution->sets[set].next_joined == set)
            return;
        set = resolution->sets[set].next_joined;
    }
}

/* Puts a group of joined sets, as a whole or not at all. */
static bool put_joined(struct assembling *assembling, size_t first)
{
    struct resolution *resolution = assembling->resolution;
    size_t count = assembling->environment->count;
    size_t bytes = assembling->bytes;
    size_t failed = find_failed(resolution, first);
    size_t set = first;

    while (failed == resolution->plan->set_count && put_set(assembling, set) &&
           resolution->sets[set].next_joined != set)
        set = resolution->sets[set].next_joined;
    failed = find_failed(resolution, first);
    if (failed == resolution->plan->set_count)
        return true;
    take_back(assembling, count, bytes);
    report_joined(resolution, first, failed);
    return false;
}

bool plan_resolve(const struct plan *plan, const struct answer *answers,
                  struct environment *environment, struct diagnostics *diagnostics)
{
    struct resolution resolution = {.plan = plan, .answers = answers, .diagnostics = diagnostics};
    struct assembling assembling = {.resolution = &resolution, .environment = environment};
    bool whole = true;

    *environment = ENVIRONMENT_INIT;
    evaluate(&resolution);
    find_import_owners(&assembling);
    for (size_t i = 0; i < plan->set_count; i++) {
        if (resolution.sets[i].joined_to == i)
            whole = put_joined(&assembling, i) && whole;
    }
    arena_free(&resolution.arena);
    return whole;
}

void environment_free(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        text_free(environment->variables[i].name);
        text_free(environment->variables[i].value);
    }
    free(environment->variables);
    free(environment->lines);
    *environment = ENVIRONMENT_INIT;
}
