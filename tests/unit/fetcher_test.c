/* The fetcher beside this program is tests/unit/ssmenv-fetch.c. */
#include "common/fetcher.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tap.h"

static bool ask(const char *what, int64_t wait_ms, struct result *result, struct error *error)
{
    char first[32];
    char second[] = "second";
    char member[] = "";
    struct identity identity = {0};
    struct lookup lookups[] = {{LOOKUP_PARAMETER, 0, first, member},
                               {LOOKUP_PARAMETER, 0, second, member}};
    struct request request = {.deadline = deadline_in(1000),
                              .identities = &identity,
                              .identity_count = 1,
                              .lookups = lookups,
                              .lookup_count = 2};
    bool ok;

    signal(SIGPIPE, SIG_IGN);
    snprintf(first, sizeof first, "%s", what);
    ok = fetcher_ask(&request, deadline_in(wait_ms), result, error);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    return ok;
}

static void answers_come_in_the_order_of_the_lookups(void)
{
    struct result result;
    struct error error = ERROR_INIT;

    if (!CHECK(ask("answer", 10000, &result, &error)))
        printf("# %s\n", error.text);
    CHECK_INT((long long)result.answer_count, 2);
    if (result.answer_count == 2)
        CHECK_TEXT(result.answers[1].entries[0].name, "second");
    result_free(&result);
}

static void a_fetcher_that_stays_after_its_answer_is_ended(void)
{
    struct result result;
    struct error error = ERROR_INIT;

    CHECK(ask("answer and stay", 10000, &result, &error));
    result_free(&result);
}

static void a_misbehaving_fetcher_is_an_error_that_says_how_it_ended(void)
{
    static const struct {
        const char *what;
        int64_t wait_ms;
        const char *message;
    } cases[] = {
        {"too few", 10000, "ssmenv-fetch: it gave 1 answers to 2 lookups"},
        {"garbage", 10000, "ssmenv-fetch: sent no frame of version 1"},
        {"exit 3", 10000, "ssmenv-fetch ended with status 3: ended after 0 bytes"},
        {"abort", 10000, "ssmenv-fetch was ended by signal 6: ended after 0 bytes"},
        {"hang", 1000, "ssmenv-fetch: no time left"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct result result;
        struct error error = ERROR_INIT;

        CHECK(!ask(cases[i].what, cases[i].wait_ms, &result, &error));
        CHECK_CONTAINS(error.text, cases[i].message);
        CHECK_INT((long long)result.answer_count, 0);
    }
}

static const struct tap_test tests[] = {
    {"answers come in the order of the lookups", answers_come_in_the_order_of_the_lookups},
    {"a fetcher that stays after its answer is ended",
     a_fetcher_that_stays_after_its_answer_is_ended},
    {"a misbehaving fetcher is an error that says how it ended",
     a_misbehaving_fetcher_is_an_error_that_says_how_it_ended},
};

TAP_MAIN(tests)
