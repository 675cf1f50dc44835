#include "aws/json.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void free_wiped(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void json_use_wiping_memory(void)
{
    cJSON_Hooks hooks = {malloc, free_wiped};

    cJSON_InitHooks(&hooks);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* RFC 8259 §6; cJSON lets 01 and 1. pass. */
static bool is_number(const char *at, const char *end)
{
    const char *digits;

    if (at < end && *at == '-')
        at++;
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

static bool find_kind(struct json *value)
{
    static const struct {
        char first;
        enum json_kind kind;
    } kinds[] = {{'n', JSON_NULL},   {'t', JSON_BOOLEAN}, {'f', JSON_BOOLEAN},
                 {'"', JSON_STRING}, {'[', JSON_ARRAY},   {'{', JSON_OBJECT}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (*value->text == kinds[i].first) {
            value->kind = kinds[i].kind;
            return true;
        }
    }
    value->kind = JSON_NUMBER;
    return is_number(value->text, value->text + value->length);
}

/* Takes the value at *at, which moves behind it. The caller frees *parsed; parsed may be NULL. */
static bool take(const char **at, const char *end, struct json *value, cJSON **parsed)
{
    const char *behind = NULL;
    const char *start = skip_blanks(*at, end);
    cJSON *item = cJSON_ParseWithLengthOpts(start, (size_t)(end - start), &behind, false);

    if (item == NULL)
        return false;
    *value = (struct json){.text = start, .length = (size_t)(behind - start)};
    *at = behind;
    if (!find_kind(value)) {
        cJSON_Delete(item);
        return false;
    }
    if (parsed != NULL)
        *parsed = item;
    else
        cJSON_Delete(item);
    return true;
}

bool json_read(struct json *value, const char *text, size_t length)
{
    const char *at = text;
    const char *end = text + length;

    return take(&at, end, value, NULL) && skip_blanks(at, end) == end;
}

struct json_walk json_walk(struct json value)
{
    bool inner = value.kind == JSON_ARRAY || value.kind == JSON_OBJECT;

    if (!inner)
        return (struct json_walk){0};
    return (struct json_walk){.next = value.text + 1,
                              .end = value.text + value.length - 1,
                              .members = value.kind == JSON_OBJECT,
                              .first = true};
}

static bool take_char(struct json_walk *walk, char c)
{
    walk->next = skip_blanks(walk->next, walk->end);
    if (walk->next >= walk->end || *walk->next != c)
        return false;
    walk->next++;
    return true;
}

bool json_next(struct json_walk *walk, struct json *key, struct json *value)
{
    struct json name;

    if (walk->next == NULL || (!walk->first && !take_char(walk, ',')))
        return false;
    walk->first = false;
    if (walk->members) {
        if (!take(&walk->next, walk->end, &name, NULL) || name.kind != JSON_STRING ||
            !take_char(walk, ':'))
            return false;
        if (key != NULL)
            *key = name;
    }
    return take(&walk->next, walk->end, value, NULL);
}

bool json_member(struct json object, const char *name, struct json *member)
{
    struct json_walk walk = json_walk(object);
    struct buffer key_text = BUFFER_INIT;
    struct json key = {0};
    struct json value;
    bool found = false;

    if (object.kind != JSON_OBJECT)
        return false;
    while (json_next(&walk, &key, &value)) {
        buffer_clear(&key_text);
        if (json_string(key, &key_text) && strcmp(buffer_text(&key_text), name) == 0) {
            *member = value;
            found = true;
        }
    }
    buffer_free(&key_text);
    return found;
}

/* Whether a string's text as written has an escaped or plain NUL. */
static bool has_nul(struct json string)
{
    static const char escape[] = "\\u0000";

    if (memchr(string.text, '\0', string.length) != NULL)
        return true;
    for (size_t i = 0; i + 1 < string.length; i++) {
        if (string.text[i] != '\\')
            continue;
        if (string.length - i >= sizeof escape - 1 &&
            memcmp(string.text + i, escape, sizeof escape - 1) == 0)
            return true;
        i++;
    }
    return false;
}

/* The length of the UTF-8 sequence (RFC 3629 §4) at bytes, 0 when it is none. */
static size_t utf8_length(const unsigned char *bytes)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0, 0xff, 1},    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (bytes[0] < forms[i].first_low || bytes[0] > forms[i].first_high)
            continue;
        if (forms[i].length > 1 &&
            (bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high))
            return 0;
        for (size_t j = 2; j < forms[i].length; j++) {
            if ((bytes[j] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

bool json_is_utf8(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;

    while (*bytes != '\0') {
        size_t length = utf8_length(bytes);

        if (length == 0)
            return false;
        bytes += length;
    }
    return true;
}

bool json_string(struct json value, struct buffer *text)
{
    const char *at = value.text;
    struct json taken;
    cJSON *parsed = NULL;
    bool good;

    if (value.kind != JSON_STRING || has_nul(value) ||
        !take(&at, value.text + value.length, &taken, &parsed))
        return false;
    good = json_is_utf8(parsed->valuestring);
    if (good)
        buffer_append_text(text, parsed->valuestring);
    cJSON_Delete(parsed);
    return good && !buffer_failed(text);
}

void json_compact(struct json value, struct buffer *text)
{
    bool quoted = false;

    for (size_t i = 0; i < value.length; i++) {
        char c = value.text[i];

        if (!quoted && is_blank(c))
            continue;
        buffer_append_char(text, c);
        if (quoted && c == '\\' && i + 1 < value.length)
            buffer_append_char(text, value.text[++i]);
        else if (c == '"')
            quoted = !quoted;
    }
}

void json_quote(struct buffer *json, const char *text)
{
    buffer_append_char(json, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_append_char(json, '\\');
        if ((unsigned char)*text < 0x20)
            buffer_append_format(json, "\\u%04x", (unsigned)*text);
        else
            buffer_append_char(json, *text);
    }
    buffer_append_char(json, '"');
}
