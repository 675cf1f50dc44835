#include "login_scenario.h"

static char *filled(size_t length)
{
    char *text = malloc(length + 1);

    if (text == NULL)
        abort();
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

static void values(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n[env]\nB = /b\n[env]\nC_* = /c/*\n"
                                     "[env]\nA2 = /a2\nD = \"${A2}x\"\n");
    char *most = filled(LIMIT_VALUE_BYTES);
    char *more = filled(LIMIT_VALUE_BYTES + 1);

    scenario_stores(s, "/a", most);
    scenario_stores(s, "/b", more);
    scenario_stores(s, "/c/c", more);
    scenario_stores(s, "/a2", most);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_value(s, "A"), most);
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:4:5: B: parameter /b has 65537 bytes, and a value at most 65536\n"
               "ssmenv.conf:6:1: C_*: parameter /c/c has 65537 bytes, and a value at most 65536\n"
               "ssmenv.conf:9:5: D: the text has 65537 bytes, and a value at most 65536");
    free(most);
    free(more);
    scenario_end(s);
}

static void any_bytes(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n");

    scenario_stores(s, "/a", "line\nline\r\n\t\001\377=\"$");
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_value(s, "A"), "line\nline\r\n\t\001\377=\"$");
    scenario_end(s);
}

/* A first section of this many variables, then one more. */
static struct scenario *many(int count)
{
    static char text[16 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[env]\n");

    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "A%d = \"\"\n", i);
    snprintf(text + used, sizeof text - used, "[env]\nLAST = \"\"\n");
    return scenario_of(text);
}

static void number_of_variables(void)
{
    struct scenario *s = many(LIMIT_VARIABLES - 1);

    scenario_log_in(s, "deploy", "sshd");
    CHECK(s->resolved);
    CHECK_INT((long long)s->environment.count, LIMIT_VARIABLES);
    scenario_end(s);
    s = many(LIMIT_VARIABLES);
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_INT((long long)s->environment.count, LIMIT_VARIABLES);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:259:1: LAST: a login gets at most 256 variables");
    scenario_end(s);
    s = many(LIMIT_VARIABLES + 1);
    scenario_log_in(s, "deploy", "sshd");
    CHECK(!s->resolved);
    CHECK_INT((long long)s->environment.count, 1);
    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:258:1: A256: a login gets at most 256 variables");
    scenario_end(s);
}

/* "NAME=VALUE" and its NUL, of A and B, fill the limit to the byte. */
static void bytes_together(void)
{
    char *a = filled(LIMIT_VALUE_BYTES);
    char *b = filled(LIMIT_ENVIRONMENT_BYTES - LIMIT_VALUE_BYTES - 2 * 3 + 1);

    for (size_t excess = 0; excess < 2; excess++) {
        struct scenario *s = scenario_of("[env]\nA = /a\n[env]\nB = /b\n");

        scenario_stores(s, "/a", a);
        scenario_stores(s, "/b", b + 1 - excess);
        scenario_log_in(s, "deploy", "sshd");
        CHECK_TEXT(scenario_value(s, "A"), a);
        CHECK_TEXT(scenario_value(s, "B"), excess == 0 ? b + 1 : NULL);
        CHECK_TEXT(scenario_messages(s), excess == 0 ? ""
                                                     : "ssmenv.conf:4:1: B: all variables of a "
                                                       "login together have at most 98304 bytes");
        scenario_end(s);
    }
    free(a);
    free(b);
}

/* A refused set leaves its room to the sets behind it. */
static void smaller_sets_still_fit(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a\n[env]\nB = \"b\"\nC = /a\n[env]\nD = \"d\"\n"
                                     "[env]\nE = \"${D}\"\nF = /a\n[env]\nG = \"g\"\n");
    char *a = filled(LIMIT_VALUE_BYTES);

    scenario_stores(s, "/a", a);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 2);
    CHECK_TEXT(scenario_value(s, "G"), "g");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:5:1: C: all variables of a login together have at most 98304 bytes\n"
               "ssmenv.conf:10:1: F: all variables of a login together have at most 98304 bytes\n"
               "ssmenv.conf:6:1: this section is left out with the one at ssmenv.conf:8: a text "
               "joins them, and that one failed");
    free(a);
    scenario_end(s);
}

static void lookups(void)
{
    static char text[256 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[env]\nA = /a || \"x\"\n[env]\nB = ");
    struct scenario *s;

    for (int i = 0; i < LIMIT_LOOKUPS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "/b%d || ", i);
    snprintf(text + used, sizeof text - used, "unset\n[env]\nC = \"c\"\n");
    s = scenario_of(text);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->plan.lookup_count, LIMIT_LOOKUPS);
    CHECK_TEXT(scenario_value(s, "A"), "x");
    CHECK_TEXT(scenario_value(s, "B"), NULL);
    CHECK_TEXT(scenario_value(s, "C"), "c");
    CHECK_INT((long long)s->diagnostics.errors, 1);
    CHECK_CONTAINS(scenario_messages(s), ": B: one login asks for at most 1024 parameters");
    scenario_end(s);
}

/* Each line doubles the one before. */
static struct scenario *doubling(int count)
{
    static char text[512 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "[env]\nA0 = \"0123456789abcdef\"\n");

    for (int i = 1; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[env]\nA%d = \"${A%d}${A%d}\"\n",
                                 i, i - 1, i - 1);
    return scenario_of(text);
}

static void growing_texts(void)
{
    struct scenario *s = doubling(30);

    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_CONTAINS(scenario_messages(s),
                   "ssmenv.conf:28:7: A13: the text has 131072 bytes, and a value at most 65536\n");
    scenario_end(s);
    s = doubling(5000);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_INT((long long)s->environment.count, 0);
    CHECK_TEXT(s->diagnostics.items[0].text,
               "ssmenv.conf:2050:9: A1024: one login needs at most 1024 lines");
    scenario_end(s);
}

static const struct tap_test tests[] = {
    {"a value has at most 64 KiB, and going over names the variable", values},
    {"a value holds any bytes but NUL, newlines included", any_bytes},
    {"a login gets at most 256 variables, and the one too many is named", number_of_variables},
    {"all variables together have at most 96 KiB, to the byte", bytes_together},
    {"a set that does not fit leaves its room to the others", smaller_sets_still_fit},
    {"a set with too many lookups fails alone", lookups},
    {"texts that grow without end are refused", growing_texts},
};

TAP_MAIN(tests)
