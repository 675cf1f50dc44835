#include "cli/doctor/doctor_hello.h"

#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

/* A text with NULs in it. */
#define BYTES(text) (text), sizeof(text) - 1

static void postgres_is_asked_for_tls_in_eight_bytes(void)
{
    struct buffer bytes = BUFFER_INIT;

    postgres_write_tls_request(&bytes);
    CHECK_INT((int)bytes.length, 8);
    CHECK(memcmp(bytes.data, "\0\0\0\010\004\322\026\057", 8) == 0);
    buffer_free(&bytes);
}

static void a_session_is_begun_with_its_own_length_and_two_names(void)
{
    static const char expected[] = "\0\0\0\045\0\003\0\0user\0ssmenv\0database\0ssmenv\0";
    struct buffer bytes = BUFFER_INIT;

    postgres_write_start(&bytes);
    CHECK_INT((int)bytes.length, (int)sizeof expected);
    CHECK(memcmp(bytes.data, expected, sizeof expected) == 0);
    buffer_free(&bytes);
}

static void one_byte_tells_whether_postgres_speaks_tls(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum hello_state state;
        bool tls;
    } cases[] = {
        {BYTES("S"), HELLO_DONE, true},
        {BYTES("N"), HELLO_DONE, false},
        {BYTES(""), HELLO_INCOMPLETE, false},
        {BYTES("E"), HELLO_STRANGE, false},
        {BYTES("SSH-2.0-OpenSSH"), HELLO_STRANGE, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        bool tls = false;

        CHECK_INT(postgres_read_tls(cases[i].bytes, cases[i].length, &tls), cases[i].state);
        CHECK_INT(tls, cases[i].tls);
    }
}

static void what_postgres_says_to_a_session_without_tls_is_told_apart(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum hello_state state;
        const char *sqlstate;
    } cases[] = {
        {BYTES("R\0\0\0\010\0\0\0\012"), HELLO_DONE, ""},
        {BYTES("E\0\0\0\014C53300\0\0"), HELLO_DONE, "53300"},
        {BYTES("E\0\0\0\014C53300\0\0 and more"), HELLO_DONE, "53300"},
        {BYTES("E\0\0\0\051SFATAL\0C28000\0RClientAuthentication\0\0"), HELLO_DONE, "28000"},
        {BYTES("E\0\0\0\050SFATAL\0C28000\0RClientAuthentication\0\0"), HELLO_STRANGE, ""},
        {BYTES("E\0\0\0\013C5330\0\0"), HELLO_STRANGE, ""},   /* no SQLSTATE */
        {BYTES("E\0\0\0\014C533000\0"), HELLO_STRANGE, ""},   /* without an end */
        {BYTES("E\0\0\0\014C53300\0"), HELLO_INCOMPLETE, ""}, /* more is to come */
        {BYTES("E\0\0"), HELLO_INCOMPLETE, ""},
        {BYTES(""), HELLO_INCOMPLETE, ""},
        {BYTES("E\177\377\377\377C"), HELLO_STRANGE, ""},
        {BYTES("R\0\0\0\0"), HELLO_STRANGE, ""},
        {BYTES("HTTP/1.1 400"), HELLO_STRANGE, ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct postgres_start start;
        enum hello_state state = postgres_read_start(cases[i].bytes, cases[i].length, &start);

        if (!CHECK_INT(state, cases[i].state))
            printf("# case %zu\n", i);
        if (state != HELLO_DONE)
            continue;
        CHECK_TEXT(start.sqlstate, cases[i].sqlstate);
    }
}

#define REST_WITH_TLS                                                                              \
    "\0"                                                                                           \
    "1234"                                                                                         \
    "12345678"                                                                                     \
    "\0"                                                                                           \
    "\377\377"                                                                                     \
    "..."
#define REST_WITHOUT_TLS                                                                           \
    "\0"                                                                                           \
    "1234"                                                                                         \
    "12345678"                                                                                     \
    "\0"                                                                                           \
    "\377\367"                                                                                     \
    "..."

static void a_greeting_tells_server_version_and_tls(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool is_mariadb;
        bool tls;
        const char *version;
        unsigned error;
    } cases[] = {
        {BYTES("\031\0\0\0\0128.0.3" REST_WITH_TLS), false, true, "8.0.3", 0},
        {BYTES("\031\0\0\0\0128.0.3" REST_WITHOUT_TLS), false, false, "8.0.3", 0},
        {BYTES("\047\0\0\0\0125.5.5-10.11-MariaDB" REST_WITH_TLS), true, true, "10.11-MariaDB", 0},
        {BYTES("\031\0\0\0\0128\0330\t3" REST_WITH_TLS), false, true, "8?0?3", 0},
        {BYTES("\011\0\0\0\377\151\004Host x"), false, false, "", 1129},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mysql_hello hello;

        if (!CHECK_INT(mysql_read_hello(cases[i].bytes, cases[i].length, &hello), HELLO_DONE))
            printf("# case %zu\n", i);
        CHECK_INT(hello.is_mariadb, cases[i].is_mariadb);
        CHECK_INT(hello.tls, cases[i].tls);
        CHECK_TEXT(hello.version, cases[i].version);
        CHECK_INT(hello.error, cases[i].error);
    }
}

static void a_version_that_is_too_long_loses_its_end(void)
{
    struct buffer bytes = BUFFER_INIT;
    struct mysql_hello hello;

    buffer_append(&bytes, "\352\003\0\0\012", 5);
    for (int i = 0; i < 980; i++)
        buffer_append_char(&bytes, 'v');
    buffer_append(&bytes, BYTES(REST_WITH_TLS "...."));
    CHECK_INT(mysql_read_hello(bytes.data, bytes.length, &hello), HELLO_DONE);
    CHECK_INT((int)strlen(hello.version), HELLO_VERSION_BYTES - 1);
    CHECK(hello.tls);
    buffer_free(&bytes);
}

static void what_is_no_greeting_is_told_from_what_is_not_complete(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum hello_state state;
    } cases[] = {
        {BYTES(""), HELLO_INCOMPLETE},
        {BYTES("\032\0\0"), HELLO_INCOMPLETE},
        {BYTES("\031\0\0\0\0128.0.3"), HELLO_INCOMPLETE},
        {BYTES("\006\0\0\0\0128.0.3"), HELLO_STRANGE}, /* a version without an end */
        {BYTES("\031\0\0\0\0118.0.3" REST_WITH_TLS), HELLO_STRANGE},
        {BYTES("\032\0\0\005\0128.0.3" REST_WITH_TLS), HELLO_STRANGE},
        {BYTES("\0\0\0\0"), HELLO_STRANGE},
        {BYTES("\377\377\377\0"), HELLO_STRANGE},
        {BYTES("HTTP/1.1 400 Bad Request"), HELLO_STRANGE},
        {BYTES("\003\0\0\0\377\0\0"), HELLO_STRANGE},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mysql_hello hello;

        if (!CHECK_INT(mysql_read_hello(cases[i].bytes, cases[i].length, &hello), cases[i].state))
            printf("# case %zu\n", i);
    }
}

static const struct tap_test tests[] = {
    {"PostgreSQL is asked for TLS in eight bytes", postgres_is_asked_for_tls_in_eight_bytes},
    {"a session is begun with its own length and two names",
     a_session_is_begun_with_its_own_length_and_two_names},
    {"one byte tells whether PostgreSQL speaks TLS", one_byte_tells_whether_postgres_speaks_tls},
    {"what PostgreSQL says to a session without TLS is told apart",
     what_postgres_says_to_a_session_without_tls_is_told_apart},
    {"a greeting tells server, version and TLS", a_greeting_tells_server_version_and_tls},
    {"a version that is too long loses its end", a_version_that_is_too_long_loses_its_end},
    {"what is no greeting is told from what is not complete",
     what_is_no_greeting_is_told_from_what_is_not_complete},
};

TAP_MAIN(tests)
