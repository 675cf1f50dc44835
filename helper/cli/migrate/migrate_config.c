#include "cli/migrate/migrate_config.h"

#include <string.h>

#include "config/lexer.h"

/* --- identities --- */

static bool same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static const struct migrate_identity *find(const struct migrate_identities *identities,
                                           const struct aws_value *value)
{
    for (size_t i = 0; i < identities->count; i++) {
        const struct migrate_identity *identity = &identities->items[i];

        if (identity->usable && same(identity->region, value->region) &&
            same(identity->profile, value->profile) && same(identity->endpoint, value->endpoint))
            return identity;
    }
    return NULL;
}

static bool has_name(const struct migrate_identities *identities, const char *name)
{
    for (size_t i = 0; i < identities->count; i++) {
        if (same(identities->items[i].name, name))
            return true;
    }
    return false;
}

/* Letters, digits, _ and - of a text, the others as -. */
static void append_as_name(struct buffer *name, const char *text)
{
    if (text == NULL)
        return;
    if (name->length > 0)
        buffer_append_char(name, '-');
    for (size_t i = 0; text[i] != '\0' && i < 40; i++)
        buffer_append_char(name, is_name_byte((unsigned char)text[i]) ? text[i] : '-');
}

/* A name that says what it is, and that nobody has. */
static const char *new_name(const struct migrate_identities *identities,
                            const struct aws_value *value, struct arena *arena)
{
    struct buffer name = BUFFER_INIT;
    const char *copy;
    size_t length;

    append_as_name(&name, value->profile);
    append_as_name(&name, value->region);
    if (name.length == 0)
        buffer_append_text(&name, "migrated");
    length = name.length;
    for (unsigned number = 2; has_name(identities, buffer_text(&name)); number++) {
        copy = arena_copy_bytes(arena, buffer_text(&name), length);
        buffer_clear(&name);
        buffer_append_format(&name, "%s-%u", copy, number);
    }
    copy = arena_copy(arena, buffer_text(&name));
    buffer_free(&name);
    return copy;
}

static void add(struct migrate_identities *identities, const struct aws_value *value,
                struct arena *arena)
{
    const char *name = has_name(identities, NULL) ? new_name(identities, value, arena) : NULL;

    identities->items =
        arena_grow(arena, identities->items, identities->count, sizeof *identities->items);
    identities->items[identities->count++] = (struct migrate_identity){
        name, value->region, value->profile, value->endpoint, false, true};
}

void migrate_identities_add(struct migrate_identities *identities,
                            const struct migrate_section *sections, size_t count,
                            struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sections[i].file->variable_count; j++) {
            const struct aws_value *value = &sections[i].file->variables[j].value;

            if (find(identities, value) == NULL)
                add(identities, value, arena);
        }
    }
}

static void append_quoted(struct buffer *text, const char *value)
{
    buffer_append_char(text, '"');
    for (; *value != '\0'; value++) {
        if (*value == '\n' || *value == '\t') {
            buffer_append_text(text, *value == '\n' ? "\\n" : "\\t");
            continue;
        }
        if (strchr("\\\"$", *value) != NULL)
            buffer_append_char(text, '\\');
        buffer_append_char(text, *value);
    }
    buffer_append_char(text, '"');
}

static void write_setting(struct buffer *text, const char *key, const char *value)
{
    bool plain = true;

    if (value == NULL)
        return;
    for (const char *at = value; *at != '\0'; at++)
        plain = plain && (is_name_byte((unsigned char)*at) || strchr("-./:@+=,", *at) != NULL);
    buffer_append_format(text, "%s = ", key);
    if (plain)
        buffer_append_text(text, value);
    else
        append_quoted(text, value);
    buffer_append_char(text, '\n');
}

void migrate_identities_write(const struct migrate_identities *identities, struct buffer *text)
{
    for (size_t i = 0; i < identities->count; i++) {
        const struct migrate_identity *identity = &identities->items[i];
        bool empty =
            identity->region == NULL && identity->profile == NULL && identity->endpoint == NULL;

        if (identity->exists || (identity->name == NULL && empty))
            continue;
        if (identity->name != NULL)
            buffer_append_format(text, "[aws %s]\n", identity->name);
        else
            buffer_append_text(text, "[aws]\n");
        write_setting(text, "region", identity->region);
        write_setting(text, "profile", identity->profile);
        write_setting(text, "endpoint_url", identity->endpoint);
        buffer_append_char(text, '\n');
    }
}

/* --- lines --- */

static bool is_plain_member(const char *pointer)
{
    for (; *pointer != '\0'; pointer++) {
        int c = (unsigned char)*pointer;

        if (!is_name_byte(c) && strchr("/~-.", c) == NULL && c < 0x80)
            return false;
    }
    return true;
}

/* A pointer of one key is written as the key; one of several holds plain keys only. */
static void write_member(struct buffer *text, const char *pointer)
{
    bool one_key = strchr(pointer + 1, '/') == NULL;
    struct buffer key = BUFFER_INIT;

    buffer_append_char(text, '#');
    if (is_plain_member(pointer)) {
        buffer_append_text(text, one_key && strchr(pointer, '~') == NULL ? pointer + 1 : pointer);
        return;
    }
    for (const char *at = pointer + 1; *at != '\0'; at++) {
        if (*at == '~')
            buffer_append_char(&key, *++at == '0' ? '~' : '/');
        else
            buffer_append_char(&key, *at);
    }
    append_quoted(text, buffer_text(&key));
    buffer_free(&key);
}

/* A name that would mean something else has to say that it is a parameter's. */
static bool needs_prefix(const char *name)
{
    return strcmp(name, "unset") == 0 || strncmp(name, "ssm:", 4) == 0 ||
           strncmp(name, "secret:", 7) == 0;
}

static void write_variable(struct buffer *text, const struct migrate_variable *variable)
{
    const struct aws_value *value = &variable->value;

    buffer_append_format(text, "%s = %s%s", variable->name,
                         value->secret ? "secret:" : (needs_prefix(value->name) ? "ssm:" : ""),
                         value->name);
    if (value->member[0] != '\0')
        write_member(text, value->member);
    if (value->fallback != NULL) {
        buffer_append_text(text, " || ");
        append_quoted(text, value->fallback);
    }
    buffer_append_char(text, '\n');
}

static void write_header(struct buffer *text, const struct migrate_section *section,
                         const struct migrate_identity *identity)
{
    buffer_append_format(text, "# %s\n[env", section->file->path);
    if (identity->name != NULL)
        buffer_append_format(text, " aws=%s", identity->name);
    if (section->user != NULL)
        buffer_append_format(text, " user=%s", section->user);
    buffer_append_text(text, "]\n");
}

void migrate_section_write(const struct migrate_section *section,
                           const struct migrate_identities *identities, struct buffer *text)
{
    for (size_t i = 0; i < identities->count; i++) {
        const struct migrate_identity *identity = &identities->items[i];
        bool begun = false;

        for (size_t j = 0; j < section->file->variable_count; j++) {
            const struct migrate_variable *variable = &section->file->variables[j];

            if (find(identities, &variable->value) != identity)
                continue;
            if (!begun)
                write_header(text, section, identity);
            begun = true;
            write_variable(text, variable);
        }
        if (begun)
            buffer_append_char(text, '\n');
    }
}

bool migrate_user_is_plain(const char *user)
{
    if (user[0] == '\0')
        return false;
    for (; *user != '\0'; user++) {
        int c = (unsigned char)*user;

        if (!is_name_byte(c) && c != '.' && c != '-')
            return false;
    }
    return true;
}
