#include "config/parser.h"

#include <string.h>

#include "config/header.h"
#include "config/quoted.h"
#include "config/variables.h"
#include "ssmenv/names.h"

/* Reading one file. */
struct reading {
    struct parser *parser;
    struct arena *arena;
    struct lexer lexer;
    enum section_kind kind; /* of the section that the line belongs to */
    size_t identity;        /* of [aws] and [aws NAME]: index into the parser's */
    bool header_seen;
    bool complained;         /* about lines before the first section, once */
    struct name_table names; /* written in this [env] section, with their lines */
};

/* --- lines of [aws], [cache] and [let]: NAME = VALUE --- */

struct key_value {
    const char *key;
    struct position key_position;
    const char *value;
    struct position value_position;
};

static bool read_key(struct reading *reading, struct key_value *line)
{
    struct lexer *lexer = &reading->lexer;
    size_t at = lexer->at;

    while (is_name_byte(lexer_peek(lexer)))
        lexer->at++;
    if (lexer->at == at)
        return lexer_error(lexer, at, "expected a name, as in NAME = ...");
    line->key_position = lexer_position(lexer, at);
    line->key = arena_copy_bytes(reading->arena, lexer->line + at, lexer->at - at);
    lexer_skip_blanks(lexer);
    if (!lexer_take(lexer, "="))
        return lexer_error(lexer, lexer->at, "expected = after %s", line->key);
    lexer_skip_blanks(lexer);
    line->value_position = lexer_position(lexer, lexer->at);
    return true;
}

static bool read_quoted_value(struct reading *reading, struct key_value *line)
{
    line->value = quoted_read_constant(&reading->lexer, reading->arena);
    return line->value != NULL;
}

static bool read_bare_value(struct reading *reading, struct key_value *line)
{
    struct lexer *lexer = &reading->lexer;
    size_t at = lexer->at;
    int c;

    if (lexer_at_end(lexer))
        return lexer_error(lexer, lexer->at, "expected a value for %s", line->key);
    while ((c = lexer_peek(lexer)) >= 0 && !is_blank(c)) {
        if (c == '"' || c == '\'')
            return lexer_error(lexer, lexer->at, "quotes go around the whole value");
        if (is_control(c))
            return lexer_error(lexer, lexer->at, "a control byte: put the value into quotes");
        if (c == '%' && lexer->line_length - lexer->at > 1 && lexer->line[lexer->at + 1] == '{')
            return lexer_error(lexer, lexer->at, "%%{...} stands only in parameter names");
        lexer->at++;
    }
    line->value = arena_copy_bytes(reading->arena, lexer->line + at, lexer->at - at);
    return true;
}

static bool expect_end(struct lexer *lexer)
{
    if (lexer_at_end(lexer))
        return true;
    if (lexer_peek(lexer) == '#')
        return lexer_error(lexer, lexer->at, "a comment needs a blank before its #");
    return lexer_error(lexer, lexer->at,
                       "expected the end of the line: a value with blanks needs quotes");
}

static bool read_setting(struct reading *reading, struct key_value *line)
{
    return read_key(reading, line) &&
           (quoted_is_next(&reading->lexer) ? read_quoted_value(reading, line)
                                            : read_bare_value(reading, line)) &&
           expect_end(&reading->lexer);
}

static void put_setting(struct reading *reading, const struct settings_section *section,
                        struct settings *settings)
{
    struct diagnostics *diagnostics = reading->parser->diagnostics;
    struct key_value line;
    int key;

    if (!read_setting(reading, &line))
        return;
    key = settings_find(section, line.key, line.key_position, diagnostics);
    if (key >= 0)
        settings_put(section, settings, key,
                     (struct written_setting){line.value, line.key_position}, line.value_position,
                     diagnostics);
}

static void read_aws_line(struct reading *reading)
{
    put_setting(reading, &settings_of_aws,
                &reading->parser->identities.items[reading->identity].settings);
}

static void read_cache_line(struct reading *reading)
{
    put_setting(reading, &settings_of_cache, &reading->parser->cache);
}

static void read_let_line(struct reading *reading)
{
    struct lexer *lexer = &reading->lexer;
    struct key_value line;
    size_t at = lexer->at;

    if (!read_key(reading, &line))
        return;
    if (!name_is_valid(line.key, strlen(line.key))) {
        lexer_error(lexer, at, "a name does not begin with a digit and has at most %d bytes",
                    LIMIT_NAME_BYTES);
        return;
    }
    if (!quoted_is_next(lexer)) {
        lexer_error(lexer, lexer->at, "a constant is a text in quotes, as in STAGE = \"prod\"");
        return;
    }
    if (!read_quoted_value(reading, &line) || !expect_end(lexer))
        return;
    if (strchr(line.value, '%') != NULL) {
        diagnostics_add(lexer->diagnostics, SEVERITY_ERROR, line.value_position,
                        "%s: a constant cannot hold %%: it becomes part of parameter names",
                        line.key);
        return;
    }
    constants_put(&reading->parser->constants, reading->arena,
                  (struct constant){line.key, line.value, line.key_position}, lexer->diagnostics);
}

/* --- lines of [env] --- */

/* Two imports may share their PREFIX_*: only whole lines are duplicates then. */
static bool is_duplicate(struct reading *reading, const struct assignment *assignment)
{
    const size_t *earlier;

    if (assignment->import)
        return false;
    earlier = name_table_find(&reading->names, assignment->name);
    if (earlier == NULL) {
        name_table_put(&reading->names, reading->arena, assignment->name,
                       assignment->position.line);
        return false;
    }
    diagnostics_add(reading->parser->diagnostics, SEVERITY_ERROR, assignment->position,
                    "%s is already written in this section, on line %zu", assignment->name,
                    *earlier);
    return true;
}

static void read_env_line(struct reading *reading)
{
    struct config *config = reading->parser->config;
    struct section *section = &config->sections[config->section_count - 1];
    struct assignment assignment;

    if (!assignment_read(&reading->lexer, reading->arena, &assignment, &reading->parser->pending) &&
        assignment.name == NULL)
        return;
    if (is_duplicate(reading, &assignment))
        return;
    section->assignments =
        arena_grow(reading->arena, section->assignments, section->count, sizeof assignment);
    section->assignments[section->count++] = assignment;
}

/* --- sections --- */

static void read_stray_line(struct reading *reading)
{
    struct lexer *lexer = &reading->lexer;

    if (reading->header_seen || reading->complained)
        return;
    lexer_error(lexer, lexer->at,
                "a line before the first section: expected [env], [aws], [cache] or [let]");
    reading->complained = true;
}

static void read_header(struct reading *reading)
{
    struct config *config = reading->parser->config;
    struct section section;

    reading->header_seen = true;
    reading->kind = header_read(&reading->lexer, reading->arena, &section);
    if (reading->kind == SECTION_AWS)
        reading->identity = identities_open(&reading->parser->identities, reading->arena, &section);
    if (reading->kind != SECTION_ENV)
        return;
    config->sections =
        arena_grow(reading->arena, config->sections, config->section_count, sizeof section);
    config->sections[config->section_count++] = section;
    reading->names = (struct name_table){0};
}

static void read_line(struct reading *reading)
{
    static void (*const readers[])(struct reading *) = {[SECTION_NONE] = read_stray_line,
                                                        [SECTION_AWS] = read_aws_line,
                                                        [SECTION_CACHE] = read_cache_line,
                                                        [SECTION_LET] = read_let_line,
                                                        [SECTION_ENV] = read_env_line};

    if (lexer_at_end(&reading->lexer))
        return;
    if (lexer_peek(&reading->lexer) == '[')
        read_header(reading);
    else
        readers[reading->kind](reading);
}

void parser_init(struct parser *parser, struct config *config, struct diagnostics *diagnostics)
{
    *config = (struct config){0};
    *parser = (struct parser){.config = config, .diagnostics = diagnostics};
    identities_init(&parser->identities, &config->arena);
}

void parser_read(struct parser *parser, const char *file, const char *text, size_t length)
{
    struct reading reading = {.parser = parser, .arena = &parser->config->arena};

    lexer_init(&reading.lexer, arena_copy(reading.arena, file), text, length, parser->diagnostics);
    while (lexer_next_line(&reading.lexer))
        read_line(&reading);
}

bool parser_finish(struct parser *parser)
{
    struct config *config = parser->config;
    struct diagnostics *diagnostics = parser->diagnostics;

    assignment_judge_pending(&parser->pending, &parser->constants, &config->arena, diagnostics);
    variables_check(config, diagnostics);
    identities_finish(&parser->identities, config, diagnostics);
    settings_to_cache(&parser->cache, &config->cache);
    return diagnostics->errors == 0;
}
