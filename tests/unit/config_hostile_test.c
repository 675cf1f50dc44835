/* Input that nobody would write: it must be told as a mistake, never crash, hang or set anything.
 * The sanitizers watch; texts are copied to the byte, so that reading past the end is seen. */
#include "login_scenario.h"

static const char valid[] =
    "\xef\xbb\xbf[aws]\nregion = us-east-2 # x\nrole_arn = arn:aws:iam::111122223333:role/a/b\n"
    "ca_bundle = \"/etc/a b\"\nendpoint_url = http://[::1]:80/\n[cache]\nttl = 5m\r\n"
    "[let]\nSTAGE = \"prod\"\n[env]\nDB_USER = DB_USER\nDB_PASS = /%{STAGE}/db || \"l\\n\\$\\t\"\n"
    "E = 'x' # c\n[env user=deploy,!\"c i\",x* group=dba service=sshd,cron*]\n"
    "K = arn:aws:ssm:us-east-1:111122223333:parameter/a/b:3#/a/~1b\nM = /a#\"odd \\\" key\"\n"
    "N = ssm:unset || /users/%u/token:label || unset\nAPP_* = /prod/app/** || unset\n* = /x/*\n"
    "URL = \"p://${DB_USER|uri}:${DB_PASS}@${APP_HOST}/\" || unset\n";

/* Parses, and if it is a configuration after all, logs in with it. */
static bool survives(const char *text, size_t length)
{
    struct scenario *s = scenario_new();
    bool good;

    scenario_read(s, "ssmenv.conf", text, length);
    good = scenario_loaded(s);
    CHECK(good == (s->diagnostics.errors == 0));
    scenario_stores(s, "DB_USER", "u");
    scenario_stores(s, "/prod/app/host", "h");
    scenario_stores(s, "/prod/app/ho.st", "h");
    s->groups = "dba";
    if (good)
        scenario_log_in(s, "deploy", "sshd");
    CHECK(!good || s->resolved == (s->diagnostics.errors == 0));
    for (size_t i = 0; i < s->environment.count; i++)
        CHECK(s->environment.variables[i].name[0] != '\0');
    scenario_end(s);
    return good;
}

static void the_valid_one(void)
{
    CHECK(survives(valid, sizeof valid - 1));
}

static void truncation(void)
{
    for (size_t length = 0; length < sizeof valid; length++)
        survives(valid, length);
}

/* A linear congruential generator (Knuth, MMIX): the same bytes on every machine. */
static unsigned next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*state >> 33);
}

static const char interesting[] = "[]=#\"'\\${}|%*/:!,\n\r\t u~\0@\xff.~-_;A0";

static void mutate(char *text, size_t length, uint64_t *state)
{
    unsigned times = 1 + next_random(state) % 4;

    while (times-- > 0) {
        size_t at = next_random(state) % length;
        size_t other = next_random(state) % length;

        switch (next_random(state) % 4) {
        case 0:
            text[at] = (char)next_random(state);
            break;
        case 1:
            text[at] = interesting[next_random(state) % (sizeof interesting - 1)];
            break;
        case 2:
            text[at] = text[other];
            break;
        default:
            memmove(text + at, text + other, length - (at > other ? at : other));
        }
    }
}

static void mutation(void)
{
    uint64_t state = 20240229;
    char text[sizeof valid];
    int good = 0;

    for (int i = 0; i < 8000; i++) {
        memcpy(text, valid, sizeof valid);
        mutate(text, sizeof valid - 1, &state);
        good += survives(text, sizeof valid - 1) ? 1 : 0;
    }
    CHECK(good > 100);
    CHECK(good < 7900);
}

static void random_bytes(void)
{
    uint64_t state = 7;
    char text[512];

    for (int i = 0; i < 2000; i++) {
        size_t length = next_random(&state) % sizeof text;

        memcpy(text, "[env]\n", 6);
        for (size_t j = 6; j < length; j++)
            text[j] = i % 2 == 0 ? (char)next_random(&state)
                                 : interesting[next_random(&state) % (sizeof interesting - 1)];
        survives(text, length);
    }
}

/* One piece many times, between a start and an end. */
static char *repeated(const char *start, const char *piece, size_t times, const char *end,
                      size_t *length)
{
    size_t piece_length = strlen(piece);
    char *text = malloc(strlen(start) + times * piece_length + strlen(end) + 1);
    char *at;

    if (text == NULL)
        abort();
    at = stpcpy(text, start);
    for (size_t i = 0; i < times; i++)
        at = stpcpy(at, piece);
    at = stpcpy(at, end);
    *length = (size_t)(at - text);
    return text;
}

static void long_lines(void)
{
    static const struct {
        const char *start;
        const char *piece;
        const char *end;
        bool good;
    } lines[] = {
        {"[env]\n", "A", " = /a\n", false},
        {"[env]\nA = ", "x", "\n", false},
        {"[env]\nA = \"", "x", "\"\n", false},
        {"[env]\nA = \"", "\\\\", "\"\n", false},
        {"[env]\nA = \"", "x", "", false},
        {"[env]\nA = \"", "${", "\"\n", false},
        {"[env]\nB = \"\"\nA = \"", "${B}", "\"\n", true},
        {"[env]\nA = /a", " || /a", "\n", true},
        {"[env]\nA = ", "||", "\n", false},
        {"[env]\nA = ", "%u", "\n", false},
        {"[env]\nA = ", "%{", "\n", false},
        {"[env]\nA = ", "/a", "\n", false},
        {"[env]\nA = a#", "/~0", "\n", false},
        {"[env]\nA = ", ":", "\n", false},
        {"[env]\nA_* = /", "*", "\n", false},
        {"[env user=a", ",!b", "]\n", true},
        {"[env user=", "*a", "]\nA = \"1\"\n", true},
        {"", "[", "", false},
        {"[env ", "]", "", false},
        {"[", "env ", "]", false},
        {"[aws]\nprofile = ", "x", "\n", true},
        {"[aws]\n", "x", "", false},
        {"[let]\nA = '", "x", "'\n", true},
        {"#", " comment", "", true},
        {"[env]\n", " \t", "\n", true},
        {"", "\r", "", false},
        {"\xef\xbb\xbf", "\xef\xbb\xbf", "", false},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t length;
        char *text = repeated(lines[i].start, lines[i].piece,
                              LIMIT_CONFIG_BYTES / strlen(lines[i].piece), lines[i].end, &length);

        if (!CHECK_INT(survives(text, length), lines[i].good))
            printf("#   with %s%s...\n", lines[i].start, lines[i].piece);
        free(text);
    }
}

static void many_lines(void)
{
    static const struct {
        const char *start;
        const char *piece;
        bool good;
    } files[] = {
        {"", "[env]\n", true},
        {"", "[env]\nA = \"1\"\n", true},
        {"[env]\nA = \"0\"\n", "[env]\nA = \"${A}\"\n", true},
        {"[env]\n", "A = /a\n", false},
        {"[env]\n", "A_* = /a/*\n", true},
        {"", "[evn]\n", false},
        {"", "x\n", false},
        {"", "\n", true},
        {"[let]\n", "A = \"x\"\n", false},
        {"[aws]\n", "regoin = x\n", false},
        {"[aws]\n", "region = us-east-1\n", false},
        {"[env]\n", "A = \"${B}\"\n", false},
        {"[env]\n", "A = /%{B}\n", false},
        {"", "[env user=a]\n* = /a/*\nB = \"${C}\" || unset\n", true},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t length;
        char *text = repeated(files[i].start, files[i].piece, 10000, "", &length);

        if (!CHECK_INT(survives(text, length), files[i].good))
            printf("#   with %s%s...\n", files[i].start, files[i].piece);
        free(text);
    }
}

static void many_names(void)
{
    size_t size = 4 * LIMIT_CONFIG_BYTES;
    char *text = malloc(size);
    size_t used = 0;

    if (text == NULL)
        abort();
    for (int i = 0; i < 10000; i++)
        used += (size_t)snprintf(text + used, size - used,
                                 "[let]\nL%d = \"x\"\n[env user=u%d]\nA%d = /%%{L%d}\nB%d = "
                                 "\"${A%d}${A0}\"\nC%d = \"${NONE%d}\"\n",
                                 i, i, i, i, i, i, i, i);
    CHECK(!survives(text, used));
    free(text);
}

static const struct tap_test tests[] = {
    {"the configuration that the tests below damage is valid", the_valid_one},
    {"a file that is cut off anywhere neither crashes nor hangs", truncation},
    {"damaged files neither crash nor hang", mutation},
    {"random bytes neither crash nor hang", random_bytes},
    {"lines of 1 MiB neither crash nor hang", long_lines},
    {"10000 lines and sections neither crash nor hang", many_lines},
    {"10000 names neither crash nor hang", many_names},
};

TAP_MAIN(tests)
