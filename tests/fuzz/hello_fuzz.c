/*
 * The first words of a database, in the pieces in which a network may bring them, and the values of
 * variables that say where one is. What is complete once stays what it is when more bytes follow.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor_hello.h"
#include "cli/doctor/doctor_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_printable(const char *text, size_t size)
{
    size_t length = strnlen(text, size);

    require(length < size);
    for (size_t i = 0; i < length; i++)
        require(text[i] > ' ' && text[i] <= '~');
}

/* Each prefix has a heap block of its own, so that a read beyond it is seen. */
static void read_hello(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    struct mysql_hello hello;
    struct postgres_start start;
    bool tls = false;

    if (bytes == NULL)
        return;
    if (size > 0)
        memcpy(bytes, data, size);
    bytes = realloc(bytes, size > 0 ? size : 1);
    mysql_read_hello(bytes, size, &hello);
    check_printable(hello.version, sizeof hello.version);
    postgres_read_start(bytes, size, &start);
    check_printable(start.sqlstate, sizeof start.sqlstate);
    postgres_read_tls(bytes, size, &tls);
    free(bytes);
}

static void check_growth(const uint8_t *data, size_t size)
{
    enum hello_state before = HELLO_INCOMPLETE;

    for (size_t length = 0; length <= size && length <= HELLO_BYTES_MAX; length++) {
        struct mysql_hello hello;
        enum hello_state state = mysql_read_hello(data, length, &hello);

        require(before == HELLO_INCOMPLETE || state == before);
        before = state;
    }
}

static void read_target(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct target target = {0};
    bool legal;

    if (text == NULL)
        return;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (target_of_url(&target, text, &legal) && legal)
        check_printable(target.host, sizeof target.host);
    target_of_host(&target, text);
    require(target.port <= 65535);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_hello(data, size);
    check_growth(data, size < 512 ? size : 512);
    read_target(data, size);
    return 0;
}
