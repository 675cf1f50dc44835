#include "cli/check/check_findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_text.h"
#include "cli/terminal.h"
#include "common/buffer.h"
#include "common/error.h"

#define FINDINGS_MAX 4096 /* more than anybody reads; a stack can include files over and over */

static const struct {
    const char *name;
    enum paint look;
} levels[FINDING_LEVELS] = {
    [FINDING_ERROR] = {"error", PAINT_BAD},
    [FINDING_WARNING] = {"warning", PAINT_WARNING},
    [FINDING_NOTE] = {"note", PAINT_FAINT},
};

struct position in_file(const char *file)
{
    return (struct position){.file = file};
}

struct position in_line(const char *file, unsigned line)
{
    return (struct position){.file = file, .line = line};
}

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_known(const struct findings *findings, const struct finding *finding)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *other = &findings->items[i];

        if (other->line == finding->line && other->column == finding->column &&
            is_same_text(other->file, finding->file) && is_same_text(other->text, finding->text))
            return true;
    }
    return false;
}

static bool add(struct findings *findings, const struct finding *finding)
{
    struct finding *items;

    if (findings->count == FINDINGS_MAX)
        return false;
    items = reallocarray(findings->items, findings->count + 1, sizeof *items);
    if (items == NULL)
        return false;
    findings->items = items;
    items[findings->count++] = *finding;
    findings->counts[finding->level]++;
    return true;
}

void findings_add(struct findings *findings, enum finding_level level, struct position place,
                  const char *format, ...)
{
    struct error file = ERROR_INIT;
    struct error text = ERROR_INIT;
    struct finding finding = {.level = level, .line = place.line, .column = place.column};
    char message[LIMIT_MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error_set(&text, "%s", message);
    error_set(&file, "%s", place.file != NULL ? place.file : "");
    finding.text = text_copy(text.text);
    finding.file = place.file != NULL ? text_copy(file.text) : NULL;
    if (finding.text != NULL && (place.file == NULL || finding.file != NULL)) {
        if (is_known(findings, &finding))
            goto out;
        if (add(findings, &finding))
            return;
    }
    findings->failed = true;
out:
    free(finding.file);
    free(finding.text);
}

/* --- for people --- */

static void print_place(const struct finding *finding)
{
    if (finding->file == NULL)
        return;
    printf("%s:", finding->file);
    if (finding->line > 0)
        printf("%u:", finding->line);
    if (finding->column > 0)
        printf("%u:", finding->column);
    putchar(' ');
}

static void print_count(const struct findings *findings, enum finding_level level)
{
    size_t count = findings->counts[level];

    if (count == 0)
        printf("no %ss", levels[level].name);
    else
        printf("%zu %s%s", count, levels[level].name, count == 1 ? "" : "s");
}

static void print_summary(const struct findings *findings)
{
    if (findings->failed)
        printf("error: not everything that was found is shown here\n");
    if (findings->counts[FINDING_ERROR] == 0 && findings->counts[FINDING_WARNING] == 0) {
        paint(stdout, PAINT_GOOD, "good");
        printf(": nothing is wrong\n");
        return;
    }
    print_count(findings, FINDING_ERROR);
    printf(", ");
    print_count(findings, FINDING_WARNING);
    putchar('\n');
}

void findings_print(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];

        paint(stdout, levels[finding->level].look, levels[finding->level].name);
        printf(": ");
        print_place(finding);
        printf("%s\n", finding->text);
    }
    print_summary(findings);
}

/* --- for programs --- */

static void put_finding(const struct finding *finding, struct buffer *json)
{
    buffer_append_format(json, "{\"severity\": \"%s\", \"file\": ", levels[finding->level].name);
    json_put_text(json, finding->file);
    if (finding->line > 0)
        buffer_append_format(json, ", \"line\": %u", finding->line);
    if (finding->column > 0)
        buffer_append_format(json, ", \"column\": %u", finding->column);
    buffer_append_text(json, ", \"text\": ");
    json_put_text(json, finding->text);
    buffer_append_char(json, '}');
}

bool findings_print_json(const struct findings *findings)
{
    struct buffer json = BUFFER_INIT;
    bool good;

    buffer_append_text(&json, "{\n  \"findings\": [");
    for (size_t i = 0; i < findings->count; i++) {
        buffer_append_text(&json, i == 0 ? "\n    " : ",\n    ");
        put_finding(&findings->items[i], &json);
    }
    buffer_append_format(&json, "%s],\n  \"errors\": %zu,\n  \"warnings\": %zu\n}\n",
                         findings->count == 0 ? "" : "\n  ", findings->counts[FINDING_ERROR],
                         findings->counts[FINDING_WARNING]);
    good = !buffer_failed(&json) && !findings->failed;
    fputs(buffer_text(&json), stdout);
    buffer_free(&json);
    return good;
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].file);
        free(findings->items[i].text);
    }
    free(findings->items);
    *findings = FINDINGS_INIT;
}
