/*
 * A point on CLOCK_MONOTONIC by which something has to be over. It is a value: copy it freely.
 */
#ifndef SSMENV_COMMON_DEADLINE_H
#define SSMENV_COMMON_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    int64_t at; /* milliseconds on CLOCK_MONOTONIC */
};

int64_t monotonic_ms(void);
struct deadline deadline_in(int64_t milliseconds);
/* Milliseconds left, 0 when it has passed, at most INT32_MAX: fit for poll(2). */
int deadline_left(struct deadline deadline);
bool deadline_passed(struct deadline deadline);
struct deadline deadline_earlier(struct deadline a, struct deadline b);

#endif
