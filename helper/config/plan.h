/*
 * What one login gets, in two steps around the fetch.
 *
 * plan_build() picks the sections that match the login, decides which section owns each name, and
 * lists the lookups that are needed, set by set, each once in its set. Nothing was fetched until
 * then. The caller obtains one answer per lookup, in the same order. plan_resolve() then evaluates
 * the sets.
 *
 * A section that matches is a set: it is set as a whole or left out as a whole. A text in one set
 * that names a variable of an earlier one joins the two: they fail together.
 *
 * Who owns a name: the last matching section that writes it out; the lines of other sections are
 * not fetched unless a needed text names them. A name that no matching section writes out belongs
 * to the last one whose import brings it, which is known only after the fetch. If the owner's set
 * fails, the name is absent.
 *
 * A plan borrows from its config, which must outlive it. plan_free() may be called twice.
 */
#ifndef SSMENV_CONFIG_PLAN_H
#define SSMENV_CONFIG_PLAN_H

#include "common/exchange.h"
#include "common/reply.h"
#include "config/config.h"
#include "config/diagnostics.h"
#include "config/name_table.h"
#include "config/section.h"

struct login {
    const char *user;    /* the session's user; for su and sudo the target */
    const char *service; /* the PAM service */
    /* Whether a group of the user matches the pattern. Asked only where a section names groups and
     * its other criteria hold. NULL: the user is in no group. */
    bool (*in_group)(const struct login *login, const char *pattern);
    /* Not NULL: decides which sections match, in the place of their criteria. For who wants to know
     * what there is, not what one login gets. */
    bool (*selects)(const struct login *login, const struct section *section);
    void *context;
};

struct environment {
    struct variable *variables;
    size_t *lines; /* for each variable, the line of the plan that it comes from */
    size_t count;
};

#define ENVIRONMENT_INIT ((struct environment){0})

/* Where the value of a variable that a text names comes from. */
enum source_kind {
    SOURCE_LINE,    /* the nearest line above that writes it */
    SOURCE_IMPORTS, /* no line, but imports above may bring it */
    SOURCE_NOWHERE, /* written only in sections that do not match: unset */
};

struct source {
    enum source_kind kind;
    size_t line; /* of SOURCE_LINE: index into the plan's lines */
};

struct plan_line {
    const struct assignment *assignment;
    size_t set;
    bool owns;              /* the name's value is this line's */
    bool needed;            /* owns, is an import, or is named by a needed text */
    size_t *lookups;        /* needed lines: for each alternative, an index into the lookups */
    struct source *sources; /* for each variable that its texts name, in order */
    size_t source_count;
};

struct plan_set {
    const struct section *section;
    size_t first_line;
    size_t line_count;
    size_t first_lookup; /* its lookups lie together in the plan's */
    size_t lookup_count;
    bool failed; /* already while planning; its error was reported */
};

struct plan {
    struct lookup *lookups;
    size_t lookup_count;
    struct plan_set *sets; /* in the order of the files */
    size_t set_count;
    struct plan_line *lines;
    size_t line_count;
    struct name_table owners; /* names that are written out, with their lines */
    struct arena arena;       /* all that the above points to */
};

#define PLAN_INIT ((struct plan){0})

/* A set that cannot be asked for (a user that cannot stand in a name, too many lookups) adds an
 * error and fails, the others stand. False when the login itself is unusable. */
bool plan_build(struct plan *plan, const struct config *config, const struct login *login,
                struct diagnostics *diagnostics);

/* answers has plan->lookup_count elements. Sets that succeed go into environment; each set that
 * fails adds an error, each import name left out a warning. Returns false when a set failed; the
 * others stand in environment all the same. */
bool plan_resolve(const struct plan *plan, const struct answer *answers,
                  struct environment *environment, struct diagnostics *diagnostics);

/* Whether what the set asks for depends on the user, by %u. */
bool plan_set_names_user(const struct plan *plan, const struct plan_set *set);

void plan_free(struct plan *plan);
void environment_free(struct environment *environment);

#endif
