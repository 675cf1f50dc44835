#include "mistakes.h"

/* clang-format off */
static const struct mistake mistakes[] = {
    {"no name",
     "[env]\nA = secret:\n",
     "ssmenv.conf:2:12: expected the name of a secret, as in secret:prod/db"},
    {"no name before a selector",
     "[env]\nA = secret:?stage=X\n",
     "ssmenv.conf:2:12: expected the name of a secret, as in secret:prod/db"},
    {"a byte that no secret's name has",
     "[env]\nA = secret:prod,db\n",
     "ssmenv.conf:2:16: this byte cannot be part of a secret's name"},
    {"a selector as parameters have it",
     "[env]\nA = secret:prod/db:3\n",
     "ssmenv.conf:2:19: this byte cannot be part of a secret's name"},
    {"an unknown selector",
     "[env]\nA = secret:prod/db?label=X\n",
     "ssmenv.conf:2:19: expected ?stage=STAGE or ?version=VERSION"},
    {"a stage that is empty",
     "[env]\nA = secret:prod/db?stage=\n",
     "ssmenv.conf:2:26: a stage has 1 to 256 letters, digits or any of _ + = . @ / -"},
    {"a stage with the user in it",
     "[env]\nA = secret:db?stage=a%u\n",
     "ssmenv.conf:2:22: a stage has 1 to 256 letters, digits or any of _ + = . @ / -"},
    {"both stage and version",
     "[env]\nA = secret:db?stage=X?version=00000000-0000-0000-0000-000000000000\n",
     "ssmenv.conf:2:22: a stage has 1 to 256 letters, digits or any of _ + = . @ / -"},
    {"a version that is a number",
     "[env]\nA = secret:db?version=3\n",
     "ssmenv.conf:2:23: a version is the id that AWS gave it, of 32 to 64 bytes"},
    {"an ARN of another service",
     "[env]\nA = secret:arn:aws:ssm:us-east-1:111122223333:parameter/x\n",
     "ssmenv.conf:2:20: expected the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"},
    {"an ARN with an account that is none",
     "[env]\nA = secret:arn:aws:secretsmanager:us-east-1:1:secret:x\n",
     "ssmenv.conf:2:45: expected the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"},
    {"an ARN of something else of the service",
     "[env]\nA = secret:arn:aws:secretsmanager:us-east-1:111122223333:x\n",
     "ssmenv.conf:2:58: expected the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"},
    {"an ARN that is cut off",
     "[env]\nA = secret:arn:aws\n",
     "ssmenv.conf:2:16: expected the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"},
    {"an ARN without a name",
     "[env]\nA = secret:arn:aws:secretsmanager:us-east-1:111122223333:secret:\n",
     "ssmenv.conf:2:65: expected the name of a secret, as in secret:prod/db"},
    {"an import",
     "[env]\nA_* = secret:prod/*\n",
     "ssmenv.conf:2:7: an import takes parameters: expected /path/* or /path/**"},
    {"a constant that spoils the name",
     "[let]\nX = \"a,\"\n[env]\nA = secret:%{X}b\n",
     "ssmenv.conf:4:5: this byte cannot be part of a secret's name (after the constants were put in)"},
    {"a secret's ARN without secret:",
     "[env]\nA = arn:aws:secretsmanager:us-east-1:111122223333:secret:x\n",
     "ssmenv.conf:2:13: expected the ARN of a parameter, arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"},
};
/* clang-format on */

static void mistakes_are_named(void)
{
    check_mistakes(mistakes, sizeof mistakes / sizeof *mistakes);
}

#define ARN     "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:prod/db-AbCdEf"
#define VERSION "11111111-2222-3333-4444-555555555555"

static void every_form_becomes_a_lookup_of_its_own_kind(void)
{
    static const struct {
        const char *written;
        const char *name;
        const char *member;
    } forms[] = {
        {"secret:rds!db-1234", "rds!db-1234", ""},
        {"secret:rds!db-1234#password", "rds!db-1234", "/password"},
        {"secret:rds!db-1234?stage=AWSCURRENT#\"odd key\"", "rds!db-1234?stage=AWSCURRENT",
         "/odd key"},
        {"secret:a/b_c+d=e.f@g-h?version=" VERSION "#/a/b", "a/b_c+d=e.f@g-h?version=" VERSION,
         "/a/b"},
        {"secret:" ARN "?stage=A+b=c/d@e", ARN "?stage=A+b=c/d@e", ""},
        {"secret:users/%u/db", "users/deploy/db", ""},
        {"secret:%{STAGE}/db", "prod/db", ""},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char text[512];
        struct scenario *s;

        snprintf(text, sizeof text, "[let]\nSTAGE = \"prod\"\n[env]\nA = %s\n", forms[i].written);
        s = scenario_of(text);
        CHECK_TEXT(scenario_messages(s), "");
        scenario_plan(s, "deploy", "sshd");
        if (CHECK_INT((long long)s->plan.lookup_count, 1)) {
            CHECK_INT(s->plan.lookups[0].kind, LOOKUP_SECRET);
            CHECK_TEXT(s->plan.lookups[0].name, forms[i].name);
            CHECK_TEXT(s->plan.lookups[0].member, forms[i].member);
        }
        scenario_end(s);
    }
}

static void ssm_forces_parameter_store(void)
{
    struct scenario *s = scenario_of("[env]\nA = ssm:secret\nB = secret\n");

    CHECK_TEXT(scenario_messages(s), "");
    scenario_plan(s, "deploy", "sshd");
    CHECK_INT((long long)s->plan.lookup_count, 1);
    CHECK_INT(s->plan.lookups[0].kind, LOOKUP_PARAMETER);
    scenario_end(s);
}

static void a_missing_secret_is_an_alternative_that_does_not_exist(void)
{
    struct scenario *s = scenario_of("[env]\nA = secret:none || \"default\"\n"
                                     "B = secret:none || secret:there\nC = secret:none || unset\n");

    scenario_stores(s, "secret:there", "x");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), "default");
    CHECK_TEXT(scenario_value(s, "B"), "x");
    CHECK(scenario_value(s, "C") == NULL);
    scenario_end(s);
}

static void messages_speak_of_secrets(void)
{
    struct scenario *s = scenario_of("[env]\nA = secret:none\n[env]\nB = secret:none || /none\n"
                                     "[env]\nC = secret:prod/db\n");

    scenario_answers(s, "secret:prod/db", ANSWER_FAILED, "AWS is away");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: secret none does not exist\n"
                                     "ssmenv.conf:4:5: B: none of none, /none exists\n"
                                     "ssmenv.conf:6:5: C: secret prod/db: AWS is away");
    scenario_end(s);
}

static void lines_splits_at_commas(void)
{
    struct scenario *s = scenario_of(
        "[env]\nA = /list\nB = \"<${A|lines}>\"\nC = \"${A|uri}\"\nD = \"${E|lines}\" || unset\n"
        "E = /none || unset\n");

    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:5:6: E is written below: move its line above this one");
    scenario_end(s);
    s = scenario_of("[env]\nA = /list\nB = \"<${A|lines}>\"\nC = \"${A|uri}\"\nE = /empty\n"
                    "F = \"${E|lines}\"\n");
    CHECK_TEXT(scenario_messages(s), "");
    scenario_stores(s, "/list", "a, b,,c");
    scenario_stores(s, "/empty", "");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "a, b,,c");
    CHECK_TEXT(scenario_value(s, "B"), "<a\n b\n\nc>");
    CHECK_TEXT(scenario_value(s, "C"), "a%2C%20b%2C%2Cc");
    CHECK_TEXT(scenario_value(s, "F"), "");
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"mistakes are named with their place", mistakes_are_named},
    {"every form becomes a lookup of its own kind", every_form_becomes_a_lookup_of_its_own_kind},
    {"ssm: forces Parameter Store", ssm_forces_parameter_store},
    {"a missing secret is an alternative that does not exist",
     a_missing_secret_is_an_alternative_that_does_not_exist},
    {"messages speak of secrets", messages_speak_of_secrets},
    {"|lines splits at commas", lines_splits_at_commas},
};

TAP_MAIN(tests)
