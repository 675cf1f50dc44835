#include "config/header.h"

#include <string.h>

#include "config/quoted.h"
#include "config/suggestion.h"
#include "ssmenv/limits.h"

static const struct {
    const char *name;
    enum section_kind kind;
} kinds[] = {
    {"aws", SECTION_AWS}, {"cache", SECTION_CACHE}, {"let", SECTION_LET}, {"env", SECTION_ENV}};

#define KINDS (sizeof kinds / sizeof kinds[0])

struct criterion {
    const char *name;
    struct pattern_list *list;
    bool may_veto;
};

/* Everything up to a blank or one of the bytes that have a meaning in the header. */
static const char *read_word(struct lexer *lexer, struct arena *arena, const char *ends)
{
    size_t at = lexer->at;
    int c;

    while ((c = lexer_peek(lexer)) >= 0 && !is_blank(c) && !is_control(c) &&
           strchr(ends, c) == NULL)
        lexer->at++;
    return arena_copy_bytes(arena, lexer->line + at, lexer->at - at);
}

static enum section_kind read_kind(struct lexer *lexer, struct arena *arena)
{
    size_t at = lexer->at;
    const char *name = read_word(lexer, arena, "]=,\"'#");
    struct suggestion suggestion = suggestion_for(name);

    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
        suggestion_offer(&suggestion, kinds[i].name);
    }
    if (name[0] == '\0')
        lexer_error(lexer, at, "expected the kind of the section: aws, cache, let or env");
    else if (suggestion.best != NULL)
        lexer_error(lexer, at, "unknown section %s; did you mean %s?", name, suggestion.best);
    else
        lexer_error(lexer, at, "unknown section %s: expected aws, cache, let or env", name);
    return SECTION_NONE;
}

static bool read_pattern(struct lexer *lexer, struct arena *arena,
                         const struct criterion *criterion)
{
    struct pattern_list *list = criterion->list;
    size_t at = lexer->at;
    struct pattern pattern = {.position = lexer_position(lexer, at)};

    pattern.veto = lexer_take(lexer, "!");
    if (pattern.veto && !criterion->may_veto)
        return lexer_error(lexer, at,
                           "! is not allowed in %s: an unreachable directory must not let "
                           "anybody in",
                           criterion->name);
    at = lexer->at;
    pattern.text = quoted_is_next(lexer) ? quoted_read_constant(lexer, arena)
                                         : read_word(lexer, arena, "],=\"'");
    if (pattern.text == NULL)
        return false;
    if (pattern.text[0] == '\0')
        return lexer_error(lexer, at,
                           "expected a pattern for %s, without blanks, as in %s=NAME,OTHER or "
                           "%s=\"A NAME\"",
                           criterion->name, criterion->name, criterion->name);
    if (pattern.text[0] == '!')
        return lexer_error(lexer, at, "a pattern does not begin with ! twice, or with ! in quotes");
    list->patterns = arena_grow(arena, list->patterns, list->count, sizeof pattern);
    list->patterns[list->count++] = pattern;
    return true;
}

static bool read_patterns(struct lexer *lexer, struct arena *arena,
                          const struct criterion *criterion)
{
    int c;

    do {
        if (!read_pattern(lexer, arena, criterion))
            return false;
    } while (lexer_take(lexer, ","));
    c = lexer_peek(lexer);
    if (c < 0 || is_blank(c) || c == ']')
        return true;
    return lexer_error(lexer, lexer->at,
                       "expected , or a blank or ] after a pattern; unusual bytes need quotes "
                       "around the whole pattern");
}

static bool unknown_criterion(struct lexer *lexer, size_t at, const char *name,
                              const struct criterion *known, size_t count)
{
    struct suggestion suggestion = suggestion_for(name);

    for (size_t i = 0; i < count; i++)
        suggestion_offer(&suggestion, known[i].name);
    suggestion_offer(&suggestion, "aws");
    if (name[0] == '\0')
        return lexer_error(lexer, at, "expected user=, group=, service=, aws= or ]");
    if (suggestion.best != NULL)
        return lexer_error(lexer, at, "unknown criterion %s; did you mean %s?", name,
                           suggestion.best);
    return lexer_error(lexer, at, "unknown criterion %s: expected user, group, service or aws",
                       name);
}

/* NAME of [aws NAME] and of aws=NAME. */
static bool read_identity(struct lexer *lexer, struct arena *arena, struct section *section)
{
    size_t at = lexer->at;
    int c;

    while (is_name_byte(c = lexer_peek(lexer)) || c == '-')
        lexer->at++;
    if (lexer->at == at || lexer->at - at > LIMIT_NAME_BYTES || !(c < 0 || is_blank(c) || c == ']'))
        return lexer_error(lexer, at,
                           "expected the name of an identity, of at most %d letters, digits or "
                           "any of _ -",
                           LIMIT_NAME_BYTES);
    section->identity_name = arena_copy_bytes(arena, lexer->line + at, lexer->at - at);
    section->identity_position = lexer_position(lexer, at);
    return true;
}

/* The cursor stands behind the word aws, which is at this offset. */
static bool read_aws_criterion(struct lexer *lexer, struct arena *arena, struct section *section,
                               size_t at)
{
    if (section->identity_name != NULL)
        return lexer_error(lexer, at, "aws is written twice: a section has one identity");
    if (!lexer_take(lexer, "="))
        return lexer_error(lexer, lexer->at, "expected = right after aws");
    return read_identity(lexer, arena, section);
}

static bool read_criterion(struct lexer *lexer, struct arena *arena, struct section *section)
{
    const struct criterion known[] = {{"user", &section->users, true},
                                      {"group", &section->groups, false},
                                      {"service", &section->services, true}};
    size_t count = sizeof known / sizeof known[0];
    size_t at = lexer->at;
    const char *name = read_word(lexer, arena, "]=,\"'");

    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        if (known[i].list->count != 0)
            return lexer_error(lexer, at,
                               "%s is written twice: separate patterns with a comma, "
                               "as in %s=A,B",
                               name, name);
        if (!lexer_take(lexer, "="))
            return lexer_error(lexer, lexer->at, "expected = right after %s", name);
        return read_patterns(lexer, arena, &known[i]);
    }
    if (strcmp(name, "aws") == 0)
        return read_aws_criterion(lexer, arena, section, at);
    return unknown_criterion(lexer, at, name, known, count);
}

static void read_criteria(struct lexer *lexer, struct arena *arena, struct section *section)
{
    for (;;) {
        if (lexer_at_end(lexer)) {
            lexer_error(lexer, lexer->at, "expected ] at the end of the section's first line");
            return;
        }
        if (lexer_peek(lexer) == ']' || !read_criterion(lexer, arena, section))
            return;
    }
}

/* The cursor stands behind the kind of a section that has no criteria, and perhaps a name. */
static bool read_name_or_nothing(struct lexer *lexer, struct arena *arena, enum section_kind kind,
                                 struct section *section)
{
    lexer_skip_blanks(lexer);
    if (kind == SECTION_AWS && is_name_byte(lexer_peek(lexer)) &&
        !read_identity(lexer, arena, section))
        return false;
    if (!lexer_at_end(lexer) && lexer_peek(lexer) == ']')
        return true;
    return lexer_error(lexer, lexer->at, "expected ]: only [env] has criteria");
}

enum section_kind header_read(struct lexer *lexer, struct arena *arena, struct section *section)
{
    size_t at = lexer->at;
    enum section_kind kind;

    *section = (struct section){.position = lexer_position(lexer, at)};
    lexer_take(lexer, "[");
    lexer_skip_blanks(lexer);
    kind = read_kind(lexer, arena);
    if (kind == SECTION_NONE)
        return kind;
    if (kind == SECTION_ENV)
        read_criteria(lexer, arena, section);
    else
        read_name_or_nothing(lexer, arena, kind, section);
    if (lexer_take(lexer, "]") && !lexer_at_end(lexer))
        lexer_error(lexer, lexer->at, "expected nothing after ] but a comment");
    return kind;
}
