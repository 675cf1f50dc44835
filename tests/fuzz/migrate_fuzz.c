/*
 * libFuzzer: any bytes as a shell start-up file.
 *
 * What must hold: what is taken over is a configuration that our own parser reads, with legal names
 * that are not denied; ranges of lines rise and lie in the file; and with those lines commented out
 * nothing is left to take over.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate/migrate_config.h"
#include "config/parser.h"
#include "ssmenv/names.h"

#define USEFUL 4096 /* longer files only repeat what shorter ones have */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_config(const struct migrate_file *file, struct arena *arena)
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
    parser_read(&parser, "drop-in", buffer_text(&text), text.length);
    require(parser_finish(&parser));
    config_free(&config);
    diagnostics_free(&diagnostics);
    buffer_free(&text);
}

static void check_file(const struct migrate_file *file, const char *text, size_t length)
{
    unsigned lines = 1;
    unsigned last = 0;

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    for (size_t i = 0; i < file->range_count; i++) {
        require(file->ranges[i].first > last && file->ranges[i].last >= file->ranges[i].first);
        last = file->ranges[i].last;
        require(last <= lines);
    }
    for (size_t i = 0; i < file->variable_count; i++) {
        const char *name = file->variables[i].name;

        require(name_is_valid(name, strlen(name)) && !name_is_denied(name, strlen(name)));
    }
    require(file->variable_count == 0 || file->range_count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t length = size < USEFUL ? size : USEFUL;
    struct arena arena = ARENA_INIT;
    struct shell_variables variables = {.arena = &arena};
    struct buffer changed = BUFFER_INIT;
    struct migrate_file file;

    migrate_read(&file, "file", text, length, &variables, NULL);
    check_file(&file, text, length);
    check_config(&file, &arena);
    migrate_comment_out(&file, text, length, &changed);
    variables = (struct shell_variables){.arena = &arena};
    migrate_read(&file, "file", buffer_text(&changed), changed.length, &variables, NULL);
    require(file.variable_count == 0);
    buffer_free(&changed);
    arena_free(&arena);
    return 0;
}
