#include "mistakes.h"

/* clang-format off */
static const struct mistake mistakes[] = {
    {"an import without stars on the right",
     "[env]\nAPP_* = /prod/app\n",
     "ssmenv.conf:2:9: a name that ends in * imports a path: expected /path/* or /path/**"},
    {"an import without a star on the left",
     "[env]\nAPP = /prod/app/*\n",
     "ssmenv.conf:2:17: an import needs a name that ends in * on the left, as in APP_* = /prod/app/*"},
    {"a star in the middle of a path",
     "[env]\nA = /prod/*/db\n",
     "ssmenv.conf:2:11: * stands only at the end of an import, as in APP_* = /prod/app/*"},
    {"an import with a star in the middle",
     "[env]\nA* = /prod/*/db/*\n",
     "ssmenv.conf:2:12: * stands only at the end of an import, as in APP_* = /prod/app/*"},
    {"an import from a quoted text",
     "[env]\nAPP_* = \"x\"\n",
     "ssmenv.conf:2:9: a name that ends in * imports a path: expected /path/* or /path/**"},
    {"an import with a second path",
     "[env]\nAPP_* = /a/* || /b/*\n",
     "ssmenv.conf:2:17: after an import only || unset may follow"},
    {"an import of nothing",
     "[env]\nAPP_* = unset\n",
     "ssmenv.conf:2:9: expected /path/* or /path/** before || unset"},
    {"an import that does not begin with /",
     "[env]\nAPP_* = app/*\n",
     "ssmenv.conf:2:9: the path of an import begins with /"},
    {"an import with a member",
     "[env]\nAPP_* = /a/*#b\n",
     "ssmenv.conf:2:13: an import has no member: it takes whole values"},
    {"an import with a selector",
     "[env]\nAPP_* = /a:1/*\n",
     "ssmenv.conf:2:11: an import takes no version or label"},
    {"a star inside the left side",
     "[env]\nA*B = /a/*\n",
     "ssmenv.conf:2:3: a name consists of letters, digits and _; expected NAME = ..."},
};
/* clang-format on */

static void every_mistake(void)
{
    check_mistakes(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static const struct tap_test tests[] = {
    {"a mistake in an import is told with its place and what was expected", every_mistake},
};

TAP_MAIN(tests)
