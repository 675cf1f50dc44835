/*
 * Tables of configurations with one mistake each, and the message that it gets, whole: a message is
 * what an administrator has at hand, so its words and its place are asserted, not only that there
 * is one.
 */
#ifndef SSMENV_TESTS_MISTAKES_H
#define SSMENV_TESTS_MISTAKES_H

#include "login_scenario.h"

struct mistake {
    const char *what;
    const char *text; /* of ssmenv.conf */
    const char *message;
};

static inline void check_mistakes(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scenario *scenario = scenario_of(mistakes[i].text);

        if (!CHECK(!scenario->good) ||
            !CHECK_TEXT(scenario_messages(scenario), mistakes[i].message))
            printf("#   with %s\n", mistakes[i].what);
        scenario_end(scenario);
    }
}

#endif
