#include "cli/terminal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_COLUMNS 78
#define MORE             " ..."

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

/* A carriage return and blanks, which every terminal understands, also one without escapes. */
static void show_line(const char *text)
{
    fprintf(stderr, "\r%-*.*s\r", PROGRESS_COLUMNS, PROGRESS_COLUMNS, text);
}

void progress(const char *format, ...)
{
    char text[PROGRESS_COLUMNS + 1];
    va_list arguments;

    if (!isatty(STDERR_FILENO))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text - strlen(MORE), format, arguments);
    va_end(arguments);
    strcat(text, MORE);
    show_line(text);
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        show_line("");
}
