#include <string.h>

#include "cli/plan/plan.h"

static const char *const kind_names[] = {
    [LOOKUP_PARAMETER] = "parameter ",
    [LOOKUP_CHILDREN] = "each parameter right below ",
    [LOOKUP_SUBTREE] = "each parameter below ",
    [LOOKUP_SECRET] = "secret ",
};

/* What is known about a lookup and speaks against it. */
static const char *const state_names[] = {
    [ANSWER_FOUND] = "",
    [ANSWER_MISSING] = " (does not exist)",
    [ANSWER_DENIED] = " (denied)",
    [ANSWER_FAILED] = "",
};

/* A line that nobody needs has no lookups: its names are as written. */
static void describe_parameter(const struct outlook *outlook, const struct plan_line *line,
                               size_t alternative, struct buffer *text)
{
    const struct reference *reference = line->assignment->alternatives[alternative].reference;
    const char *name = reference->name;
    enum answer_state state = ANSWER_FAILED;

    if (line->needed && !outlook->plan.sets[line->set].failed) {
        size_t lookup = line->lookups[alternative];

        name = outlook->plan.lookups[lookup].name;
        state = outlook->answers[lookup].state;
    }
    buffer_append_format(text, "%s%s", kind_names[reference->kind], name);
    if (*reference->member != '\0')
        buffer_append_format(text, "#%s", reference->member);
    buffer_append_text(text, state_names[state]);
}

static void describe_source(const struct outlook *outlook, const struct source *source,
                            const char *variable, struct buffer *text)
{
    const struct position *position;

    buffer_append_text(text, variable);
    if (source->kind == SOURCE_NOWHERE) {
        buffer_append_text(text, " (not set for this login)");
    } else if (source->kind == SOURCE_IMPORTS) {
        buffer_append_text(text, " (of an import above)");
    } else {
        position = &outlook->plan.lines[source->line].assignment->position;
        buffer_append_format(text, " (%s:%u)", position->file, position->line);
    }
}

/* *source: of the text's first variable, moved behind its last. */
static void describe_text(const struct outlook *outlook, const struct text *pieces,
                          const struct source **source, struct buffer *text)
{
    const char *between = " with ";

    buffer_append_text(text, "text");
    for (size_t i = 0; i < pieces->count; i++) {
        if (pieces->pieces[i].variable == NULL)
            continue;
        buffer_append_text(text, between);
        describe_source(outlook, (*source)++, pieces->pieces[i].variable, text);
        between = ", ";
    }
}

void plan_describe_line(const struct outlook *outlook, size_t line, struct buffer *text)
{
    const struct plan_line *plan_line = &outlook->plan.lines[line];
    const struct assignment *assignment = plan_line->assignment;
    const struct source *source = plan_line->sources;

    for (size_t i = 0; i < assignment->count; i++) {
        const struct alternative *alternative = &assignment->alternatives[i];

        if (i > 0)
            buffer_append_text(text, ", else ");
        if (alternative->kind == ALTERNATIVE_PARAMETER)
            describe_parameter(outlook, plan_line, i, text);
        else if (alternative->kind == ALTERNATIVE_TEXT)
            describe_text(outlook, &alternative->text, &source, text);
        else
            buffer_append_text(text, "unset");
    }
}

void plan_describe_identity(const struct outlook *outlook, const struct section *section,
                            struct buffer *text)
{
    static const char *const keys[] = {"profile", "role_arn", "endpoint_url"};
    const char *region = outlook_setting(outlook, section, "region");

    buffer_append_format(text, "[aws%s%s]", section->identity_name != NULL ? " " : "",
                         section->identity_name != NULL ? section->identity_name : "");
    if (region != NULL)
        buffer_append_format(text, ", region %s", region);
    else
        buffer_append_text(text, ", region of the profile, else of the instance");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = outlook_setting(outlook, section, keys[i]);

        if (value != NULL)
            buffer_append_format(text, ", %s %s", keys[i], value);
    }
}

static void append_time(struct buffer *text, uint64_t milliseconds)
{
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    uint64_t seconds = milliseconds / 1000;
    size_t i = 0;

    while (i < 3 && seconds < units[i].seconds)
        i++;
    buffer_append_format(text, "%llu%s", (unsigned long long)(seconds / units[i].seconds),
                         units[i].unit);
    seconds %= units[i].seconds;
    if (i < 3 && seconds >= units[i + 1].seconds)
        buffer_append_format(text, " %llu%s", (unsigned long long)(seconds / units[i + 1].seconds),
                             units[i + 1].unit);
}

/* @a stands for the age, @w for the time to wait, @r for the reason. */
static const char *const set_sentences[] = {
    [SET_CONSTANT] = "nothing of it is fetched",
    [SET_FRESH] = "cached, @a old; a login fetches it anew in @w",
    [SET_STALE] = "cached, @a old and used, as the last fetch failed; the next one in @w: @r",
    [SET_WITHOUT] = "not cached, and the last fetch failed; the next one in @w: @r",
    [SET_DUE] = "cached, @a old; a login fetches it anew, and uses this where AWS is away",
    [SET_UNKNOWN] = "not cached; a login fetches it",
};

void plan_describe_set(const struct set_outlook *set, struct buffer *text)
{
    for (const char *at = set_sentences[set->kind]; *at != '\0'; at++) {
        if (*at != '@') {
            buffer_append_char(text, *at);
            continue;
        }
        at++;
        if (*at == 'r')
            buffer_append_text(text, set->reason);
        else
            append_time(text, *at == 'a' ? set->age_ms : set->wait_ms);
    }
}
