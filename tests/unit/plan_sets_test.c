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
    s->groups = "staff dba";
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

static const struct tap_test tests[] = {
    {"the example of the manual gives the variables that it says", whole_example},
};

TAP_MAIN(tests)
