/*
 * The mistakes and warnings found in one run, in the order found, each with its place as
 * FILE:LINE:COLUMN (columns count bytes from 1). All of a run's mistakes are collected, so that an
 * administrator mends a file once. Texts follow the rules of common/error.h: never a right-hand
 * side.
 *
 * The list owns its texts; it keeps at most DIAGNOSTICS_MAX and counts the rest.
 */
#ifndef SSMENV_CONFIG_DIAGNOSTICS_H
#define SSMENV_CONFIG_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#define DIAGNOSTICS_MAX 64

enum severity {
    SEVERITY_ERROR,
    SEVERITY_WARNING,
};

struct position {
    const char *file; /* owned by the struct config that was loaded from it */
    unsigned line;    /* from 1; 0: the file as a whole */
    unsigned column;  /* in bytes, from 1; 0: the line as a whole */
};

struct diagnostic {
    enum severity severity;
    char *text; /* "FILE:LINE:COLUMN: what was expected, what to do" */
};

struct diagnostics {
    struct diagnostic items[DIAGNOSTICS_MAX];
    size_t count;
    size_t errors;   /* all errors, also those that were not kept */
    size_t warnings; /* likewise */
};

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
                     struct position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diagnostics_free(struct diagnostics *diagnostics);

#endif
