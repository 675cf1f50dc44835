#include "login_scenario.h"

static void whole_example(void)
{
    struct scenario *s = scenario_of(
        "[aws]\n"
        "region = us-east-2                 # default: profile, then instance metadata\n"
        "\n"
        "[cache]\n"
        "ttl = 5m\n"
        "[let]                              # constants for parameter names\n"
        "STAGE = \"prod\"\n"
        "[env]                              # every login\n"
        "DB_USER = DB_USER                  # a parameter, by name\n"
        "DB_PASS = /%{STAGE}/db/password    # by path; SecureString is always decrypted\n"
        "DB_HOST = /%{STAGE}/db/host || \"localhost\"     # alternatives, left to right\n"
        "DB_PORT = \"5432\"                   # a constant\n"
        "DEBUG_FLAG = /%{STAGE}/debug || unset          # may be absent\n"
        "[env user=deploy,ci group=dba service=sshd,cron*]\n"
        "API_KEY  = /prod/api/key:3         # version or label\n"
        "DB_ADMIN = /aws/reference/secretsmanager/prod/db#username\n"
        "MINE     = /users/%u/token         # the login's user\n"
        "APP_*    = /prod/app/*             # one level\n"
        "DATABASE_URL = \"postgresql://${DB_USER|uri}:${DB_PASS|uri}@${DB_HOST}:5432/app\"\n");

    CHECK(s->good);
    scenario_stores(s, "DB_USER", "app user");
    scenario_stores(s, "/prod/db/password", "s3cr:t/@");
    scenario_stores(s, "/prod/api/key:3", "key3");
    scenario_stores(s, "/aws/reference/secretsmanager/prod/db#/username", "admin");
    scenario_stores(s, "/users/deploy/token", "tok");
    scenario_stores(s, "/prod/app/log-level", "debug");
    s->groups = "staff,dba";
    scenario_log_in(s, "deploy", "crond");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, 9);
    CHECK_TEXT(scenario_value(s, "DB_HOST"), "localhost");
    CHECK_TEXT(scenario_value(s, "DEBUG_FLAG"), NULL);
    CHECK_TEXT(scenario_value(s, "DB_ADMIN"), "admin");
    CHECK_TEXT(scenario_value(s, "MINE"), "tok");
    CHECK_TEXT(scenario_value(s, "APP_LOG_LEVEL"), "debug");
    CHECK_TEXT(scenario_value(s, "DATABASE_URL"),
               "postgresql://app%20user:s3cr%3At%2F%40@localhost:5432/app");
    scenario_end(s);
}

static void together_or_not_at_all(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nB = /b\nC = \"c\"\n");

    scenario_stores(s, "/a", "1");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:3:5: B: parameter /b does not exist");
    scenario_end(s);
}

static void other_sets_stand(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n[env service=sshd]\nB = /b\n[env]\nC = /c\n");

    scenario_stores(s, "/a", "1");
    scenario_answers(s, "/b", ANSWER_DENIED, "AccessDeniedException (request 42)");
    scenario_stores(s, "/c", "3");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), "1");
    CHECK_TEXT(scenario_value(s, "B"), NULL);
    CHECK_TEXT(scenario_value(s, "C"), "3");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:4:5: B: parameter /b: AccessDeniedException (request 42)");
    scenario_end(s);
}

static void every_name_in_trouble(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nB = /b\nC = /c#x\n");

    scenario_answers(s, "/a", ANSWER_DENIED, "denied: /a");
    scenario_answers(s, "/c#/x", ANSWER_FAILED, "parameter /c has no member /x");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: denied: /a\n"
                                     "ssmenv.conf:3:5: B: parameter /b does not exist\n"
                                     "ssmenv.conf:4:5: C: parameter /c has no member /x");
    scenario_end(s);
}

static void away_is_said_once(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nB = /b\nC = /c\n[env]\nD = /d\n");

    for (size_t i = 0; i < 4; i++) {
        static const char *const names[] = {"/a", "/b", "/c", "/d"};

        scenario_answers(s, names[i], ANSWER_FAILED, "ssm.us-east-2.amazonaws.com: timed out");
    }
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:5: A: parameter /a: ssm.us-east-2.amazonaws.com: timed out\n"
               "ssmenv.conf:6:5: D: parameter /d: ssm.us-east-2.amazonaws.com: timed out");
    scenario_end(s);
}

static void alternatives_left_to_right(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1 || /2 || \"3\"\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "3");
    scenario_stores(s, "/2", "two");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "two");
    scenario_stores(s, "/1", "");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "");
    CHECK_TEXT(scenario_messages(s), "");
    scenario_end(s);
}

static void only_what_does_not_exist(void)
{
    static const enum answer_state states[] = {ANSWER_DENIED, ANSWER_FAILED};

    for (size_t i = 0; i < 2; i++) {
        struct scenario *s = scenario_of("[env]\nA = /1 || \"default\"\n[env]\nB = /1 || unset\n"
                                         "[env]\nC_* = /1/* || unset\n");

        scenario_answers(s, "/1", states[i], "no");
        scenario_answers(s, "/1/", states[i], "no");
        scenario_log_in(s, "deploy", "sshd");
        CHECK(!s->resolved);
        CHECK_INT((long long)s->environment.count, 0);
        CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: parameter /1: no\n"
                                         "ssmenv.conf:4:5: B: parameter /1: no\n"
                                         "ssmenv.conf:6:7: C_*: path /1/: no");
        scenario_end(s);
    }
}

static void not_reached(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1 || /2\n");

    scenario_stores(s, "/1", "one");
    scenario_answers(s, "/2", ANSWER_DENIED, "no");
    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_TEXT(scenario_value(s, "A"), "one");
    scenario_end(s);
}

static void one_batch(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1 || /2 || /3:4 || unset\nB = /users/%u\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/1 /2 /3:4 /users/deploy");
    scenario_end(s);
}

static void none_exists(void)
{
    struct scenario *s = scenario_of("[env]\nA = /1 || /2:3\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: none of the parameters /1, /2:3 exists");
    scenario_end(s);
}

static void word_meant_as_text(void)
{
    struct scenario *s = scenario_of("[env]\nA = 5432\n[env]\nB = /h || local.host:80\n"
                                     "[env]\nC = ssm:word\n[env]\nD = /path\n"
                                     "[env]\nE = user-%u\n");

    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:5: A: parameter 5432 does not exist; for the text itself write "
               "\"5432\"\n"
               "ssmenv.conf:4:5: B: none of the parameters /h, local.host:80 exists; for the text "
               "itself write \"local.host:80\"\n"
               "ssmenv.conf:6:5: C: parameter word does not exist\n"
               "ssmenv.conf:8:5: D: parameter /path does not exist\n"
               "ssmenv.conf:10:5: E: parameter user-deploy does not exist");
    scenario_end(s);
}

static void user_in_names(void)
{
    struct scenario *s = scenario_of("[env]\nA = /users/%u/token:%{V}\nB = %u_%u\n"
                                     "C = arn:aws:ssm:us-east-1:111122223333:parameter/%u\n"
                                     "D_* = /users/%u/**\n[let]\nV = \"2\"\n");

    scenario_plan(s, "web-1.x_Y", "sshd");
    CHECK_TEXT(scenario_lookups(s),
               "/users/web-1.x_Y/token:2 web-1.x_Y_web-1.x_Y "
               "arn:aws:ssm:us-east-1:111122223333:parameter/web-1.x_Y /users/web-1.x_Y/**");
    scenario_end(s);
}

static void users_that_cannot_be_in_names(void)
{
    static const char *const users[] = {".",   "..",  "a/b",      "a b", "EXAMPLE\\x",
                                        "a:3", "x@y", "\303\244", "*",   "a#b"};

    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        struct scenario *s =
            scenario_of("[env]\nA = \"1\"\n[env]\nB = \"b\"\nC = /users/%u || \"none\"\n");

        scenario_log_in(s, users[i], "sshd");
        CHECK(!s->resolved);
        CHECK_TEXT(scenario_value(s, "A"), "1");
        CHECK_INT((long long)s->environment.count, 1);
        CHECK_INT((long long)s->plan.lookup_count, 0);
        CHECK_TEXT(scenario_messages(s),
                   "ssmenv.conf:5:5: C: %u: the user's name cannot be part of a parameter's name, "
                   "which has only letters, digits and _ . -");
        scenario_end(s);
    }
}

static void damaged_answers(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\nB_* = /b/*\n");
    struct answer answers[2] = {{.state = ANSWER_FOUND}, {.state = 0}};

    scenario_plan(s, "deploy", "sshd");
    CHECK(!plan_resolve(&s->plan, answers, &s->environment, &s->diagnostics));
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: parameter /a: the answer is damaged");
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"the example of the manual gives the variables that it says", whole_example},
    {"a section is set together or not at all", together_or_not_at_all},
    {"a set that fails takes no other set with it", other_sets_stand},
    {"every line in trouble is named, with FILE:LINE:COLUMN, variable and parameter",
     every_name_in_trouble},
    {"what holds for all of AWS is said once in each set", away_is_said_once},
    {"alternatives are taken from left to right, and an empty value is one",
     alternatives_left_to_right},
    {"|| and unset never turn denied or away into a default", only_what_does_not_exist},
    {"an alternative that is not reached cannot fail", not_reached},
    {"all alternatives travel in the same batch", one_batch},
    {"when no alternative exists, all are named", none_exists},
    {"a missing word without / is told how to write the text itself", word_meant_as_text},
    {"%u is the login's user, anywhere in a name", user_in_names},
    {"a user outside [A-Za-z0-9_.-], or . or .., fails the set", users_that_cannot_be_in_names},
    {"an answer that makes no sense fails its set", damaged_answers},
};

TAP_MAIN(tests)
