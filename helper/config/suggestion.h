/*
 * "Did you mean …": the known word nearest to a mistyped one, by optimal string alignment (insert,
 * delete, replace, swap neighbours; each costs 1). Offer every known word, then read best.
 */
#ifndef SSMENV_CONFIG_SUGGESTION_H
#define SSMENV_CONFIG_SUGGESTION_H

#include <stddef.h>

struct suggestion {
    const char *word;
    const char *best; /* NULL while nothing is near enough; borrowed from the caller */
    size_t distance;  /* only words nearer than this are of interest */
};

struct suggestion suggestion_for(const char *word);
void suggestion_offer(struct suggestion *suggestion, const char *known);

#endif
