/*
 * From the text of configuration files to a struct config.
 *
 * parser_read() is called for each file in order, parser_finish() once at the end: it checks what
 * only the whole configuration can tell (constants, variables named in texts) and puts the result
 * into the config. After a mistake reading goes on with the next line, so that all mistakes of all
 * files are reported. Everything is allocated in the config's arena.
 */
#ifndef SSMENV_CONFIG_PARSER_H
#define SSMENV_CONFIG_PARSER_H

#include "config/assignment.h"
#include "config/config.h"
#include "config/constants.h"
#include "config/identities.h"
#include "config/settings.h"

struct parser {
    struct config *config;
    struct diagnostics *diagnostics;
    struct constants constants;
    struct written_identities identities;
    struct settings cache;
    struct pending_references pending;
};

void parser_init(struct parser *parser, struct config *config, struct diagnostics *diagnostics);

/* file is the name for messages; it and the text are copied as far as they are needed. */
void parser_read(struct parser *parser, const char *file, const char *text, size_t length);

/* True when the diagnostics hold no error. */
bool parser_finish(struct parser *parser);

#endif
