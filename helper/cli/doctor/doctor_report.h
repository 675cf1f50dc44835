/*
 * What ssmenv doctor has found so far: a line for each check, printed as soon as it is known, with
 * what to do about it below it; or the same as one JSON object.
 *
 * Nothing that is passed here is a value of a variable. Control characters become '?'.
 */
#ifndef SSMENV_CLI_DOCTOR_REPORT_H
#define SSMENV_CLI_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum mark {
    MARK_OK,
    MARK_WARNING,
    MARK_BAD,
    MARK_SKIPPED, /* not tried, since something before it does not work */
    MARKS,
};

struct report {
    bool json;
    const char *group; /* what the next checks are about: a section such as "aws"; NULL: the host */
    size_t counts[MARKS];
    bool open;      /* JSON: the latest check's object is not closed */
    size_t advised; /* lines of advice of the latest check */
};

/* group: borrowed. title: whether a text report begins a part of its own. */
void report_group(struct report *report, const char *group, bool title);

void report_add(struct report *report, enum mark mark, const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A line of what to do about the latest check; a command has no other words in its line. */
void report_advise(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is being waited for. */
void report_waiting(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the verdict. Returns the exit code. */
int report_close(struct report *report);

#endif
