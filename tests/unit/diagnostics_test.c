#include "config/diagnostics.h"

#include "ssmenv/limits.h"
#include "tap.h"

static void places(void)
{
    struct diagnostics d = DIAGNOSTICS_INIT;

    diagnostics_add(&d, SEVERITY_ERROR, (struct position){"/etc/f", 3, 7}, "expected %s", "x");
    diagnostics_add(&d, SEVERITY_ERROR, (struct position){"/etc/f", 3, 0}, "line");
    diagnostics_add(&d, SEVERITY_WARNING, (struct position){"/etc/f", 0, 0}, "file");
    diagnostics_add(&d, SEVERITY_WARNING, (struct position){0}, "no place");
    CHECK_TEXT(d.items[0].text, "/etc/f:3:7: expected x");
    CHECK_TEXT(d.items[1].text, "/etc/f:3: line");
    CHECK_TEXT(d.items[2].text, "/etc/f: file");
    CHECK_TEXT(d.items[3].text, "no place");
    CHECK_INT((long long)d.errors, 2);
    CHECK_INT((long long)d.warnings, 2);
    CHECK_INT(d.items[3].severity, SEVERITY_WARNING);
    diagnostics_free(&d);
    diagnostics_free(&d);
    CHECK_INT((long long)d.count, 0);
}

static void control_bytes(void)
{
    struct diagnostics d = DIAGNOSTICS_INIT;

    diagnostics_add(&d, SEVERITY_ERROR, (struct position){"f\n", 1, 1},
                    "a\033[31m\r\nb\177\303\244");
    CHECK_TEXT(d.items[0].text, "f?:1:1: a?[31m??b?\303\244");
    diagnostics_free(&d);
}

static void long_texts(void)
{
    struct diagnostics d = DIAGNOSTICS_INIT;
    char text[3 * LIMIT_MESSAGE_BYTES];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    diagnostics_add(&d, SEVERITY_ERROR, (struct position){"f", 1, 1}, "%s", text);
    diagnostics_add(&d, SEVERITY_ERROR, (struct position){text, 1, 1}, "end");
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT((long long)strlen(d.items[i].text), LIMIT_MESSAGE_BYTES - 1);
        CHECK_TEXT(d.items[i].text + LIMIT_MESSAGE_BYTES - 4, "...");
    }
    diagnostics_free(&d);
}

static void counts_the_rest(void)
{
    struct diagnostics d = DIAGNOSTICS_INIT;

    for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++) {
        CHECK_INT(diagnostics_are_full(&d), i >= DIAGNOSTICS_MAX);
        diagnostics_add(&d, SEVERITY_ERROR, (struct position){0}, "%d", i);
    }
    CHECK_INT((long long)d.count, DIAGNOSTICS_MAX);
    CHECK_INT((long long)d.errors, DIAGNOSTICS_MAX + 5);
    CHECK_TEXT(d.items[0].text, "0");
    CHECK_TEXT(d.items[DIAGNOSTICS_MAX - 1].text, "63");
    diagnostics_free(&d);
}

static void errors_displace_warnings(void)
{
    struct diagnostics d = DIAGNOSTICS_INIT;

    for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++)
        diagnostics_add(&d, SEVERITY_WARNING, (struct position){0}, "w%d", i);
    diagnostics_add(&d, SEVERITY_ERROR, (struct position){0}, "e0");
    diagnostics_add(&d, SEVERITY_ERROR, (struct position){0}, "e1");
    CHECK_INT((long long)d.count, DIAGNOSTICS_MAX);
    CHECK_INT((long long)d.warnings, DIAGNOSTICS_MAX + 5);
    CHECK_TEXT(d.items[0].text, "w0");
    CHECK_TEXT(d.items[DIAGNOSTICS_MAX - 3].text, "w61");
    CHECK_TEXT(d.items[DIAGNOSTICS_MAX - 2].text, "e0");
    CHECK_INT(d.items[DIAGNOSTICS_MAX - 2].severity, SEVERITY_ERROR);
    CHECK_TEXT(d.items[DIAGNOSTICS_MAX - 1].text, "e1");
    diagnostics_free(&d);
}

static const struct tap_test tests[] = {
    {"a message begins with its place, as far as that is known", places},
    {"control bytes do not reach the log or a terminal", control_bytes},
    {"a long message is cut and says so", long_texts},
    {"what does not fit is counted", counts_the_rest},
    {"an error that finds the list full displaces a warning", errors_displace_warnings},
};

TAP_MAIN(tests)
