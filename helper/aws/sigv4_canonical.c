#include "aws/sigv4_canonical.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* They belong to one connection or are rewritten on the way, so AWS's SDKs do not sign them. */
static const char *const never_signed[] = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "proxy-authorization",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

void canonical_pairs_free(struct canonical_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        text_free(pairs->items[i].name);
        text_free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct canonical_pairs){0};
}

/* Takes over what the buffers hold. */
static void add(struct canonical_pairs *pairs, struct buffer *name, struct buffer *value)
{
    struct canonical_pair *items = NULL;
    struct canonical_pair pair = {.position = pairs->count};

    if (!pairs->failed && !buffer_failed(name) && !buffer_failed(value))
        items = reallocarray(pairs->items, pairs->count + 1, sizeof *items);
    if (items != NULL) {
        pairs->items = items;
        pair.name = text_copy(buffer_text(name));
        pair.value = text_copy(buffer_text(value));
        items[pairs->count++] = pair;
    }
    pairs->failed = items == NULL || pair.name == NULL || pair.value == NULL;
    buffer_free(name);
    buffer_free(value);
}

/* Not isalnum(), whose answer depends on the locale. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void append_byte(struct buffer *encoded, unsigned char c, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";

    if (is_unreserved(c) || (c != '\0' && strchr(keep, c) != NULL)) {
        buffer_append_char(encoded, (char)c);
        return;
    }
    buffer_append_char(encoded, '%');
    buffer_append_char(encoded, digits[c >> 4]);
    buffer_append_char(encoded, digits[c & 15]);
}

void canonical_encode(struct buffer *encoded, const char *text, size_t length, const char *keep)
{
    for (size_t i = 0; i < length; i++)
        append_byte(encoded, (unsigned char)text[i], keep);
}

static int hex_value(char c)
{
    static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
    const char *digit = c != '\0' ? strchr(digits, c) : NULL;

    return digit != NULL ? (int)(digit - digits) / 2 : -1;
}

static bool is_segment(const char *text, size_t length, const char *segment)
{
    return length == strlen(segment) && memcmp(text, segment, length) == 0;
}

static void remove_last_segment(struct buffer *path)
{
    while (path->length > 0 && path->data[--path->length] != '/')
        ;
}

static void append_normalised(struct buffer *text, const char *path)
{
    struct buffer normal = BUFFER_INIT;
    bool ends_in_slash = path[0] != '\0' && path[strlen(path) - 1] == '/';

    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (is_segment(path, length, "..")) {
            remove_last_segment(&normal);
        } else if (length > 0 && !is_segment(path, length, ".")) {
            buffer_append_char(&normal, '/');
            canonical_encode(&normal, path, length, "");
        }
        path += length + strspn(path + length, "/");
    }
    if (ends_in_slash || normal.length == 0)
        buffer_append_char(&normal, '/');
    buffer_append(text, buffer_text(&normal), normal.length);
    text->failed = text->failed || buffer_failed(&normal);
    buffer_free(&normal);
}

void canonical_append_path(struct buffer *text, const char *path, bool normalise)
{
    if (normalise)
        append_normalised(text, path);
    else
        canonical_encode(text, path, strlen(path), "/");
}

bool canonical_query_is_legal(const char *query)
{
    for (; *query != '\0'; query++) {
        if (*query == '%' && (hex_value(query[1]) < 0 || hex_value(query[2]) < 0))
            return false;
    }
    return true;
}

static void append_recoded(struct buffer *encoded, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && length - i > 2 ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;

        if (low >= 0) {
            append_byte(encoded, (unsigned char)(high * 16 + low), "");
            i += 2;
        } else {
            append_byte(encoded, (unsigned char)text[i], "");
        }
    }
}

void canonical_add_query(struct canonical_pairs *parameters, const char *query)
{
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals != NULL ? (size_t)(equals - query) : length;
        struct buffer name = BUFFER_INIT;
        struct buffer value = BUFFER_INIT;

        if (length > 0) {
            append_recoded(&name, query, name_length);
            if (equals != NULL)
                append_recoded(&value, equals + 1, length - name_length - 1);
            add(parameters, &name, &value);
        }
        query += length + (query[length] == '&' ? 1 : 0);
    }
}

void canonical_add_parameter(struct canonical_pairs *parameters, const char *name,
                             const char *value)
{
    struct buffer encoded_name = BUFFER_INIT;
    struct buffer encoded_value = BUFFER_INIT;

    canonical_encode(&encoded_name, name, strlen(name), "");
    canonical_encode(&encoded_value, value, strlen(value), "");
    add(parameters, &encoded_name, &encoded_value);
}

static int compare_parameters(const void *left, const void *right)
{
    const struct canonical_pair *a = left;
    const struct canonical_pair *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : strcmp(a->value, b->value);
}

static void sort(struct canonical_pairs *pairs, int (*compare)(const void *, const void *))
{
    if (!pairs->failed && pairs->count > 1)
        qsort(pairs->items, pairs->count, sizeof *pairs->items, compare);
}

void canonical_append_query(struct buffer *text, struct canonical_pairs *parameters)
{
    sort(parameters, compare_parameters);
    for (size_t i = 0; i < parameters->count && !parameters->failed; i++) {
        if (i > 0)
            buffer_append_char(text, '&');
        buffer_append_text(text, parameters->items[i].name);
        buffer_append_char(text, '=');
        buffer_append_text(text, parameters->items[i].value);
    }
}

static bool is_signed(const char *name)
{
    for (size_t i = 0; i < sizeof never_signed / sizeof *never_signed; i++) {
        if (strcasecmp(never_signed[i], name) == 0)
            return false;
    }
    return true;
}

static void append_lower_case(struct buffer *text, const char *name)
{
    for (; *name != '\0'; name++)
        buffer_append_char(text, *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name);
}

static void append_folded(struct buffer *text, const char *value)
{
    static const char blanks[] = " \t";

    value += strspn(value, blanks);
    while (*value != '\0') {
        size_t length = strcspn(value, blanks);

        if (text->length > 0)
            buffer_append_char(text, ' ');
        buffer_append(text, value, length);
        value += length + strspn(value + length, blanks);
    }
}

void canonical_add_header(struct canonical_pairs *headers, const char *name, const char *value)
{
    struct buffer lower = BUFFER_INIT;
    struct buffer folded = BUFFER_INIT;

    if (!is_signed(name))
        return;
    append_lower_case(&lower, name);
    append_folded(&folded, value);
    add(headers, &lower, &folded);
}

static int compare_headers(const void *left, const void *right)
{
    const struct canonical_pair *a = left;
    const struct canonical_pair *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

void canonical_sort_headers(struct canonical_pairs *headers)
{
    sort(headers, compare_headers);
}

static bool continues(const struct canonical_pairs *headers, size_t i)
{
    return i > 0 && strcmp(headers->items[i - 1].name, headers->items[i].name) == 0;
}

void canonical_append_headers(struct buffer *text, const struct canonical_pairs *headers)
{
    for (size_t i = 0; i < headers->count && !headers->failed; i++) {
        if (continues(headers, i)) {
            buffer_append_char(text, ',');
        } else {
            buffer_append_text(text, i > 0 ? "\n" : "");
            buffer_append_text(text, headers->items[i].name);
            buffer_append_char(text, ':');
        }
        buffer_append_text(text, headers->items[i].value);
    }
    buffer_append_char(text, '\n');
}

void canonical_append_names(struct buffer *text, const struct canonical_pairs *headers)
{
    for (size_t i = 0; i < headers->count && !headers->failed; i++) {
        if (continues(headers, i))
            continue;
        buffer_append_text(text, i > 0 ? ";" : "");
        buffer_append_text(text, headers->items[i].name);
    }
}
