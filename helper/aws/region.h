/*
 * The name of a region, which becomes part of a host name and of every signature.
 */
#ifndef SSMENV_AWS_REGION_H
#define SSMENV_AWS_REGION_H

#include <stdbool.h>

/* Letters, digits and '-' as in a host name's label: at most 63, not only digits, no '-' at either
 * end. What regions there are is not known here: AWS adds some every year. */
bool region_is_legal(const char *region);

#endif
