#include "config/constants.h"

void constants_put(struct constants *constants, struct arena *arena, struct constant constant,
                   struct diagnostics *diagnostics)
{
    const size_t *index = name_table_find(&constants->by_name, constant.name);

    if (index != NULL) {
        struct constant *earlier = &constants->items[*index];

        if (earlier->position.file == constant.position.file)
            diagnostics_add(diagnostics, SEVERITY_ERROR, constant.position,
                            "%s is already written on line %u", constant.name,
                            earlier->position.line);
        *earlier = constant;
        return;
    }
    constants->items =
        arena_grow(arena, constants->items, constants->count, sizeof *constants->items);
    name_table_put(&constants->by_name, arena, constant.name, constants->count);
    constants->items[constants->count++] = constant;
}

const struct constant *constants_find(const struct constants *constants, const char *name)
{
    const size_t *index = name_table_find(&constants->by_name, name);

    return index != NULL ? &constants->items[*index] : NULL;
}
