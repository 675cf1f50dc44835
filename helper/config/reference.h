/*
 * A word without quotes on the right of an env line: the name of a parameter or secret.
 *
 *     [ssm:] NAME, /PATH or ARN [:VERSION or :LABEL] [#MEMBER]
 *     secret:NAME or secret:ARN [?stage=STAGE or ?version=VERSION] [#MEMBER]
 *     /PATH/ * and /PATH/ ** (without the blanks): an import
 *
 * Inside it %{NAME} stands for a constant of [let], %u for the login's user and %i for the id of
 * the EC2 instance, which only the fetcher learns: it stays in the name. Constants are known only
 * when all files were read, so reading a word and judging it are two steps: the second runs at once
 * for a word without constants, else at the end.
 */
#ifndef SSMENV_CONFIG_REFERENCE_H
#define SSMENV_CONFIG_REFERENCE_H

#include "config/constants.h"
#include "config/lexer.h"
#include "config/section.h"

/* A word as it stands in the file. */
struct word {
    struct position position; /* of its first byte */
    const char *text;         /* up to the # of a member */
    const char *member;       /* a JSON pointer; "": none */
    bool names_constants;     /* holds %{…} */
};

/* Reads the word at the cursor, up to a blank, a | or the line's end. */
bool word_read(struct lexer *lexer, struct arena *arena, struct word *word);

/* Puts the constants in and checks what the name consists of, so that one bad name cannot make AWS
 * refuse a whole batch. import: the left side ended in *. */
bool reference_judge(const struct word *word, bool import, const struct constants *constants,
                     struct arena *arena, struct reference *reference,
                     struct diagnostics *diagnostics);

/* The name with the user in the place of %u; NULL when the user cannot be part of a name. */
char *reference_name_for(const struct reference *reference, const char *user, struct arena *arena);

#endif
