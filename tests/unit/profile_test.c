#include "aws/profile.h"

#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static bool parse(struct profile_file *file, enum profile_kind kind, const char *text,
                  struct error *error)
{
    *error = ERROR_INIT;
    return profile_parse(file, kind, "file", text, strlen(text), error);
}

/* The value of the key in the profile; "(none)" when there is none. */
static void check_value(enum profile_kind kind, const char *text, const char *profile,
                        const char *key, const char *expected)
{
    const struct profile_entry *entry;
    struct profile_file file;
    struct error error;

    if (!CHECK(parse(&file, kind, text, &error)))
        printf("# %s\n", error.text);
    entry = profile_find(&file, profile, key);
    CHECK_TEXT(entry != NULL ? entry->value : "(none)", expected);
    profile_free(&file);
}

static void check_default(const char *text, const char *expected)
{
    check_value(PROFILE_CREDENTIALS_FILE, text, "default", "region", expected);
}

static void check_broken(const char *text, const char *expected)
{
    struct profile_file file;
    struct error error;

    CHECK(!parse(&file, PROFILE_CREDENTIALS_FILE, text, &error));
    CHECK_CONTAINS(error.text, expected);
    CHECK(strstr(error.text, "hidden") == NULL);
    profile_free(&file);
    profile_free(&file);
}

static void a_key_has_the_value_after_its_delimiter(void)
{
    check_default("[default]\nregion = us-east-1\n", "us-east-1");
    check_default("[default]\nregion=us-east-1", "us-east-1");
    check_default("[default]\nregion: us-east-1\n", "us-east-1");
    check_default("[default]\nregion \t =\t us-east-1 \t\n", "us-east-1");
    check_default("[default]\nregion = a=b:c=\n", "a=b:c=");
    check_default("[default]\nregion : a=b\n", "a=b");
    check_default("[default]\nregion =\n", "");
    check_default("[default]\nregion = %(x)s 100%\n", "%(x)s 100%");
}

static void keys_are_known_in_any_case(void)
{
    check_default("[default]\nREGION = a\n", "a");
    check_default("[default]\nReGion = a\n", "a");
}

static void section_names_are_told_apart_by_case(void)
{
    check_default("[Default]\nregion = a\n", "(none)");
}

static void lines_may_end_as_on_windows(void)
{
    check_default("[default]\r\nregion = a\r\nx = y\r\n", "a");
}

static void a_comment_has_a_line_of_its_own_or_follows_a_blank(void)
{
    check_default("# hidden\n; hidden\n[default] # x\n  # x\nregion = a\n", "a");
    check_default("[default];x\nregion = a # x\n", "a");
    check_default("[default]\nregion = a\t; x\n", "a");
    check_default("[default]\nregion = # x\n", "");
    check_default("[default]\nregion = a#b;c\n", "a#b;c");
    check_default("[default]\nregion =#b\n", "#b");
    check_default("[default]\n#region = a\n", "(none)");
}

static void an_indented_line_belongs_to_the_value_before_it(void)
{
    const char *text = "[default]\ns3 =\n  region = nested\n\n  # x\n  max = 1\nregion = a\n";
    const struct profile_entry *entry;
    struct profile_file file;
    struct error error;

    check_default(text, "a");
    check_default("[default]\ns3 =\n  region = nested\n", "(none)");
    CHECK(parse(&file, PROFILE_CREDENTIALS_FILE, "[default]\nregion = a\nx=1\n y\n\tz\n", &error));
    entry = profile_find(&file, "default", "x");
    CHECK_INT(entry != NULL ? entry->line : 0, 3);
    CHECK_INT(entry != NULL ? entry->continued : 0, 4);
    entry = profile_find(&file, "default", "region");
    CHECK_INT(entry != NULL ? entry->continued : 1, 0);
    profile_free(&file);
}

static void keys_that_are_all_indented_alike_are_keys(void)
{
    check_default("[default]\n  x = 1\n  region = a\n", "a");
    check_default("  [default]\n  region = a\n", "a");
    check_default("[default]\n  x = 1\n region = a\n", "a");
    check_default("[default]\n  x = 1\n[other]\n   y = 1\n", "(none)");
}

static void a_config_file_says_profile(void)
{
    static const struct {
        const char *header;
        const char *profile;
    } cases[] = {
        {"[default]", "default"},
        {"[profile default]", "default"},
        {"[profile ci]", "ci"},
        {"[profile \"two words\"]", "two words"},
        {"[profile 'two words']", "two words"},
        {"[profile tw\"o w\"ords]", "two words"},
        {"[\tprofile\tci\t]", "ci"},
        {"[profile CI]", "CI"},
    };
    static const char *const others[] = {
        "[ci]",           "[profile a ci]", "[profileci]", "[sso-session ci]", "[services ci]",
        "[profile \"ci]", "[Profile ci]",   "[profile]",   "[profile \"\"]",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[128];

        snprintf(text, sizeof text, "%s\nregion = a\n", cases[i].header);
        check_value(PROFILE_CONFIG_FILE, text, cases[i].profile, "region", "a");
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        char text[128];

        snprintf(text, sizeof text, "%s\nregion = a\n", others[i]);
        check_value(PROFILE_CONFIG_FILE, text, "ci", "region", "(none)");
    }
}

static void a_credentials_file_names_the_profile_itself(void)
{
    check_value(PROFILE_CREDENTIALS_FILE, "[ci]\nregion=a\n", "ci", "region", "a");
    check_value(PROFILE_CREDENTIALS_FILE, "[ two words ]\nregion=a\n", "two words", "region", "a");
    check_value(PROFILE_CREDENTIALS_FILE, "[profile ci]\nregion=a\n", "ci", "region", "(none)");
}

static void keys_of_DEFAULT_count_in_every_section(void)
{
    check_default("[DEFAULT]\nregion = a\n[default]\nx = 1\n", "a");
    check_default("[default]\nx = 1\n[DEFAULT]\nregion = a\n", "a");
    check_default("[DEFAULT]\nregion = a\n[default]\nregion = b\n", "b");
    check_default("[default]\nregion = b\n[DEFAULT]\nregion = a\n", "b");
    check_default("[DEFAULT]\nregion = a\n", "(none)");
    check_value(PROFILE_CONFIG_FILE, "[DEFAULT]\nregion = a\n[profile ci]\nx=1\n", "ci", "region",
                "a");
}

static void what_occurs_twice_is_a_warning_and_the_last_one_counts(void)
{
    static const struct {
        const char *text;
        const char *value;
        const char *warning;
    } cases[] = {
        {"[default]\nregion = a\nREGION = b\n", "b", "file:3: this key is already on line 2"},
        {"[default]\nregion = a\n[x]\n[default]\nregion = b\n", "b",
         "file:4: this section is already on line 1"},
        {"[default]\nregion = a\n[default]\ny = b\n", "a", "this section is already"},
        {"[default]\nregion = a\n[x]\nregion = b\n", "a", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct profile_file file;
        struct error error;

        check_default(cases[i].text, cases[i].value);
        CHECK(parse(&file, PROFILE_CREDENTIALS_FILE, cases[i].text, &error));
        CHECK_CONTAINS(file.warning.text, cases[i].warning);
        CHECK_INT(error_is_set(&file.warning), cases[i].warning[0] != '\0');
        profile_free(&file);
    }
}

static void a_broken_line_is_named_by_place_and_never_shown(void)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"[default\nregion = a\n", "file:1:9: expected ]"},
        {"[default]\n[]\n", "file:2:2: expected the name of a section"},
        {"[default]\n[  ]\n", "file:2:2: expected the name of a section"},
        {"[default] hidden\n", "file:1:11: expected nothing but a comment after ]"},
        {"region = hidden\n[default]\n", "file:1:1: expected a section such as [default]"},
        {"  hidden\n", "file:1:3: expected a section"},
        {"[default]\nhidden\n", "file:2:7: expected = and a value after the key"},
        {"[default]\n = hidden\n", "file:2:2: expected a key before the value"},
        {"[default]\n: hidden\n", "file:2:1: expected a key"},
        {"[default]\nx =\n  hidden\n", "file:3:9: expected = in an indented line"},
        {"[default]\nx = hidden\x01\n", "file:2:11: expected text, and there is a control"},
        {"[default]\nx = hid\rden\n", "file:2:8: expected text"},
        {"\xef\xbb\xbf[default]\n", "file:1:1: expected UTF-8 without a byte order mark"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_broken(cases[i].text, cases[i].error);
}

static void a_nul_byte_is_a_broken_line(void)
{
    static const char text[] = "[default]\nx = a\0b\nregion = a\n";
    struct profile_file file;
    struct error error = ERROR_INIT;

    CHECK(!profile_parse(&file, PROFILE_CREDENTIALS_FILE, "file", text, sizeof text - 1, &error));
    CHECK_CONTAINS(error.text, "file:2:6: expected text");
    profile_free(&file);
    error = ERROR_INIT;
    CHECK(!profile_parse(&file, PROFILE_CREDENTIALS_FILE, "file", "\0\0", 2, &error));
    CHECK_CONTAINS(error.text, "file:1:1: expected text");
    profile_free(&file);
}

static void an_empty_file_is_no_mistake(void)
{
    check_default("", "(none)");
    check_default("\n\n  \n# x", "(none)");
}

static void profiles_are_listed_once_each(void)
{
    struct profile_file file;
    struct buffer names = BUFFER_INIT;
    struct error error;

    CHECK(parse(&file, PROFILE_CONFIG_FILE,
                "[profile b]\n[profile a]\n[services x]\n[DEFAULT]\n[profile \"b\"]\n[default]\n",
                &error));
    profile_list(&file, &names);
    CHECK_TEXT(buffer_text(&names), "b, a, default");
    profile_free(&file);
    buffer_free(&names);
}

static void a_long_list_of_profiles_ends(void)
{
    struct profile_file file;
    struct buffer text = BUFFER_INIT;
    struct buffer names = BUFFER_INIT;
    struct error error;

    for (int i = 0; i < 500; i++)
        buffer_append_format(&text, "[p%d]\n", i);
    CHECK(parse(&file, PROFILE_CREDENTIALS_FILE, buffer_text(&text), &error));
    profile_list(&file, &names);
    CHECK_CONTAINS(buffer_text(&names), "p18, p19 …");
    CHECK(strstr(buffer_text(&names), "p20") == NULL);
    profile_free(&file);
    buffer_free(&text);
    buffer_free(&names);
}

static const struct tap_test tests[] = {
    {"a key has the value after its delimiter", a_key_has_the_value_after_its_delimiter},
    {"keys are known in any case", keys_are_known_in_any_case},
    {"section names are told apart by case", section_names_are_told_apart_by_case},
    {"lines may end as on Windows", lines_may_end_as_on_windows},
    {"a comment has a line of its own or follows a blank",
     a_comment_has_a_line_of_its_own_or_follows_a_blank},
    {"an indented line belongs to the value before it",
     an_indented_line_belongs_to_the_value_before_it},
    {"keys that are all indented alike are keys", keys_that_are_all_indented_alike_are_keys},
    {"a config file says profile", a_config_file_says_profile},
    {"a credentials file names the profile itself", a_credentials_file_names_the_profile_itself},
    {"keys of [DEFAULT] count in every section", keys_of_DEFAULT_count_in_every_section},
    {"what occurs twice is a warning, and the last one counts",
     what_occurs_twice_is_a_warning_and_the_last_one_counts},
    {"a broken line is named by place and never shown",
     a_broken_line_is_named_by_place_and_never_shown},
    {"a NUL byte is a broken line", a_nul_byte_is_a_broken_line},
    {"an empty file is no mistake", an_empty_file_is_no_mistake},
    {"profiles are listed once each", profiles_are_listed_once_each},
    {"a long list of profiles ends", a_long_list_of_profiles_ends},
};

TAP_MAIN(tests)
