/*
 * The mistakes and warnings found in one run, in the order found, each with its place as
 * FILE:LINE:COLUMN (columns count bytes from 1). All of a run's mistakes are collected, so that an
 * administrator mends a file once. Texts follow the rules of common/error.h: never a right-hand
 * side.
 *
 * The list owns its texts; it keeps at most DIAGNOSTICS_MAX and counts the rest. An error that
 * finds it full displaces a warning.
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
    const char *file; /* owned by the struct config that was loaded from it; NULL: no place */
    unsigned line;    /* from 1; 0: the file as a whole */
    unsigned column;  /* in bytes, from 1; 0: the line as a whole */
};

struct diagnostic {
    enum severity severity;
    char *text; /* "FILE:LINE:COLUMN: what was expected, what to do"; NULL when memory ended */
    struct position position;
    size_t place_bytes; /* how much of text is the place */
};

struct diagnostics {
    struct diagnostic items[DIAGNOSTICS_MAX];
    size_t count;
    size_t errors;   /* all errors, also those that were not kept */
    size_t warnings; /* likewise */
};

#define DIAGNOSTICS_INIT ((struct diagnostics){0})

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
                     struct position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* True when a further error would only be counted: no need to look for a good text. */
bool diagnostics_are_full(const struct diagnostics *diagnostics);

void diagnostics_free(struct diagnostics *diagnostics);

#endif
