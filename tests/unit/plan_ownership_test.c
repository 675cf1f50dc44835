#include "login_scenario.h"

static void last_section_owns(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1/a\nB = /1/b\n"
                                     "[env user=other]\nA = /2/a\n"
                                     "[env user=deploy]\nA = /3/a\n");

    scenario_stores(s, "/1/a", "one");
    scenario_stores(s, "/1/b", "two");
    scenario_stores(s, "/3/a", "three");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), "three");
    CHECK_TEXT(scenario_value(s, "B"), "two");
    CHECK_INT((long long)s->environment.count, 2);
    scenario_end(s);
}

static void before_anything_is_fetched(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1/a\nB = /1/b\n[env]\nA = /2/a || \"x\"\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/1/b /2/a");
    scenario_end(s);
}

static void owner_fails(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"general\"\nB = \"b\"\n"
                                     "[env user=deploy]\nA = /2/a\nC = \"c\"\n");

    scenario_answers(s, "/2/a", ANSWER_FAILED, "AWS is away");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), NULL);
    CHECK_TEXT(scenario_value(s, "B"), "b");
    CHECK_TEXT(scenario_value(s, "C"), NULL);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:5:5: A: parameter /2/a: AWS is away");
    scenario_end(s);
}

static void failing_line_is_not_needed(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1/a\nB = \"b\"\n[env]\nA = \"2\"\n");

    scenario_answers(s, "/1/a", ANSWER_DENIED, "no");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), "2");
    CHECK_TEXT(scenario_value(s, "B"), "b");
    scenario_end(s);
}

static void unset_takes_away(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"1\"\n[env user=deploy]\nA = unset\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), NULL);
    scenario_log_in(s, "other", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "1");
    scenario_end(s);
}

static void lookups_are_shared(void)
{
    struct scenario *s =
        scenario_of("[env]\nA = /a\nB = /a || /b\nC = /a#x\nD = /a#x\nE = /a#/x\nF = /a:1\n"
                    "G_* = /a/*\nH_* = /a/* || unset\nI_* = /a/**\n[env]\nJ = /b\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/a /b /a#/x /a:1 /a/* /a/** /b");
    CHECK_INT((long long)s->plan.sets[0].first_lookup, 0);
    CHECK_INT((long long)s->plan.sets[0].lookup_count, 6);
    CHECK_INT((long long)s->plan.sets[1].first_lookup, 6);
    CHECK_INT((long long)s->plan.sets[1].lookup_count, 1);
    scenario_end(s);
}

static void nothing_to_look_up(void)
{
    struct scenario *s = scenario_of("[env user=other]\nA = /a\n[env]\nB = \"1\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->plan.lookup_count, 0);
    CHECK_TEXT(scenario_value(s, "B"), "1");
    scenario_end(s);
}

static void files_in_order(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "ssmenv.conf", "[env user=deploy]\nA = \"special\"\n");
    scenario_file(s, "conf.d/10.conf", "[env]\nA = \"general\"\n");
    scenario_loaded(s);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "general");
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"a name belongs to the last matching section that writes it", last_section_owns},
    {"who owns a name is decided before anything is fetched", before_anything_is_fetched},
    {"if the owner's set fails, the name is absent and no earlier section steps in", owner_fails},
    {"an overridden line cannot fail its set", failing_line_is_not_needed},
    {"NAME = unset takes a name away for the logins of a section", unset_takes_away},
    {"each lookup of a set is listed once, by kind, name and member; sets share none",
     lookups_are_shared},
    {"a login that needs no parameter has no lookups", nothing_to_look_up},
    {"a drop-in comes after the main file", files_in_order},
};

TAP_MAIN(tests)
