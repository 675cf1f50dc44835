#include "login_scenario.h"

/* The value that A gets from a line, without any parameter. */
static void check_text(const char *line, const char *expected)
{
    struct scenario *s = scenario_new();
    char text[1024];

    snprintf(text, sizeof text, "[env]\n%s", line);
    scenario_file(s, "ssmenv.conf", text);
    scenario_loaded(s);
    scenario_log_in(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_value(s, "A"), expected);
    scenario_end(s);
}

/* The lookups that a line needs. */
static void check_lookups(const char *line, const char *expected)
{
    struct scenario *s = scenario_new();
    char text[1024];

    snprintf(text, sizeof text, "[env]\n%s\n", line);
    scenario_file(s, "ssmenv.conf", text);
    scenario_loaded(s);
    scenario_plan(s, "deploy", "sshd");
    CHECK_TEXT(scenario_messages(s), "");
    CHECK_TEXT(scenario_lookups(s), expected);
    scenario_end(s);
}

static void words_name_parameters(void)
{
    check_lookups("A = DB_USER", "DB_USER");
    check_lookups("A = 5432", "5432");
    check_lookups("A = true", "true");
    check_lookups("A = /prod/db.main/pass-word_1", "/prod/db.main/pass-word_1");
    check_lookups("A=DB_USER", "DB_USER");
    check_lookups("\t A \t=\t DB_USER \t", "DB_USER");
}

static void quotes_make_constants(void)
{
    check_text("A = \"5432\"", "5432");
    check_text("A = '5432'", "5432");
    check_text("A = \"\"", "");
    check_text("A = ''", "");
    check_text("A=\"two words\"", "two words");
}

static void comments(void)
{
    check_text("# A = \"1\"\nA = \"2\"", "2");
    check_text("   \t# B = oops oops\nA = \"2\"", "2");
    check_text("A = \"2\" # why", "2");
    check_text("A = \"2\"\t#", "2");
    check_text("A = \"2 # no comment\"", "2 # no comment");
    check_text("A = '2 # no comment'", "2 # no comment");
    check_lookups("A = /a #b", "/a");
    check_lookups("A = /a || /b#c # d", "/a /b#/c");
}

static void glued_number_sign(void)
{
    check_lookups("A = /a#username", "/a#/username");
    check_lookups("A = DB#user_name-1.x", "DB#/user_name-1.x");
    check_lookups("A = /a:3#b", "/a:3#/b");
    check_lookups("A = /a#\303\244", "/a#/\303\244");
    check_lookups("A = /a#b||/c#d", "/a#/b /c#/d");
}

static void quoted_members(void)
{
    check_lookups("A = /a#\"odd key\"", "/a#/odd key");
    check_lookups("A = /a#'odd key'", "/a#/odd key");
    check_lookups("A = /a#\"a/b~c\"", "/a#/a~1b~0c");
    check_lookups("A = /a#\"q\\\"\\\\\\$\"", "/a#/q\"\\$");
    check_lookups("A = /a#\"\" || /b", "/a#/ /b");
}

static void pointers(void)
{
    check_lookups("A = /a#/a/b", "/a#/a/b");
    check_lookups("A = /a#/", "/a#/");
    check_lookups("A = /a#/list/0/x~0~1y", "/a#/list/0/x~0~1y");
}

static void double_quotes(void)
{
    check_text("A = \"\\\\ \\\" \\n \\t \\$\"", "\\ \" \n \t $");
    check_text("A = \"\\${A}\"", "${A}");
    check_text("A = \"100% %u %{STAGE} 'x' #\"", "100% %u %{STAGE} 'x' #");
    check_text("A = \"tab\there \001\"", "tab\there \001");
    check_text("A = \"\\n\\n\"", "\n\n");
}

static void single_quotes(void)
{
    check_text("A = '\\n $B ${B} \" \\'", "\\n $B ${B} \" \\");
}

static void no_continuation(void)
{
    struct scenario *s = scenario_of("[env]\nA = /a \\\n/b\n");

    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:8: expected || or the end of the line: a text with blanks needs "
               "quotes\n"
               "ssmenv.conf:3:1: a name consists of letters, digits and _; expected NAME = ...");
    scenario_end(s);
}

static void line_ends(void)
{
    struct scenario *s = scenario_of("\xef\xbb\xbf[env] # all\r\nA = \"1\"\r\n\r\nB = /b\r\nC");

    CHECK_TEXT(scenario_messages(s), "ssmenv.conf:5:2: expected = after the name");
    scenario_end(s);
    check_text("A = \"1\"\r\n", "1");
    check_text("A = '1'", "1");
}

static void columns_count_bytes(void)
{
    struct scenario *s = scenario_of("\xef\xbb\xbf[env\n[env]\nA = \"\303\244\" ,\n\tB = ,\n");

    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:1:5: expected ] at the end of the section's first line\n"
               "ssmenv.conf:3:10: expected || or the end of the line: a text with blanks needs "
               "quotes\n"
               "ssmenv.conf:4:6: this byte cannot be part of a parameter's name; text goes into "
               "quotes");
    scenario_end(s);
}

static void bytes_that_are_no_text(void)
{
    static const char nul[] = "[env]\nA = \"a\0b\"\nB = c d\n";
    struct scenario *s = scenario_new();

    scenario_read(s, "ssmenv.conf", nul, sizeof nul - 1);
    CHECK(!scenario_loaded(s));
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:2:7: a NUL byte: the file has to be plain text\n"
               "ssmenv.conf:3:7: expected || or the end of the line: a text with blanks needs "
               "quotes");
    scenario_end(s);
    s = scenario_of("[env]\rA = /a\r");
    CHECK_TEXT(scenario_messages(s),
               "ssmenv.conf:1:6: a carriage return inside a line: lines end in LF or CRLF, and a "
               "text that needs one comes from a parameter");
    scenario_end(s);
}

static void alternatives_need_no_blanks(void)
{
    check_lookups("A = /a||/b || c", "/a /b c");
    check_text("A = unset", NULL);
    check_lookups("A = ssm:unset || UNSET", "unset UNSET");
}

static const struct tap_test tests[] = {
    {"a word without quotes names a parameter, never a constant", words_name_parameters},
    {"a text in quotes is a constant", quotes_make_constants},
    {"# begins a comment at the start of a line or after a blank", comments},
    {"# glued to a name selects a member", glued_number_sign},
    {"#\"odd key\" quotes a member", quoted_members},
    {"#/a/b is a JSON pointer", pointers},
    {"double quotes know \\\\ \\\" \\n \\t \\$", double_quotes},
    {"single quotes are literal", single_quotes},
    {"there are no continuation lines", no_continuation},
    {"lines end in LF or CRLF, and a byte order mark is skipped", line_ends},
    {"columns count bytes from 1, behind a byte order mark", columns_count_bytes},
    {"NUL bytes and stray carriage returns are told with their place", bytes_that_are_no_text},
    {"|| needs no blanks around it, and unset alone is a word of the language",
     alternatives_need_no_blanks},
};

TAP_MAIN(tests)
