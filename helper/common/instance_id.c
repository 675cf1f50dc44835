#include "common/instance_id.h"

#include <string.h>

#define PREFIX "i-"

static bool is_legal(const char *id, size_t length)
{
    size_t prefix = strlen(PREFIX);

    if (length <= prefix || length > INSTANCE_ID_BYTES || strncmp(id, PREFIX, prefix) != 0)
        return false;
    for (size_t i = prefix; i < length; i++) {
        if (strchr("0123456789abcdef", id[i]) == NULL || id[i] == '\0')
            return false;
    }
    return true;
}

bool instance_id_is_legal(const char *id)
{
    return is_legal(id, strnlen(id, INSTANCE_ID_BYTES + 1));
}

bool instance_id_is_named(const char *text)
{
    return strstr(text, INSTANCE_ID_MARKER) != NULL;
}

void instance_id_put(struct buffer *expanded, const char *text, const char *id)
{
    const char *marker;

    for (; (marker = strstr(text, INSTANCE_ID_MARKER)) != NULL;
         text = marker + strlen(INSTANCE_ID_MARKER)) {
        buffer_append(expanded, text, (size_t)(marker - text));
        buffer_append_text(expanded, id);
    }
    buffer_append_text(expanded, text);
}

/* The length of the path with the id, of this length, that stands in the name; 0: not below. */
static size_t match_with(const char *path, const char *name, const char *id, size_t id_length)
{
    const char *at = name;

    while (*path != '\0') {
        bool marker = strncmp(path, INSTANCE_ID_MARKER, strlen(INSTANCE_ID_MARKER)) == 0;
        const char *part = marker ? id : path;
        size_t length = marker ? id_length : 1;

        if (strncmp(at, part, length) != 0)
            return 0;
        at += length;
        path += marker ? strlen(INSTANCE_ID_MARKER) : 1;
    }
    return (size_t)(at - name);
}

size_t instance_id_match_path(const char *path, const char *name)
{
    const char *marker = strstr(path, INSTANCE_ID_MARKER);
    size_t before = marker != NULL ? (size_t)(marker - path) : 0;
    size_t length;

    if (marker == NULL || strnlen(name, before) < before)
        return marker == NULL ? match_with(path, name, "", 0) : 0;
    for (length = INSTANCE_ID_BYTES; length > 0; length--) {
        size_t matched;

        if (strnlen(name + before, length) < length || !is_legal(name + before, length))
            continue;
        matched = match_with(path, name, name + before, length);
        if (matched > 0)
            return matched;
    }
    return 0;
}
