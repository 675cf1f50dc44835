/*
 * The constants of [let]: texts that %{NAME} puts into parameter names.
 *
 * Sections of all files merge by name and the later file wins, so no constant is known before the
 * last file was read.
 */
#ifndef SSMENV_CONFIG_CONSTANTS_H
#define SSMENV_CONFIG_CONSTANTS_H

#include "config/arena.h"
#include "config/diagnostics.h"
#include "config/name_table.h"

struct constant {
    const char *name;
    const char *value;
    struct position position;
};

struct constants {
    struct constant *items;
    size_t count;
    struct name_table by_name;
};

/* Reports a second writing of a name in the same file. */
void constants_put(struct constants *constants, struct arena *arena, struct constant constant,
                   struct diagnostics *diagnostics);

/* NULL when there is none of this name. */
const struct constant *constants_find(const struct constants *constants, const char *name);

#endif
