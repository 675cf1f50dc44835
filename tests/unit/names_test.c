#include "ssmenv/names.h"

#include <ctype.h>

#include "tap.h"

static bool valid(const char *name)
{
    return name_is_valid(name, strlen(name));
}

static bool denied(const char *name)
{
    return name_is_denied(name, strlen(name));
}

static bool redirecting(const char *name)
{
    return name_is_redirecting(name, strlen(name));
}

static void names_follow_the_grammar(void)
{
    static const char *const good[] = {"A", "_", "a1", "DB_USER", "_1", "mixedCase", "A__B"};
    static const char *const bad[] = {"",    "1A", "A-B", "A.B", "A B",   "A=B",      "A\nB",
                                      " A",  "A ", "A/B", "A%B", "A\x80", "\xc3\xa4", "A\tB",
                                      "A()", "@A", "[A",  "`A",  "{A",    "A:"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!CHECK(valid(good[i])))
            printf("# %s\n", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!CHECK(!valid(bad[i])))
            printf("# %s\n", bad[i]);
    }
    CHECK(!name_is_valid("A\0B", 3));
}

/* Every byte, as the first and as a later one, against the C library's idea of the classes. */
static void each_byte_is_judged_alike(void)
{
    for (int byte = 1; byte < 256; byte++) {
        char first[] = {(char)byte, 'A', '\0'};
        char later[] = {'A', (char)byte, '\0'};
        bool letter = byte < 128 && (isalpha(byte) || byte == '_');

        if (!CHECK(valid(first) == letter) ||
            !CHECK(valid(later) == (letter || (byte < 128 && isdigit(byte)))))
            printf("# byte %d\n", byte);
    }
}

static void a_name_has_at_most_128_bytes(void)
{
    char name[LIMIT_NAME_BYTES + 2];

    memset(name, 'A', sizeof name);
    CHECK(name_is_valid(name, LIMIT_NAME_BYTES));
    CHECK(!name_is_valid(name, LIMIT_NAME_BYTES + 1));
}

/* One of each kind, written down again on purpose: shortening the table turns this red. */
static void what_decides_over_code_is_denied(void)
{
    static const char *const names[] = {
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "LD_",
        "GCONV_PATH",
        "MALLOC_TRACE",
        "GLIBC_TUNABLES",
        "TMPDIR",
        "PATH",
        "HOME",
        "SHELL",
        "USER",
        "IFS",
        "ENV",
        "BASH_ENV",
        "SHELLOPTS",
        "PS4",
        "PROMPT_COMMAND",
        "PYTHONPATH",
        "PERL5LIB",
        "PERL5OPT",
        "RUBYOPT",
        "NODE_OPTIONS",
        "CLASSPATH",
        "JAVA_TOOL_OPTIONS",
        "GIT_SSH",
        "LISTEN_FDS",
        "NOTIFY_SOCKET",
        "SYSTEMD_PAGER",
        "LANG",
        "LC_ALL",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
        "SUDO_ASKPASS",
        "PAM_TTY",
        "EDITOR",
        "LESSOPEN",
        "OPENSSL_CONF",
        "SSL_CERT_FILE",
        "CURL_HOME",
        "RES_OPTIONS",
        "KRB5CCNAME",
        "TERMINFO",
        "ZDOTDIR",
        "DYLD_INSERT_LIBRARIES",
        "HOSTALIASES",
        "BASH_FUNC_ls",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!CHECK(denied(names[i])))
            printf("# %s\n", names[i]);
    }
}

static void ordinary_names_are_not_denied(void)
{
    static const char *const names[] = {
        "DB_USER",     "DATABASE_URL", "API_KEY",    "MYLD_PRELOAD", "L",
        "PATHS",       "MY_PATH",      "HOMES",      "path",         "USERS",
        "ENVIRONMENT", "TERMS",        "ld_preload", "PGPASSWORD",   "LDAP_URL",
        "REDIS_URL",   "GITHUB_TOKEN", "LCX",        "PERLS",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!CHECK(!denied(names[i])))
            printf("# %s\n", names[i]);
    }
}

static void proxies_and_what_steers_aws_tools_are_redirecting(void)
{
    static const char *const names[] = {"http_proxy", "HTTPS_PROXY",      "no_proxy",
                                        "ALL_PROXY",  "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE",
                                        "AWS_PROFILE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!CHECK(redirecting(names[i]) && !denied(names[i])))
            printf("# %s\n", names[i]);
    }
    CHECK(!redirecting("DB_USER"));
    CHECK(!redirecting("MY_AWS_KEY"));
    CHECK(!redirecting("http_proxy2"));
}

static void every_entry_of_the_tables_is_a_name(void)
{
    static const char *const *const tables[] = {names_denied, names_redirecting};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const char *const *entry = tables[i]; *entry != NULL; entry++) {
            size_t length = strlen(*entry);

            if ((*entry)[length - 1] == '*')
                length--;
            if (!CHECK(name_is_valid(*entry, length)))
                printf("# %s\n", *entry);
        }
    }
}

static const struct tap_test tests[] = {
    {"names follow the grammar", names_follow_the_grammar},
    {"each byte is judged alike, wherever it stands", each_byte_is_judged_alike},
    {"a name has at most 128 bytes", a_name_has_at_most_128_bytes},
    {"what decides over the code of a session is denied", what_decides_over_code_is_denied},
    {"ordinary names are not denied, also when they resemble others",
     ordinary_names_are_not_denied},
    {"proxies and what steers AWS's tools are redirecting",
     proxies_and_what_steers_aws_tools_are_redirecting},
    {"every entry of the tables is a name", every_entry_of_the_tables_is_a_name},
};

TAP_MAIN(tests)
