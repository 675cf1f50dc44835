/*
 * What ssmenv check has found: each finding with its place, what is wrong and what to do, in one
 * line. The same line twice is one finding: a file that many others include is wrong only once.
 *
 * Owns its texts. Control characters in them become '?'; never a value, never the right-hand side
 * of a configuration line.
 */
#ifndef SSMENV_CLI_CHECK_FINDINGS_H
#define SSMENV_CLI_CHECK_FINDINGS_H

#include <stdio.h>

#include "config/diagnostics.h"

enum finding_level {
    FINDING_ERROR,   /* sessions will lack variables, be refused, or secrets leak */
    FINDING_WARNING, /* works, but hardly as it was meant */
    FINDING_NOTE,    /* good to know, or could not be seen; never counts */
};

#define FINDING_LEVELS 3

struct finding {
    enum finding_level level;
    char *file; /* NULL: no place */
    unsigned line;
    unsigned column;
    char *text;
};

struct findings {
    struct finding *items;
    size_t count;
    size_t counts[FINDING_LEVELS]; /* of each level */
    bool failed;                   /* memory ended, or a limit: something is missing */
};

#define FINDINGS_INIT ((struct findings){0})

void findings_add(struct findings *findings, enum finding_level level, struct position place,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A line for each, and one that sums up. */
void findings_print(const struct findings *findings);
/* The same as one JSON object. False when memory ended. */
bool findings_print_json(const struct findings *findings);

void findings_free(struct findings *findings);

/* A place that is a file as a whole, or one of its lines. */
struct position in_file(const char *file);
struct position in_line(const char *file, unsigned line);

#endif
