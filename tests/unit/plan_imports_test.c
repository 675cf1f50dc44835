#include "login_scenario.h"

static void one_level(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /prod/app/*\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/prod/app/*");
    scenario_stores(s, "/prod/app/log-level", "debug");
    scenario_stores(s, "/prod/app/Db.Host_1", "h");
    scenario_stores(s, "/prod/app/deep/er", "no");
    scenario_stores(s, "/prod/other", "no");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "APP_LOG_LEVEL"), "debug");
    CHECK_TEXT(scenario_value(s, "APP_DB_HOST_1"), "h");
    CHECK_INT((long long)s->environment.count, 2);
    scenario_end(s);
}

/* The id reaches the names of what was found only: no login asks for it. */
static void below_a_path_of_the_instance(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /hosts/%i/app/*\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/hosts/%i/app/*");
    scenario_brings(s, "/hosts/%i/app/", "/hosts/i-0123456789abcdef0/app/log-level", "debug");
    scenario_brings(s, "/hosts/%i/app/", "/hosts/i-elsewhere/app/x", "no");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "APP_LOG_LEVEL"), "debug");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:1: a variable, from /hosts/i-elsewhere/app/x, is left out: it does "
               "not lie below the imported path");
    scenario_end(s);
}

static void all_levels(void)
{
    struct scenario *s = scenario_of("[env]\napp_* = /prod/**\n");

    scenario_stores(s, "/prod/app/log/level", "debug");
    scenario_stores(s, "/prod/x", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "app_APP_LOG_LEVEL"), "debug");
    CHECK_TEXT(scenario_value(s, "app_X"), "1");
    CHECK_INT((long long)s->environment.count, 2);
    scenario_end(s);
}

static void no_prefix(void)
{
    struct scenario *s = scenario_of("[env]\n* = /prod/app/*\n[env]\n*=ssm:/*\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/prod/app/* /*");
    scenario_stores(s, "/prod/app/log-level", "debug");
    scenario_stores(s, "/top", "t");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "LOG_LEVEL"), "debug");
    CHECK_TEXT(scenario_value(s, "TOP"), "t");
    scenario_end(s);
}

static void explicit_lines_beat_imports(void)
{
    struct scenario *s = scenario_of("[env]\nB = \"early\"\n[env]\nA = \"own\"\n* = /app/*\n"
                                     "[env]\nC = \"late\"\nD = unset\n");

    scenario_stores(s, "/app/a", "imported");
    scenario_stores(s, "/app/b", "imported");
    scenario_stores(s, "/app/c", "imported");
    scenario_stores(s, "/app/d", "imported");
    scenario_stores(s, "/app/e", "imported");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), "own");
    CHECK_TEXT(scenario_value(s, "B"), "early");
    CHECK_TEXT(scenario_value(s, "C"), "late");
    CHECK_TEXT(scenario_value(s, "D"), NULL);
    CHECK_TEXT(scenario_value(s, "E"), "imported");
    scenario_end(s);
}

static void explicit_line_that_fails(void)
{
    struct scenario *s = scenario_of("[env]\n* = /app/*\n[env]\nA = /a\n");

    scenario_stores(s, "/app/a", "imported");
    scenario_stores(s, "/app/b", "imported");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), NULL);
    CHECK_TEXT(scenario_value(s, "B"), "imported");
    scenario_end(s);
}

static void left_out(void)
{
    struct scenario *s = scenario_of("[env]\n* = /app/*\n");

    scenario_stores(s, "/app/ld-preload", "x");
    scenario_stores(s, "/app/1st", "x");
    scenario_stores(s, "/app/https.proxy", "x");
    scenario_stores(s, "/app/aws_profile", "x");
    scenario_stores(s, "/app/good", "g");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "GOOD"), "g");
    CHECK_INT((long long)s->diagnostics.errors, 0);
    CHECK_INT((long long)s->diagnostics.warnings, 4);
    CHECK_TEXT(
        scenario_messages(s),
        "ssmenv.conf:2:1: LD_PRELOAD, from /app/ld-preload, is left out: it would change how "
        "programs of the session run\n"
        "ssmenv.conf:2:1: 1ST, from /app/1st, is left out: it is no name of a variable\n"
        "ssmenv.conf:2:1: HTTPS_PROXY, from /app/https.proxy, is left out: it redirects "
        "network traffic and is set only by a line of its own\n"
        "ssmenv.conf:2:1: AWS_PROFILE, from /app/aws_profile, is left out: it redirects "
        "network traffic and is set only by a line of its own");
    scenario_end(s);
}

static void names_that_are_too_long(void)
{
    char name[256] = "/app/";
    struct scenario *s = scenario_of("[env]\nAPP_* = /app/*\n");

    memset(name + 5, 'x', LIMIT_NAME_BYTES - 4 + 1);
    scenario_stores(s, name, "1");
    scenario_stores(s, "/app/a", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_INT((long long)s->diagnostics.warnings, 1);
    scenario_end(s);
}

static void collisions(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /app/*\n* = /more/*\n");

    scenario_stores(s, "/app/log-level", "1");
    scenario_stores(s, "/app/log_level", "2");
    scenario_stores(s, "/app/port", "3");
    scenario_stores(s, "/app/host", "h");
    scenario_stores(s, "/more/app.port", "4");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "APP_HOST"), "h");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:1: APP_LOG_LEVEL is left out: both /app/log-level and "
               "/app/log_level make this name\n"
               "ssmenv.conf:3:1: APP_PORT is left out: both /app/port and /more/app.port make this "
               "name");
    scenario_end(s);
}

static void collision_settled(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /app/*\nAPP_A_B = /app/a-b\n");

    scenario_stores(s, "/app/a-b", "1");
    scenario_stores(s, "/app/a_b", "2");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "APP_A_B"), "1");
    scenario_end(s);
}

static void same_parameter_twice(void)
{
    struct scenario *s = scenario_of("[env]\n* = /app/*\n* = /app/**\n");

    scenario_stores(s, "/app/a", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), "1");
    scenario_end(s);
}

static void later_import_wins(void)
{
    struct scenario *s = scenario_of("[env]\n* = /1/*\n[env user=deploy]\n* = /2/*\n");

    scenario_stores(s, "/1/a", "one");
    scenario_stores(s, "/1/b", "one");
    scenario_stores(s, "/2/a", "two");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), "two");
    CHECK_TEXT(scenario_value(s, "B"), "one");
    CHECK_INT((long long)s->environment.count, 2);
    scenario_log_in(s, "other", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "one");
    scenario_end(s);
}

static void later_import_in_a_failed_set(void)
{
    struct scenario *s = scenario_of("[env]\n* = /1/*\n[env]\n* = /2/*\nX = /x\n");

    scenario_stores(s, "/1/a", "one");
    scenario_stores(s, "/1/b", "one");
    scenario_stores(s, "/2/a", "two");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), NULL);
    CHECK_TEXT(scenario_value(s, "B"), "one");
    scenario_end(s);
}

static void nothing_found(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"a\"\nAPP_* = /app/*\n[env]\nB = \"b\"\n"
                                     "C_* = /c/** || unset\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "B"), "b");
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:3:9: APP_*: no parameter lies below /app/; end "
                                     "the line in || unset if that may be so");
    scenario_end(s);
}

static void foreign_entries(void)
{
    struct scenario *s = scenario_of("[env]\n* = /app/*\n");
    struct answer answer = {0};

    answer_set(&answer, ANSWER_FOUND, "");
    answer_add(&answer, "/else/a", "x");
    answer_add(&answer, "/app/", "x");
    answer_add(&answer, "/app/b", "b");
    scenario_plan(s, "deploy", "sshd");
    CHECK(plan_resolve(&s->plan, &answer, &s->environment, &s->diagnostics));
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:1: a variable, from /else/a, is left out: it does not lie below the "
               "imported path\n"
               "ssmenv.conf:2:1: , from /app/, is left out: it is no name of a variable");
    answer_set(&answer, ANSWER_MISSING, "");
    free(answer.error);
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"/prod/app/log-level under APP_* = /prod/app/* becomes APP_LOG_LEVEL, one level only",
     one_level},
    {"a path may hold the id of the instance", below_a_path_of_the_instance},
    {"** descends, and levels join with _", all_levels},
    {"* = has no prefix, and /* is the root", no_prefix},
    {"explicit lines beat imports, of every matching section", explicit_lines_beat_imports},
    {"an import does not step in for an explicit line that fails", explicit_line_that_fails},
    {"denied, illegal and redirecting names are left out with a warning, the others stand",
     left_out},
    {"a name that gets too long is left out", names_that_are_too_long},
    {"names that two parameters make are left out with a warning that names both", collisions},
    {"a line that writes the name out settles a collision", collision_settled},
    {"the same parameter by two imports is no collision", same_parameter_twice},
    {"between imports the last matching section that brings a name owns it", later_import_wins},
    {"if that set fails, the name is absent", later_import_in_a_failed_set},
    {"an import that finds nothing is an error unless || unset", nothing_found},
    {"an answer from another path is not imported", foreign_entries},
};

TAP_MAIN(tests)
