/*
 * Every set of values that there is: those that the configuration describes, and those that the
 * cache holds.
 *
 * What a login asks of a section depends on which other sections match it: a line that a later
 * section writes again is not fetched. So a section may have several sets. For each section the
 * inventory has those of a login that matches it and, of all others, only the sections without
 * criteria; any other combination is there once a login has used it. A set that depends on the user
 * (%u) is there once its user has used it.
 *
 * A stored set that no section can ask for, whichever others match, is described by none.
 */
#ifndef SSMENV_CLI_INVENTORY_H
#define SSMENV_CLI_INVENTORY_H

#include "cache/folder.h"
#include "config/config.h"
#include "config/section.h"

struct known_set {
    char *key;
    struct set_key parts;
    char *user; /* "": it is the same for everybody */
    const struct section *
        *sections;        /* those that can ask for it; borrowed from the configuration */
    size_t section_count; /* 0: the configuration does not describe it any more */
    bool stored;          /* the rest means nothing otherwise */
    struct store store;
    uint64_t unused_ms;
};

struct inventory {
    struct known_set *items;
    size_t count;
};

#define INVENTORY_INIT ((struct inventory){0})

/* Whoever is meant where the user makes no difference. */
#define ANY_USER "nobody"

/* folder: of the cache. owner: as in config_load(). False: the folder cannot be read, or memory
 * ended. */
bool inventory_take(struct inventory *inventory, const struct config *config, int folder,
                    uid_t owner, struct error *error);
void inventory_free(struct inventory *inventory);

/* "FILE:LINE" of each of its sections, and whose it is; for messages. */
void known_set_describe(const struct known_set *set, struct buffer *text);

#endif
