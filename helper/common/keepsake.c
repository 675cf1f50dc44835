#include "common/keepsake.h"

#include <string.h>

#include "common/frame.h"
#include "common/instance_id.h"

/* Its texts, in the order of the wire. */
static const struct {
    size_t offset;
    size_t limit;
} texts[] = {
    {offsetof(struct keepsake, origin), KEEPSAKE_ORIGIN_BYTES},
    {offsetof(struct keepsake, access_key_id), KEEPSAKE_KEY_BYTES},
    {offsetof(struct keepsake, secret_access_key), KEEPSAKE_KEY_BYTES},
    {offsetof(struct keepsake, session_token), KEEPSAKE_TOKEN_BYTES},
    {offsetof(struct keepsake, region), 63},
    {offsetof(struct keepsake, instance_id), INSTANCE_ID_BYTES},
};

#define TEXTS (sizeof texts / sizeof *texts)

static char **text_of(struct keepsake *keepsake, size_t i)
{
    return (char **)(void *)((char *)keepsake + texts[i].offset);
}

static const char *read_text(const struct keepsake *keepsake, size_t i)
{
    return *(char *const *)(const void *)((const char *)keepsake + texts[i].offset);
}

/* Visible ASCII: whatever else there is becomes part of no header and no name. */
static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

static bool texts_are_legal(const struct keepsake *keepsake)
{
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = read_text(keepsake, i);

        if (text != NULL && (*text == '\0' || strnlen(text, texts[i].limit + 1) > texts[i].limit ||
                             !is_visible(text)))
            return false;
    }
    return true;
}

bool keepsake_is_legal(const struct keepsake *keepsake)
{
    bool has_key = keepsake->access_key_id != NULL;

    return keepsake->life >= KEEPSAKE_LIFE_MIN_S && keepsake->life <= KEEPSAKE_LIFE_MAX_S &&
           keepsake->origin != NULL && (keepsake->secret_access_key != NULL) == has_key &&
           (keepsake->session_token == NULL || has_key) && texts_are_legal(keepsake) &&
           (keepsake->instance_id == NULL || instance_id_is_legal(keepsake->instance_id));
}

void keepsake_put(const struct keepsake *keepsake, struct buffer *bytes)
{
    static const struct keepsake nothing = {0};

    if (!keepsake_is_legal(keepsake))
        keepsake = &nothing;
    frame_put_u32(bytes, keepsake->life);
    for (size_t i = 0; keepsake->life != 0 && i < TEXTS; i++) {
        const char *text = read_text(keepsake, i);

        frame_put_text(bytes, text != NULL ? text : "");
    }
}

bool keepsake_take(struct keepsake *keepsake, struct wire_reader *reader)
{
    *keepsake = (struct keepsake){.life = wire_read_u32(reader)};
    if (keepsake->life == 0)
        return !reader->failed;
    for (size_t i = 0; i < TEXTS; i++) {
        struct wire_text text = wire_read_text(reader, texts[i].limit);

        if (text.length == 0)
            continue;
        *text_of(keepsake, i) = text_copy_bytes(text.bytes, text.length);
        if (*text_of(keepsake, i) == NULL)
            return false;
    }
    return !reader->failed && keepsake_is_legal(keepsake);
}

bool keepsake_copy(struct keepsake *to, const struct keepsake *from)
{
    *to = (struct keepsake){.life = from->life};
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = read_text(from, i);

        *text_of(to, i) = text_copy(text);
        if (text != NULL && *text_of(to, i) == NULL) {
            keepsake_free(to);
            return false;
        }
    }
    return true;
}

void keepsake_free(struct keepsake *keepsake)
{
    for (size_t i = 0; i < TEXTS; i++)
        text_free(*text_of(keepsake, i));
    *keepsake = (struct keepsake){0};
}
