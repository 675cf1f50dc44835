#include "mistakes.h"

/* clang-format off */
static const struct mistake mistakes[] = {
    {"a line before the first section",
     "DB_USER = DB_USER\nX = y\n",
     "ssmenv.conf:1:1: a line before the first section: expected [env], [aws], [cache] or [let]"},
    {"an unknown section with a near name",
     "[evn]\nA = /a\n",
     "ssmenv.conf:1:2: unknown section evn; did you mean env?"},
    {"an unknown section without one",
     "[production]\n",
     "ssmenv.conf:1:2: unknown section production: expected aws, cache, let or env"},
    {"a section without a kind",
     "[]\n",
     "ssmenv.conf:1:2: expected the kind of the section: aws, cache, let or env"},
    {"a section without its end",
     "[env user=deploy\nA = /a\n",
     "ssmenv.conf:1:17: expected ] at the end of the section's first line"},
    {"a comment inside a section's first line",
     "[env # all\n",
     "ssmenv.conf:1:6: expected ] at the end of the section's first line"},
    {"text after a section's first line",
     "[env] A = /a\n",
     "ssmenv.conf:1:7: expected nothing after ] but a comment"},
    {"criteria in a section that has none",
     "[let user=x]\nA = \"1\"\n",
     "ssmenv.conf:1:6: expected ]: only [env] has criteria"},
    {"an unknown criterion with a near name",
     "[env usr=deploy]\n",
     "ssmenv.conf:1:6: unknown criterion usr; did you mean user?"},
    {"an unknown criterion without one",
     "[env host=web1]\n",
     "ssmenv.conf:1:6: unknown criterion host: expected user, group, service or aws"},
    {"a criterion without a value",
     "[env user]\n",
     "ssmenv.conf:1:10: expected = right after user"},
    {"a criterion with a blank before =",
     "[env user = deploy]\n",
     "ssmenv.conf:1:10: expected = right after user"},
    {"an empty pattern",
     "[env user=]\n",
     "ssmenv.conf:1:11: expected a pattern for user, without blanks, as in user=NAME,OTHER or user=\"A NAME\""},
    {"an empty pattern behind a comma",
     "[env user=deploy, ci]\n",
     "ssmenv.conf:1:18: expected a pattern for user, without blanks, as in user=NAME,OTHER or user=\"A NAME\""},
    {"an empty quoted pattern",
     "[env user=\"\"]\n",
     "ssmenv.conf:1:11: expected a pattern for user, without blanks, as in user=NAME,OTHER or user=\"A NAME\""},
    {"a criterion twice",
     "[env user=a user=b]\n",
     "ssmenv.conf:1:13: user is written twice: separate patterns with a comma, as in user=A,B"},
    {"a veto in group",
     "[env group=dba,!guests]\n",
     "ssmenv.conf:1:16: ! is not allowed in group: an unreachable directory must not let anybody in"},
    {"a double veto",
     "[env user=!!root]\n",
     "ssmenv.conf:1:12: a pattern does not begin with ! twice, or with ! in quotes"},
    {"a pattern with = in it",
     "[env user=a=b]\n",
     "ssmenv.conf:1:12: expected , or a blank or ] after a pattern; unusual bytes need quotes around the whole pattern"},
    {"a variable in a pattern",
     "[env user=\"${X}\"]\n",
     "ssmenv.conf:1:12: a variable cannot stand here, only constant text; a dollar sign itself is written \\$"},
    {"an unfinished quote in a pattern",
     "[env user=\"domain users]\n",
     "ssmenv.conf:1:11: the quoted text has no end: expected \" on the same line"},
    {"text glued to a quoted pattern",
     "[env user=\"a\"b]\n",
     "ssmenv.conf:1:14: expected , or a blank or ] after a pattern; unusual bytes need quotes around the whole pattern"},
};
/* clang-format on */

static void every_mistake(void)
{
    check_mistakes(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static const struct tap_test tests[] = {
    {"a mistake in a section's first line is told with its place and what was expected",
     every_mistake},
};

TAP_MAIN(tests)
