#include "aws/profile.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS          " \t"
#define NAMES_LISTED    20
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct parser {
    struct profile_file *file;
    enum profile_kind kind;
    const char *path;
    const char *line; /* without what ends it */
    size_t length;
    unsigned number;
    size_t indent; /* of the last line that began a section or a key */
    bool in_key;   /* so that a line which is indented further continues it */
    struct error *error;
};

static bool expected(const struct parser *parser, size_t offset, const char *what)
{
    return error_set(parser->error, "%s:%u:%zu: expected %s", parser->path, parser->number,
                     offset + 1, what);
}

static bool out_of_memory(const struct parser *parser)
{
    return error_set(parser->error, "%s: out of memory", parser->path);
}

static size_t count_blanks(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && strchr(BLANKS, text[count]) != NULL)
        count++;
    return count;
}

/* The length without the blanks at the end. */
static size_t trim(const char *text, size_t length)
{
    while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
        length--;
    return length;
}

static bool is_comment(char c)
{
    return c == '#' || c == ';';
}

static struct profile_section *current_section(const struct parser *parser)
{
    return &parser->file->sections[parser->file->count - 1];
}

static void warn(const struct parser *parser, const char *what, unsigned first)
{
    error_set(&parser->file->warning, "%s:%u: this %s is already on line %u; the last one counts",
              parser->path, parser->number, what, first);
}

/* One word, which quotes may hold together. Returns what follows, NULL when a quote is not closed.
 */
static const char *take_word(const char *text, struct buffer *word)
{
    text += strspn(text, BLANKS);
    while (*text != '\0' && strchr(BLANKS, *text) == NULL) {
        if (*text == '"' || *text == '\'') {
            const char *end = strchr(text + 1, *text);

            if (end == NULL)
                return NULL;
            buffer_append(word, text + 1, (size_t)(end - text - 1));
            text = end + 1;
        } else {
            buffer_append_char(word, *text++);
        }
    }
    return text + strspn(text, BLANKS);
}

/* The profile that a section of the config file describes. */
static bool read_config_header(const char *header, char **profile)
{
    struct buffer first = BUFFER_INIT;
    struct buffer second = BUFFER_INIT;
    const char *rest = take_word(header, &first);
    bool ok;

    if (rest != NULL && *rest != '\0')
        rest = take_word(rest, &second);
    *profile = NULL;
    if (strcmp(header, "default") == 0)
        *profile = text_copy(header);
    else if (rest != NULL && *rest == '\0' && strcmp(buffer_text(&first), "profile") == 0 &&
             second.length > 0)
        *profile = text_copy(buffer_text(&second));
    ok = !buffer_failed(&first) && !buffer_failed(&second);
    buffer_free(&first);
    buffer_free(&second);
    return ok;
}

static bool add_section(struct parser *parser, const char *header, size_t length)
{
    struct profile_file *file = parser->file;
    struct profile_section *sections =
        reallocarray(file->sections, file->count + 1, sizeof *sections);
    struct profile_section *section;

    if (sections == NULL)
        return out_of_memory(parser);
    file->sections = sections;
    section = &sections[file->count++];
    *section =
        (struct profile_section){.header = text_copy_bytes(header, length), .line = parser->number};
    if (section->header == NULL)
        return out_of_memory(parser);
    for (size_t i = 0; i + 1 < file->count && !error_is_set(&file->warning); i++) {
        if (strcmp(sections[i].header, section->header) == 0)
            warn(parser, "section", sections[i].line);
    }
    if (parser->kind == PROFILE_CONFIG_FILE)
        return read_config_header(section->header, &section->profile) || out_of_memory(parser);
    section->profile = text_copy(section->header);
    return section->profile != NULL || out_of_memory(parser);
}

static bool parse_section(struct parser *parser, size_t start)
{
    const char *name = parser->line + start + 1;
    const char *end = memchr(name, ']', parser->length - start - 1);
    size_t blanks;
    size_t after;

    if (end == NULL)
        return expected(parser, parser->length, "] after the section's name");
    blanks = count_blanks(name, (size_t)(end - name));
    name += blanks;
    after = (size_t)(end + 1 - parser->line);
    after += count_blanks(end + 1, parser->length - after);
    if (name == end)
        return expected(parser, start + 1, "the name of a section");
    if (after < parser->length && !is_comment(parser->line[after]))
        return expected(parser, after, "nothing but a comment after ]");
    parser->in_key = false;
    return add_section(parser, name, trim(name, (size_t)(end - name)));
}

/* A comment begins at a # or ; that has a blank before it. The delimiter stands at text[-1]. */
static size_t value_length(const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        if (is_comment(text[i]) && strchr(BLANKS, text[i - 1]) != NULL)
            return i;
    }
    return length;
}

static char *copy_key(const char *text, size_t length)
{
    char *key = text_copy_bytes(text, length);

    for (char *c = key; c != NULL && *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return key;
}

static bool add_entry(struct parser *parser, char *key, char *value)
{
    struct profile_section *section = current_section(parser);
    struct profile_entry *entries = NULL;

    if (key != NULL && value != NULL)
        entries = reallocarray(section->entries, section->count + 1, sizeof *entries);
    if (entries == NULL) {
        text_free(key);
        text_free(value);
        return out_of_memory(parser);
    }
    section->entries = entries;
    entries[section->count++] =
        (struct profile_entry){.key = key, .value = value, .line = parser->number};
    for (size_t i = 0; i + 1 < section->count && !error_is_set(&parser->file->warning); i++) {
        if (strcmp(entries[i].key, key) == 0)
            warn(parser, "key", entries[i].line);
    }
    parser->in_key = true;
    return true;
}

static bool parse_entry(struct parser *parser, size_t start)
{
    const char *key = parser->line + start;
    size_t delimiter = start;
    const char *value;
    size_t length;
    size_t blanks;

    while (delimiter < parser->length && strchr("=:", parser->line[delimiter]) == NULL)
        delimiter++;
    if (parser->file->count == 0)
        return expected(parser, start, "a section such as [default] before the first key");
    if (delimiter == parser->length)
        return expected(parser, parser->length, "= and a value after the key");
    if (delimiter == start)
        return expected(parser, start, "a key before the value");
    value = parser->line + delimiter + 1;
    length = value_length(value, parser->length - delimiter - 1);
    blanks = count_blanks(value, length);
    return add_entry(parser, copy_key(key, trim(key, delimiter - start)),
                     text_copy_bytes(value + blanks, trim(value + blanks, length - blanks)));
}

/* Under a key without a value stands one level of keys, as in s3 or services. They are not the
 * profile's own. */
static bool parse_continuation(struct parser *parser, size_t start)
{
    struct profile_section *section = current_section(parser);
    struct profile_entry *entry = &section->entries[section->count - 1];

    if (entry->continued == 0)
        entry->continued = parser->number;
    if (entry->value[0] == '\0' &&
        memchr(parser->line + start, '=', parser->length - start) == NULL)
        return expected(parser, parser->length, "= in an indented line below a key without value");
    return true;
}

static bool parse_line(struct parser *parser)
{
    size_t start = count_blanks(parser->line, parser->length);

    for (size_t i = 0; i < parser->length; i++) {
        unsigned char c = (unsigned char)parser->line[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return expected(parser, i, "text, and there is a control character");
    }
    if (start == parser->length || is_comment(parser->line[start]))
        return true;
    if (parser->in_key && start > parser->indent)
        return parse_continuation(parser, start);
    parser->indent = start;
    return parser->line[start] == '[' ? parse_section(parser, start) : parse_entry(parser, start);
}

bool profile_parse(struct profile_file *file, enum profile_kind kind, const char *path,
                   const char *text, size_t length, struct error *error)
{
    struct parser parser = {.file = file, .kind = kind, .path = path, .error = error, .number = 1};
    const char *end = text + length;

    *file = (struct profile_file){0};
    if (length >= strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        return expected(&parser, 0, "UTF-8 without a byte order mark");
    for (; text < end; parser.number++) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));

        if (line_end == NULL)
            line_end = end;
        parser.line = text;
        parser.length = (size_t)(line_end - text);
        if (parser.length > 0 && text[parser.length - 1] == '\r')
            parser.length--;
        if (!parse_line(&parser))
            return false;
        text = line_end + 1;
    }
    return true;
}

void profile_free(struct profile_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        struct profile_section *section = &file->sections[i];

        for (size_t j = 0; j < section->count; j++) {
            text_free(section->entries[j].key);
            text_free(section->entries[j].value);
        }
        free(section->entries);
        text_free(section->header);
        text_free(section->profile);
    }
    free(file->sections);
    *file = (struct profile_file){0};
}

static bool is_profile(const struct profile_section *section, const char *profile)
{
    return section->profile != NULL && strcmp(section->profile, profile) == 0;
}

static bool is_default_for_all(const struct profile_section *section)
{
    return strcmp(section->header, "DEFAULT") == 0;
}

bool profile_exists(const struct profile_file *file, const char *profile)
{
    for (size_t i = 0; i < file->count; i++) {
        if (is_profile(&file->sections[i], profile) && !is_default_for_all(&file->sections[i]))
            return true;
    }
    return false;
}

static const struct profile_entry *find_last(const struct profile_section *section, const char *key)
{
    for (size_t i = section->count; i > 0; i--) {
        if (strcmp(section->entries[i - 1].key, key) == 0)
            return &section->entries[i - 1];
    }
    return NULL;
}

const struct profile_entry *profile_find(const struct profile_file *file, const char *profile,
                                         const char *key)
{
    const struct profile_entry *standard = NULL;

    if (!profile_exists(file, profile))
        return NULL;
    for (size_t i = file->count; i > 0; i--) {
        const struct profile_section *section = &file->sections[i - 1];
        const struct profile_entry *entry = find_last(section, key);

        if (entry != NULL && is_profile(section, profile))
            return entry;
        if (entry != NULL && standard == NULL && is_default_for_all(section))
            standard = entry;
    }
    return standard;
}

static bool is_first_of_its_name(const struct profile_file *file, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_profile(&file->sections[i], file->sections[index].profile))
            return false;
    }
    return true;
}

void profile_list(const struct profile_file *file, struct buffer *names)
{
    size_t listed = 0;

    for (size_t i = 0; i < file->count; i++) {
        const struct profile_section *section = &file->sections[i];

        if (section->profile == NULL || is_default_for_all(section) ||
            !is_first_of_its_name(file, i))
            continue;
        if (listed == NAMES_LISTED) {
            buffer_append_text(names, " …");
            return;
        }
        buffer_append_text(names, listed++ > 0 ? ", " : "");
        buffer_append_text(names, section->profile);
    }
}
