/*
 * What a set of values is called: its identity and its lookups, as one text. Different sets have
 * different keys, since each text in it is preceded by its length; and a key can be read back, so
 * that whoever finds a stored set knows what to fetch for it.
 *
 * A struct set_key owns what it points to; set_key_free() may be called twice.
 */
#ifndef SSMENV_CACHE_SET_KEY_H
#define SSMENV_CACHE_SET_KEY_H

#include "common/buffer.h"
#include "common/exchange.h"

struct set_key {
    char *identity;
    struct lookup *lookups; /* their identity is 0 */
    size_t count;
};

#define SET_KEY_INIT ((struct set_key){0})

/* Appends the key. */
void set_key_write(const char *identity, const struct lookup *lookups, size_t count,
                   struct buffer *key);

/* False when text is no key, or memory ends; key is empty then. */
bool set_key_read(const char *text, struct set_key *key);
void set_key_free(struct set_key *key);

#endif
