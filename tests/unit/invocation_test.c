#include "common/invocation.h"

#include "ssmenv/limits.h"
#include "tap.h"

#define USER    "--user=deploy"
#define SERVICE "--service=sshd"
#define CONFIG  "--config=/etc/ssmenv/ssmenv.conf"
#define TIMEOUT "--timeout-ms=2400"
#define PARENT  "--parent=17"

/* arguments: at most 8, ended by NULL */
static bool parse(struct invocation *invocation, struct error *error, const char *const *arguments)
{
    static char texts[10][64];
    char *argv[11] = {texts[0]};
    size_t count = 0;

    for (; count < 8 && arguments[count] != NULL; count++) {
        snprintf(texts[count + 1], sizeof texts[count + 1], "%s", arguments[count]);
        argv[count + 1] = texts[count + 1];
    }
    return invocation_parse(invocation, argv, error);
}

static void all_arguments_are_understood(void)
{
    struct invocation invocation = {0};
    struct error error = ERROR_INIT;
    const char *arguments[] = {USER,   SERVICE,     CONFIG,      TIMEOUT,
                               PARENT, "--uid=979", "--gid=980", NULL};

    CHECK(parse(&invocation, &error, arguments));
    CHECK_TEXT(invocation.user, "deploy");
    CHECK_TEXT(invocation.service, "sshd");
    CHECK_TEXT(invocation.config, "/etc/ssmenv/ssmenv.conf");
    CHECK_INT(invocation.timeout_ms, 2400);
    CHECK_INT(invocation.parent, 17);
    CHECK_INT(invocation.uid, 979);
    CHECK_INT(invocation.gid, 980);
}

static void what_is_malformed_is_refused(void)
{
    static const struct {
        const char *arguments[8];
        const char *message;
    } cases[] = {
        {{SERVICE, CONFIG, TIMEOUT, PARENT}, "argument --user= is missing"},
        {{USER, SERVICE, CONFIG, PARENT}, "argument --timeout-ms= is missing"},
        {{USER, USER, SERVICE, CONFIG, TIMEOUT, PARENT}, "argument --user= is given twice"},
        {{USER, SERVICE, CONFIG, TIMEOUT, PARENT, "--verbose"}, "an argument is unknown"},
        {{USER, SERVICE, CONFIG, "--timeout-ms=0", PARENT}, "--timeout-ms= has no usable value"},
        {{USER, SERVICE, CONFIG, "--timeout-ms=5s", PARENT}, "--timeout-ms= has no usable value"},
        {{USER, SERVICE, CONFIG, "--timeout-ms=60001", PARENT}, "has no usable value"},
        {{USER, SERVICE, CONFIG, "--timeout-ms=99999999999999999999", PARENT}, "no usable value"},
        {{USER, SERVICE, CONFIG, TIMEOUT, "--parent=-1"}, "--parent= has no usable value"},
        {{USER, SERVICE, CONFIG, TIMEOUT, PARENT, "--uid=0"}, "--uid= has no usable value"},
        {{USER, SERVICE, CONFIG, TIMEOUT, PARENT, "--gid=4294967295"}, "no usable value"},
        {{"--user=", SERVICE, CONFIG, TIMEOUT, PARENT}, "--user= has no usable value"},
        {{USER, SERVICE, "--config=", TIMEOUT, PARENT}, "--config= has no usable value"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct invocation invocation;
        struct error error = ERROR_INIT;

        CHECK(!parse(&invocation, &error, cases[i].arguments));
        CHECK_CONTAINS(error.text, cases[i].message);
    }
}

static void no_argument_at_all_is_refused(void)
{
    struct invocation invocation;
    struct error error = ERROR_INIT;
    char *argv[] = {NULL};

    CHECK(!invocation_parse(&invocation, argv, &error));
}

static const struct tap_test tests[] = {
    {"all arguments are understood", all_arguments_are_understood},
    {"what is malformed is refused with the argument's name", what_is_malformed_is_refused},
    {"an empty argv is refused", no_argument_at_all_is_refused},
};

TAP_MAIN(tests)
