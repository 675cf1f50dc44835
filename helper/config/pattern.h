/*
 * Lists of patterns, as in the criteria user=deploy,ci and user=!root.
 *
 * In a pattern * stands for any text and ? for any one byte; there are no other special bytes, and
 * no escapes. As in sshd_config(5), a matching pattern that begins with ! vetoes its list, and a
 * list of nothing but such patterns matches everybody else.
 */
#ifndef SSMENV_CONFIG_PATTERN_H
#define SSMENV_CONFIG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/diagnostics.h"

struct pattern {
    const char *text; /* without the ! */
    bool veto;
    struct position position; /* where it is written; of the ! where there is one */
};

struct pattern_list {
    struct pattern *patterns;
    size_t count;
};

bool pattern_matches(const char *pattern, const char *text);
bool pattern_is_literal(const char *pattern);
/* An empty list matches everything. */
bool pattern_list_matches(const struct pattern_list *list, const char *text);
/* The pattern that decided: the first veto that matches, else the first pattern that does. NULL:
 * none of them matches, so the list matches where it is empty or has only vetoes. */
const struct pattern *pattern_list_decide(const struct pattern_list *list, const char *text,
                                          bool *matches);

#endif
