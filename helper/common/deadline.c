#include "common/deadline.h"

#include <time.h>

int64_t monotonic_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline deadline_in(int64_t milliseconds)
{
    return (struct deadline){monotonic_ms() + milliseconds};
}

int deadline_left(struct deadline deadline)
{
    int64_t left = deadline.at - monotonic_ms();

    if (left <= 0)
        return 0;
    return left > INT32_MAX ? INT32_MAX : (int)left;
}

bool deadline_passed(struct deadline deadline)
{
    return deadline_left(deadline) == 0;
}

struct deadline deadline_earlier(struct deadline a, struct deadline b)
{
    return a.at <= b.at ? a : b;
}
