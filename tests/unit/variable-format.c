/*
 * Prints the variables of standard input, NAME=VALUE and a NUL each, in the format that its
 * argument names: what ssmenv env prints, for many more values than one session may have.
 */
#include "cli/login/variable_format.h"

#include <stdlib.h>
#include <unistd.h>

#include <stdio.h>
#include <string.h>

#define VARIABLES_MAX 8192

static void read_all(struct buffer *text)
{
    ssize_t got = 1;

    while (got > 0) {
        char *room = buffer_reserve(text, 65536);

        got = room != NULL ? read(STDIN_FILENO, room, 65536) : -1;
        if (got > 0)
            buffer_grow(text, (size_t)got);
    }
}

static size_t split(struct buffer *text, struct variable *variables)
{
    size_t count = 0;

    for (char *at = text->data; at != NULL && at < text->data + text->length;) {
        char *value = strchr(at, '=') + 1;

        value[-1] = '\0';
        if (count == VARIABLES_MAX)
            abort();
        variables[count++] = (struct variable){.name = at, .value = value};
        at = value + strlen(value) + 1;
    }
    return count;
}

int main(int argc, char **argv)
{
    static struct variable variables[VARIABLES_MAX];
    struct buffer input = BUFFER_INIT;
    struct buffer output = BUFFER_INIT;
    struct error error = ERROR_INIT;
    bool ok = false;

    read_all(&input);
    if (argc == 2)
        ok = variable_format_write(argv[1], variables, split(&input, variables), &output, &error);
    if (ok)
        fwrite(output.data, 1, output.length, stdout);
    else
        fprintf(stderr, "%s\n", error.text);
    buffer_free(&input);
    buffer_free(&output);
    return ok ? 0 : 1;
}
