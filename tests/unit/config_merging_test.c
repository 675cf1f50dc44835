#include "login_scenario.h"

static const char *setting(const struct scenario *s, const char *key)
{
    for (size_t i = 0; i < s->config.identities[0].count; i++) {
        if (strcmp(s->config.identities[0].settings[i].key, key) == 0)
            return s->config.identities[0].settings[i].value;
    }
    return NULL;
}

static void later_file_wins(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "ssmenv.conf",
                  "[aws]\nregion = us-east-2\nprofile = \"two words\"\n[cache]\nttl = 1m\n"
                  "[let]\nSTAGE = \"test\"\nTEAM = \"core\"\n"
                  "[env]\nA = /%{STAGE}/%{TEAM}/a\n");
    scenario_file(s, "conf.d/10.conf", "[cache]\nmax_stale = 1h\n[let]\nSTAGE = \"prod\"\n");
    scenario_file(s, "conf.d/20.conf", "[aws]\nregion = eu-west-1\n[cache]\nttl = 0\n");
    CHECK(scenario_loaded(s));
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_INT((long long)s->config.identities[0].count, 2);
    CHECK_TEXT(setting(s, "region"), "eu-west-1");
    CHECK_TEXT(setting(s, "profile"), "two words");
    CHECK_INT((long long)s->config.cache.ttl_ms, 0);
    CHECK_INT((long long)s->config.cache.max_stale_ms, 3600 * 1000);
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/prod/core/a");
    scenario_end(s);
}

static void twice_in_one_file(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "a.conf", "[let]\nX = \"1\"\n[aws]\nregion = us-east-2\n[cache]\nttl = 1m\n");
    scenario_file(s, "b.conf",
                  "[let]\nX = \"2\"\n[let]\nX = \"3\"\n[aws]\nregion = us-east-2\n"
                  "region = us-east-2\n[cache]\nttl = 1m\nttl = 1m\n");
    CHECK(!scenario_loaded(s));
    CHECK_TEXT(scenario_messages(s), "b.conf:4:1: X is already written on line 2\n"
                                     "b.conf:7:1: region is already written on line 6\n"
                                     "b.conf:10:1: ttl is already written on line 9");
    scenario_end(s);
}

static void constant_of_a_later_file(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "a.conf", "[env]\nA = /%{STAGE}/a\n");
    scenario_file(s, "b.conf", "[let]\nSTAGE = \"prod\"\n");
    CHECK(scenario_loaded(s));
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_lookups(s), "/prod/a");
    scenario_end(s);
}

static void constants_anywhere_in_names(void)
{
    struct scenario *s =
        scenario_of("[let]\nROOT = '/prod/app'\nV = \"3\"\nREGION = \"eu-west-1\"\nK = \"b\"\n"
                    "[env]\nA = %{ROOT}/a%{K}c:%{V}#m\n"
                    "B = arn:aws:ssm:%{REGION}:111122223333:parameter%{ROOT}/b\n"
                    "C_* = %{ROOT}/**\nD = %{K}\n");

    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_lookups(s), "/prod/app/abc:3#/m "
                                    "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/app/b "
                                    "/prod/app/** b");
    scenario_end(s);
}

static void cache_defaults(void)
{
    struct scenario *s = scenario_of("");

    CHECK(s->good);
    CHECK_INT((long long)s->config.identities[0].count, 0);
    CHECK_INT((long long)s->config.cache.ttl_ms, 5 * 60 * 1000);
    CHECK_INT((long long)s->config.cache.max_stale_ms, 24 * 3600 * 1000);
    CHECK_INT((long long)s->config.cache.retry_after_ms, 30 * 1000);
    CHECK_INT(s->config.cache.on_denied, ON_DENIED_PURGE);
    scenario_end(s);
}

static void durations(void)
{
    struct scenario *s =
        scenario_of("[cache]\nttl = 250ms\nmax_stale = \"3s\"\nretry_after = 24h # a day\n"
                    "on_denied = stale\n");

    CHECK_TEXT(scenario_messages(s), "");
    CHECK_INT((long long)s->config.cache.ttl_ms, 250);
    CHECK_INT((long long)s->config.cache.max_stale_ms, 3000);
    CHECK_INT((long long)s->config.cache.retry_after_ms, 24 * 3600 * 1000);
    CHECK_INT(s->config.cache.on_denied, ON_DENIED_STALE);
    scenario_end(s);
}

static const char every_key[] = "[aws]\n"
                                "region = us-gov-west-1\n"
                                "profile = app\n"
                                "credentials_file = /etc/ssmenv/credentials\n"
                                "config_file = /etc/ssmenv/config\n"
                                "role_arn = arn:aws-us-gov:iam::111122223333:role/team/params\n"
                                "external_id = ab:1/2\n"
                                "role_session_name = web-1@example.com\n"
                                "web_identity_token_file = /run/token\n"
                                "endpoint_url = https://vpce-1.ssm.us-east-1.vpce.amazonaws.com\n"
                                "use_fips_endpoint = no\n"
                                "use_dualstack_endpoint = no\n"
                                "ca_bundle = '/etc/ssl/a b.pem'\n"
                                "ec2_metadata_service_endpoint = http://[fd00:ec2::254]\n"
                                "max_attempts = 10\n";

static void all_keys_of_aws(void)
{
    struct scenario *s = scenario_of(every_key);

    CHECK_TEXT(scenario_messages(s), "");
    CHECK_INT((long long)s->config.identities[0].count, 14);
    CHECK_TEXT(setting(s, "role_arn"), "arn:aws-us-gov:iam::111122223333:role/team/params");
    CHECK_TEXT(setting(s, "ca_bundle"), "/etc/ssl/a b.pem");
    CHECK_TEXT(setting(s, "max_attempts"), "10");
    scenario_end(s);
}

static void urls_without_tls(void)
{
    static const char *const good[] = {"endpoint_url = http://127.0.0.1:4566",
                                       "endpoint_url = http://localhost:4566/",
                                       "endpoint_url = http://[::1]:4566",
                                       "ec2_metadata_service_endpoint = http://169.254.169.254",
                                       "ec2_metadata_service_endpoint = http://127.0.0.1:1338/"};
    static const char *const bad[] = {"endpoint_url = http://127.0.0.1.example.com",
                                      "endpoint_url = http://localhost.example.com",
                                      "endpoint_url = http://localhost@example.com",
                                      "endpoint_url = http://169.254.169.254",
                                      "endpoint_url = ftp://localhost",
                                      "endpoint_url = https://",
                                      "endpoint_url = https://:443",
                                      "endpoint_url = http://[::1"};
    char text[256];

    for (size_t i = 0; i < sizeof good / sizeof good[0] + sizeof bad / sizeof bad[0]; i++) {
        bool expected = i < sizeof good / sizeof good[0];
        const char *line = expected ? good[i] : bad[i - sizeof good / sizeof good[0]];
        struct scenario *s;

        snprintf(text, sizeof text, "[aws]\n%s\n", line);
        s = scenario_of(text);
        if (!CHECK_INT(s->good, expected))
            printf("#   with %s\n", line);
        scenario_end(s);
    }
}

static const struct tap_test tests[] = {
    {"[aws], [cache] and [let] merge by key across files, and the later file wins",
     later_file_wins},
    {"a key twice in one file is an error, also in two sections", twice_in_one_file},
    {"a constant may come from a later file than the name that uses it", constant_of_a_later_file},
    {"%{NAME} works in every part of a parameter's name", constants_anywhere_in_names},
    {"[cache] has ttl 5m, max_stale 24h, retry_after 30s and on_denied purge by default",
     cache_defaults},
    {"durations are written 250ms, 3s, 5m and 24h", durations},
    {"[aws] takes each of its keys and keeps the text", all_keys_of_aws},
    {"http without TLS is for this machine and the metadata addresses only", urls_without_tls},
};

TAP_MAIN(tests)
