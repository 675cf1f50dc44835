/*
 * The lines of an [env] section: NAME = alternative || alternative …, and imports.
 *
 * Names of parameters that hold constants cannot be judged before all files were read; they are
 * kept as pending and judged by assignment_judge_pending().
 */
#ifndef SSMENV_CONFIG_ASSIGNMENT_H
#define SSMENV_CONFIG_ASSIGNMENT_H

#include "config/constants.h"
#include "config/lexer.h"
#include "config/reference.h"
#include "config/section.h"

struct pending_reference {
    struct word word;
    bool import;
    struct reference *reference; /* where the result goes */
};

struct pending_references {
    struct pending_reference *items;
    size_t count;
};

/* Reads the line at the cursor; false after a mistake, which was reported. */
bool assignment_read(struct lexer *lexer, struct arena *arena, struct assignment *assignment,
                     struct pending_references *pending);

void assignment_judge_pending(const struct pending_references *pending,
                              const struct constants *constants, struct arena *arena,
                              struct diagnostics *diagnostics);

#endif
