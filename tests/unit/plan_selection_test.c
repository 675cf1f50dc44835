#include "config/selection.h"

#include "login_scenario.h"

/* Whether a section with these criteria is for a login. */
static bool matches(const char *criteria, const char *user, const char *service, const char *groups)
{
    char text[512];
    struct scenario *s;
    bool matched;

    snprintf(text, sizeof text, "[env%s%s]\nA = \"1\"\n", criteria[0] != '\0' ? " " : "", criteria);
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "");
    s->groups = groups;
    scenario_log_in(s, user, service);
    matched = scenario_value(s, "A") != NULL;
    scenario_end(s);
    return matched;
}

static void every_login(void)
{
    CHECK(matches("", "deploy", "sshd", ""));
    CHECK(matches("", "root", "cron", NULL));
}

static void comma_means_or(void)
{
    CHECK(matches("user=deploy,ci", "deploy", "sshd", ""));
    CHECK(matches("user=deploy,ci", "ci", "sshd", ""));
    CHECK(!matches("user=deploy,ci", "cid", "sshd", ""));
    CHECK(!matches("user=deploy,ci", "Deploy", "sshd", ""));
    CHECK(matches("group=dba,ops", "x", "sshd", "staff,ops"));
    CHECK(!matches("group=dba,ops", "x", "sshd", "staff,opsx"));
    CHECK(matches("service=sshd,cron", "x", "cron", ""));
}

static void all_criteria_must_hold(void)
{
    CHECK(matches("user=a group=dba service=sshd", "a", "sshd", "dba"));
    CHECK(!matches("user=a group=dba service=sshd", "b", "sshd", "dba"));
    CHECK(!matches("user=a group=dba service=sshd", "a", "su", "dba"));
    CHECK(!matches("user=a group=dba service=sshd", "a", "sshd", "ops"));
}

static void wildcards(void)
{
    CHECK(matches("service=cron*", "x", "crond", ""));
    CHECK(matches("service=cron*", "x", "cron", ""));
    CHECK(!matches("service=cron*", "x", "acron", ""));
    CHECK(matches("user=app-??", "app-01", "sshd", ""));
    CHECK(!matches("user=app-??", "app-1", "sshd", ""));
    CHECK(matches("user=*", "x", "sshd", ""));
    CHECK(matches("group=db*", "x", "sshd", "staff,dba"));
}

static void quoted_values(void)
{
    CHECK(matches("user=\"a b\",c", "a b", "sshd", ""));
    CHECK(matches("user='EXAMPLE\\dba',c", "EXAMPLE\\dba", "sshd", ""));
    CHECK(matches("user=EXAMPLE\\dba", "EXAMPLE\\dba", "sshd", ""));
    CHECK(matches("group=\"domain users\" user=x", "x", "sshd", "domain users,y"));
    CHECK(matches("user=!\"a b\"", "c", "sshd", ""));
    CHECK(!matches("user=!\"a b\"", "a b", "sshd", ""));
    CHECK(matches("user=\"a,b]=\"", "a,b]=", "sshd", ""));
}

static void vetoes(void)
{
    CHECK(matches("user=app*,!app-test", "app-1", "sshd", ""));
    CHECK(!matches("user=app*,!app-test", "app-test", "sshd", ""));
    CHECK(!matches("user=!app-test,app*", "app-test", "sshd", ""));
    CHECK(!matches("user=app*,!app-test", "root", "sshd", ""));
    CHECK(!matches("service=*,!cron*", "x", "crond", ""));
}

static void only_vetoes(void)
{
    CHECK(matches("user=!root,!adm*", "deploy", "sshd", ""));
    CHECK(!matches("user=!root,!adm*", "root", "sshd", ""));
    CHECK(!matches("user=!root,!adm*", "admin", "sshd", ""));
    CHECK(matches("service=!cron", "x", "sshd", ""));
}

static int times_asked(const char *criteria)
{
    char text[512];
    struct scenario *s;
    int asked;

    snprintf(text, sizeof text, "[env]\nB = \"1\"\n[env %s]\nA = \"1\"\n", criteria);
    s = scenario_of(text);
    s->groups = "dba";
    scenario_log_in(s, "deploy", "sshd");
    asked = s->groups_asked;
    scenario_end(s);
    return asked;
}

static void groups_are_asked_last(void)
{
    CHECK_INT(times_asked("user=deploy service=sshd"), 0);
    CHECK_INT(times_asked("group=dba user=other"), 0);
    CHECK_INT(times_asked("group=dba service=cron"), 0);
    CHECK_INT(times_asked("group=dba"), 1);
    CHECK_INT(times_asked("group=dba,ops user=deploy"), 1);
    CHECK_INT(times_asked("group=ops,dba"), 2);
}

static void no_directory(void)
{
    struct scenario *s = scenario_of("[env group=*]\nA = \"1\"\n[env]\nB = \"1\"\n");
    struct login login = {.user = "deploy", .service = "sshd"};

    CHECK(plan_build(&s->plan, &s->config, &login, &s->diagnostics));
    scenario_resolve(s);
    CHECK_TEXT(scenario_value(s, "A"), NULL);
    CHECK_TEXT(scenario_value(s, "B"), "1");
    scenario_end(s);
}

static void patterns_end(void)
{
    char pattern[64] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    char text[4096];

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK(!pattern_matches(pattern, text));
    CHECK(pattern_matches("*a*a*a*a", text));
    CHECK(pattern_matches("", ""));
    CHECK(pattern_matches("**", ""));
    CHECK(!pattern_matches("?", ""));
    CHECK(pattern_matches("a*b*c", "a-b-b-c"));
    CHECK(!pattern_matches("a*b*c", "a-b-c-"));
}

static void unusable_login(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"1\"\n");
    struct login nobody = {.user = "", .service = "sshd"};

    CHECK(!plan_build(&s->plan, &s->config, &nobody, &s->diagnostics));
    CHECK_TEXT(scenario_messages(s), "the login has no user or no service");
    scenario_end(s);
}

/* The text and place of the pattern that decided a criterion of the last section. */
static void check_decided(const struct verdict *verdict, bool matches, const char *text,
                          unsigned column)
{
    CHECK(verdict->asked);
    CHECK_INT(verdict->matches, matches);
    CHECK_TEXT(verdict->pattern != NULL ? verdict->pattern->text : "", text);
    CHECK_INT(verdict->pattern != NULL ? verdict->pattern->position.column : 0, column);
}

static void deciding_pattern(void)
{
    struct scenario *s =
        scenario_of("[env user=a*,ab,!abc service=!cron group=x,dba]\nA = \"1\"\n");
    struct login login = {.user = "ab", .service = "sshd"};
    struct selection selection = section_select(&s->config.sections[0], &login);

    check_decided(&selection.user, true, "a*", 11);
    check_decided(&selection.service, true, "", 0);
    check_decided(&selection.group, false, "", 0);
    login = (struct login){.user = "abc", .service = "cron"};
    selection = section_select(&s->config.sections[0], &login);
    check_decided(&selection.user, false, "abc", 17);
    check_decided(&selection.service, false, "cron", 30);
    CHECK(!selection.group.asked);
    CHECK(!selection.matches);
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"a section without criteria is for every login", every_login},
    {"a comma means or", comma_means_or},
    {"all criteria of a section must hold", all_criteria_must_hold},
    {"* and ? match", wildcards},
    {"values may be quoted", quoted_values},
    {"in user and service a matching ! pattern vetoes its list, wherever it stands", vetoes},
    {"a list of only ! patterns matches everyone else", only_vetoes},
    {"groups are asked only where a section names them and its other criteria hold",
     groups_are_asked_last},
    {"without a directory nobody is in a group", no_directory},
    {"a pattern with many stars takes no exponential time", patterns_end},
    {"a login without a user gets nothing", unusable_login},
    {"the pattern that decided a criterion is told, with its place", deciding_pattern},
};

TAP_MAIN(tests)
