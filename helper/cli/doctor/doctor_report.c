#include "cli/doctor/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/json.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "common/buffer.h"

/* How a mark looks, and what a program reads. */
static const struct {
    const char *text; /* all of one width */
    const char *word;
    enum paint paint;
} marks[MARKS] = {
    [MARK_OK] = {"ok     ", "ok", PAINT_GOOD},
    [MARK_WARNING] = {"warning", "warning", PAINT_WARNING},
    [MARK_BAD] = {"bad    ", "bad", PAINT_BAD},
    [MARK_SKIPPED] = {"-      ", "not tried", PAINT_FAINT},
};

#define ADVICE_INDENT "         "

static void __attribute__((format(printf, 2, 0)))
format_clean(struct buffer *text, const char *format, va_list arguments)
{
    char *made = NULL;
    int length = vasprintf(&made, format, arguments);

    if (length < 0)
        return;
    for (int i = 0; i < length; i++) {
        if ((unsigned char)made[i] < ' ' || made[i] == 0x7f)
            made[i] = '?';
    }
    buffer_append(text, made, (size_t)length);
    free(made);
}

/* --- as JSON --- */

static void print_member(const char *name, const char *value, const char *before)
{
    struct buffer json = BUFFER_INIT;

    buffer_append_format(&json, "%s\"%s\":", before, name);
    json_quote(&json, value);
    fputs(buffer_text(&json), stdout);
    buffer_free(&json);
}

static bool is_first(const struct report *report)
{
    for (size_t i = 0; i < MARKS; i++) {
        if (report->counts[i] > 0)
            return false;
    }
    return true;
}

static void close_object(struct report *report)
{
    if (report->open)
        fputs(report->advised > 0 ? "]}" : "}", stdout);
    report->open = false;
}

static void print_object(struct report *report, enum mark mark, const char *check, const char *text)
{
    close_object(report);
    fputs(is_first(report) ? "{\"checks\":[\n" : ",\n", stdout);
    print_member("check", check, "{");
    if (report->group != NULL)
        print_member("section", report->group, ",");
    print_member("status", marks[mark].word, ",");
    print_member("text", text, ",");
    report->open = true;
}

static void print_advice_json(const struct report *report, const char *text)
{
    struct buffer json = BUFFER_INIT;

    fputs(report->advised == 0 ? ",\"advice\":[" : ",", stdout);
    json_quote(&json, text);
    fputs(buffer_text(&json), stdout);
    buffer_free(&json);
}

/* --- as text --- */

void report_group(struct report *report, const char *group, bool title)
{
    report->group = group;
    if (report->json || !title || group == NULL)
        return;
    putchar('\n');
    paint(stdout, PAINT_STRONG, "[");
    paint(stdout, PAINT_STRONG, group);
    paint(stdout, PAINT_STRONG, "]");
    putchar('\n');
}

static void print_line(enum mark mark, const char *check, const char *text)
{
    paint(stdout, marks[mark].paint, marks[mark].text);
    printf("  %s: %s\n", check, text);
}

/* --- both --- */

void report_add(struct report *report, enum mark mark, const char *check, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;

    if (mark == MARK_SKIPPED)
        buffer_append_text(&text, "not tried, because ");
    va_start(arguments, format);
    format_clean(&text, format, arguments);
    va_end(arguments);
    progress_end();
    if (report->json)
        print_object(report, mark, check, buffer_text(&text));
    else
        print_line(mark, check, buffer_text(&text));
    fflush(stdout);
    report->counts[mark]++;
    report->advised = 0;
    buffer_free(&text);
}

void report_advise(struct report *report, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;

    va_start(arguments, format);
    format_clean(&text, format, arguments);
    va_end(arguments);
    if (report->json)
        print_advice_json(report, buffer_text(&text));
    else
        printf(ADVICE_INDENT "%s\n", buffer_text(&text));
    fflush(stdout);
    report->advised++;
    buffer_free(&text);
}

void report_waiting(const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;

    va_start(arguments, format);
    format_clean(&text, format, arguments);
    va_end(arguments);
    progress("%s", buffer_text(&text));
    buffer_free(&text);
}

/* --- the verdict --- */

static void print_count(struct buffer *text, size_t count, const char *one, const char *many)
{
    if (count > 0)
        buffer_append_format(text, "%s%zu %s", text->length > 0 ? ", " : "", count,
                             count == 1 ? one : many);
}

static void make_verdict(const struct report *report, struct buffer *verdict)
{
    struct buffer counted = BUFFER_INIT;

    print_count(&counted, report->counts[MARK_BAD], "is wrong", "are wrong");
    print_count(&counted, report->counts[MARK_WARNING], "warning", "warnings");
    print_count(&counted, report->counts[MARK_OK], "is well", "are well");
    print_count(&counted, report->counts[MARK_SKIPPED], "was not tried", "were not tried");
    buffer_append_format(verdict, "%s (%s)",
                         report->counts[MARK_BAD] > 0 ? "Something is wrong: mend what stands first"
                         : report->counts[MARK_SKIPPED] > 0
                             ? "Nothing wrong was found, but not everything was tried"
                             : "All is well",
                         buffer_text(&counted));
    buffer_free(&counted);
}

int report_close(struct report *report)
{
    enum mark worst = report->counts[MARK_BAD] > 0 ? MARK_BAD : MARK_OK;
    struct buffer verdict = BUFFER_INIT;

    progress_end();
    make_verdict(report, &verdict);
    if (report->json) {
        close_object(report);
        fputs(is_first(report) ? "{\"checks\":[" : "\n]", stdout);
        print_member("status", marks[worst].word, ",\"verdict\":{");
        print_member("text", buffer_text(&verdict), ",");
        puts("}}");
    } else {
        putchar('\n');
        paint(stdout, marks[worst].paint, buffer_text(&verdict));
        putchar('\n');
    }
    buffer_free(&verdict);
    fflush(stdout);
    return report->counts[MARK_BAD] > 0 ? EXIT_FAILED : EXIT_OK;
}
