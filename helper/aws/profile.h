/*
 * A file in the dialect of ~/.aws/credentials and ~/.aws/config
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
 *
 * It is what AWS's command line reads with Python's RawConfigParser: sections in brackets, KEY =
 * VALUE or KEY : VALUE, keys in any case, comments on lines of their own, and a line that is
 * indented further than the key before it continues that key's value. Keys of a section [DEFAULT]
 * count in every section. In the config file a profile's section is [profile NAME], or [default];
 * in the credentials file it is [NAME].
 *
 * On purpose it is not the same in three points: a comment may follow a value after a blank (no
 * value that is read here has a blank), a key or section that occurs twice is a warning, and the
 * last one counts (with RawConfigParser the file could not be read at all), and blanks beside a
 * section's brackets do not matter.
 *
 * The struct owns all texts and wipes them. An error names FILE:LINE:COLUMN and what was expected
 * there, never what is written there.
 */
#ifndef SSMENV_AWS_PROFILE_H
#define SSMENV_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"
#include "common/error.h"

enum profile_kind {
    PROFILE_CREDENTIALS_FILE,
    PROFILE_CONFIG_FILE,
};

struct profile_entry {
    char *key; /* in lower case */
    char *value;
    unsigned line;
    unsigned continued; /* line of the first indented line that belongs to the value, or 0 */
};

struct profile_section {
    char *header;  /* what stands between the brackets */
    char *profile; /* the profile's name; NULL when the section is none */
    unsigned line;
    struct profile_entry *entries;
    size_t count;
};

struct profile_file {
    struct profile_section *sections;
    size_t count;
    struct error warning; /* the first key or section that occurs twice */
};

/* path is for messages. On false *file holds what was read so far; free it in any case. */
bool profile_parse(struct profile_file *file, enum profile_kind kind, const char *path,
                   const char *text, size_t length, struct error *error);
void profile_free(struct profile_file *file);

bool profile_exists(const struct profile_file *file, const char *profile);

/* The entry that counts, or NULL. */
const struct profile_entry *profile_find(const struct profile_file *file, const char *profile,
                                         const char *key);

/* Appends the names of all profiles, each once, joined by ", ", at most as many as a log line
 * wants. */
void profile_list(const struct profile_file *file, struct buffer *names);

#endif
