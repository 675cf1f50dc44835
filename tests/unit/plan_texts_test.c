#include "login_scenario.h"

static void variables_of_the_set(void)
{
    struct scenario *s =
        scenario_of("[env]\nU = /u\nP = 'p/w'\n"
                    "URL = \"x://${U|uri}:${P|uri}@h/${U}${U}\"\nV = \"${URL}!\"\n");

    scenario_stores(s, "/u", "a b");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "URL"), "x://a%20b:p%2Fw@h/a ba b");
    CHECK_TEXT(scenario_value(s, "V"), "x://a%20b:p%2Fw@h/a ba b!");
    scenario_end(s);
}

static void uri_encoding(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nB = \"${A|uri}\"\n");

    scenario_stores(s, "/a", "AZaz09-._~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}\303\244\n\177");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "B"), "AZaz09-._~%20%21%22%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B"
                                       "%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%C3%A4%0A%7F");
    scenario_end(s);
}

static void nearest_above(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"1\"\n[env user=other]\nA = \"2\"\n"
                                     "[env]\nA = \"3\"\n[env]\nB = \"${A}\"\n[env]\nA = \"4\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "B"), "3");
    CHECK_TEXT(scenario_value(s, "A"), "4");
    scenario_end(s);
}

static void own_line_comes_first(void)
{
    struct scenario *s = scenario_of("[env]\nA = /general\n[env]\nA = /special\nB = \"${A}\"\n"
                                     "[env]\nA = /later\n");

    scenario_stores(s, "/special", "special");
    scenario_stores(s, "/later", "later");
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/special /later");
    scenario_resolve(s);
    CHECK_TEXT(scenario_value(s, "A"), "later");
    CHECK_TEXT(scenario_value(s, "B"), "special");
    scenario_end(s);
}

static void same_name_of_an_earlier_section(void)
{
    struct scenario *s =
        scenario_of("[env]\nA = \"1\"\n[env]\nA = \"${A}2\"\n[env]\nA = \"${A}3\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), "123");
    scenario_end(s);
}

static void needed_by_a_text(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1/a\nB = \"${A}\"\nC = /1/c\n"
                                     "[env]\nA = /2/a\nC = /2/c\n");

    scenario_stores(s, "/1/a", "one");
    scenario_stores(s, "/2/a", "two");
    scenario_stores(s, "/2/c", "c");
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/1/a /2/a /2/c");
    scenario_resolve(s);
    CHECK_TEXT(scenario_value(s, "A"), "two");
    CHECK_TEXT(scenario_value(s, "B"), "one");
    scenario_end(s);
}

static void text_that_is_not_needed(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1/a\n[env]\nA = \"2\"\nB = \"3\"\n"
                                     "[env]\nB = /1/b\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/1/b");
    scenario_end(s);
    s = scenario_of("[env]\nA = /1/a\nB = \"${A}\"\n[env]\nA = \"2\"\nB = \"3\"\n");
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "");
    scenario_end(s);
}

static void earlier_set_fails(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nX = /x\n[env]\nB = \"${A}\"\nC = \"c\"\n"
                                     "[env]\nD = \"d\"\n");

    scenario_stores(s, "/a", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "D"), "d");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:3:5: X: parameter /x does not exist\n"
               "ssmenv.conf:4:1: this section is left out with the one at ssmenv.conf:1: a text "
               "joins them, and that one failed");
    scenario_end(s);
}

static void later_set_fails(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n[env]\nB = \"${A}\"\nX = /x\n"
                                     "[env]\nD = \"d\"\n");

    scenario_stores(s, "/a", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "D"), "d");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:5:5: X: parameter /x does not exist\n"
               "ssmenv.conf:1:1: this section is left out with the one at ssmenv.conf:3: a text "
               "joins them, and that one failed");
    scenario_end(s);
}

static void chains_fail_together(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"a\"\n[env]\nN = \"n\"\n[env]\nB = \"${A}\"\n"
                                     "[env]\nC = \"${B}\"\n[env]\nX = /x\nY = \"${A}\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "N"), "n");
    CHECK_INT((long long)s->diagnostics.errors, 4);
    scenario_end(s);
}

static void unmatched_sections_join_nothing(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"a\"\n[env user=other]\nB = \"${A}\"\nX = /x\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), "a");
    scenario_end(s);
}

static void failing_part_fails_the_text(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nU = /u || unset\nB = \"${U}${A}\" || unset\n");

    scenario_answers(s, "/a", ANSWER_FAILED, "away");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: parameter /a: away");
    scenario_end(s);
}

static void unset_variable(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a || unset\nB = \"x${A}\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:3:7: B: A is not set for this login; end the line in || unset if it "
               "may be absent");
    scenario_end(s);
    s = scenario_of("[env]\nA = /a || unset\nB = \"x${A}\" || unset\nC = \"${B}\" || unset\n"
                    "D = /d || \"${A}\" || unset\n");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_TEXT(scenario_messages(s), "");
    scenario_end(s);
}

static void only_in_other_sections(void)
{
    struct scenario *s = scenario_of("[env user=other]\nA = \"a\"\n[env]\nB = \"${A}\"\n"
                                     "[env]\nC = \"${A}\" || unset\nD = \"d\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:4:6: B: A is not set for this login; end the line in || unset if it "
               "may be absent");
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "D"), "d");
    diagnostics_free(&s->diagnostics);
    scenario_log_in(s, "other", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "C"), "a");
    scenario_end(s);
}

static void text_as_second_choice(void)
{
    struct scenario *s = scenario_of("[env]\nH = \"h\"\nA = /a || \"${H}:1\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "h:1");
    scenario_stores(s, "/a", "other");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "other");
    scenario_end(s);
}

static void imported_variables(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /app/*\n[env]\nURL = \"${APP_HOST}/x\"\n"
                                     "[env]\nAPP_HOST = \"written\"\n"
                                     "[env]\nU2 = \"${APP_HOST}\"\n");

    scenario_stores(s, "/app/host", "h");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "URL"), "h/x");
    CHECK_TEXT(scenario_value(s, "U2"), "written");
    CHECK_TEXT(scenario_value(s, "APP_HOST"), "written");
    scenario_end(s);
}

static void imports_that_do_not_bring_it(void)
{
    struct scenario *s = scenario_of("[env]\nAPP_* = /app/*\nURL = \"${APP_HOST}\"\n"
                                     "[env]\nX = \"${APP_HOST}\" || unset\nY = \"y\"\n");

    scenario_stores(s, "/app/port", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:3:8: URL: APP_HOST is not set for this login; end the line in || unset "
               "if it may be absent");
    CHECK_TEXT(scenario_value(s, "Y"), "y");
    CHECK_TEXT(scenario_value(s, "APP_PORT"), NULL);
    scenario_end(s);
}

static void imports_join(void)
{
    struct scenario *s =
        scenario_of("[env]\nAPP_* = /app/*\n[env]\nURL = \"${APP_HOST}\"\nX = /x\n");

    scenario_stores(s, "/app/host", "h");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_INT((long long)s->diagnostics.errors, 2);
    scenario_end(s);
    s = scenario_of("[env]\nAPP_* = /app/*\n[env]\nURL = \"${APP_HOST}\" || unset\n");
    scenario_answers(s, "/app/", ANSWER_DENIED, "no");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:9: APP_*: path /app/: no\n"
               "ssmenv.conf:3:1: this section is left out with the one at ssmenv.conf:1: a text "
               "joins them, and that one failed");
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"a text is put together from the variables of its set, with |uri percent-encoded",
     variables_of_the_set},
    {"|uri encodes everything but the unreserved bytes of RFC 3986", uri_encoding},
    {"${X} is the nearest matching section above that writes X", nearest_above},
    {"${X} is the own section's X, also when a later section owns X", own_line_comes_first},
    {"a variable may be made of the same one of an earlier section",
     same_name_of_an_earlier_section},
    {"an overridden line is fetched when a needed text names it", needed_by_a_text},
    {"an overridden line is not fetched otherwise, nor for a text that is overridden itself",
     text_that_is_not_needed},
    {"when the earlier set fails, the one that names its variable fails too", earlier_set_fails},
    {"when the later set fails, the one whose variable it names fails too", later_set_fails},
    {"all sets that texts join fail together, and no other", chains_fail_together},
    {"a section that does not match joins nothing", unmatched_sections_join_nothing},
    {"|| unset does not hide that a part failed", failing_part_fails_the_text},
    {"a text that names an unset variable fails its set unless it ends in || unset too",
     unset_variable},
    {"a variable that only other logins have is unset", only_in_other_sections},
    {"a text may be the alternative of a parameter", text_as_second_choice},
    {"${X} may name an imported variable; a line that writes it out comes first",
     imported_variables},
    {"an imported variable that is not there is unset", imports_that_do_not_bring_it},
    {"an imported variable joins its sets as well", imports_join},
};

TAP_MAIN(tests)
