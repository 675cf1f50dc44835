/* ssmenv plan, from the inside: an outlook (cli/plan/plan_outlook.h) for people, and for programs.
 */
#ifndef SSMENV_CLI_PLAN_H
#define SSMENV_CLI_PLAN_H

#include "cli/plan/plan_outlook.h"

/* values: show them, and not only that there is one. */
void plan_print(const struct outlook *outlook, bool values);

/* False when memory ended. */
bool plan_print_json(const struct outlook *outlook, bool values);

/* What a line's value is made of, as in "parameter /a (does not exist), else text". */
void plan_describe_line(const struct outlook *outlook, size_t line, struct buffer *text);

/* Who asks for a section's parameters, and where. */
void plan_describe_identity(const struct outlook *outlook, const struct section *section,
                            struct buffer *text);

/* What the cache holds of a set, and what the next login does about it. */
void plan_describe_set(const struct set_outlook *set, struct buffer *text);

#endif
