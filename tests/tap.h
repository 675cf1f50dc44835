/*
 * A C test program is a table of named functions and TAP_MAIN(table). A name is a sentence that
 * says what holds. CHECK_* report both values when they differ and let the function go on; prove(1)
 * reads the output (Test Anything Protocol, testanything.org).
 */
#ifndef SSMENV_TESTS_TAP_H
#define SSMENV_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
    const char *name;
    void (*run)(void);
};

static bool tap_failed;
static const char *tap_skip_reason;

/* Marks the running test as skipped; the caller returns after it. */
static inline void tap_skip(const char *reason)
{
    tap_skip_reason = reason;
}

static inline bool tap_check(bool holds, const char *file, int line, const char *what)
{
    if (!holds) {
        tap_failed = true;
        printf("# %s:%d: does not hold: %s\n", file, line, what);
    }
    return holds;
}

static inline bool tap_check_int(long long actual, long long expected, const char *file, int line,
                                 const char *what)
{
    if (actual != expected) {
        tap_failed = true;
        printf("# %s:%d: %s is %lld, expected %lld\n", file, line, what, actual, expected);
    }
    return actual == expected;
}

static inline bool tap_check_text(const char *actual, const char *expected, const char *file,
                                  int line, const char *what)
{
    bool same =
        actual != NULL && expected != NULL ? strcmp(actual, expected) == 0 : actual == expected;

    if (!same) {
        tap_failed = true;
        printf("# %s:%d: %s differs\n#   actual:   %s\n#   expected: %s\n", file, line, what,
               actual != NULL ? actual : "(null)", expected != NULL ? expected : "(null)");
    }
    return same;
}

static inline bool tap_check_contains(const char *text, const char *part, const char *file,
                                      int line, const char *what)
{
    bool found = text != NULL && strstr(text, part) != NULL;

    if (!found) {
        tap_failed = true;
        printf("# %s:%d: %s lacks a part\n#   actual: %s\n#   part:   %s\n", file, line, what,
               text != NULL ? text : "(null)", part);
    }
    return found;
}

#define CHECK(condition)            tap_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(actual, expected) tap_check_int((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_TEXT(actual, expected)                                                               \
    tap_check_text((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_CONTAINS(text, part) tap_check_contains((text), (part), __FILE__, __LINE__, #text)

static inline int tap_run(const struct tap_test *tests, size_t count)
{
    bool all = true;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        tap_failed = false;
        tap_skip_reason = NULL;
        tests[i].run();
        if (tap_skip_reason != NULL && !tap_failed)
            printf("ok %zu - %s # SKIP %s\n", i + 1, tests[i].name, tap_skip_reason);
        else
            printf("%s %zu - %s\n", tap_failed ? "not ok" : "ok", i + 1, tests[i].name);
        all = all && !tap_failed;
    }
    return all ? 0 : 1;
}

#define TAP_MAIN(tests)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        return tap_run((tests), sizeof(tests) / sizeof *(tests));                                  \
    }

#endif
