/*
 * The lookups of a plan, set by set: two of one set that agree in kind, name and member are one.
 * Different sets share none, since each is fetched and kept as a whole; all lookups of a set are
 * made under the identity of its section.
 */
#ifndef SSMENV_CONFIG_LOOKUPS_H
#define SSMENV_CONFIG_LOOKUPS_H

#include "common/exchange.h"
#include "config/arena.h"
#include "config/name_table.h"

struct lookups {
    struct lookup *items;
    size_t count;
    struct name_table by_key;
};

/* What is added from now on belongs to another set. */
void lookups_begin_set(struct lookups *lookups);

/* The index of this lookup, added if it is new. False when there would be more than
 * LIMIT_LOOKUPS. Its texts are borrowed. */
bool lookups_add(struct lookups *lookups, struct arena *arena, struct lookup lookup, size_t *index);

#endif
