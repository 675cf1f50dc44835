/*
 * The module's arguments, as they stand behind pam_ssmenv.so in a PAM service file. They decide
 * what must hold even when the configuration cannot be read; everything else is ssmenv.conf's
 * business. Which there are says ssmenv/arguments.h.
 */
#ifndef SSMENV_MODULE_OPTIONS_H
#define SSMENV_MODULE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

enum on_error { ON_ERROR_IGNORE, ON_ERROR_DENY };

struct options {
    const char *config; /* borrowed from the arguments, like the other texts */
    const char *helper;
    int64_t timeout_ms;
    enum on_error on_error;
    const char *break_glass; /* NULL: no such group */
    bool quiet;
    bool debug;
};

/* Reads every argument. An unknown, malformed or repeated one is a fault that names it and what is
 * allowed; the others count all the same, so that on_error says how to treat the fault. */
bool module_options_parse(struct options *options, int argc, const char **argv,
                          struct fault *fault);

#endif
