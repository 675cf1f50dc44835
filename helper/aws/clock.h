/*
 * The time that signatures carry. AWS refuses one that is more than five minutes off, so a machine
 * whose clock is wrong could not log anybody in; what AWS says the time is, in an answer that TLS
 * vouches for, corrects it, once.
 *
 * One clock serves all identities of a request: it is this machine's.
 */
#ifndef SSMENV_AWS_CLOCK_H
#define SSMENV_AWS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct clock {
    int64_t offset;     /* seconds that AWS is ahead of this machine */
    bool was_corrected; /* it is done once: an answer that is still refused has another reason */
};

/* Seconds since 1970, corrected. clock may be NULL: this machine's time. */
time_t clock_now(const struct clock *clock);

/* date: the header Date of an answer. True when it differs from this machine's time by more than
 * four minutes and the clock was not corrected before; it is then. */
bool clock_correct(struct clock *clock, const char *date);

#endif
