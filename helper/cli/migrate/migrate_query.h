/*
 * What people select from an answer of AWS: with --query, which is JMESPath (jmespath.org), and
 * with jq (jqlang.github.io/jq/manual). Only expressions that select one value for certain are
 * known.
 */
#ifndef SSMENV_CLI_MIGRATE_QUERY_H
#define SSMENV_CLI_MIGRATE_QUERY_H

#include "config/arena.h"

#include <stdbool.h>

enum answer_kind {
    ANSWER_PARAMETER,  /* ssm get-parameter */
    ANSWER_PARAMETERS, /* ssm get-parameters */
    ANSWER_SECRET,     /* secretsmanager get-secret-value */
    ANSWER_VALUE,      /* a value that is JSON itself; for jq only */
};

struct selection {
    const char *name;   /* it takes the parameter of this name; NULL: it does not say */
    bool by_position;   /* it takes the first one, or all of them */
    bool as_list;       /* a list of one value: its text is that value */
    const char *member; /* a JSON pointer (RFC 6901) into the value; "": the whole value */
};

/* False: not known what it selects. */
bool query_read(const char *query, enum answer_kind kind, struct arena *arena,
                struct selection *selection);
bool jq_read(const char *program, enum answer_kind kind, struct arena *arena,
             struct selection *selection);

#endif
