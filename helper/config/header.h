/*
 * A section's first line: [aws], [aws NAME], [cache], [let], or [env] with its criteria.
 *
 *     [env aws=central user=deploy,ci group=dba service=sshd,cron*]
 *
 * Criteria are separated by blanks; inside one there are none, but in quotes.
 */
#ifndef SSMENV_CONFIG_HEADER_H
#define SSMENV_CONFIG_HEADER_H

#include "config/lexer.h"
#include "config/section.h"

enum section_kind {
    SECTION_NONE, /* before the first section, or in one that is not known */
    SECTION_AWS,
    SECTION_CACHE,
    SECTION_LET,
    SECTION_ENV,
};

/* Reads the line at the cursor, which stands on a [, and reports its mistakes. The kind is told
 * even after a mistake if it could be read, so that the lines below can be checked all the same.
 * section is filled where the kind is SECTION_ENV; of [aws NAME] it
 * holds identity_name and its position. */
enum section_kind header_read(struct lexer *lexer, struct arena *arena, struct section *section);

#endif
