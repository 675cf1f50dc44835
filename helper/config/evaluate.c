#include <string.h>

#include "common/buffer.h"
#include "config/resolution.h"
#include "ssmenv/limits.h"

static const struct value failed = {.state = VALUE_FAILED};
static const struct value unset = {.state = VALUE_UNSET};

/* --- texts with variables --- */

/* RFC 3986, section 2.3: unreserved characters stay, everything else becomes %XX. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static size_t length_uri(const struct value *value)
{
    size_t length = 0;

    for (size_t i = 0; i < value->length; i++)
        length += is_unreserved((unsigned char)value->text[i]) ? 1 : 3;
    return length;
}

static char *encode_lines(char *end, const struct value *value)
{
    for (size_t i = 0; i < value->length; i++)
        *end++ = (char)(value->text[i] == ',' ? '\n' : value->text[i]);
    return end;
}

static char *encode_plain(char *end, const struct value *value)
{
    return value->length != 0 ? mempcpy(end, value->text, value->length) : end;
}

static char *encode_uri(char *end, const struct value *value)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = (unsigned char)value->text[i];

        if (is_unreserved(c)) {
            *end++ = (char)c;
            continue;
        }
        *end++ = '%';
        *end++ = digits[c >> 4];
        *end++ = digits[c & 15];
    }
    return end;
}

static size_t length_plain(const struct value *value)
{
    return value->length;
}

static const struct {
    size_t (*length)(const struct value *value);
    char *(*encode)(char *end, const struct value *value); /* returns the new end */
} encodings[] = {
    [MODIFIER_NONE] = {length_plain, encode_plain},
    [MODIFIER_URI] = {length_uri, encode_uri},
    [MODIFIER_LINES] = {length_plain, encode_lines},
};

/* What a text is put together from. */
struct part {
    struct value value;
    enum modifier modifier;
};

static struct value join_parts(struct resolution *resolution, const struct part *parts,
                               size_t count, size_t length)
{
    char *text = arena_alloc(&resolution->arena, length + 1);
    char *end = text;

    for (size_t i = 0; i < count; i++)
        end = encodings[parts[i].modifier].encode(end, &parts[i].value);
    return (struct value){VALUE_SET, text, length};
}

static struct value source_value(struct resolution *resolution, size_t line,
                                 const struct source *source, const char *variable)
{
    const struct plan_line *lines = resolution->plan->lines;
    size_t import = line;
    struct value value;

    switch (source->kind) {
    case SOURCE_LINE:
        return resolution->values[source->line];
    case SOURCE_IMPORTS:
        value = import_find(resolution, line, variable, &import);
        resolution_join(resolution, lines[line].set, lines[import].set);
        return value;
    default:
        return unset;
    }
}

static bool may_be_unset(const struct assignment *assignment)
{
    return assignment->alternatives[assignment->count - 1].kind == ALTERNATIVE_UNSET;
}

static struct value lacks_variable(struct resolution *resolution, const struct plan_line *line,
                                   const struct piece *piece)
{
    if (may_be_unset(line->assignment))
        return unset;
    resolution_fail(resolution, line, piece->position,
                    "%s is not set for this login; end the line in || unset if it may be absent",
                    piece->variable);
    return failed;
}

/* sources: of the text's variables, in order. A variable that failed was reported, and its set is
 * joined to this one, so that both fail; also where another variable is unset. */
static struct value evaluate_text(struct resolution *resolution, size_t line,
                                  const struct alternative *alternative,
                                  const struct source *sources)
{
    const struct plan_line *plan_line = &resolution->plan->lines[line];
    const struct text *text = &alternative->text;
    struct part *parts = arena_alloc(&resolution->arena, text->count * sizeof *parts);
    const struct piece *lacking = NULL;
    size_t length = 0;

    for (size_t i = 0; i < text->count; i++) {
        const struct piece *piece = &text->pieces[i];
        struct part *part = &parts[i];

        part->modifier = piece->modifier;
        if (piece->literal != NULL)
            part->value = (struct value){VALUE_SET, piece->literal, strlen(piece->literal)};
        else
            part->value = source_value(resolution, line, sources++, piece->variable);
        if (part->value.state == VALUE_FAILED)
            return failed;
        if (part->value.state == VALUE_UNSET && lacking == NULL)
            lacking = piece;
        length += encodings[part->modifier].length(&part->value);
    }
    if (lacking != NULL)
        return lacks_variable(resolution, plan_line, lacking);
    if (length > LIMIT_VALUE_BYTES) {
        resolution_fail(resolution, plan_line, alternative->position,
                        "the text has %zu bytes, and a value at most %d", length,
                        LIMIT_VALUE_BYTES);
        return failed;
    }
    return join_parts(resolution, parts, text->count, length);
}

/* --- parameters --- */

static struct value take_answer(struct resolution *resolution, const struct plan_line *line,
                                size_t alternative)
{
    size_t lookup = line->lookups[alternative];
    const struct answer *answer = &resolution->answers[lookup];
    const char *parameter = resolution->plan->lookups[lookup].name;
    enum lookup_kind kind = resolution->plan->lookups[lookup].kind;
    struct position position = line->assignment->alternatives[alternative].position;
    struct value value;

    if (answer->state == ANSWER_MISSING)
        return unset;
    if (answer->state != ANSWER_FOUND || answer->count != 1) {
        resolution_fail_answer(resolution, line, position, &resolution->plan->lookups[lookup],
                               answer);
        return failed;
    }
    value = (struct value){VALUE_SET, answer->entries[0].value, strlen(answer->entries[0].value)};
    if (value.length > LIMIT_VALUE_BYTES) {
        resolution_fail(resolution, line, position, "%s %s has %zu bytes, and a value at most %d",
                        lookup_kind_name(kind), parameter, value.length, LIMIT_VALUE_BYTES);
        return failed;
    }
    return value;
}

static void fail_missing(struct resolution *resolution, const struct plan_line *line)
{
    const struct assignment *assignment = line->assignment;
    struct buffer names = {.limit = LIMIT_MESSAGE_BYTES};
    const char *word_alone = NULL;
    const char *kind;
    bool parameters = true;

    for (size_t i = 0; i < assignment->count; i++) {
        const struct alternative *alternative = &assignment->alternatives[i];
        const char *name = resolution->plan->lookups[line->lookups[i]].name;

        buffer_append_format(&names, "%s%s", i != 0 ? ", " : "", name);
        if (alternative->reference->word_alone)
            word_alone = name;
        parameters = parameters && alternative->reference->kind == LOOKUP_PARAMETER;
    }
    if (assignment->count == 1)
        kind = lookup_kind_name(assignment->alternatives[0].reference->kind);
    else
        kind = parameters ? "none of the parameters" : "none of";
    resolution_fail(resolution, line, assignment->alternatives[0].position, "%s %s%s%s%s%s", kind,
                    buffer_failed(&names) ? "written here" : buffer_text(&names),
                    assignment->count == 1 ? " does not exist" : " exists",
                    word_alone != NULL ? "; for the text itself write \"" : "",
                    word_alone != NULL ? word_alone : "", word_alone != NULL ? "\"" : "");
    buffer_free(&names);
}

struct value evaluate_line(struct resolution *resolution, size_t line)
{
    const struct plan_line *plan_line = &resolution->plan->lines[line];
    const struct assignment *assignment = plan_line->assignment;
    const struct source *sources = plan_line->sources;

    for (size_t i = 0; i < assignment->count; i++) {
        const struct alternative *alternative = &assignment->alternatives[i];
        struct value value;

        if (alternative->kind == ALTERNATIVE_UNSET)
            return unset;
        if (alternative->kind == ALTERNATIVE_TEXT)
            return evaluate_text(resolution, line, alternative, sources);
        value = take_answer(resolution, plan_line, i);
        if (value.state != VALUE_UNSET)
            return value;
    }
    fail_missing(resolution, plan_line);
    return failed;
}
