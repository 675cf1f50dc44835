/*
 * What the helper asks of the fetcher, and what comes back.
 *
 * A request has identities (one for [aws], one for each [aws NAME]), each a list of settings
 * under the keys of ssmenv.conf with what was kept of it (keepsake.h), and lookups: single
 * parameters, single secrets and imports of everything under a path, each made under one identity.
 * A result has exactly one answer for each lookup, in the request's order, warnings for the log,
 * and for each identity what is to be kept of it now; or for none, when nobody was asked.
 *
 * A lookup may ask for one member of a value that is JSON. The fetcher selects it, so that bytes
 * from the network are parsed inside its sandbox only; the entry then holds the member's text.
 * Lookups that differ in nothing but the member are one parameter or secret and belong into one
 * call.
 *
 * Both structs own what they point to; values are secrets and are wiped by the _free functions.
 * The decoders check every count and length against ssmenv/limits.h: neither side trusts the other.
 *
 * Request payload: u64 deadline, u16 identities, for each text section, u16 settings and that many
 * pairs of texts (key, value), keepsake; u16 lookups, each u8 kind, u16 identity, text name, text
 * member.
 * Result payload: u16 answers, each u8 state, text error, u16 entries and that many pairs of texts
 * (name, value); u16 warnings, each a text; u16 identities, each u8 lesson, keepsake.
 * Keepsake: u32 life, and if that is not 0 six texts in the order of struct keepsake.
 */
#ifndef SSMENV_COMMON_EXCHANGE_H
#define SSMENV_COMMON_EXCHANGE_H

#include <stdint.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/keepsake.h"

struct setting {
    char *key;
    char *value;
};

struct identity {
    struct setting *settings;
    size_t count;
    char *section;        /* what it is called in errors: aws, or aws NAME; NULL: aws */
    struct keepsake kept; /* empty where nothing is */
};

enum lookup_kind {
    LOOKUP_PARAMETER = 1, /* name, path or ARN, with :version or :label where written */
    LOOKUP_CHILDREN = 2,  /* one level below the path, which ends in '/' */
    LOOKUP_SUBTREE = 3,   /* every level below the path, which ends in '/' */
    LOOKUP_SECRET = 4,    /* of Secrets Manager: ID, ID?stage=STAGE or ID?version=VERSION */
};

struct lookup {
    enum lookup_kind kind;
    uint16_t identity; /* index into the request's identities */
    char *name;        /* as Parameter Store or Secrets Manager knows it, but for %i */
    /* "": the whole value. Else a JSON pointer (RFC 6901) that begins with '/', as in /username or
     * /a/b; not with imports. A string gives its text; a number, true or false the text
     * as written; an object or array its JSON text without blanks. null, a member that is not
     * there, a value that is no JSON and a text with a NUL are ANSWER_FAILED with an error that
     * names parameter and pointer, never MISSING: the parameter does exist. */
    char *member;
};

struct request {
    /* The fetcher has answered by then. A point in time and not a duration, since loading the
     * fetcher takes time as well. */
    struct deadline deadline;
    struct identity *identities;
    size_t identity_count;
    struct lookup *lookups;
    size_t lookup_count;
};

enum answer_state {
    ANSWER_FOUND = 1, /* one entry for a parameter or secret; any number for an import, also none */
    ANSWER_MISSING = 2, /* AWS says that it does not exist */
    ANSWER_DENIED = 3,  /* AWS says that this name is not allowed */
    ANSWER_FAILED = 4,  /* no verdict: AWS away, throttled, no credentials, bad signature … */
};

struct entry {
    char *name;  /* the full name of the parameter or secret */
    char *value; /* a secret */
};

struct answer {
    enum answer_state state;
    char *error; /* for every state but FOUND: one line for the log, never a value; else "" */
    struct entry *entries;
    size_t count;
};

/* What the fetcher has to say about what was kept of an identity. */
enum lesson {
    LESSON_NONE = 0,   /* it may stay as it is */
    LESSON_KEEP = 1,   /* this is to be kept in its place */
    LESSON_FORGET = 2, /* AWS refused it */
};

struct learnt {
    enum lesson lesson;
    struct keepsake keepsake; /* of LESSON_KEEP */
};

struct result {
    struct answer *answers;
    size_t answer_count;
    char **warnings;
    size_t warning_count;
    struct learnt *learnt; /* one for each identity of the request, or none */
    size_t learnt_count;
};

/* The bare result without a frame and without what was learnt, for whatever else keeps one (the
 * cache): result_put() appends it, result_take() reads it from where the reader stands. */
struct wire_reader;
void result_put(const struct result *result, struct buffer *bytes);
bool result_take(struct result *result, struct wire_reader *reader, struct error *error);

/* The encoders append a whole frame; a frame that could not be built leaves buffer_failed(). */
void request_encode(const struct request *request, struct buffer *frame);
bool request_decode(struct request *request, const void *payload, size_t length,
                    struct error *error);
void request_free(struct request *request);

void result_encode(const struct result *result, struct buffer *frame);
bool result_decode(struct result *result, const void *payload, size_t length, struct error *error);
void result_free(struct result *result);

/* Adds a copy of an entry to an answer that was not decoded; false when memory ends. */
bool answer_add(struct answer *answer, const char *name, const char *value);
/* Replaces to by a copy of from; false when memory ends. */
bool answer_copy(struct answer *to, const struct answer *from);
/* Forgets entries and error and stores this verdict instead. */
bool answer_set(struct answer *answer, enum answer_state state, const char *error);
bool result_warn(struct result *result, const char *warning);

#endif
