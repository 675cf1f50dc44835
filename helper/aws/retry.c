#include "aws/retry.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#define BASE_TRANSIENT_MS 50
#define BASE_THROTTLED_MS 1000
#define BOUND_MAX_MS      20000
#define ATTEMPT_MIN_MS    50 /* an attempt with less time than this is not worth its wait */
#define ASKED_MAX_MS      (INT64_C(3600) * 1000)

static const char *const transient_codes[] = {
    "IDPCommunicationError",   "InternalFailure",         "InternalServerError",
    "InternalServiceError",    "PriorRequestNotComplete", "RequestTimeout",
    "RequestTimeoutException", "ServiceUnavailable",      "ServiceUnavailableException",
};

static const char *const throttled_codes[] = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
};

static const long transient_statuses[] = {500, 502, 503, 504};
static const long throttled_statuses[] = {429, 509};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool has_code(const char *const *codes, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(codes[i], code) == 0)
            return true;
    }
    return false;
}

static bool has_status(const long *statuses, size_t count, long status)
{
    for (size_t i = 0; i < count; i++) {
        if (statuses[i] == status)
            return true;
    }
    return false;
}

enum retry_class retry_classify(const char *code, long status)
{
    if (has_code(throttled_codes, COUNT(throttled_codes), code) ||
        has_status(throttled_statuses, COUNT(throttled_statuses), status))
        return RETRY_THROTTLED;
    if (has_code(transient_codes, COUNT(transient_codes), code) ||
        has_status(transient_statuses, COUNT(transient_statuses), status))
        return RETRY_TRANSIENT;
    return RETRY_NEVER;
}

/* A whole number and nothing else, or -1. */
static int64_t read_number(const char *text)
{
    int64_t number = 0;

    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        number = number * 10 + (*text - '0');
        if (number > ASKED_MAX_MS)
            return ASKED_MAX_MS;
    }
    return number;
}

int64_t retry_after_ms(const char *amazon, const char *standard)
{
    int64_t milliseconds = read_number(amazon);
    int64_t seconds = read_number(standard);

    if (milliseconds >= 0)
        return milliseconds;
    return seconds < 0 ? 0 : seconds * 1000;
}

/* BASE * 2^(attempt - 1), bounded. */
static int64_t bound(enum retry_class reason, unsigned attempt)
{
    int64_t milliseconds = reason == RETRY_THROTTLED ? BASE_THROTTLED_MS : BASE_TRANSIENT_MS;

    for (unsigned i = 1; i < attempt && milliseconds < BOUND_MAX_MS; i++)
        milliseconds *= 2;
    return milliseconds < BOUND_MAX_MS ? milliseconds : BOUND_MAX_MS;
}

int64_t retry_delay(enum retry_class reason, unsigned attempt, unsigned max_attempts,
                    int64_t asked_ms, int64_t left_ms, double random)
{
    int64_t delay;

    if (reason == RETRY_NEVER || attempt >= max_attempts || left_ms < ATTEMPT_MIN_MS ||
        asked_ms > left_ms - ATTEMPT_MIN_MS)
        return -1;
    delay = (int64_t)(random * (double)bound(reason, attempt));
    /* A wait that leaves no time to ask again would be a wait for nothing. */
    if (delay > left_ms / 2)
        delay = left_ms / 2;
    return delay > asked_ms ? delay : asked_ms;
}

double retry_random(void)
{
    uint32_t bits = 0;

    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits)
        return 0.5;
    return (double)bits / 4294967296.0;
}
