/*
 * From the helper's reply to the session's environment.
 *
 * The whole reply is checked before the first variable is set (ssmenv/checked_reply.h). Then all of
 * them are set, or none: when libpam runs out of memory midway, what was set is undone and earlier
 * values come back. A variable that is in the PAM environment already is replaced; the order in the
 * PAM stack decides, as with pam_env.
 */
#ifndef SSMENV_MODULE_APPLY_H
#define SSMENV_MODULE_APPLY_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "ssmenv/checked_reply.h"

/* Decodes and checks everything. A fault names the variable when its name can be told. */
bool apply_check(struct checked_reply *reply, const unsigned char *payload, size_t length,
                 struct fault *fault);

/* Sets all variables of a checked reply in the PAM environment, or none. */
bool apply_variables(const struct checked_reply *reply, pam_handle_t *pamh, struct fault *fault);

#endif
