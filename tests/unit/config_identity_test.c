#include "mistakes.h"

/* clang-format off */
static const struct mistake mistakes[] = {
    {"an unknown identity with a near name",
     "[aws central]\nregion = eu-west-1\n[env aws=cental user=dba]\nA = /a\n",
     "ssmenv.conf:3:10: there is no section [aws cental]; did you mean central?"},
    {"an unknown identity without one",
     "[env aws=central]\nA = /a\n",
     "ssmenv.conf:1:10: there is no section [aws central]"},
    {"two identities",
     "[aws a]\n[aws b]\n[env aws=a aws=b]\nA = /a\n",
     "ssmenv.conf:3:12: aws is written twice: a section has one identity"},
    {"a list of identities",
     "[aws a]\n[env aws=a,b]\nA = /a\n",
     "ssmenv.conf:2:10: expected the name of an identity, of at most 128 letters, digits or any of _ -"},
    {"no name",
     "[env aws=]\nA = /a\n",
     "ssmenv.conf:1:10: expected the name of an identity, of at most 128 letters, digits or any of _ -"},
    {"no =",
     "[env aws]\nA = /a\n",
     "ssmenv.conf:1:9: expected = right after aws"},
    {"two names",
     "[aws a b]\n",
     "ssmenv.conf:1:8: expected ]: only [env] has criteria"},
    {"a criterion in an identity",
     "[aws user=x]\n",
     "ssmenv.conf:1:6: expected the name of an identity, of at most 128 letters, digits or any of _ -"},
    {"a name for another section",
     "[cache a]\n",
     "ssmenv.conf:1:8: expected ]: only [env] has criteria"},
    {"an unknown key of a further identity",
     "[aws central]\nregin = eu-west-1\n",
     "ssmenv.conf:2:1: [aws] has no key regin; did you mean region?"},
    {"a key twice in one identity",
     "[aws central]\nregion = eu-west-1\n[aws central]\nregion = eu-west-2\n",
     "ssmenv.conf:4:1: region is already written on line 2"},
    {"keys of a further identity that exclude each other",
     "[aws central]\nendpoint_url = https://x\nuse_fips_endpoint = yes\n",
     "ssmenv.conf:3:1: use_fips_endpoint cannot be combined with endpoint_url: remove one of the two"},
};
/* clang-format on */

static void mistakes_are_named(void)
{
    check_mistakes(mistakes, sizeof mistakes / sizeof *mistakes);
}

static const char *setting(const struct scenario *s, size_t identity, const char *key)
{
    const struct identity *settings = &s->config.identities[identity];

    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->settings[i].key, key) == 0)
            return settings->settings[i].value;
    }
    return "(not written)";
}

static void each_identity_has_its_own_keys(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "a.conf",
                  "[aws]\nregion = us-east-2\nprofile = app\n[aws central]\nregion = eu-west-1\n");
    scenario_file(s, "b.conf", "[aws other]\nprofile = other\n[aws central]\nregion = eu-west-2\n");
    CHECK(scenario_loaded(s));
    CHECK_TEXT(scenario_messages(s), "");
    if (CHECK_INT((long long)s->config.identity_count, 3)) {
        CHECK_TEXT(setting(s, 0, "region"), "us-east-2");
        CHECK_TEXT(setting(s, 0, "profile"), "app");
        CHECK_TEXT(setting(s, 1, "region"), "eu-west-2");
        CHECK_TEXT(setting(s, 1, "profile"), "(not written)");
        CHECK_TEXT(setting(s, 2, "profile"), "other");
        CHECK_TEXT(setting(s, 2, "region"), "(not written)");
    }
    scenario_end(s);
}

static void lookups_carry_the_identity_of_their_section(void)
{
    static const long long expected[] = {1, 0, 1, 2, 2};
    struct scenario *s =
        scenario_of("[env aws=central]\nA = /a\n[env]\nB = /a\n[aws central]\nregion = eu-west-1\n"
                    "[env user=* aws=central]\nC = secret:a\n[aws x-1_y]\n"
                    "[env aws=x-1_y]\nD = /a\nE_* = /b/*\n");

    CHECK_TEXT(scenario_messages(s), "");
    scenario_plan(s, "deploy", "sshd");
    if (CHECK_INT((long long)s->plan.lookup_count, 5)) {
        for (size_t i = 0; i < 5; i++)
            CHECK_INT(s->plan.lookups[i].identity, expected[i]);
    }
    scenario_end(s);
}

static void a_configuration_without_identities_has_that_of_aws(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n");

    CHECK_INT((long long)s->config.identity_count, 1);
    CHECK_INT((long long)s->config.identities[0].count, 0);
    scenario_end(s);
}

static void there_are_at_most_64_identities(void)
{
    struct buffer text = BUFFER_INIT;
    struct scenario *s;

    for (int i = 1; i < 64; i++)
        buffer_append_format(&text, "[aws i%d]\n", i);
    s = scenario_of(buffer_text(&text));
    CHECK_TEXT(scenario_messages(s), "");
    scenario_end(s);
    buffer_append_text(&text, "[aws one-more]\n");
    s = scenario_of(buffer_text(&text));
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:64:6: there are at most 64 identities, [aws] included");
    scenario_end(s);
    buffer_free(&text);
}

static void the_session_name_may_hold_user_and_instance(void)
{
    static const char *const good[] = {"%u", "%i", "%u@%i", "a%u"};
    static const char *const bad[] = {"a", "%h", "50%", "a/%u", "%u %i"};
    char text[64];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct scenario *s;

        snprintf(text, sizeof text, "[aws]\nrole_session_name = %s\n", good[i]);
        s = scenario_of(text);
        CHECK_TEXT(scenario_messages(s), "");
        scenario_end(s);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct scenario *s;

        snprintf(text, sizeof text, "[aws]\nrole_session_name = %s\n", bad[i]);
        s = scenario_of(text);
        CHECK(!s->good);
        scenario_end(s);
    }
}

static const struct tap_test tests[] = {
    {"mistakes are named with their place", mistakes_are_named},
    {"each identity has its own keys, merged over files", each_identity_has_its_own_keys},
    {"lookups carry the identity of their section", lookups_carry_the_identity_of_their_section},
    {"a configuration without identities has that of [aws]",
     a_configuration_without_identities_has_that_of_aws},
    {"there are at most 64 identities", there_are_at_most_64_identities},
    {"role_session_name may hold user and instance", the_session_name_may_hold_user_and_instance},
};

TAP_MAIN(tests)
