/*
 * The variables that quoted texts name, as in "${DB_USER}": each has to be written above, in the
 * same section or in an earlier one, or be within an import above. Whether that earlier section
 * matches a login is seen when the login is known (config/plan.h).
 */
#ifndef SSMENV_CONFIG_VARIABLES_H
#define SSMENV_CONFIG_VARIABLES_H

#include <stdbool.h>

#include "config/config.h"
#include "config/section.h"

/* Reports every variable that cannot be found for any login. */
void variables_check(const struct config *config, struct diagnostics *diagnostics);

/* True when PREFIX* could bring this name. */
bool import_can_bring(const struct assignment *import, const char *name);

#endif
