/*
 * The member of a JSON value, behind the # of a parameter's name: #username, #"odd key" or a JSON
 * pointer (RFC 6901) such as #/a/b. All three become a JSON pointer.
 */
#ifndef SSMENV_CONFIG_MEMBER_H
#define SSMENV_CONFIG_MEMBER_H

#include "config/lexer.h"

/* Reads at the cursor, which stands behind the #. NULL after a mistake, which was reported. */
const char *member_read(struct lexer *lexer, struct arena *arena);

#endif
