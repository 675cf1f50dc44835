#include "aws/clock.h"

#include <stdlib.h>

#include "aws/timestamp.h"

/* A little less than the five minutes that AWS tolerates. */
#define TOLERATED_SECONDS 240

time_t clock_now(const struct clock *clock)
{
    return time(NULL) + (clock != NULL ? (time_t)clock->offset : 0);
}

bool clock_correct(struct clock *clock, const char *date)
{
    int64_t theirs;
    int64_t offset;

    if (clock->was_corrected || !timestamp_read_http(date, &theirs))
        return false;
    offset = theirs - (int64_t)time(NULL);
    if (llabs(offset) <= TOLERATED_SECONDS)
        return false;
    clock->offset = offset;
    clock->was_corrected = true;
    return true;
}
