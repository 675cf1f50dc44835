#include "config/member.h"

#include <string.h>

#include "common/buffer.h"
#include "config/quoted.h"
#include "ssmenv/limits.h"

/* RFC 6901, section 3: ~ and / inside a key are written ~0 and ~1. */
static const char *pointer_to(const char *key, struct arena *arena)
{
    char *pointer = arena_alloc(arena, 2 * strlen(key) + 2);
    char *end = pointer;

    *end++ = '/';
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/')
            *end++ = '~';
        *end++ = *key == '~' ? '0' : *key == '/' ? '1' : *key;
    }
    return pointer;
}

static bool is_member_byte(int c)
{
    return is_name_byte(c) || c == '-' || c == '.' || c >= 0x80;
}

static const char *read_key(struct lexer *lexer, struct arena *arena)
{
    size_t at = lexer->at;
    const char *key;

    while (is_member_byte(lexer_peek(lexer)))
        lexer->at++;
    if (lexer->at == at) {
        lexer_error(lexer, at,
                    "expected a member of the value, as in #username or #\"odd key\"; "
                    "a comment needs a blank before its #");
        return NULL;
    }
    key = arena_copy_bytes(arena, lexer->line + at, lexer->at - at);
    return pointer_to(key, arena);
}

static const char *read_pointer(struct lexer *lexer, struct arena *arena)
{
    size_t at = lexer->at;
    int c;

    while ((c = lexer_peek(lexer)) == '/' || c == '~' || is_member_byte(c)) {
        lexer->at++;
        if (c == '~' && lexer_peek(lexer) != '0' && lexer_peek(lexer) != '1') {
            lexer_error(lexer, lexer->at - 1,
                        "in a JSON pointer ~ is written ~0 and / inside a key is written ~1");
            return NULL;
        }
    }
    return arena_copy_bytes(arena, lexer->line + at, lexer->at - at);
}

static const char *read_quoted_key(struct lexer *lexer, struct arena *arena)
{
    const char *key = quoted_read_constant(lexer, arena);

    return key != NULL ? pointer_to(key, arena) : NULL;
}

const char *member_read(struct lexer *lexer, struct arena *arena)
{
    size_t at = lexer->at;
    const char *pointer;

    if (quoted_is_next(lexer))
        pointer = read_quoted_key(lexer, arena);
    else if (lexer_peek(lexer) == '/')
        pointer = read_pointer(lexer, arena);
    else
        pointer = read_key(lexer, arena);
    if (pointer != NULL && strlen(pointer) > LIMIT_LOOKUP_MEMBER_BYTES) {
        lexer_error(lexer, at, "the member's name is longer than %d bytes",
                    LIMIT_LOOKUP_MEMBER_BYTES);
        return NULL;
    }
    return pointer;
}
