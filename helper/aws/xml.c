#include "aws/xml.h"

#include <string.h>

#define NAME_MAX_BYTES 128
#define PATH_MAX_BYTES (XML_DEPTH_MAX * (NAME_MAX_BYTES + 1))

struct walk {
    const char *next;
    const char *end;
    char path[PATH_MAX_BYTES]; /* of the element that is open */
    size_t length;
    unsigned depth;
};

static bool starts_with(const struct walk *walk, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(walk->end - walk->next) >= length && memcmp(walk->next, text, length) == 0;
}

/* What stands before this text, which is skipped too; NULL when it does not come. */
static const char *take_until(struct walk *walk, const char *text, size_t *length)
{
    const char *begin = walk->next;
    const char *found = memmem(begin, (size_t)(walk->end - begin), text, strlen(text));

    if (found == NULL)
        return NULL;
    *length = (size_t)(found - begin);
    walk->next = found + strlen(text);
    return begin;
}

static size_t name_length(const char *tag, size_t length)
{
    size_t name = 0;

    while (name < length && strchr(" \t\r\n/<&'\"=", tag[name]) == NULL)
        name++;
    return name;
}

static bool enter(struct walk *walk, const char *name, size_t length)
{
    if (length == 0 || length > NAME_MAX_BYTES || walk->depth == XML_DEPTH_MAX)
        return false;
    if (walk->depth++ > 0)
        walk->path[walk->length++] = '/';
    memcpy(walk->path + walk->length, name, length);
    walk->length += length;
    walk->path[walk->length] = '\0';
    return true;
}

static bool leave(struct walk *walk, const char *name, size_t length)
{
    const char *slash = strrchr(walk->path, '/');
    const char *open = slash != NULL ? slash + 1 : walk->path;

    if (walk->depth == 0 || strlen(open) != length || memcmp(open, name, length) != 0)
        return false;
    walk->depth--;
    walk->length = slash != NULL ? (size_t)(slash - walk->path) : 0;
    walk->path[walk->length] = '\0';
    return true;
}

/* Of <?xml …?> nothing is needed: AWS writes UTF-8. */
static bool take_tag(struct walk *walk)
{
    size_t length;
    const char *tag;

    if (starts_with(walk, "<?"))
        return walk->depth == 0 && take_until(walk, "?>", &length) != NULL;
    walk->next++;
    tag = take_until(walk, ">", &length);
    if (tag == NULL || length == 0 || *tag == '!')
        return false;
    if (*tag == '/')
        return leave(walk, tag + 1, name_length(tag + 1, length - 1));
    if (!enter(walk, tag, name_length(tag, length)))
        return false;
    return tag[length - 1] != '/' || leave(walk, tag, name_length(tag, length));
}

/* Appends text with its entities resolved. */
static bool append_text(struct buffer *value, const char *text, size_t length)
{
    static const struct {
        const char *name;
        char meaning;
    } entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

    for (size_t i = 0; i < length;) {
        size_t taken = 0;

        for (size_t k = 0; text[i] == '&' && k < sizeof entities / sizeof *entities; k++) {
            size_t name = strlen(entities[k].name);

            if (length - i >= name && memcmp(text + i, entities[k].name, name) == 0) {
                buffer_append_char(value, entities[k].meaning);
                taken = name;
            }
        }
        if (taken == 0 && (text[i] == '&' || text[i] == '\0'))
            return false;
        if (taken == 0)
            buffer_append_char(value, text[i]);
        i += taken > 0 ? taken : 1;
    }
    return true;
}

bool xml_find(const char *text, size_t length, const char *path, struct buffer *value)
{
    struct walk walk = {.next = text, .end = text + length};

    while (walk.next < walk.end) {
        const char *tag = memchr(walk.next, '<', (size_t)(walk.end - walk.next));

        if (tag == NULL)
            return false;
        if (walk.depth > 0 && strcmp(walk.path, path) == 0)
            return tag + 1 < walk.end && tag[1] == '/' &&
                   append_text(value, walk.next, (size_t)(tag - walk.next));
        walk.next = tag;
        if (!take_tag(&walk))
            return false;
    }
    return false;
}
