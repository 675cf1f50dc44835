#include "aws/retry.h"

#include "tap.h"

#define LONG_TIME INT64_C(1000000)

static void what_aws_calls_throttling_is_throttling(void)
{
    static const char *const codes[] = {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "EC2ThrottledException",
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (!CHECK_INT(retry_classify(codes[i], 400), RETRY_THROTTLED))
            printf("# with %s\n", codes[i]);
    }
    CHECK_INT(retry_classify("", 429), RETRY_THROTTLED);
    CHECK_INT(retry_classify("", 509), RETRY_THROTTLED);
}

static void what_aws_calls_transient_is_transient(void)
{
    static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
                                        "PriorRequestNotComplete", "InternalServerError",
                                        "ServiceUnavailable"};
    static const long statuses[] = {500, 502, 503, 504};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (!CHECK_INT(retry_classify(codes[i], 400), RETRY_TRANSIENT))
            printf("# with %s\n", codes[i]);
    }
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        CHECK_INT(retry_classify("", statuses[i]), RETRY_TRANSIENT);
}

static void throttling_wins_over_the_status(void)
{
    CHECK_INT(retry_classify("ThrottlingException", 500), RETRY_THROTTLED);
    CHECK_INT(retry_classify("ThrottlingException", 503), RETRY_THROTTLED);
}

static void a_refusal_is_not_repeated(void)
{
    CHECK_INT(retry_classify("AccessDeniedException", 400), RETRY_NEVER);
    CHECK_INT(retry_classify("ValidationException", 400), RETRY_NEVER);
    CHECK_INT(retry_classify("ExpiredTokenException", 400), RETRY_NEVER);
    CHECK_INT(retry_classify("", 404), RETRY_NEVER);
    CHECK_INT(retry_classify("throttlingexception", 400), RETRY_NEVER);
    CHECK_INT(retry_delay(RETRY_NEVER, 1, 3, 0, LONG_TIME, 0.5), -1);
}

static void no_more_attempts_than_allowed(void)
{
    CHECK(retry_delay(RETRY_TRANSIENT, 1, 3, 0, LONG_TIME, 0.5) >= 0);
    CHECK(retry_delay(RETRY_TRANSIENT, 2, 3, 0, LONG_TIME, 0.5) >= 0);
    CHECK_INT(retry_delay(RETRY_TRANSIENT, 3, 3, 0, LONG_TIME, 0.5), -1);
    CHECK_INT(retry_delay(RETRY_TRANSIENT, 1, 1, 0, LONG_TIME, 0.5), -1);
}

static void the_bound_of_the_jitter_doubles(void)
{
    static const struct {
        enum retry_class reason;
        unsigned attempt;
        int64_t bound;
    } cases[] = {
        {RETRY_TRANSIENT, 1, 50},    {RETRY_TRANSIENT, 2, 100},    {RETRY_TRANSIENT, 3, 200},
        {RETRY_THROTTLED, 1, 1000},  {RETRY_THROTTLED, 2, 2000},   {RETRY_THROTTLED, 3, 4000},
        {RETRY_THROTTLED, 9, 20000}, {RETRY_TRANSIENT, 19, 20000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(retry_delay(cases[i].reason, cases[i].attempt, 20, 0, LONG_TIME, 0.0), 0);
        CHECK_INT(retry_delay(cases[i].reason, cases[i].attempt, 20, 0, LONG_TIME, 0.5),
                  cases[i].bound / 2);
        CHECK_INT(retry_delay(cases[i].reason, cases[i].attempt, 20, 0, LONG_TIME, 0.999999),
                  cases[i].bound - 1);
    }
}

static void a_wait_leaves_time_for_the_attempt(void)
{
    CHECK_INT(retry_delay(RETRY_THROTTLED, 3, 5, 0, 1000, 0.999), 500);
    CHECK_INT(retry_delay(RETRY_THROTTLED, 1, 5, 0, 40, 0.0), -1);
    CHECK_INT(retry_delay(RETRY_TRANSIENT, 1, 5, 0, 0, 0.0), -1);
}

static void the_wait_that_aws_asks_for_is_kept(void)
{
    CHECK_INT(retry_delay(RETRY_THROTTLED, 1, 3, 700, 2000, 0.0), 700);
    CHECK_INT(retry_delay(RETRY_THROTTLED, 1, 3, 100, 2000, 0.5), 500);
    CHECK_INT(retry_delay(RETRY_THROTTLED, 1, 3, 1960, 2000, 0.5), -1);
    CHECK_INT(retry_delay(RETRY_TRANSIENT, 1, 3, 3600000, 2000, 0.5), -1);
}

static void the_headers_that_ask_for_a_wait_are_read(void)
{
    CHECK_INT(retry_after_ms("", ""), 0);
    CHECK_INT(retry_after_ms("1500", ""), 1500);
    CHECK_INT(retry_after_ms("", "2"), 2000);
    CHECK_INT(retry_after_ms("250", "2"), 250);
    CHECK_INT(retry_after_ms("0", "2"), 0);
    CHECK_INT(retry_after_ms("soon", "2"), 2000);
    CHECK_INT(retry_after_ms("", "Wed, 21 Oct 2026 07:28:00 GMT"), 0);
    CHECK_INT(retry_after_ms("-5", "-1"), 0);
    CHECK(retry_after_ms("99999999999999999999999999", "") > LONG_TIME);
    CHECK(retry_after_ms("", "99999999999999999999999999") > LONG_TIME);
}

static void random_numbers_differ_and_stay_below_one(void)
{
    double first = retry_random();
    bool differ = false;

    for (int i = 0; i < 100; i++) {
        double next = retry_random();

        CHECK(next >= 0.0 && next < 1.0);
        differ = differ || next != first;
    }
    CHECK(differ);
}

static const struct tap_test tests[] = {
    {"what AWS calls throttling is throttling", what_aws_calls_throttling_is_throttling},
    {"what AWS calls transient is transient", what_aws_calls_transient_is_transient},
    {"throttling wins over the status", throttling_wins_over_the_status},
    {"a refusal is not repeated", a_refusal_is_not_repeated},
    {"there are no more attempts than allowed", no_more_attempts_than_allowed},
    {"the bound of the jitter doubles and ends at 20 s", the_bound_of_the_jitter_doubles},
    {"a wait leaves time for the attempt after it", a_wait_leaves_time_for_the_attempt},
    {"the wait that AWS asks for is kept, or there is no attempt",
     the_wait_that_aws_asks_for_is_kept},
    {"the headers that ask for a wait are read", the_headers_that_ask_for_a_wait_are_read},
    {"random numbers differ and stay below one", random_numbers_differ_and_stay_below_one},
};

TAP_MAIN(tests)
