#include "config/suggestion.h"

#include "tap.h"

static const char *nearest(const char *word)
{
    static const char *const known[] = {"region", "role_arn", "ttl",
                                        "env",    "user",     "ec2_metadata_service_endpoint"};
    struct suggestion suggestion = suggestion_for(word);

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        suggestion_offer(&suggestion, known[i]);
    return suggestion.best;
}

static void one_slip(void)
{
    CHECK_TEXT(nearest("regon"), "region");
    CHECK_TEXT(nearest("regiion"), "region");
    CHECK_TEXT(nearest("regian"), "region");
    CHECK_TEXT(nearest("ergion"), "region");
    CHECK_TEXT(nearest("evn"), "env");
    CHECK_TEXT(nearest("tll"), "ttl");
    CHECK_TEXT(nearest("Region"), "region");
}

static void two_slips_in_longer_words(void)
{
    CHECK_TEXT(nearest("rolearnn"), "role_arn");
    CHECK_TEXT(nearest("ec2_metadata_servce_endpont"), "ec2_metadata_service_endpoint");
}

static void nothing_near(void)
{
    CHECK_TEXT(nearest("proxy"), NULL);
    CHECK_TEXT(nearest("tt"), "ttl");
    CHECK_TEXT(nearest("t"), NULL);
    CHECK_TEXT(nearest(""), NULL);
    CHECK_TEXT(nearest("ab"), NULL);
}

static void nearest_of_several(void)
{
    struct suggestion suggestion = suggestion_for("DB_USERS");

    suggestion_offer(&suggestion, "DB_PASS");
    suggestion_offer(&suggestion, "DB_USER");
    suggestion_offer(&suggestion, "DB_USAGE");
    CHECK_TEXT(suggestion.best, "DB_USER");
}

static void long_words(void)
{
    char word[200];
    struct suggestion suggestion;

    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    suggestion = suggestion_for(word);
    suggestion_offer(&suggestion, word);
    CHECK_TEXT(suggestion.best, NULL);
    suggestion = suggestion_for("abc");
    suggestion_offer(&suggestion, word);
    CHECK_TEXT(suggestion.best, NULL);
}

static const struct tap_test tests[] = {
    {"a letter too few, too many, wrong or swapped is forgiven", one_slip},
    {"longer words may have more slips", two_slips_in_longer_words},
    {"nothing is suggested where nothing is near", nothing_near},
    {"the nearest of several words is suggested", nearest_of_several},
    {"very long words are left alone", long_words},
};

TAP_MAIN(tests)
