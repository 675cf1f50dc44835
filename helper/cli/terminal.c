#include "cli/terminal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SGR parameters of ECMA-48, section 8.3.117. */
static const char *const looks[] = {
    [PAINT_GOOD] = "32",  [PAINT_WARNING] = "33", [PAINT_BAD] = "31",
    [PAINT_STRONG] = "1", [PAINT_FAINT] = "2",
};

static bool has_colours(FILE *file)
{
    const char *without = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(fileno(file)) && (without == NULL || *without == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

void paint(FILE *file, enum paint look, const char *text)
{
    if (has_colours(file))
        fprintf(file, "\033[%sm%s\033[0m", looks[look], text);
    else
        fputs(text, file);
}

void progress(const char *format, ...)
{
    va_list arguments;

    if (!isatty(STDERR_FILENO))
        return;
    fputs("\r\033[K", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs(" ...", stderr);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
