#include "aws/select.h"

#include <string.h>

#include "aws/json.h"

/* Takes one reference token from *pointer, which stands on its '/', with ~0 and ~1 resolved. */
static bool take_token(const char **pointer, struct buffer *token)
{
    const char *at = *pointer + 1;

    for (; *at != '\0' && *at != '/'; at++) {
        if (*at != '~') {
            buffer_append_char(token, *at);
            continue;
        }
        at++;
        if (*at != '0' && *at != '1')
            return false;
        buffer_append_char(token, *at == '0' ? '~' : '/');
    }
    *pointer = at;
    return !buffer_failed(token);
}

/* An index of RFC 6901 §4: digits without leading zero. */
static bool read_index(const char *token, size_t *index)
{
    size_t digits = strspn(token, "0123456789");

    if (digits == 0 || digits > 9 || token[digits] != '\0' || (digits > 1 && token[0] == '0'))
        return false;
    *index = 0;
    for (size_t i = 0; i < digits; i++)
        *index = *index * 10 + (size_t)(token[i] - '0');
    return true;
}

static bool find_element(struct json array, const char *token, struct json *element)
{
    struct json_walk walk = json_walk(array);
    size_t index;

    if (!read_index(token, &index))
        return false;
    for (size_t i = 0; json_next(&walk, NULL, element); i++) {
        if (i == index)
            return true;
    }
    return false;
}

static bool descend(struct json *value, const char *token)
{
    struct json inner;
    bool found = value->kind == JSON_ARRAY ? find_element(*value, token, &inner)
                                           : json_member(*value, token, &inner);

    if (found)
        *value = inner;
    return found;
}

static bool find(struct json *value, const char *pointer, struct error *error)
{
    const char *at = pointer;
    struct buffer token = BUFFER_INIT;
    bool found = true;

    while (found && *at != '\0') {
        buffer_clear(&token);
        if (!take_token(&at, &token)) {
            buffer_free(&token);
            return error_set(error, "%s is no JSON pointer (RFC 6901)", pointer);
        }
        found = descend(value, buffer_text(&token));
    }
    buffer_free(&token);
    return found || error_set(error, "the value has no member %s", pointer);
}

static bool give(struct json value, const char *pointer, struct buffer *text, struct error *error)
{
    switch (value.kind) {
    case JSON_NULL:
        return error_set(error, "the member %s is null", pointer);
    case JSON_STRING:
        return json_string(value, text) ||
               error_set(error, "the member %s has a NUL or is not UTF-8", pointer);
    default:
        json_compact(value, text);
        return !buffer_failed(text) || error_set(error, "out of memory");
    }
}

bool select_member(const char *json, const char *pointer, struct buffer *text, struct error *error)
{
    struct json value;

    if (!json_read(&value, json, strlen(json)))
        return error_set(error, "the value is no JSON, so it has no member %s", pointer);
    return find(&value, pointer, error) && give(value, pointer, text, error);
}
