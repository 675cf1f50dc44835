/*
 * What the helper asks of ssmenv-groups, and what comes back: whether a user is in a group whose
 * name matches a pattern, for each of some patterns.
 *
 * Question payload: text user, u16 patterns, each a text.
 * Membership payload: u16 patterns, for each in the question's order u8: 1 the user is, 0 is not.
 */
#ifndef SSMENV_COMMON_MEMBERSHIP_H
#define SSMENV_COMMON_MEMBERSHIP_H

#include "common/buffer.h"
#include "common/error.h"

struct question {
    char *user;
    char **patterns;
    size_t count;
};

/* Appends a sealed frame; more than limits.h allows makes frame fail. */
void question_encode(const char *user, const char *const *patterns, size_t count,
                     struct buffer *frame);
void membership_encode(const bool *members, size_t count, struct buffer *frame);

/* On success the question owns its texts: question_free(). */
bool question_decode(struct question *question, const struct buffer *payload, struct error *error);
void question_free(struct question *question);

/* members has room for count; a membership of another count is an error. */
bool membership_decode(bool *members, size_t count, const struct buffer *payload,
                       struct error *error);

#endif
