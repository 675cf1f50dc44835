#include <stdio.h>
#include <string.h>

#include "aws/json.h"
#include "cli/json_text.h"
#include "cli/plan/plan.h"

static const char *const line_states[] = {
    [LINE_SET] = "set",
    [LINE_UNSET] = "unset",
    [LINE_FAILED] = "left out",
    [LINE_OPEN] = "after the fetch",
    [LINE_OVERRIDDEN] = "overridden",
};

static const char *const set_states[] = {
    [SET_CONSTANT] = "constant", [SET_FRESH] = "fresh", [SET_STALE] = "stale",
    [SET_WITHOUT] = "failed",    [SET_DUE] = "due",     [SET_UNKNOWN] = "absent",
};

struct list {
    struct buffer *json;
    bool begun;
};

static struct list list_begin(struct buffer *json, const char *name)
{
    buffer_append_format(json, ",\n  \"%s\": [", name);
    return (struct list){.json = json};
}

static void list_next(struct list *list)
{
    buffer_append_text(list->json, list->begun ? ",\n    " : "\n    ");
    list->begun = true;
}

static void put_member(struct buffer *json, const char *name, const char *text)
{
    buffer_append_format(json, ", \"%s\": ", name);
    json_put_text(json, text);
}

static void put_place(struct buffer *json, const struct position *position)
{
    buffer_append_text(json, "\"file\": ");
    json_put_text(json, position->file);
    buffer_append_format(json, ", \"line\": %u", position->line);
}

/* --- sections --- */

static void put_criterion(struct buffer *json, const char *name, const struct pattern_list *list,
                          const struct verdict *verdict)
{
    const struct pattern *pattern = verdict->pattern;

    if (list->count == 0)
        return;
    buffer_append_format(json, ", \"%s\": {\"holds\": %s, \"pattern\": ", name,
                         !verdict->asked    ? "null"
                         : verdict->matches ? "true"
                                            : "false");
    json_put_text(json, pattern != NULL ? pattern->text : NULL);
    if (pattern != NULL)
        buffer_append_format(json, ", \"veto\": %s, \"line\": %u, \"column\": %u",
                             pattern->veto ? "true" : "false", pattern->position.line,
                             pattern->position.column);
    buffer_append_char(json, '}');
}

static void put_seconds(struct buffer *json, const char *name, uint64_t milliseconds)
{
    buffer_append_format(json, ", \"%s\": %llu", name, (unsigned long long)(milliseconds / 1000));
}

static void put_set(struct buffer *json, const struct outlook *outlook, const struct plan_set *set)
{
    const struct set_outlook *of = &outlook->sets[set - outlook->plan.sets];

    put_member(json, "cache", set_states[of->kind]);
    if (of->kind == SET_CONSTANT)
        return;
    put_member(json, "identity", set->section->identity_name);
    put_member(json, "region", outlook_setting(outlook, set->section, "region"));
    if (of->kind == SET_FRESH || of->kind == SET_STALE || of->kind == SET_DUE)
        put_seconds(json, "age_seconds", of->age_ms);
    put_seconds(json, "fetch_in_seconds", of->wait_ms);
    if (*of->reason != '\0')
        put_member(json, "reason", of->reason);
}

static void put_section(struct buffer *json, const struct outlook *outlook,
                        const struct section *section)
{
    struct selection selection = section_select(section, &outlook->login);

    buffer_append_char(json, '{');
    put_place(json, &section->position);
    buffer_append_format(json, ", \"matches\": %s", selection.matches ? "true" : "false");
    put_criterion(json, "user", &section->users, &selection.user);
    put_criterion(json, "service", &section->services, &selection.service);
    put_criterion(json, "group", &section->groups, &selection.group);
    for (size_t i = 0; i < outlook->plan.set_count; i++) {
        if (outlook->plan.sets[i].section == section)
            put_set(json, outlook, &outlook->plan.sets[i]);
    }
    buffer_append_char(json, '}');
}

/* --- variables --- */

/* value: NULL where it is not to be shown. One that is no UTF-8 cannot stand in JSON. */
static void put_variable(struct list *list, const struct outlook *outlook, size_t line,
                         const char *name, const char *value)
{
    struct buffer *json = list->json;
    struct buffer text = BUFFER_INIT;

    list_next(list);
    buffer_append_text(json, "{\"name\": ");
    json_put_text(json, name);
    put_member(json, "state", line_states[outlook_line(outlook, line)]);
    buffer_append_text(json, ", ");
    put_place(json, &outlook->plan.lines[line].assignment->position);
    plan_describe_line(outlook, line, &text);
    put_member(json, "source", buffer_text(&text));
    if (value != NULL)
        put_member(json, "value", json_is_utf8(value) ? value : NULL);
    buffer_append_char(json, '}');
    buffer_free(&text);
}

static void put_line(struct list *list, const struct outlook *outlook, size_t line, bool values)
{
    const struct variable *variable;
    size_t next = 0;

    if (outlook_line(outlook, line) != LINE_SET) {
        put_variable(list, outlook, line, outlook->plan.lines[line].assignment->name, NULL);
        return;
    }
    while ((variable = outlook_next(outlook, line, &next)) != NULL)
        put_variable(list, outlook, line, variable->name, values ? variable->value : NULL);
}

/* --- all of it --- */

static void put_problem(struct list *list, const char *text)
{
    list_next(list);
    json_put_text(list->json, text);
}

static void put_problems(struct list *list, const struct outlook *outlook)
{
    for (size_t i = 0; i < outlook->planning.count; i++)
        put_problem(list, outlook->planning.items[i].text);
    for (size_t i = 0; i < outlook->resolving.count; i++) {
        if (outlook_is_certain(outlook, &outlook->resolving.items[i]))
            put_problem(list, outlook->resolving.items[i].text);
    }
    if (error_is_set(&outlook->cache_problem))
        put_problem(list, outlook->cache_problem.text);
}

bool plan_print_json(const struct outlook *outlook, bool values)
{
    struct buffer json = BUFFER_INIT;
    struct list list;
    bool whole;

    buffer_append_text(&json, "{\n  \"user\": ");
    json_put_text(&json, outlook->login.user);
    put_member(&json, "service", outlook->login.service);
    list = list_begin(&json, "sections");
    for (size_t i = 0; i < outlook->config->section_count; i++) {
        list_next(&list);
        put_section(&json, outlook, &outlook->config->sections[i]);
    }
    buffer_append_char(&json, ']');
    list = list_begin(&json, "variables");
    for (size_t i = 0; i < outlook->plan.line_count; i++)
        put_line(&list, outlook, i, values);
    buffer_append_char(&json, ']');
    list = list_begin(&json, "problems");
    put_problems(&list, outlook);
    buffer_append_text(&json, "]\n}\n");
    whole = !buffer_failed(&json);
    fputs(buffer_text(&json), stdout);
    buffer_free(&json);
    return whole;
}
