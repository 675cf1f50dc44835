#include "ssmenv/duration.h"

#include "tap.h"

static void each_unit_is_understood(void)
{
    static const struct {
        const char *text;
        uint64_t milliseconds;
    } cases[] = {
        {"250ms", 250}, {"3s", 3000},
        {"5m", 300000}, {"24h", 86400000},
        {"0", 0},       {"0s", 0},
        {"007s", 7000}, {"1ms", 1},
        {"0h", 0},      {"8784h", DURATION_MAX_MS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t milliseconds = 12345;

        if (!CHECK(duration_parse(cases[i].text, strlen(cases[i].text), &milliseconds)))
            printf("# %s\n", cases[i].text);
        CHECK_INT((long long)milliseconds, (long long)cases[i].milliseconds);
    }
}

static void anything_else_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "5",
        "s",
        "ms",
        "5 s",
        " 5s",
        "5s ",
        "-5s",
        "+5s",
        "5S",
        "5min",
        "1.5s",
        "1e3ms",
        "0x5s",
        "5sec",
        "8785h",
        "5ss",
        "5h3m",
        "31622400001ms",
        "99999999999999999999s",
        "18446744073709551617ms",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t milliseconds = 12345;

        if (!CHECK(!duration_parse(texts[i], strlen(texts[i]), &milliseconds)))
            printf("# \"%s\"\n", texts[i]);
        CHECK_INT((long long)milliseconds, 12345);
    }
}

static void only_the_given_bytes_are_read(void)
{
    uint64_t milliseconds = 0;

    CHECK(duration_parse("250ms and more", 5, &milliseconds));
    CHECK_INT((long long)milliseconds, 250);
    CHECK(!duration_parse("250ms", 3, &milliseconds));
}

static const struct tap_test tests[] = {
    {"each unit is understood", each_unit_is_understood},
    {"anything else is refused, and stores nothing", anything_else_is_refused},
    {"only the given bytes are read", only_the_given_bytes_are_read},
};

TAP_MAIN(tests)
