/*
 * The id of an EC2 instance, and %i, which stands for it in a name. Only the metadata service knows
 * the id, and only the fetcher can ask it, so a name keeps its %i on the way to the fetcher. No
 * name that AWS knows has a '%'.
 */
#ifndef SSMENV_COMMON_INSTANCE_ID_H
#define SSMENV_COMMON_INSTANCE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

#define INSTANCE_ID_MARKER "%i"
#define INSTANCE_ID_BYTES  32 /* i- and 17 digits today */

/* i- and hexadecimal digits: it becomes part of a path. */
bool instance_id_is_legal(const char *id);

/* Whether the text holds the marker. */
bool instance_id_is_named(const char *text);

/* Appends text with id in the place of each marker. */
void instance_id_put(struct buffer *expanded, const char *text, const char *id);

/* Of a name below a path that ends in '/' and may hold the marker: the length of the part that is
 * the path; 0 when the name does not lie below it. Every marker stands for the same id. */
size_t instance_id_match_path(const char *path, const char *name);

#endif
