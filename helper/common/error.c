#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."

/* What is printed later goes into a log line and onto terminals. */
static void sanitise(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f)
            *text = '?';
        else if (c == 0xc2 && (text[1] & 0xe0) == 0x80) /* U+0080 to U+009F: terminals obey them */
            *text = text[1] = '?';
    }
}

static void finish(struct error *error, int length)
{
    if (length < 0)
        strcpy(error->text, "error text could not be formatted");
    else if ((size_t)length >= sizeof error->text)
        memcpy(error->text + sizeof error->text - sizeof ELLIPSIS, ELLIPSIS, sizeof ELLIPSIS);
    sanitise(error->text);
}

bool error_set(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    finish(error, vsnprintf(error->text, sizeof error->text, format, arguments));
    va_end(arguments);
    return false;
}

bool error_context(struct error *error, const char *format, ...)
{
    struct error inner = *error;
    char context[sizeof inner.text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    return error_set(error, "%s: %s", context, inner.text);
}

bool error_is_set(const struct error *error)
{
    return error->text[0] != '\0';
}
