/*
 * The canonical forms that a Signature Version 4 is made over: what stays the same of a request
 * however clients and proxies write it
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 *
 * Headers and query parameters are collected as pairs, which own copies of their texts. Failure is
 * sticky, as in struct buffer: when memory ends every further call does nothing, and the caller
 * asks once at the end.
 */
#ifndef SSMENV_AWS_SIGV4_CANONICAL_H
#define SSMENV_AWS_SIGV4_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

struct canonical_pair {
    char *name;
    char *value;
    size_t position; /* in the request */
};

struct canonical_pairs {
    struct canonical_pair *items;
    size_t count;
    bool failed;
};

void canonical_pairs_free(struct canonical_pairs *pairs);

/* Appends text with every byte but RFC 3986's unreserved ones and those in keep as %XX. */
void canonical_encode(struct buffer *encoded, const char *text, size_t length, const char *keep);

/* Appends the path, encoded as every service but S3 wants it: once more than it is sent. normalise
 * removes empty and dot segments first. */
void canonical_append_path(struct buffer *text, const char *path, bool normalise);

/* Whether every '%' of the query is followed by two hexadecimal digits. */
bool canonical_query_is_legal(const char *query);

/* Adds the parameters of a query as it is sent, encoded or not: both come out alike. A '+' means
 * itself, not a blank. */
void canonical_add_query(struct canonical_pairs *parameters, const char *query);
void canonical_add_parameter(struct canonical_pairs *parameters, const char *name,
                             const char *value);
/* Sorts by name, then by value, and appends name=value joined by '&'. */
void canonical_append_query(struct buffer *text, struct canonical_pairs *parameters);

/* Lower-case name; in the value one blank for every run of blanks and none at the ends, also within
 * quotes. Headers that proxies and connections change on the way are left out. */
void canonical_add_header(struct canonical_pairs *headers, const char *name, const char *value);
/* By name; equal names stay in the order of the request. The two below want sorted headers. */
void canonical_sort_headers(struct canonical_pairs *headers);
/* Appends a line for each name; one that occurs again adds its value to the line. */
void canonical_append_headers(struct buffer *text, const struct canonical_pairs *headers);
/* Appends the names joined by ';'. */
void canonical_append_names(struct buffer *text, const struct canonical_pairs *headers);

#endif
