/*
 * Whether on_error=deny really refuses a session. It never does for uid 0, for members of the
 * break-glass group, and where it cannot be told who is one: an unreachable directory must not lock
 * the administrators out who would repair it.
 */
#ifndef SSMENV_MODULE_LENIENCY_H
#define SSMENV_MODULE_LENIENCY_H

#include <security/pam_modules.h>

/* Why the user is let in all the same, for the log; NULL when nothing speaks for it. break_glass is
 * the group's name, or NULL. Asks the name service, which may take its time. */
const char *leniency_reason(pam_handle_t *pamh, const char *user, const char *break_glass);

#endif
