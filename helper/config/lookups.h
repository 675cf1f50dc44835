/*
 * The lookups of a plan, set by set: two of one set that agree in kind, identity, name and member
 * are one. Different sets share none, since each is fetched and kept as a whole.
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
 * LIMIT_LOOKUPS. name and member are borrowed. */
bool lookups_add(struct lookups *lookups, struct arena *arena, enum lookup_kind kind, char *name,
                 char *member, size_t *index);

#endif
