/*
 * The helper's answer to the module, as ssmenv/wire.h describes it. The struct borrows everything.
 */
#ifndef SSMENV_COMMON_REPLY_H
#define SSMENV_COMMON_REPLY_H

#include <stdint.h>

#include "common/buffer.h"
#include "ssmenv/wire.h"

struct variable {
    char *name;
    char *value; /* a secret */
};

struct reply {
    enum wire_outcome outcome;
    enum wire_source source;
    uint32_t stale_seconds; /* age of the oldest stale value; 0 unless the source is stale */
    const char *error;      /* "" when complete */
    const char *const *warnings;
    size_t warning_count; /* those above LIMIT_WARNINGS are left out */
    const struct variable *variables;
    size_t variable_count;
};

/* Appends a whole frame. A frame that could not be built leaves buffer_failed(). */
void reply_encode(const struct reply *reply, struct buffer *frame);

#endif
