/*
 * From the helper's reply to the session's environment.
 *
 * The helper is not trusted: whoever could speak in its place must not be able to run code in the
 * session. So the whole reply is decoded and every name and size checked against names.h and
 * limits.h before the first variable is set. Then all of them are set, or none: when libpam runs
 * out of memory midway, what was set is undone and earlier values come back. A variable that is in
 * the PAM environment already is replaced; the order in the PAM stack decides, as with pam_env.
 */
#ifndef SSMENV_MODULE_APPLY_H
#define SSMENV_MODULE_APPLY_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "ssmenv/limits.h"
#include "ssmenv/wire.h"

struct checked_variable {
    struct wire_text name;
    struct wire_text value; /* a secret */
};

/* Texts point into the payload that was decoded. */
struct checked_reply {
    enum wire_outcome outcome;
    enum wire_source source;
    uint32_t stale_seconds;
    struct wire_text error; /* empty exactly when the outcome is WIRE_COMPLETE */
    struct wire_text warnings[LIMIT_WARNINGS];
    size_t warning_count;
    struct checked_variable variables[LIMIT_VARIABLES];
    size_t variable_count;
};

/* Decodes and checks everything. A fault names the variable when its name can be told. */
bool apply_check(struct checked_reply *reply, const unsigned char *payload, size_t length,
                 struct fault *fault);

/* Sets all variables of a checked reply in the PAM environment, or none. */
bool apply_variables(const struct checked_reply *reply, pam_handle_t *pamh, struct fault *fault);

#endif
