/*
 * Why a login does not get its variables, as one line for the system log: what failed and what to
 * do. It is filled where the fault is found and written once, by pam_ssmenv.c. It may hold bytes
 * from outside (an argument, a path, the helper's words); report.c makes them harmless when it
 * writes the line. Never a variable's value.
 */
#ifndef SSMENV_MODULE_FAULT_H
#define SSMENV_MODULE_FAULT_H

#include <stdbool.h>

#include "ssmenv/limits.h"

struct fault {
    char text[LIMIT_MESSAGE_BYTES]; /* empty while nothing failed; cut off when too long */
};

#define FAULT_NONE ((struct fault){{0}})

/* Replaces the text. Returns false, so that "return fault_set(…)" reads as what it is. */
bool fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends to the text as much as fits. Returns false when not all of it did. */
bool fault_add(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What an errno means, in English whatever the host's locale, and never NULL. */
const char *fault_reason(int code);

#endif
