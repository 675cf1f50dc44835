#include "mistakes.h"

/* clang-format off */
static const struct mistake mistakes[] = {
    {"a name that begins with a digit",
     "[env]\n1A = /a\n",
     "ssmenv.conf:2:1: a name does not begin with a digit"},
    {"a name with a dash",
     "[env]\nDB-USER = /a\n",
     "ssmenv.conf:2:3: a name consists of letters, digits and _; expected NAME = ..."},
    {"a name with a letter outside ASCII",
     "[env]\nD\303\251 = /a\n",
     "ssmenv.conf:2:2: a name consists of letters, digits and _; expected NAME = ..."},
    {"export",
     "[env]\nexport A = /a\n",
     "ssmenv.conf:2:1: write NAME = ... without export"},
    {"a colon in place of =",
     "[env]\nA: /a\n",
     "ssmenv.conf:2:2: a name consists of letters, digits and _; expected NAME = ..."},
    {"a line without =",
     "[env]\nDB_USER\n",
     "ssmenv.conf:2:8: expected = after the name"},
    {"a line without a name",
     "[env]\n= /a\n",
     "ssmenv.conf:2:1: expected a name before the ="},
    {"a comment with a semicolon",
     "[env]\n; comment\n",
     "ssmenv.conf:2:1: a name consists of letters, digits and _; expected NAME = ..."},
    {"a name that is denied",
     "[env]\nLD_PRELOAD = /a\n",
     "ssmenv.conf:2:1: LD_PRELOAD is never set: it would change how programs of the session run"},
    {"another name that is denied",
     "[env]\nA = /a\n  PATH = \"/bin\"\n",
     "ssmenv.conf:3:3: PATH is never set: it would change how programs of the session run"},
    {"a name that is too long",
     "[env]\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA = /a\n",
     "ssmenv.conf:2:1: the name is longer than 128 bytes"},
    {"an import whose prefix begins no name",
     "[env]\n1_* = /a/*\n",
     "ssmenv.conf:2:1: what stands before the * has to begin a name"},
    {"a duplicate in a section",
     "[env]\nA = /a\nB = /b\n A = /c\n",
     "ssmenv.conf:4:2: A is already written in this section, on line 2"},
};
/* clang-format on */

static void every_mistake(void)
{
    check_mistakes(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static const struct tap_test tests[] = {
    {"a mistake before the = of an env line is told with its place and what was expected",
     every_mistake},
};

TAP_MAIN(tests)
