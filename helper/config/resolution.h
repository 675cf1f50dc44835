/*
 * The evaluation of a plan, between plan_resolve() and its parts.
 *
 * Lines are evaluated from top to bottom: what a text names lies above it, so nothing is evaluated
 * twice and nothing recurses. Values are borrowed from the configuration and the answers, or lie in
 * the resolution's arena, which is wiped.
 */
#ifndef SSMENV_CONFIG_RESOLUTION_H
#define SSMENV_CONFIG_RESOLUTION_H

#include "config/plan.h"

enum value_state {
    VALUE_UNSET, /* not needed, or may be absent and is */
    VALUE_SET,
    VALUE_FAILED, /* the reason was reported */
};

struct value {
    enum value_state state;
    const char *text; /* of VALUE_SET */
    size_t length;
};

/* A name that an import of a set brings. */
struct imported {
    const char *name;
    const char *parameter;
    struct value value; /* VALUE_UNSET: left out */
    size_t line;
};

struct set_state {
    bool failed;
    struct imported *imported;
    size_t imported_count;
    struct name_table by_name; /* of imported */
    size_t joined_to;          /* the first set of those that fail together */
    size_t next_joined;        /* the next one of them; itself: none */
};

struct resolution {
    const struct plan *plan;
    const struct answer *answers;
    struct diagnostics *diagnostics;
    struct arena arena;
    struct value *values; /* of the plan's lines */
    struct set_state *sets;
    const char *reported[DIAGNOSTICS_MAX]; /* what AWS said, in the set being evaluated */
    size_t reported_count;
};

/* What messages call a lookup: parameter, secret or path. */
const char *lookup_kind_name(enum lookup_kind kind);

/* Reports "NAME: …" at the position and fails the line's set. */
void resolution_fail(struct resolution *resolution, const struct plan_line *line,
                     struct position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an answer that is a refusal or a failure. The same words are reported once in a set:
 * when AWS is away, every line says so. */
void resolution_fail_answer(struct resolution *resolution, const struct plan_line *line,
                            struct position position, const struct lookup *lookup,
                            const struct answer *answer);

/* Makes two sets fail together. */
void resolution_join(struct resolution *resolution, size_t set, size_t other);

/* The value of a line's first alternative that exists. */
struct value evaluate_line(struct resolution *resolution, size_t line);

/* Takes over what an import brought; VALUE_FAILED when the set fails. */
struct value import_line(struct resolution *resolution, size_t line);

/* The imported variable that a text of this line means, with the line of the import. */
struct value import_find(struct resolution *resolution, size_t line, const char *name,
                         size_t *import);

#endif
