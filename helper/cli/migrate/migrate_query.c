#include "cli/migrate/migrate_query.h"

#include <string.h>

#include "common/buffer.h"
#include "config/lexer.h"

struct expression {
    const char *at;
    struct arena *arena;
};

/* Blanks between the parts mean nothing in both languages. */
static const char *without_blanks(const char *text, struct arena *arena)
{
    struct buffer kept = BUFFER_INIT;
    const char *copy;
    char quote = '\0';

    for (; *text != '\0'; text++) {
        if (quote != '\0')
            quote = *text == quote ? '\0' : quote;
        else if (strchr("'\"`", *text) != NULL)
            quote = *text;
        if (quote != '\0' || strchr(" \t\n", *text) == NULL)
            buffer_append_char(&kept, *text);
    }
    copy = arena_copy(arena, buffer_text(&kept));
    buffer_free(&kept);
    return copy;
}

static bool take(struct expression *expression, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(expression->at, text, length) != 0)
        return false;
    expression->at += length;
    return true;
}

static bool at_end(const struct expression *expression)
{
    return *expression->at == '\0';
}

/* Text up to a closing quote; no escapes are known. */
static const char *take_until(struct expression *expression, char closing)
{
    const char *end = strchr(expression->at, closing);
    const char *text;

    if (end == NULL || memchr(expression->at, '\\', (size_t)(end - expression->at)) != NULL)
        return NULL;
    text = arena_copy_bytes(expression->arena, expression->at, (size_t)(end - expression->at));
    expression->at = end + 1;
    return text;
}

/* [0] and the like, which say nothing when there is one parameter only. */
static bool take_index(struct expression *expression)
{
    const char *at = expression->at;

    if (*at != '[')
        return false;
    at++;
    if (strncmp(at, "-1", 2) == 0)
        at += 2;
    else if (*at == '0')
        at++;
    if (*at != ']' || at == expression->at + 1)
        return false;
    expression->at = at + 1;
    return true;
}

/* --- JMESPath --- */

/* [?Name=='X'], with any of the quotes that JMESPath has. */
static bool take_filter(struct expression *expression, struct selection *selection)
{
    if (!take(expression, "[?"))
        return false;
    if (!take(expression, "Name==") && !take(expression, "\"Name\"=="))
        return false;
    if (take(expression, "`\""))
        selection->name = take_until(expression, '"');
    else if (take(expression, "'"))
        selection->name = take_until(expression, '\'');
    else if (take(expression, "`"))
        return (selection->name = take_until(expression, '`')) != NULL && take(expression, "]");
    if (selection->name != NULL && expression->at[-1] == '"' && !take(expression, "`"))
        return false;
    return selection->name != NULL && take(expression, "]");
}

static bool read_parameters_query(struct expression *expression, struct selection *selection)
{
    if (!take(expression, "Parameters"))
        return false;
    if (take_index(expression))
        selection->by_position = true;
    else if (take(expression, "[*]") || take(expression, "[]"))
        selection->by_position = selection->as_list = true;
    else if (take_filter(expression, selection))
        selection->as_list = true;
    else
        return false;
    if (take(expression, "|[0]"))
        selection->as_list = false;
    if (take(expression, ".[Value]"))
        selection->as_list = true;
    else if (!take(expression, ".Value"))
        return false;
    if (selection->as_list && take(expression, "|[0]"))
        selection->as_list = false;
    return at_end(expression);
}

static bool read_one_query(struct expression *expression, const char *path, const char *list,
                           struct selection *selection)
{
    if (take(expression, list) ||
        (take(expression, "[") && take(expression, path) && take(expression, "]")))
        selection->as_list = !take(expression, "|[0]");
    else if (!take(expression, path))
        return false;
    return at_end(expression);
}

bool query_read(const char *query, enum answer_kind kind, struct arena *arena,
                struct selection *selection)
{
    struct expression expression = {without_blanks(query, arena), arena};

    *selection = (struct selection){.member = ""};
    if (kind == ANSWER_PARAMETERS)
        return read_parameters_query(&expression, selection);
    if (kind == ANSWER_PARAMETER)
        return read_one_query(&expression, "Parameter.Value", "Parameter.[Value]", selection);
    return kind == ANSWER_SECRET &&
           read_one_query(&expression, "SecretString", "[SecretString]", selection);
}

/* --- jq --- */

static void append_key(struct buffer *pointer, const char *key, size_t length)
{
    buffer_append_char(pointer, '/');
    for (size_t i = 0; i < length; i++) {
        if (key[i] == '~' || key[i] == '/')
            buffer_append_text(pointer, key[i] == '~' ? "~0" : "~1");
        else
            buffer_append_char(pointer, key[i]);
    }
}

static bool take_quoted_key(struct expression *expression, struct buffer *pointer)
{
    const char *key = take_until(expression, '"');

    if (key != NULL)
        append_key(pointer, key, strlen(key));
    return key != NULL;
}

/* .key, ."odd key", .["odd key"] or [0] */
static bool take_step(struct expression *expression, struct buffer *pointer)
{
    bool dot = take(expression, ".");
    size_t length = 0;

    if (take(expression, "[\""))
        return take_quoted_key(expression, pointer) && take(expression, "]");
    if (take(expression, "[")) {
        while (is_digit((unsigned char)expression->at[length]))
            length++;
        append_key(pointer, expression->at, length);
        expression->at += length;
        return length > 0 && take(expression, "]");
    }
    if (!dot)
        return false;
    if (take(expression, "\""))
        return take_quoted_key(expression, pointer);
    while (is_name_byte((unsigned char)expression->at[length]))
        length++;
    if (length == 0 || is_digit((unsigned char)expression->at[0]))
        return false;
    append_key(pointer, expression->at, length);
    expression->at += length;
    return true;
}

/* A path from here to the end, at least one step long. */
static bool read_member(struct expression *expression, struct selection *selection)
{
    struct buffer pointer = BUFFER_INIT;
    bool ok = true;

    do
        ok = take_step(expression, &pointer);
    while (ok && !at_end(expression));
    if (ok)
        selection->member = arena_copy(expression->arena, buffer_text(&pointer));
    buffer_free(&pointer);
    return ok;
}

static bool take_parameters_path(struct expression *expression, struct selection *selection)
{
    if (!take(expression, ".Parameters"))
        return false;
    selection->by_position = true;
    if (take_index(expression))
        return take(expression, ".Value") || take(expression, "|.Value");
    if (!take(expression, "[]"))
        return false;
    if (take(expression, "|select(.Name==\"")) {
        selection->name = take_until(expression, '"');
        selection->by_position = false;
        if (selection->name == NULL || !take(expression, ")"))
            return false;
    }
    return take(expression, ".Value") || take(expression, "|.Value");
}

static bool take_value_path(struct expression *expression, enum answer_kind kind,
                            struct selection *selection)
{
    if (kind == ANSWER_PARAMETER)
        return take(expression, ".Parameter.Value") || take(expression, ".Parameter|.Value");
    if (kind == ANSWER_SECRET)
        return take(expression, ".SecretString");
    return take_parameters_path(expression, selection);
}

bool jq_read(const char *program, enum answer_kind kind, struct arena *arena,
             struct selection *selection)
{
    struct expression expression = {without_blanks(program, arena), arena};
    bool bracketed;

    *selection = (struct selection){.member = ""};
    if (kind == ANSWER_VALUE)
        return read_member(&expression, selection);
    bracketed = take(&expression, "(");
    if (!take_value_path(&expression, kind, selection))
        return false;
    if (!bracketed && at_end(&expression))
        return true;
    if (!take(&expression, "|fromjson") || (bracketed && !take(&expression, ")")))
        return false;
    take(&expression, "|");
    return read_member(&expression, selection);
}
