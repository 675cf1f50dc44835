#include "config/variables.h"

#include <string.h>

#include "config/name_table.h"
#include "config/suggestion.h"

/* Lines are numbered through all sections, so that "above" is "smaller". */
struct checking {
    const struct config *config;
    struct diagnostics *diagnostics;
    struct arena arena;
    struct name_table first_line; /* of each name: the number of the first line that writes it */
    const struct assignment **imports; /* above the line being checked */
    size_t import_count;
    size_t line;        /* the number of the line being checked */
    size_t section_end; /* the number of the next section's first line */
};

static void collect_names(struct checking *checking)
{
    const struct config *config = checking->config;
    size_t line = 0;

    for (size_t i = 0; i < config->section_count; i++) {
        const struct section *section = &config->sections[i];

        for (size_t j = 0; j < section->count; j++, line++) {
            const struct assignment *assignment = &section->assignments[j];

            if (!assignment->import &&
                name_table_find(&checking->first_line, assignment->name) == NULL)
                name_table_put(&checking->first_line, &checking->arena, assignment->name, line);
        }
    }
}

bool import_can_bring(const struct assignment *import, const char *name)
{
    size_t prefix_length = strlen(import->name) - 1;

    return strncmp(import->name, name, prefix_length) == 0 && name[prefix_length] != '\0';
}

static bool is_within_import(const struct checking *checking, const char *name)
{
    for (size_t i = checking->import_count; i-- > 0;) {
        if (import_can_bring(checking->imports[i], name))
            return true;
    }
    return false;
}

/* The name itself is not shown: a text may be a password with a ${ in it. */
static void report_unknown(const struct checking *checking, const struct piece *piece)
{
    struct suggestion suggestion = suggestion_for(piece->variable);
    const struct name_table *names = &checking->first_line;
    bool shown = !diagnostics_are_full(checking->diagnostics);

    for (size_t i = 0; shown && i < names->capacity; i++) {
        if (names->slots[i].name != NULL && names->slots[i].value < checking->line)
            suggestion_offer(&suggestion, names->slots[i].name);
    }
    if (suggestion.best != NULL)
        diagnostics_add(checking->diagnostics, SEVERITY_ERROR, piece->position,
                        "no variable of this name is written above; did you mean ${%s}?",
                        suggestion.best);
    else
        diagnostics_add(checking->diagnostics, SEVERITY_ERROR, piece->position,
                        "no variable of this name is written above; a dollar sign itself is "
                        "written \\$");
}

static void check_variable(const struct checking *checking, const struct piece *piece)
{
    const size_t *first = name_table_find(&checking->first_line, piece->variable);
    bool below = first != NULL && *first > checking->line;
    bool same_section = below && *first < checking->section_end;

    if (first != NULL && *first < checking->line)
        return;
    if (first != NULL && *first == checking->line)
        diagnostics_add(checking->diagnostics, SEVERITY_ERROR, piece->position,
                        "%s cannot be made of itself: no earlier section writes it",
                        piece->variable);
    else if (!same_section && is_within_import(checking, piece->variable))
        return;
    else if (below)
        diagnostics_add(checking->diagnostics, SEVERITY_ERROR, piece->position,
                        "%s is written below: move its line above this one", piece->variable);
    else
        report_unknown(checking, piece);
}

static void check_assignment(const struct checking *checking, const struct assignment *assignment)
{
    for (size_t i = 0; i < assignment->count; i++) {
        const struct text *text = &assignment->alternatives[i].text;

        for (size_t j = 0; j < text->count; j++) {
            if (text->pieces[j].variable != NULL)
                check_variable(checking, &text->pieces[j]);
        }
    }
}

void variables_check(const struct config *config, struct diagnostics *diagnostics)
{
    struct checking checking = {.config = config, .diagnostics = diagnostics};

    collect_names(&checking);
    for (size_t i = 0; i < config->section_count; i++) {
        const struct section *section = &config->sections[i];

        checking.section_end = checking.line + section->count;
        for (size_t j = 0; j < section->count; j++, checking.line++) {
            const struct assignment *assignment = &section->assignments[j];

            check_assignment(&checking, assignment);
            if (!assignment->import)
                continue;
            checking.imports = arena_grow(&checking.arena, checking.imports, checking.import_count,
                                          sizeof(const struct assignment *));
            checking.imports[checking.import_count++] = assignment;
        }
    }
    arena_free(&checking.arena);
}
