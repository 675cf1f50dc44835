#include <stdio.h>
#include <string.h>

#include "cli/plan/plan.h"
#include "cli/terminal.h"

#define MASK        "********"
#define NAME_WIDTH  20
#define STATE_WIDTH 15

static const char *const states[] = {
    [LINE_SET] = MASK,          [LINE_UNSET] = "not set",
    [LINE_FAILED] = "left out", [LINE_OPEN] = "after the fetch",
    [LINE_OVERRIDDEN] = "",
};

/* --- sections --- */

static void print_patterns(const struct pattern_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        printf("%s%s%s", i > 0 ? "," : "", list->patterns[i].veto ? "!" : "",
               list->patterns[i].text);
}

static void print_decision(const struct verdict *verdict, const struct pattern_list *list)
{
    const struct pattern *pattern = verdict->pattern;
    const struct position *position =
        pattern != NULL ? &pattern->position : &list->patterns[0].position;

    printf(verdict->matches ? "holds: " : "does not hold: ");
    if (pattern != NULL) {
        printf("%s%s", pattern->veto ? "!" : "", pattern->text);
    } else {
        printf("none of ");
        print_patterns(list);
    }
    printf(" (%s:%u:%u)\n", position->file, position->line, position->column);
}

static void print_criterion(const char *what, const char *value, const struct pattern_list *list,
                            const struct verdict *verdict)
{
    if (list->count == 0)
        return;
    printf("    %s%s%s ", what, value != NULL ? " " : "", value != NULL ? value : "");
    if (verdict->asked)
        print_decision(verdict, list);
    else
        printf("is not looked at: another criterion does not hold\n");
}

static void print_set(const struct outlook *outlook, const struct plan_set *set)
{
    const struct set_outlook *of = &outlook->sets[set - outlook->plan.sets];
    struct buffer text = BUFFER_INIT;

    if (of->kind != SET_CONSTANT) {
        buffer_append_text(&text, "    asked as ");
        plan_describe_identity(outlook, set->section, &text);
        buffer_append_char(&text, '\n');
    }
    buffer_append_text(&text, "    ");
    plan_describe_set(of, &text);
    puts(buffer_text(&text));
    buffer_free(&text);
}

static void print_section(const struct outlook *outlook, const struct section *section)
{
    struct selection selection = section_select(section, &outlook->login);

    printf("%s:%u: ", section->position.file, section->position.line);
    paint(stdout, selection.matches ? PAINT_GOOD : PAINT_FAINT,
          selection.matches ? "matches" : "does not match");
    putchar('\n');
    if (section->users.count + section->services.count + section->groups.count == 0)
        puts("    every login");
    print_criterion("user", outlook->login.user, &section->users, &selection.user);
    print_criterion("service", outlook->login.service, &section->services, &selection.service);
    print_criterion("group", NULL, &section->groups, &selection.group);
    for (size_t i = 0; i < outlook->plan.set_count; i++) {
        if (outlook->plan.sets[i].section == section)
            print_set(outlook, &outlook->plan.sets[i]);
    }
}

/* --- variables --- */

/* A value on one line, and nothing that a terminal obeys. */
static void print_value(const char *value)
{
    putchar('"');
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c == '\n')
            fputs("\\n", stdout);
        else if (c < ' ' || c == 0x7f)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_row(const struct outlook *outlook, size_t line, const char *name,
                      const char *state, const char *value)
{
    const struct position *position = &outlook->plan.lines[line].assignment->position;
    struct buffer text = BUFFER_INIT;

    plan_describe_line(outlook, line, &text);
    printf("%-*s  %-*s  %s:%u: %s\n", NAME_WIDTH, name, STATE_WIDTH, state, position->file,
           position->line, buffer_text(&text));
    if (value != NULL) {
        printf("%*s", NAME_WIDTH + 2, "");
        print_value(value);
        putchar('\n');
    }
    buffer_free(&text);
}

static void print_line(const struct outlook *outlook, size_t line, bool values)
{
    const struct assignment *assignment = outlook->plan.lines[line].assignment;
    enum line_state state = outlook_line(outlook, line);
    const struct variable *variable;
    size_t next = 0;

    if (state == LINE_OVERRIDDEN)
        return;
    if (state != LINE_SET)
        print_row(outlook, line, assignment->name, states[state], NULL);
    while (state == LINE_SET && (variable = outlook_next(outlook, line, &next)) != NULL)
        print_row(outlook, line, variable->name, values ? "set" : MASK,
                  values ? variable->value : NULL);
}

static void print_overridden(const struct outlook *outlook, size_t line)
{
    const struct plan_line *overridden = &outlook->plan.lines[line];
    const struct position *position = &overridden->assignment->position;
    const char *name = overridden->assignment->name;
    const size_t *owner = name_table_find(&outlook->plan.owners, name);
    const struct position *by;

    if (outlook_line(outlook, line) != LINE_OVERRIDDEN || owner == NULL)
        return;
    by = &outlook->plan.lines[*owner].assignment->position;
    printf("%s of %s:%u is overridden by %s:%u%s\n", name, position->file, position->line, by->file,
           by->line, overridden->needed ? ", and a text needs it all the same" : "");
}

static void print_variables(const struct outlook *outlook, bool values)
{
    if (outlook->plan.line_count == 0) {
        printf("\nNo section brings %s variables by %s.\n", outlook->login.user,
               outlook->login.service);
        return;
    }
    putchar('\n');
    paint(stdout, PAINT_STRONG, "NAME                  VALUE            FROM");
    putchar('\n');
    for (size_t i = 0; i < outlook->plan.line_count; i++)
        print_line(outlook, i, values);
    for (size_t i = 0; i < outlook->plan.line_count; i++)
        print_overridden(outlook, i);
}

/* --- what is wrong --- */

static void print_problem(enum severity severity, const char *text)
{
    bool error = severity == SEVERITY_ERROR;

    paint(stdout, error ? PAINT_BAD : PAINT_WARNING, error ? "error" : "warning");
    printf(": %s\n", text != NULL ? text : "out of memory");
}

static void print_problems(const struct outlook *outlook)
{
    const struct diagnostics *planning = &outlook->planning;
    const struct diagnostics *resolving = &outlook->resolving;

    for (size_t i = 0; i < planning->count; i++)
        print_problem(planning->items[i].severity, planning->items[i].text);
    for (size_t i = 0; i < resolving->count; i++) {
        if (outlook_is_certain(outlook, &resolving->items[i]))
            print_problem(resolving->items[i].severity, resolving->items[i].text);
    }
    if (error_is_set(&outlook->cache_problem))
        print_problem(SEVERITY_WARNING, outlook->cache_problem.text);
}

void plan_print(const struct outlook *outlook, bool values)
{
    for (size_t i = 0; i < outlook->config->section_count; i++)
        print_section(outlook, &outlook->config->sections[i]);
    print_variables(outlook, values);
    print_problems(outlook);
}
