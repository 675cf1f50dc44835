/*
 * Quoted text: '…' is taken literally; "…" knows \\ \" \n \t \$ and, where it is a template, the
 * variables ${NAME} and ${NAME|uri}. Any other backslash and any other $ is a mistake. A quoted
 * text ends on its own line and may hold any byte but NUL and line ends.
 */
#ifndef SSMENV_CONFIG_QUOTED_H
#define SSMENV_CONFIG_QUOTED_H

#include "config/lexer.h"
#include "config/section.h"

/* True when the cursor stands before a quote. */
bool quoted_is_next(const struct lexer *lexer);

/* Reads a template at the cursor. */
bool quoted_read_template(struct lexer *lexer, struct arena *arena, struct text *text);

/* Reads a text without variables; NULL after a mistake, which was reported. */
const char *quoted_read_constant(struct lexer *lexer, struct arena *arena);

#endif
