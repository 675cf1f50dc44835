#include "cache/set_key.h"

#include <stdlib.h>
#include <string.h>

#include "ssmenv/limits.h"

static void put_text(struct buffer *key, const char *text)
{
    size_t length = strlen(text);

    buffer_append_number(key, length);
    buffer_append_char(key, ':');
    buffer_append(key, text, length);
}

void set_key_write(const char *identity, const struct lookup *lookups, size_t count,
                   struct buffer *key)
{
    put_text(key, identity);
    for (size_t i = 0; i < count; i++) {
        const struct lookup *lookup = &lookups[i];

        buffer_append_char(key, '\n');
        buffer_append_number(key, (size_t)lookup->kind);
        buffer_append_char(key, ' ');
        put_text(key, lookup->name);
        buffer_append_char(key, ' ');
        put_text(key, lookup->member);
    }
}

/* Takes a number and the byte behind it. */
static bool take_number(const char **rest, char end, size_t *number)
{
    char *behind;

    if (**rest < '0' || **rest > '9')
        return false;
    *number = strtoul(*rest, &behind, 10);
    if (*behind != end)
        return false;
    *rest = behind + 1;
    return true;
}

static bool take_text(const char **rest, char **text)
{
    size_t length;

    if (!take_number(rest, ':', &length) || length > strlen(*rest))
        return false;
    *text = text_copy_bytes(*rest, length);
    *rest += length;
    return *text != NULL;
}

static bool take_lookup(const char **rest, struct lookup *lookup)
{
    size_t kind;

    if (*(*rest)++ != '\n' || !take_number(rest, ' ', &kind) || kind < LOOKUP_PARAMETER ||
        kind > LOOKUP_SECRET)
        return false;
    lookup->kind = (enum lookup_kind)kind;
    return take_text(rest, &lookup->name) && *(*rest)++ == ' ' && take_text(rest, &lookup->member);
}

bool set_key_read(const char *text, struct set_key *key)
{
    bool ok;

    *key = (struct set_key){.lookups = calloc(LIMIT_LOOKUPS, sizeof *key->lookups)};
    ok = key->lookups != NULL && take_text(&text, &key->identity);
    while (ok && *text != '\0' && key->count < LIMIT_LOOKUPS)
        ok = take_lookup(&text, &key->lookups[key->count++]);
    if (ok && *text == '\0' && key->count > 0)
        return true;
    set_key_free(key);
    return false;
}

void set_key_free(struct set_key *key)
{
    for (size_t i = 0; key->lookups != NULL && i < key->count; i++) {
        text_free(key->lookups[i].name);
        text_free(key->lookups[i].member);
    }
    free(key->lookups);
    text_free(key->identity);
    *key = SET_KEY_INIT;
}
