#include "options.h"

#include "paths.h"
#include "tap.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static void without_arguments_the_defaults_hold(void)
{
    struct options options;
    struct fault fault;

    CHECK(module_options_parse(&options, 0, NULL, &fault));
    CHECK_TEXT(options.config, PATH_CONFIG);
    CHECK_TEXT(options.helper, PATH_HELPER);
    CHECK_INT(options.timeout_ms, 2500);
    CHECK_INT(options.on_error, ON_ERROR_IGNORE);
    CHECK(options.break_glass == NULL && !options.quiet && !options.debug);
    CHECK_TEXT(fault.text, "");
}

static void each_argument_is_read(void)
{
    const char *arguments[] = {"config=/a b/c",   "helper=/d", "timeout=3s", "on_error=deny",
                               "break_glass=ops", "quiet",     "debug"};
    struct options options;
    struct fault fault;

    CHECK(module_options_parse(&options, COUNT(arguments), arguments, &fault));
    CHECK_TEXT(options.config, "/a b/c");
    CHECK_TEXT(options.helper, "/d");
    CHECK_INT(options.timeout_ms, 3000);
    CHECK_INT(options.on_error, ON_ERROR_DENY);
    CHECK_TEXT(options.break_glass, "ops");
    CHECK(options.quiet && options.debug);
}

static void a_timeout_has_bounds(void)
{
    static const struct {
        const char *argument;
        bool allowed;
    } cases[] = {
        {"timeout=100ms", true}, {"timeout=99ms", false},    {"timeout=60s", true},
        {"timeout=1m", true},    {"timeout=60001ms", false}, {"timeout=0", false},
        {"timeout=", false},     {"timeout=5", false},       {"timeout", false},
        {"timeout=-1s", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options options;
        struct fault fault;
        const char *argument = cases[i].argument;

        if (!CHECK(module_options_parse(&options, 1, &argument, &fault) == cases[i].allowed))
            printf("# %s\n", argument);
        if (!cases[i].allowed)
            CHECK_INT(options.timeout_ms, 2500);
    }
}

static void a_mistake_names_the_argument_and_what_is_allowed(void)
{
    static const struct {
        const char *argument;
        const char *reason;
    } cases[] = {
        {"nonsense", "argument \"nonsense\" is unknown"},
        {"", "argument \"\" is unknown"},
        {"=", "argument \"=\" is unknown"},
        {"CONFIG=/a", "argument \"CONFIG=/a\" is unknown"},
        {"confi=/a", "argument \"confi=/a\" is unknown"},
        {"configs=/a", "argument \"configs=/a\" is unknown"},
        {"config=a", "argument \"config=a\" is malformed: expected an absolute path"},
        {"config", "argument \"config\" is malformed: expected an absolute path"},
        {"helper=", "argument \"helper=\" is malformed: expected an absolute path"},
        {"on_error=", "argument \"on_error=\" is malformed: expected ignore or deny"},
        {"on_error=Deny", "argument \"on_error=Deny\" is malformed: expected ignore or deny"},
        {"break_glass=", "argument \"break_glass=\" is malformed: expected the name of a group"},
        {"quiet=", "argument \"quiet=\" is malformed: expected no value"},
        {"debug=no", "argument \"debug=no\" is malformed: expected no value"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options options;
        struct fault fault;
        const char *argument = cases[i].argument;

        CHECK(!module_options_parse(&options, 1, &argument, &fault));
        CHECK_CONTAINS(fault.text, cases[i].reason);
        CHECK_CONTAINS(fault.text, "; allowed: config=PATH helper=PATH timeout=DURATION ");
    }
}

static void an_argument_counts_once(void)
{
    const char *arguments[] = {"timeout=3s", "timeout=4s", "on_error=ignore", "on_error=deny"};
    struct options options;
    struct fault fault;

    CHECK(!module_options_parse(&options, COUNT(arguments), arguments, &fault));
    CHECK_INT(options.timeout_ms, 3000);
    CHECK_INT(options.on_error, ON_ERROR_IGNORE);
    CHECK_CONTAINS(fault.text, "argument \"timeout=4s\" is given twice; "
                               "argument \"on_error=deny\" is given twice; allowed:");
}

static void the_valid_arguments_count_beside_a_mistaken_one(void)
{
    const char *arguments[] = {"nonsense", "on_error=deny", "timeout=x", "quiet"};
    struct options options;
    struct fault fault;

    CHECK(!module_options_parse(&options, COUNT(arguments), arguments, &fault));
    CHECK_INT(options.on_error, ON_ERROR_DENY);
    CHECK(options.quiet);
}

static void many_mistakes_of_any_length_still_name_what_is_allowed(void)
{
    char longest[8192];
    const char *arguments[64];
    struct options options;
    struct fault fault;

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (int i = 0; i < COUNT(arguments); i++)
        arguments[i] = longest;
    CHECK(!module_options_parse(&options, COUNT(arguments), arguments, &fault));
    CHECK_CONTAINS(fault.text, " more; allowed: ");
    CHECK_CONTAINS(fault.text, "quiet debug");
    CHECK(strlen(fault.text) < sizeof fault.text - 1);
}

static void a_path_has_a_bound(void)
{
    char longest[LIMIT_PATH_BYTES + 16] = "config=/";
    const char *argument = longest;
    struct options options;
    struct fault fault;

    memset(longest + 8, 'x', LIMIT_PATH_BYTES - 1);
    CHECK(module_options_parse(&options, 1, &argument, &fault));
    longest[8 + LIMIT_PATH_BYTES - 1] = 'x';
    CHECK(!module_options_parse(&options, 1, &argument, &fault));
}

static const struct tap_test tests[] = {
    {"without arguments the defaults hold", without_arguments_the_defaults_hold},
    {"each argument is read", each_argument_is_read},
    {"a timeout has bounds", a_timeout_has_bounds},
    {"a mistake names the argument and what is allowed",
     a_mistake_names_the_argument_and_what_is_allowed},
    {"an argument counts once, the first time", an_argument_counts_once},
    {"the valid arguments count beside a mistaken one",
     the_valid_arguments_count_beside_a_mistaken_one},
    {"many mistakes of any length still name what is allowed",
     many_mistakes_of_any_length_still_name_what_is_allowed},
    {"a path has a bound", a_path_has_a_bound},
};

TAP_MAIN(tests)
