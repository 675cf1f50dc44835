/*
 * Whether a call is worth another attempt, and when. The rules are those of AWS's SDKs, mode
 * "standard" (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html), bent to
 * one purpose: a login is waiting, so every wait has to leave time for the attempt after it.
 *
 * The delay is drawn anew for each attempt between nothing and a bound that doubles ("full
 * jitter"), so that a fleet that was refused at one moment does not come back at one moment.
 */
#ifndef SSMENV_AWS_RETRY_H
#define SSMENV_AWS_RETRY_H

#include <stdint.h>

#define RETRY_ATTEMPTS_DEFAULT 3
#define RETRY_ATTEMPTS_MAX     20

enum retry_class {
    RETRY_NEVER,
    RETRY_TRANSIENT, /* AWS or the network stumbled */
    RETRY_THROTTLED, /* AWS asks for fewer calls */
};

/* code is AWS's error code or "", status that of HTTP. */
enum retry_class retry_classify(const char *code, long status);

/* The wait that a response asks for, in milliseconds: amazon is the header x-amz-retry-after
 * (milliseconds), standard the header Retry-After (seconds; its date form is not used by AWS). 0
 * where both are absent or unreadable. */
int64_t retry_after_ms(const char *amazon, const char *standard);

/* Milliseconds to wait before the next attempt, or -1 when there should be none.
 * attempt: how many were made. max_attempts: how many may be made. asked_ms: retry_after_ms().
 * left_ms: until the deadline. random: drawn from [0, 1). */
int64_t retry_delay(enum retry_class reason, unsigned attempt, unsigned max_attempts,
                    int64_t asked_ms, int64_t left_ms, double random);

/* A number from [0, 1), from the kernel's generator. */
double retry_random(void);

#endif
