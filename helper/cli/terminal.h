/*
 * How the commands look: colours on a terminal and nowhere else, never where NO_COLOR is set (see
 * https://no-color.org) or TERM is "dumb"; and a line that tells what is being waited for.
 */
#ifndef SSMENV_CLI_TERMINAL_H
#define SSMENV_CLI_TERMINAL_H

#include <stdio.h>

enum paint {
    PAINT_GOOD,
    PAINT_WARNING,
    PAINT_BAD,
    PAINT_STRONG,
    PAINT_FAINT,
};

/* Text in that look, followed by nothing. */
void paint(FILE *file, enum paint look, const char *text);

/* Says on standard error what is being waited for, if that is a terminal; the next progress()
 * replaces it, progress_end() takes it away. Call the latter before anything else is printed. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

#endif
