/*
 * Points in time are milliseconds on CLOCK_MONOTONIC: setting the date never makes a login wait.
 */
#ifndef SSMENV_MODULE_CLOCK_H
#define SSMENV_MODULE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_now(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds until the moment, 0 when it has passed: fit for poll(2). */
static inline int clock_left(int64_t moment)
{
    int64_t left = moment - clock_now();

    if (left <= 0)
        return 0;
    return left > INT32_MAX ? INT32_MAX : (int)left;
}

static inline int64_t clock_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
