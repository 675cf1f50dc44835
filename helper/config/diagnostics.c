#include "config/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/error.h"

static void write_place(char *place, size_t size, struct position position)
{
    if (position.file == NULL)
        place[0] = '\0';
    else if (position.line == 0)
        snprintf(place, size, "%s: ", position.file);
    else if (position.column == 0)
        snprintf(place, size, "%s:%u: ", position.file, position.line);
    else
        snprintf(place, size, "%s:%u:%u: ", position.file, position.line, position.column);
}

/* A full list gives up its last warning for an error: what failed matters more. */
static struct diagnostic *free_item(struct diagnostics *diagnostics, enum severity severity)
{
    if (diagnostics->count < DIAGNOSTICS_MAX)
        return &diagnostics->items[diagnostics->count++];
    if (severity == SEVERITY_WARNING)
        return NULL;
    for (size_t i = DIAGNOSTICS_MAX; i-- > 0;) {
        struct diagnostic *item = &diagnostics->items[i];

        if (item->severity != SEVERITY_WARNING)
            continue;
        free(item->text);
        memmove(item, item + 1, (DIAGNOSTICS_MAX - 1 - i) * sizeof *item);
        return &diagnostics->items[DIAGNOSTICS_MAX - 1];
    }
    return NULL;
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
                     struct position position, const char *format, ...)
{
    struct diagnostic *item = free_item(diagnostics, severity);
    char place[LIMIT_MESSAGE_BYTES];
    char message[LIMIT_MESSAGE_BYTES];
    struct error line = ERROR_INIT;
    va_list arguments;

    if (severity == SEVERITY_ERROR)
        diagnostics->errors++;
    else
        diagnostics->warnings++;
    if (item == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    write_place(place, sizeof place, position);
    error_set(&line, "%s%s", place, message);
    item->severity = severity;
    item->text = text_copy(line.text);
    item->position = position;
    item->place_bytes = strnlen(place, strlen(line.text));
}

bool diagnostics_are_full(const struct diagnostics *diagnostics)
{
    return diagnostics->errors >= DIAGNOSTICS_MAX;
}

void diagnostics_free(struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        free(diagnostics->items[i].text);
    *diagnostics = (struct diagnostics){0};
}
