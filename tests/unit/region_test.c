#include "aws/region.h"

#include "aws/credentials.h"
#include "common/buffer.h"
#include "shared_files.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static void check_region(const char *configured, const char *profile, const char *credentials,
                         const char *config, const char *expected)
{
    struct shared_files files;
    struct error error = ERROR_INIT;
    char *region;

    shared_files_make(&files, credentials, config);
    if (configured != NULL)
        shared_files_set(&files, "region", configured);
    if (profile != NULL)
        shared_files_set(&files, "profile", profile);
    region = region_find(&files.identity, &error);
    if (region != NULL)
        CHECK_TEXT(region, expected);
    else
        CHECK_CONTAINS(error.text, expected);
    CHECK(strstr(error.text, "hidden") == NULL);
    text_free(region);
    shared_files_remove(&files);
}

static void a_region_is_one_label_of_a_host_name(void)
{
    static const struct {
        const char *region;
        bool legal;
    } cases[] = {
        {"us-east-2", true},
        {"us-iso-east-1", true},
        {"local", true},
        {"US-EAST-2", true},
        {"1a", true},
        {"", false},
        {"123", false},
        {"-us", false},
        {"us-", false},
        {"us east", false},
        {"us.east", false},
        {"us/east", false},
        {"us-east-2\n", false},
        {"us-\xc3\xa9st-2", false},
        {"evil.example/", false},
        {"user@evil", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!CHECK_INT(region_is_legal(cases[i].region), cases[i].legal))
            printf("# %s\n", cases[i].region);
    }
}

static void the_configured_region_decides(void)
{
    check_region("eu-west-1", NULL, NULL, NULL, "eu-west-1");
    check_region("eu-west-1", NULL, "[default]\nregion = us-east-1\n", NULL, "eu-west-1");
}

static void else_the_profile_has_it(void)
{
    check_region(NULL, NULL, NULL, "[default]\nregion = us-east-1\n", "us-east-1");
    check_region(NULL, "ci", NULL, "[default]\nregion=a\n[profile ci]\nregion = us-east-1\n",
                 "us-east-1");
    check_region(NULL, NULL, "[default]\nregion = us-east-1\n", NULL, "us-east-1");
}

static void the_credentials_file_decides_over_the_config_file(void)
{
    check_region(NULL, NULL, "[default]\nregion = us-east-1\n", "[default]\nregion = us-east-2\n",
                 "us-east-1");
}

static void without_one_the_error_lists_where_it_was_looked_for(void)
{
    check_region(NULL, NULL, NULL, NULL,
                 "no region is configured: tried [aws] region: not set; /tmp/shared_files.");
    check_region(NULL, NULL, NULL, NULL, "/credentials: No such file or directory; ");
    check_region(NULL, NULL, NULL, NULL, "/config: No such file or directory: write region = ");
    check_region(NULL, NULL, "[default]\n", "[profile x]\n",
                 "/credentials has no region in profile default; ");
    check_region(NULL, NULL, "[default]\n", "[profile x]\n", "/config has only x: write");
}

static void what_is_no_region_is_refused_without_being_shown(void)
{
    check_region("hidden.example", NULL, NULL, NULL,
                 "[aws] region: expected a region such as us-east-2");
    check_region(NULL, NULL, NULL, "[default]\n\nregion = hidden.example\n",
                 "/config:3: region: expected a region");
    check_region(NULL, NULL, NULL, "[default]\nregion =\n", "/config:2: region: expected a region");
    check_region(NULL, NULL, NULL, "[default]\nregion = us\n  hidden\n",
                 "/config:3:1: expected no blank before a key");
}

static void a_profile_that_is_nowhere_is_an_error(void)
{
    check_region(NULL, "ci", "[default]\nregion = us-east-1\n", NULL, "there is no profile ci");
}

static const struct tap_test tests[] = {
    {"a region is one label of a host name", a_region_is_one_label_of_a_host_name},
    {"the configured region decides", the_configured_region_decides},
    {"else the profile has it", else_the_profile_has_it},
    {"the credentials file decides over the config file",
     the_credentials_file_decides_over_the_config_file},
    {"without one the error lists where it was looked for",
     without_one_the_error_lists_where_it_was_looked_for},
    {"what is no region is refused without being shown",
     what_is_no_region_is_refused_without_being_shown},
    {"a profile that is nowhere is an error", a_profile_that_is_nowhere_is_an_error},
};

TAP_MAIN(tests)
