#include "cli/doctor/doctor_hello.h"

#include <string.h>

/* A reader with bounds: a read beyond the end gives 0 and is remembered. */
struct cursor {
    const unsigned char *bytes;
    size_t left;
    bool failed;
};

static uint8_t take_byte(struct cursor *cursor)
{
    if (cursor->left == 0) {
        cursor->failed = true;
        return 0;
    }
    cursor->left--;
    return *cursor->bytes++;
}

static uint32_t take_big_endian(struct cursor *cursor, int count)
{
    uint32_t value = 0;

    for (int i = 0; i < count; i++)
        value = value << 8 | take_byte(cursor);
    return value;
}

static uint32_t take_little_endian(struct cursor *cursor, int count)
{
    uint32_t value = 0;

    for (int i = 0; i < count; i++)
        value |= (uint32_t)take_byte(cursor) << (8 * i);
    return value;
}

static void skip(struct cursor *cursor, size_t count)
{
    while (count-- > 0)
        take_byte(cursor);
}

/* A text up to its NUL: visible ASCII, anything else becomes '?'; what does not fit is left out. */
static void take_text(struct cursor *cursor, char *text, size_t size)
{
    size_t length = 0;
    uint8_t byte;

    while ((byte = take_byte(cursor)) != 0 && !cursor->failed) {
        if (length + 1 < size)
            text[length++] = (char)(byte > ' ' && byte <= '~' ? byte : '?');
    }
    text[length] = '\0';
}

/* --- PostgreSQL --- */

#define POSTGRES_TLS_REQUEST 80877103 /* 1234 and 5679 in two halves */
#define POSTGRES_PROTOCOL    196608   /* 3.0 */

static void append_big_endian(struct buffer *bytes, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_append_char(bytes, (char)(value >> shift & 0xff));
}

void postgres_write_tls_request(struct buffer *bytes)
{
    append_big_endian(bytes, 8);
    append_big_endian(bytes, POSTGRES_TLS_REQUEST);
}

void postgres_write_start(struct buffer *bytes)
{
    static const char parameters[] = "user\0ssmenv\0database\0ssmenv\0";

    append_big_endian(bytes, 4 + 4 + sizeof parameters);
    append_big_endian(bytes, POSTGRES_PROTOCOL);
    buffer_append(bytes, parameters, sizeof parameters);
}

enum hello_state postgres_read_tls(const void *bytes, size_t length, bool *tls)
{
    struct cursor cursor = {bytes, length, false};
    uint8_t answer = take_byte(&cursor);

    if (cursor.failed)
        return HELLO_INCOMPLETE;
    /* Nothing may follow: an SSH server's first byte is an S, too. */
    if (cursor.left > 0)
        return HELLO_STRANGE;
    *tls = answer == 'S';
    return answer == 'S' || answer == 'N' ? HELLO_DONE : HELLO_STRANGE;
}

static bool is_sqlstate(const char *text)
{
    return strlen(text) == SQLSTATE_BYTES - 1 &&
           strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == SQLSTATE_BYTES - 1;
}

/* Fields, each a letter and a text, up to a NUL in the place of a letter. */
static enum hello_state read_refusal(struct cursor *cursor, struct postgres_start *start)
{
    char text[SQLSTATE_BYTES + 1];
    uint8_t field;

    while ((field = take_byte(cursor)) != 0 && !cursor->failed) {
        take_text(cursor, text, sizeof text);
        if (field == 'C' && is_sqlstate(text))
            memcpy(start->sqlstate, text, SQLSTATE_BYTES);
    }
    return !cursor->failed && start->sqlstate[0] != '\0' ? HELLO_DONE : HELLO_STRANGE;
}

enum hello_state postgres_read_start(const void *bytes, size_t length, struct postgres_start *start)
{
    struct cursor cursor = {bytes, length, false};
    uint8_t type = take_byte(&cursor);
    uint32_t size = take_big_endian(&cursor, 4);

    *start = (struct postgres_start){0};
    if (length > 0 && type != 'R' && type != 'E' && type != 'v')
        return HELLO_STRANGE;
    if (cursor.failed)
        return HELLO_INCOMPLETE;
    if (size < 8 || size > HELLO_BYTES_MAX - 1)
        return HELLO_STRANGE;
    if (cursor.left < size - 4)
        return HELLO_INCOMPLETE;
    cursor.left = size - 4;
    if (type == 'E')
        return read_refusal(&cursor, start);
    return HELLO_DONE;
}

/* --- MySQL and MariaDB --- */

#define MYSQL_PROTOCOL      10
#define MYSQL_ERROR         255
#define MYSQL_TLS           0x0800 /* CLIENT_SSL of the capabilities' lower half */
#define MYSQL_HEADER        4
#define MARIADB_MARK        "MariaDB"
#define MARIADB_PREFIX      "5.5.5-" /* before the version, for replicas that know 5 only */
#define MYSQL_SCRAMBLE_HALF 8

static void name_server(struct mysql_hello *hello)
{
    size_t prefix = strlen(MARIADB_PREFIX);

    hello->is_mariadb = strstr(hello->version, MARIADB_MARK) != NULL;
    if (hello->is_mariadb && strncmp(hello->version, MARIADB_PREFIX, prefix) == 0)
        memmove(hello->version, hello->version + prefix, strlen(hello->version) - prefix + 1);
}

static enum hello_state read_handshake(struct cursor *cursor, struct mysql_hello *hello)
{
    uint8_t first = take_byte(cursor);

    if (first == MYSQL_ERROR) {
        hello->error = (uint16_t)take_little_endian(cursor, 2);
        return cursor->failed || hello->error == 0 ? HELLO_STRANGE : HELLO_DONE;
    }
    if (first != MYSQL_PROTOCOL)
        return HELLO_STRANGE;
    take_text(cursor, hello->version, sizeof hello->version);
    skip(cursor, 4 + MYSQL_SCRAMBLE_HALF + 1); /* connection id, scramble, filler */
    hello->tls = (take_little_endian(cursor, 2) & MYSQL_TLS) != 0;
    if (cursor->failed || hello->version[0] == '\0')
        return HELLO_STRANGE;
    name_server(hello);
    return HELLO_DONE;
}

enum hello_state mysql_read_hello(const void *bytes, size_t length, struct mysql_hello *hello)
{
    struct cursor cursor = {bytes, length, false};
    uint32_t size = take_little_endian(&cursor, 3);
    uint8_t sequence = take_byte(&cursor);

    *hello = (struct mysql_hello){0};
    if (cursor.failed)
        return HELLO_INCOMPLETE;
    if (size < 3 || size > HELLO_BYTES_MAX - MYSQL_HEADER || sequence > 1)
        return HELLO_STRANGE;
    if (cursor.left < size)
        return HELLO_INCOMPLETE;
    cursor.left = size;
    return read_handshake(&cursor, hello);
}
