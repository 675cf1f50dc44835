#include "aws/ssm_message.h"

#include <string.h>

#include "ssmenv/limits.h"

void ssm_write_names(struct buffer *body, const char *const *names, size_t count)
{
    buffer_append_text(body, "{\"Names\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_char(body, ',');
        json_quote(body, names[i]);
    }
    buffer_append_text(body, "],\"WithDecryption\":true}");
}

void ssm_write_name(struct buffer *body, const char *name)
{
    buffer_append_text(body, "{\"Name\":");
    json_quote(body, name);
    buffer_append_text(body, ",\"WithDecryption\":true}");
}

void ssm_write_path(struct buffer *body, const char *path, bool recursive, const char *token)
{
    size_t length = strlen(path);
    char *bare;

    /* Policies name the path without its last '/', and are compared with what was asked. */
    while (length > 1 && path[length - 1] == '/')
        length--;
    bare = text_copy_bytes(path, length);
    if (bare == NULL) {
        body->failed = true;
        return;
    }
    buffer_append_text(body, "{\"Path\":");
    json_quote(body, bare);
    buffer_append_format(body, ",\"Recursive\":%s,\"WithDecryption\":true,\"MaxResults\":%d",
                         recursive ? "true" : "false", SSM_BATCH_MAX);
    if (token[0] != '\0') {
        buffer_append_text(body, ",\"NextToken\":");
        json_quote(body, token);
    }
    buffer_append_char(body, '}');
    text_free(bare);
}

static void read_text(struct json object, const char *name, struct buffer *text)
{
    struct json member;

    if (json_member(object, name, &member))
        json_string(member, text);
}

/* AWS writes ":3"; others leave the colon out. */
static void read_selector(struct json object, struct buffer *selector)
{
    struct buffer text = BUFFER_INIT;

    read_text(object, "Selector", &text);
    if (text.length > 0 && buffer_text(&text)[0] != ':')
        buffer_append_char(selector, ':');
    buffer_append_text(selector, buffer_text(&text));
    buffer_free(&text);
}

static void found_free(struct ssm_found *found)
{
    buffer_free(&found->name);
    buffer_free(&found->arn);
    buffer_free(&found->selector);
    buffer_free(&found->version);
    buffer_free(&found->type);
}

static bool read_parameter(struct ssm_found_list *list, struct json parameter)
{
    struct ssm_found found = {0};
    struct json version;

    read_text(parameter, "Name", &found.name);
    read_text(parameter, "ARN", &found.arn);
    read_text(parameter, "Type", &found.type);
    read_selector(parameter, &found.selector);
    if (json_member(parameter, "Version", &version) && version.kind == JSON_NUMBER)
        json_compact(version, &found.version);
    if (list->count == SSM_FOUND_MAX || found.name.length == 0 ||
        found.name.length > LIMIT_LOOKUP_NAME_BYTES ||
        !json_member(parameter, "Value", &found.value)) {
        found_free(&found);
        return false;
    }
    list->items[list->count++] = found;
    return true;
}

bool ssm_read_found(struct ssm_found_list *list, struct json answer)
{
    struct json parameters;
    struct json parameter;
    struct json_walk walk;
    bool whole = true;

    list->count = 0;
    if (json_member(answer, "Parameter", &parameter))
        return read_parameter(list, parameter);
    if (!json_member(answer, "Parameters", &parameters) || parameters.kind != JSON_ARRAY)
        return false;
    walk = json_walk(parameters);
    while (json_next(&walk, NULL, &parameter))
        whole = read_parameter(list, parameter) && whole;
    return whole;
}

void ssm_found_free(struct ssm_found_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        found_free(&list->items[i]);
    list->count = 0;
}

static bool is_arn(const char *name)
{
    return strncmp(name, "arn:", 4) == 0;
}

/* A selector follows the last ':', which in an ARN must stand in its resource. */
size_t ssm_base_length(const char *name)
{
    const char *rest = is_arn(name) ? strchr(name, '/') : name;
    const char *colon = rest != NULL ? strchr(rest, ':') : NULL;

    return colon != NULL ? (size_t)(colon - name) : strlen(name);
}

static bool same_bytes(const char *text, size_t length, const char *other)
{
    return strlen(other) == length && memcmp(text, other, length) == 0;
}

/* Whether the parameter is the one that name speaks of, whatever the selector. */
static bool is_base(const struct ssm_found *found, const char *name)
{
    const char *own = buffer_text(is_arn(name) ? &found->arn : &found->name);

    return same_bytes(name, ssm_base_length(name), own);
}

static bool is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Whether another name was asked that speaks of the same parameter. */
static bool has_sibling(const char *name, const char *const *names, size_t count)
{
    size_t length = ssm_base_length(name);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) != 0 && ssm_base_length(names[i]) == length &&
            memcmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Without a selector in the answer, the version tells apart what can be told apart. */
static bool fits_without_selector(const struct ssm_found *found, const char *selector, bool sibling)
{
    if (is_digits(selector + 1))
        return strcmp(selector + 1, buffer_text(&found->version)) == 0;
    return !sibling;
}

static bool fits(const struct ssm_found *found, const char *name, bool sibling)
{
    const char *selector = name + ssm_base_length(name);

    if (!is_base(found, name))
        return false;
    if (found->selector.length > 0)
        return strcmp(buffer_text(&found->selector), selector) == 0;
    return *selector == '\0' || fits_without_selector(found, selector, sibling);
}

const struct ssm_found *ssm_match(const struct ssm_found_list *list, const char *name,
                                  const char *const *names, size_t count)
{
    bool sibling = has_sibling(name, names, count);
    const struct ssm_found *match = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct ssm_found *found = &list->items[i];

        if (!fits(found, name, sibling))
            continue;
        if (match != NULL &&
            strcmp(buffer_text(&match->version), buffer_text(&found->version)) != 0)
            return NULL;
        match = found;
    }
    return match;
}

bool ssm_is_invalid(struct json answer, const char *name)
{
    struct json invalid;
    struct json element;
    struct json_walk walk;
    struct buffer text = BUFFER_INIT;
    bool found = false;

    if (!json_member(answer, "InvalidParameters", &invalid) || invalid.kind != JSON_ARRAY)
        return false;
    walk = json_walk(invalid);
    while (!found && json_next(&walk, NULL, &element)) {
        buffer_clear(&text);
        found = json_string(element, &text) && strcmp(buffer_text(&text), name) == 0;
    }
    buffer_free(&text);
    return found;
}

bool ssm_read_token(struct json answer, struct buffer *token)
{
    struct json member;

    buffer_clear(token);
    return !json_member(answer, "NextToken", &member) || member.kind == JSON_NULL ||
           json_string(member, token);
}

bool ssm_read_value(const struct ssm_found *found, struct buffer *value, struct error *error)
{
    if (found->value.kind != JSON_STRING)
        return error_set(error, "its value is no text");
    if (!json_string(found->value, value))
        return error_set(error, "its value has a NUL or is not UTF-8");
    if (value->length > LIMIT_VALUE_BYTES)
        return error_set(error, "its value has %zu bytes, more than %d", value->length,
                         LIMIT_VALUE_BYTES);
    return true;
}
