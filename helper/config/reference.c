#include "config/reference.h"

#include <string.h>

#include "common/buffer.h"
#include "common/instance_id.h"
#include "config/member.h"
#include "config/parameter_name.h"
#include "config/secret_name.h"
#include "config/suggestion.h"
#include "ssmenv/limits.h"
#include "ssmenv/names.h"

/* What may stand before a name to say whose it is. */
#define PARAMETER "ssm:"
#define SECRET    "secret:"

static bool ends_word(int c)
{
    return c < 0 || is_blank(c) || c == '|' || c == '#';
}

/* The cursor stands on a %. */
static bool read_expansion(struct lexer *lexer, struct word *word)
{
    size_t at = lexer->at;
    size_t name_at = at + 2;

    if (lexer_take(lexer, "%u") || lexer_take(lexer, INSTANCE_ID_MARKER))
        return true;
    if (!lexer_take(lexer, "%{"))
        return lexer_error(lexer, at,
                           "expected %%u (the login's user), %%i (the EC2 instance's id) or "
                           "%%{NAME} (a constant of [let])");
    while (is_name_byte(lexer_peek(lexer)))
        lexer->at++;
    if (!name_is_valid(lexer->line + name_at, lexer->at - name_at))
        return lexer_error(lexer, name_at, "expected the name of a constant, as in %%{STAGE}");
    if (!lexer_take(lexer, "}"))
        return lexer_error(lexer, lexer->at, "expected } after the constant's name");
    word->names_constants = true;
    return true;
}

bool word_read(struct lexer *lexer, struct arena *arena, struct word *word)
{
    size_t at = lexer->at;
    int c;

    *word = (struct word){.position = lexer_position(lexer, at), .member = ""};
    while (!ends_word(c = lexer_peek(lexer))) {
        if (c != '%')
            lexer->at++;
        else if (!read_expansion(lexer, word))
            return false;
    }
    if (lexer->at - at > LIMIT_LOOKUP_NAME_BYTES)
        return lexer_error(lexer, at, "the name is longer than %d bytes", LIMIT_LOOKUP_NAME_BYTES);
    word->text = arena_copy_bytes(arena, lexer->line + at, lexer->at - at);
    if (lexer_take(lexer, "#"))
        word->member = member_read(lexer, arena);
    return word->member != NULL;
}

/* --- judging --- */

struct judging {
    const struct word *word;
    const char *text; /* the word with its constants put in */
    struct arena *arena;
    struct diagnostics *diagnostics;
};

/* offset counts in the expanded text, which has the file's columns only without constants. */
static bool mistake_in(const struct judging *judging, size_t offset, const char *text)
{
    struct position position = judging->word->position;

    if (!judging->word->names_constants)
        position.column += (unsigned)offset;
    diagnostics_add(judging->diagnostics, SEVERITY_ERROR, position, "%s%s", text,
                    judging->word->names_constants ? " (after the constants were put in)" : "");
    return false;
}

static void report_unknown_constant(const struct judging *judging,
                                    const struct constants *constants, const char *name,
                                    size_t offset)
{
    struct suggestion suggestion = suggestion_for(name);
    struct position position = judging->word->position;

    for (size_t i = 0; i < constants->count && !diagnostics_are_full(judging->diagnostics); i++)
        suggestion_offer(&suggestion, constants->items[i].name);
    position.column += (unsigned)offset;
    diagnostics_add(
        judging->diagnostics, SEVERITY_ERROR, position, "[let] has no constant %s%s%s%s", name,
        suggestion.best != NULL ? "; did you mean " : "",
        suggestion.best != NULL ? suggestion.best : "", suggestion.best != NULL ? "?" : "");
}

/* Puts the constants in. */
static bool expand(struct judging *judging, const struct constants *constants)
{
    struct buffer expanded = {.limit = LIMIT_LOOKUP_NAME_BYTES};
    const char *word = judging->word->text;
    const char *at = word;
    const char *opening;
    bool known = true;

    while ((opening = strstr(at, "%{")) != NULL) {
        const char *closing = strchr(opening, '}');
        const char *name =
            arena_copy_bytes(judging->arena, opening + 2, (size_t)(closing - opening) - 2);
        const struct constant *constant = constants_find(constants, name);

        buffer_append(&expanded, at, (size_t)(opening - at));
        if (constant != NULL)
            buffer_append_text(&expanded, constant->value);
        else
            report_unknown_constant(judging, constants, name, (size_t)(opening - word));
        known = known && constant != NULL;
        at = closing + 1;
    }
    buffer_append_text(&expanded, at);
    if (known && buffer_failed(&expanded))
        known = mistake_in(judging, 0, "the name is too long");
    judging->text = known ? arena_copy(judging->arena, buffer_text(&expanded)) : NULL;
    buffer_free(&expanded);
    return known;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The part of an import's word before its stars goes into the reference as a path. */
static bool judge_import(const struct judging *judging, size_t offset, struct reference *reference)
{
    const char *written = judging->text + offset;
    size_t stars = ends_with(written, "/**") ? 2 : ends_with(written, "/*") ? 1 : 0;
    struct name_mistake mistake;

    if (stars == 0)
        return mistake_in(judging, offset,
                          "a name that ends in * imports a path: expected /path/* or /path/**");
    if (judging->word->member[0] != '\0')
        return mistake_in(judging, strlen(judging->text),
                          "an import has no member: it takes whole values");
    reference->kind = stars == 2 ? LOOKUP_SUBTREE : LOOKUP_CHILDREN;
    reference->name = arena_copy_bytes(judging->arena, written, strlen(written) - stars);
    mistake = parameter_path_judge(reference->name);
    return mistake.text == NULL || mistake_in(judging, offset + mistake.offset, mistake.text);
}

static bool judge_parameter(const struct judging *judging, size_t offset,
                            struct reference *reference)
{
    const char *name = judging->text + offset;
    struct name_mistake mistake;

    if (ends_with(name, "/*") || ends_with(name, "/**"))
        return mistake_in(judging, strlen(judging->text) - 1,
                          "an import needs a name that ends in * on the left, as in "
                          "APP_* = /prod/app/*");
    mistake = parameter_name_judge(name);
    if (mistake.text != NULL)
        return mistake_in(judging, offset + mistake.offset, mistake.text);
    reference->kind = LOOKUP_PARAMETER;
    reference->name = name;
    reference->word_alone =
        offset == 0 && strpbrk(name, "/%") == NULL && !judging->word->names_constants;
    return true;
}

static bool judge_secret(const struct judging *judging, bool import, struct reference *reference)
{
    struct name_mistake mistake;

    if (import)
        return mistake_in(judging, 0, "an import takes parameters: expected /path/* or /path/**");
    reference->kind = LOOKUP_SECRET;
    reference->name = judging->text + strlen(SECRET);
    mistake = secret_name_judge(reference->name);
    return mistake.text == NULL ||
           mistake_in(judging, strlen(SECRET) + mistake.offset, mistake.text);
}

bool reference_judge(const struct word *word, bool import, const struct constants *constants,
                     struct arena *arena, struct reference *reference,
                     struct diagnostics *diagnostics)
{
    struct judging judging = {word, word->text, arena, diagnostics};
    size_t offset;

    *reference = (struct reference){.member = word->member};
    if (word->names_constants && !expand(&judging, constants))
        return false;
    reference->names_user = strstr(judging.text, "%u") != NULL;
    if (starts_with(judging.text, SECRET))
        return judge_secret(&judging, import, reference);
    offset = starts_with(judging.text, PARAMETER) ? strlen(PARAMETER) : 0;
    return import ? judge_import(&judging, offset, reference)
                  : judge_parameter(&judging, offset, reference);
}

/* --- the login's user --- */

/* A user named "../prod" or "a/b" must not choose another path. */
static bool user_can_be_in_name(const char *user)
{
    size_t length = strlen(user);

    if (length == 0 || length > LIMIT_USER_BYTES || strcmp(user, ".") == 0 ||
        strcmp(user, "..") == 0)
        return false;
    for (; *user != '\0'; user++) {
        int c = (unsigned char)*user;

        if (!is_name_byte(c) && c != '.' && c != '-')
            return false;
    }
    return true;
}

char *reference_name_for(const struct reference *reference, const char *user, struct arena *arena)
{
    struct buffer name = {.limit = LIMIT_LOOKUP_NAME_BYTES};
    const char *at = reference->name;
    const char *marker;
    char *copy = NULL;

    if (!user_can_be_in_name(user))
        return NULL;
    for (; (marker = strstr(at, "%u")) != NULL; at = marker + 2) {
        buffer_append(&name, at, (size_t)(marker - at));
        buffer_append_text(&name, user);
    }
    buffer_append_text(&name, at);
    if (!buffer_failed(&name))
        copy = arena_copy(arena, buffer_text(&name));
    buffer_free(&name);
    return copy;
}
