#include "cli/doctor/doctor_target.h"

#include "cli/doctor/doctor.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static void urls_of_databases_are_read(void)
{
    static const struct {
        const char *url;
        const char *host;
        unsigned port;
        enum target_protocol protocol;
        enum target_tls tls;
    } cases[] = {
        {"postgresql://u:p@db.example.com:6432/app", "db.example.com", 6432, PROTOCOL_POSTGRES,
         TARGET_TLS_UNSAID},
        {"postgres://db.example.com", "db.example.com", 5432, PROTOCOL_POSTGRES, TARGET_TLS_UNSAID},
        {"postgresql+asyncpg://u@h/d?sslmode=disable", "h", 5432, PROTOCOL_POSTGRES,
         TARGET_TLS_NEVER},
        {"POSTGRES://u:p%40@[::1]:1/d?a=b&sslmode=Require#x", "::1", 1, PROTOCOL_POSTGRES,
         TARGET_TLS_REQUIRED},
        {"mysql://u:p@h/d?ssl-mode=VERIFY_IDENTITY", "h", 3306, PROTOCOL_MYSQL,
         TARGET_TLS_REQUIRED},
        {"mysql2://u:a:b@c@h:3307/d", "h", 3307, PROTOCOL_MYSQL, TARGET_TLS_UNSAID},
        {"mariadb+pymysql://10.0.0.1?x=sslmode=disable", "10.0.0.1", 3306, PROTOCOL_MYSQL,
         TARGET_TLS_UNSAID},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct target target = {0};
        bool legal = false;

        CHECK(target_of_url(&target, cases[i].url, &legal));
        if (!CHECK(legal))
            printf("# %s\n", cases[i].url);
        CHECK_TEXT(target.host, cases[i].host);
        CHECK_INT(target.port, cases[i].port);
        CHECK_INT(target.protocol, cases[i].protocol);
        CHECK_INT(target.tls, cases[i].tls);
    }
}

static void urls_of_anything_else_are_not(void)
{
    static const char *const urls[] = {"",      "postgresql",   "https://h/",      "redis://h:6379",
                                       "://h/", "postgresql:h", "xpostgresql://h", "a b"};

    for (size_t i = 0; i < COUNT(urls); i++) {
        struct target target = {0};
        bool legal;

        if (!CHECK(!target_of_url(&target, urls[i], &legal)))
            printf("# %s\n", urls[i]);
    }
}

/* A part of a password must not be taken for a host. */
static void a_url_without_a_clear_host_has_none(void)
{
    static const char *const urls[] = {
        "postgresql://u:9/x@h/d",    "postgresql://u:p@/d",      "postgresql:///d",
        "postgresql://u:p@h:x/d",    "postgresql://u:p@h:0/d",   "postgresql://u:p@h:65536/d",
        "postgresql://u:p@a b/d",    "postgresql://u:p@h1,h2/d", "postgresql://u:p@[::1/d",
        "postgresql://u:p@[::1]x/d", "postgresql://u:9?x@h/d",   "postgresql://u:9#x@h/d"};

    for (size_t i = 0; i < COUNT(urls); i++) {
        struct target target = {0};
        bool legal = true;

        CHECK(target_of_url(&target, urls[i], &legal));
        if (!CHECK(!legal))
            printf("# %s\n", urls[i]);
    }
}

static void hosts_are_read_with_and_without_a_port(void)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: it is none */
        unsigned port;
    } cases[] = {
        {"db.example.com:5432", "db.example.com", 5432},
        {"db.example.com", "db.example.com", 0},
        {"[fd00::1]:5432", "fd00::1", 5432},
        {"fd00::1", "fd00::1", 0},
        {"10.0.0.1:65535", "10.0.0.1", 65535},
        {"", NULL, 0},
        {":5432", NULL, 0},
        {"h:", NULL, 0},
        {"h:port", NULL, 0},
        {"h:123456", NULL, 0},
        {"a b", NULL, 0},
        {"a/b", NULL, 0},
        {"\001", NULL, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct target target = {0};
        bool is_host = target_of_host(&target, cases[i].text);

        if (!CHECK_INT(is_host, cases[i].host != NULL))
            printf("# %s\n", cases[i].text);
        if (!is_host || cases[i].host == NULL)
            continue;
        CHECK_TEXT(target.host, cases[i].host);
        CHECK_INT(target.port, cases[i].port);
    }
}

static void a_name_that_is_too_long_is_no_host(void)
{
    char name[TARGET_HOST_BYTES + 1];
    struct target target = {0};

    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK(!target_of_host(&target, name));
    name[sizeof name - 2] = '\0';
    CHECK(target_of_host(&target, name));
}

static void words_are_quoted_for_a_shell_where_they_need_it(void)
{
    static const struct {
        const char *word;
        const char *quoted;
    } cases[] = {
        {"/prod/db-1_x.y", "/prod/db-1_x.y"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"$x", "'$x'"},
        {"\xc3\xbc", "'\xc3\xbc'"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer text = BUFFER_INIT;

        shell_quote(&text, cases[i].word);
        CHECK_TEXT(buffer_text(&text), cases[i].quoted);
        buffer_free(&text);
    }
}

static const struct tap_test tests[] = {
    {"URLs of databases are read", urls_of_databases_are_read},
    {"URLs of anything else are not", urls_of_anything_else_are_not},
    {"a URL without a clear host has none", a_url_without_a_clear_host_has_none},
    {"hosts are read with and without a port", hosts_are_read_with_and_without_a_port},
    {"a name that is too long is no host", a_name_that_is_too_long_is_no_host},
    {"words are quoted for a shell where they need it",
     words_are_quoted_for_a_shell_where_they_need_it},
};

TAP_MAIN(tests)
