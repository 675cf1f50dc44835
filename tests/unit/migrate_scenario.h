/*
 * A start-up file, what ssmenv migrate makes of it, and that text read by the configuration's own
 * parser: rendered as lines that a test can compare.
 *
 *     NAME=PARAMETER#POINTER||"TEXT" @REGION PROFILE ENDPOINT     a variable; secret: in front of a
 * secret !LINE TEXT                                                  a problem -LINE to LINE lines
 * that can go
 *
 * An expected problem may be the beginning of the text.
 */
#ifndef SSMENV_TESTS_MIGRATE_SCENARIO_H
#define SSMENV_TESTS_MIGRATE_SCENARIO_H

#include <stdlib.h>

#include "cli/migrate/migrate_config.h"
#include "config/parser.h"
#include "config/section.h"
#include "tap.h"

struct shape {
    const char *name; /* what the line does, for messages */
    const char *text;
    const char *expected;
};

static const char *migrate_region = "";
static const char *migrate_output = "";

/* The profile's settings, where a test sets them. */
static inline struct aws_profile migrate_profile(const struct aws_defaults *defaults,
                                                 const char *profile)
{
    (void)defaults;
    (void)profile;
    return (struct aws_profile){migrate_region[0] != '\0' ? migrate_region : NULL,
                                migrate_output[0] != '\0' ? migrate_output : NULL};
}

static inline void render_assignment(const struct assignment *assignment, struct buffer *rendered)
{
    const struct reference *reference = assignment->alternatives[0].reference;

    if (reference == NULL) {
        buffer_append_format(rendered, "%s is no parameter\n", assignment->name);
        return;
    }
    buffer_append_format(rendered, "%s=%s%s%s%s", assignment->name,
                         reference->kind == LOOKUP_SECRET ? "secret:" : "", reference->name,
                         reference->member[0] != '\0' ? "#" : "", reference->member);
    if (assignment->count == 2) {
        const struct text *text = &assignment->alternatives[1].text;

        buffer_append_format(rendered, "||\"%s\"", text->count > 0 ? text->pieces[0].literal : "");
    }
}

static inline void render_config(const struct config *config, struct buffer *rendered)
{
    for (size_t i = 0; i < config->section_count; i++) {
        const struct section *section = &config->sections[i];
        const struct identity *identity = &config->identities[section->identity];

        for (size_t j = 0; j < section->count; j++) {
            render_assignment(&section->assignments[j], rendered);
            for (size_t k = 0; k < identity->count; k++)
                buffer_append_format(rendered, "%s%s", k == 0 ? " @" : " ",
                                     identity->settings[k].value);
            buffer_append_text(rendered, "\n");
        }
    }
}

/* The round trip: what is printed, as our own parser understands it. */
static inline void render_variables(const struct migrate_file *file, struct arena *arena,
                                    struct buffer *rendered)
{
    struct migrate_section section = {NULL, file};
    struct migrate_identities identities = {0};
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct buffer text = BUFFER_INIT;
    struct config config;
    struct parser parser;

    migrate_identities_add(&identities, &section, 1, arena);
    migrate_identities_write(&identities, &text);
    migrate_section_write(&section, &identities, &text);
    parser_init(&parser, &config, &diagnostics);
    parser_read(&parser, "ssmenv.conf", buffer_text(&text), text.length);
    if (parser_finish(&parser))
        render_config(&config, rendered);
    for (size_t i = 0; i < diagnostics.count; i++)
        buffer_append_format(rendered, "?%s\n", diagnostics.items[i].text);
    config_free(&config);
    diagnostics_free(&diagnostics);
    buffer_free(&text);
}

/* The text is copied to the byte, so that a sanitizer sees every read past its end. */
static inline void migrate_render(const char *text, struct buffer *rendered)
{
    struct arena arena = ARENA_INIT;
    struct shell_variables variables = {.arena = &arena};
    struct aws_defaults defaults = {.profile = migrate_profile};
    struct migrate_file file;
    size_t length = strlen(text);
    char *copy = malloc(length != 0 ? length : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, text, length);
    migrate_read(&file, ".bashrc", copy, length, &variables, &defaults);
    render_variables(&file, &arena, rendered);
    for (size_t i = 0; i < file.problem_count; i++)
        buffer_append_format(rendered, "!%u %s\n", file.problems[i].line, file.problems[i].text);
    arena_free(&arena);
    free(copy);
}

/* Line by line; an expected problem may stop early. */
static inline bool migrate_is_expected(const char *actual, const char *expected)
{
    while (*expected != '\0') {
        size_t length = strcspn(expected, "\n");

        if (strncmp(actual, expected, length) != 0)
            return false;
        if (expected[0] != '!' && actual[length] != '\n')
            return false;
        actual += strcspn(actual, "\n");
        actual += *actual == '\n';
        expected += length + (expected[length] == '\n');
    }
    return *actual == '\0';
}

static inline void check_shapes(const struct shape *shapes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer rendered = BUFFER_INIT;

        migrate_render(shapes[i].text, &rendered);
        if (!migrate_is_expected(buffer_text(&rendered), shapes[i].expected)) {
            printf("# %s:\n", shapes[i].name);
            CHECK_TEXT(buffer_text(&rendered), shapes[i].expected);
        }
        buffer_free(&rendered);
    }
}

#define CHECK_SHAPES(shapes) check_shapes((shapes), sizeof(shapes) / sizeof *(shapes))

#endif
