/*
 * Why a section is for a login or is not: the verdict of each of its criteria, and the pattern that
 * decided it. Logins act on it, and commands explain it.
 */
#ifndef SSMENV_CONFIG_SELECTION_H
#define SSMENV_CONFIG_SELECTION_H

#include "config/pattern.h"

struct login;
struct section;

struct verdict {
    bool asked; /* false: another criterion had decided before */
    bool matches;
    const struct pattern *pattern; /* that decided; NULL: none of them matches, or there are none */
};

struct selection {
    bool matches; /* all three */
    struct verdict user;
    struct verdict service;
    struct verdict group;
};

/* Groups last, and only where the others match: they may have to be asked from a directory. */
struct selection section_select(const struct section *section, const struct login *login);

#endif
