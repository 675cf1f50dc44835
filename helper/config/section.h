/*
 * One [env …] section as it was written: which logins it is for, and its lines in order.
 *
 * Everything belongs to the arena of the struct config that it was read into.
 */
#ifndef SSMENV_CONFIG_SECTION_H
#define SSMENV_CONFIG_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/exchange.h"
#include "config/diagnostics.h"
#include "config/pattern.h"

/* A parameter or secret, or with LOOKUP_CHILDREN and LOOKUP_SUBTREE what lies below a path. */
struct reference {
    enum lookup_kind kind;
    const char *name;   /* as AWS knows it, but for %u and %i, which are still there */
    const char *member; /* a JSON pointer; "": the whole value */
    bool names_user;    /* the name holds %u */
    bool word_alone;    /* has no '/': may have been meant as the text itself */
};

/* What becomes of a variable's value before it is put into a text. */
enum modifier {
    MODIFIER_NONE,
    MODIFIER_URI,   /* percent-encoded */
    MODIFIER_LINES, /* a StringList: each comma becomes the end of a line */
};

/* A piece of a quoted text: either literal or the value of a variable. */
struct piece {
    const char *literal;  /* NULL in a variable's piece */
    const char *variable; /* NULL in a literal piece */
    enum modifier modifier;
    struct position position;
};

struct text {
    struct piece *pieces; /* none: the empty text */
    size_t count;
};

enum alternative_kind {
    ALTERNATIVE_PARAMETER,
    ALTERNATIVE_TEXT,
    ALTERNATIVE_UNSET,
};

struct alternative {
    enum alternative_kind kind;
    struct position position;
    struct reference *reference; /* of ALTERNATIVE_PARAMETER */
    struct text text;            /* of ALTERNATIVE_TEXT */
};

/* NAME = alternative || alternative …, or an import, PREFIX* = /path/ *. */
struct assignment {
    struct position position;
    const char *name; /* as written, for an import with its * */
    bool import;
    struct alternative *alternatives; /* at least one */
    size_t count;
};

/* An empty list of patterns: the criterion was not written. */
struct section {
    struct position position;
    struct pattern_list users;
    struct pattern_list groups;
    struct pattern_list services;
    const char *identity_name; /* of aws=NAME; NULL: that of [aws] */
    struct position identity_position;
    uint16_t identity; /* index into the config's */
    struct assignment *assignments;
    size_t count;
};

/* True for a text that consists of literals only. */
bool text_is_constant(const struct text *text);

#endif
