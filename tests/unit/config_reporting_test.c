#include "login_scenario.h"

static void all_mistakes(void)
{
    struct scenario *s = scenario_new();

    scenario_file(s, "a.conf",
                  "[env usr=x]\nA = \"x\nB = /b/\n[evn]\nC = oops oops\n[aws]\nregoin = x\n");
    scenario_file(s, "b.conf", "[cache]\nttl = 5\n[env]\nD = /%{STAGE}\nE = \"${F}\"\n");
    CHECK(!scenario_loaded(s));
    CHECK_TEXT(
        scenario_messages(s),
        "a.conf:1:6: unknown criterion usr; did you mean user?\n"
        "a.conf:2:5: the quoted text has no end: expected \" on the same line\n"
        "a.conf:3:7: a parameter's path does not end in /\n"
        "a.conf:4:2: unknown section evn; did you mean env?\n"
        "a.conf:7:1: [aws] has no key regoin; did you mean region?\n"
        "b.conf:2:7: ttl: expected a duration such as 250ms, 3s, 5m or 24h, at most 366 days\n"
        "b.conf:4:6: [let] has no constant STAGE\n"
        "b.conf:5:6: no variable of this name is written above; a dollar sign itself is written "
        "\\$");
    CHECK_INT((long long)s->diagnostics.errors, 8);
    scenario_end(s);
}

static void mistaken_line_still_counts(void)
{
    struct scenario *s = scenario_of("[env]\nA = \"x\nB = \"${A}\"\n");

    CHECK_INT((long long)s->diagnostics.errors, 1);
    scenario_end(s);
}

/* hunter2 stands for a password that was typed where it does not belong. */
static void no_right_side_is_shown(void)
{
    static const char *const lines[] = {
        "[env]\nA = \"hunter2",
        "[env]\nA = \"hunter2\" hunter2",
        "[env]\nA = \"hunter2\"hunter2",
        "[env]\nA = x hunter2",
        "[env]\nA = hunter2\"",
        "[env]\nA = hunter2,",
        "[env]\nA = $hunter2",
        "[env]\nA = \"$hunter2\"",
        "[env]\nA = \"${hunter2}\"",
        "[env]\nA = \"${hunter2",
        "[env]\nB = /b\nA = \"${B|hunter2}\"",
        "[env]\nA = \"\\hunter2\"",
        "[env]\nA = %hunter2",
        "[env]\nA = /hunter2/",
        "[env]\nA = /a:hunter2/",
        "[env]\nA = /a#hunter2,",
        "[env]\nA = secret:hunter2,",
        "[env]\nA = \"hunter2\" || \"hunter2\"",
        "[env]\nhunter2-",
        "[env user=\"hunter2]",
        "[env user=a=hunter2]",
        "[aws]\nregion = hunter2_",
        "[aws]\nexternal_id = hunter2!",
        "[aws]\nprofile = hunter2 hunter2",
        "[let]\nA = hunter2",
        "[let]\nA = \"hunter2%\"",
        "[let]\nA = \"/hunter2/\"\n[env]\nB = %{A}",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct scenario *s = scenario_of(lines[i]);

        CHECK(!s->good);
        if (!CHECK(strstr(scenario_messages(s), "hunter2") == NULL))
            printf("#   %s\n", s->joined);
        scenario_end(s);
    }
}

static void more_mistakes_than_fit(void)
{
    struct scenario *s = scenario_new();
    static char text[64 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[env]\n");

    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "A%d = %%{X%d}\n", i, i);
    scenario_file(s, "ssmenv.conf", text);
    CHECK(!scenario_loaded(s));
    CHECK_INT((long long)s->diagnostics.count, DIAGNOSTICS_MAX);
    CHECK_INT((long long)s->diagnostics.errors, 1000);
    CHECK_TEXT(s->diagnostics.items[0].text, "ssmenv.conf:2:6: [let] has no constant X0");
    scenario_end(s);
}

static void limits_of_texts(void)
{
    static char text[70 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[env]\nA = \"");
    struct scenario *s;

    memset(text + used, 'x', LIMIT_VALUE_BYTES);
    snprintf(text + used + LIMIT_VALUE_BYTES, sizeof text - used - LIMIT_VALUE_BYTES, "\"\n");
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)strlen(scenario_value(s, "A")), LIMIT_VALUE_BYTES);
    scenario_end(s);
    snprintf(text + used + LIMIT_VALUE_BYTES, sizeof text - used - LIMIT_VALUE_BYTES, "x\"\n");
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:5: A: the text is longer than 65536 bytes");
    scenario_end(s);
}

static void limits_of_names(void)
{
    char text[8192];
    char longest[2049];
    struct scenario *s;

    snprintf(text, sizeof text, "[env]\n%0128d = /a\n", 0);
    text[6] = 'N';
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "");
    scenario_end(s);
    snprintf(text, sizeof text, "[env]\nN%0128d = /a\n", 0);
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:2:1: the name is longer than 128 bytes");
    scenario_end(s);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    snprintf(text, sizeof text, "[env]\nA = %s\nB = %sx\nC = %.1900s%%u\n", longest, longest,
             longest);
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:3:5: the name is longer than 2048 bytes\n"
                                     "ssmenv.conf:4:5: the name is longer than 2048 bytes");
    scenario_end(s);
    snprintf(text, sizeof text, "[env]\nA = /a#%.1023s\nB = /a#%.1024s\n", longest, longest);
    s = scenario_of(text);
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:3:8: the member's name is longer than 1024 bytes");
    scenario_end(s);
}

static void limits_of_expanded_names(void)
{
    static const struct {
        const char *word;
        const char *message; /* NULL: fits */
    } cases[] = {
        {"A = %{L}%{L}", NULL},
        {"A = %{L}%{L}%{L}",
         "ssmenv.conf:4:5: the name is too long (after the constants were put in)"},
        {"A = %{L}%{L}0123456789012345678901234567890123456789012345678",
         "ssmenv.conf:4:5: the name is longer than 2048 bytes (after the constants were put in)"},
        {"A = arn:aws:ssm:us-east-1:111122223333:parameter/%{L}%{L}%u%u%u",
         "ssmenv.conf:4:5: the ARN is too long (after the constants were put in)"},
        {"* = /%{L}%{L}%u/*",
         "ssmenv.conf:4:5: the path is longer than 2048 bytes (after the constants were put in)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        struct scenario *s;

        snprintf(text, sizeof text, "[let]\nL = \"%01000d\"\n[env]\n%s\n", 0, cases[i].word);
        s = scenario_of(text);
        CHECK_TEXT(scenario_messages(s), cases[i].message != NULL ? cases[i].message : "");
        scenario_end(s);
    }
}

/* Each kind of name that the deny list of ssmenv/names.h holds, and its neighbours. */
static void denied_names(void)
{
    static const char *const denied[] = {"LD_PRELOAD", "LD_",  "PATH",      "BASH_ENV",
                                         "PYTHONPATH", "HOME", "SUDO_USER", "XDG_RUNTIME_DIR",
                                         "EDITOR"};
    static const char *const allowed[] = {"LD",         "PATHS",    "path", "MYPATH", "http_proxy",
                                          "AWS_REGION", "NO_PROXY", "_",    "a1"};
    char text[256];

    for (size_t i = 0; i < 9; i++) {
        char expected[256];
        struct scenario *s;

        snprintf(text, sizeof text, "[env]\n%s = /a\n", denied[i]);
        snprintf(expected, sizeof expected,
                 "ssmenv.conf:2:1: %s is never set: it would change how programs of the session "
                 "run",
                 denied[i]);
        s = scenario_of(text);
        CHECK_TEXT(scenario_messages(s), expected);
        scenario_end(s);
        snprintf(text, sizeof text, "[env]\n%s = /a\n", allowed[i]);
        s = scenario_of(text);
        CHECK_TEXT(scenario_messages(s), "");
        scenario_end(s);
    }
}

static const struct tap_test tests[] = {
    {"all mistakes of all files are reported, not only the first", all_mistakes},
    {"a mistaken line still writes its name: no mistake follows from another",
     mistaken_line_still_counts},
    {"no message shows what stands on a right side", no_right_side_is_shown},
    {"more mistakes than are kept are counted", more_mistakes_than_fit},
    {"a constant has at most 64 KiB", limits_of_texts},
    {"names of variables, parameters and members have their limits", limits_of_names},
    {"limits hold for names with their constants and the longest user put in",
     limits_of_expanded_names},
    {"a denied name is an error when written out; proxies and AWS_* are allowed", denied_names},
};

TAP_MAIN(tests)
