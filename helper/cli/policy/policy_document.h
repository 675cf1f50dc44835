/*
 * An IAM policy in the making: which resources each action needs, written in the grammar that IAM
 * takes (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). Each
 * part becomes one statement, unless it is empty; resources stand sorted and once.
 *
 * The strings belong to the arena that they were added with.
 */
#ifndef SSMENV_CLI_POLICY_DOCUMENT_H
#define SSMENV_CLI_POLICY_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/json_output.h"
#include "config/arena.h"

/* Bytes without blanks that a managed policy may have; the inline policies of a role have 10240
 * together (IAM User Guide, "IAM and AWS STS quotas"). */
#define POLICY_BYTES_MAX 6144

enum policy_part {
    POLICY_PARAMETERS,
    POLICY_PATHS,
    POLICY_SECRETS,
    POLICY_SECRETS_BY_REFERENCE, /* Parameter Store asks for them, not this host */
    POLICY_KEYS,
    POLICY_ROLES,
    POLICY_DATABASE_USERS,
    POLICY_PARTS,
};

struct string_list {
    const char **items;
    size_t count;
};

void string_list_add(struct string_list *list, struct arena *arena, const char *text);

struct policy_document {
    struct string_list parts[POLICY_PARTS]; /* resources */
    struct string_list key_services; /* that may use the keys, as in ssm.us-east-2.amazonaws.com */
};

/* Where calls have to come from. */
struct policy_origin {
    const char *comparison; /* NULL: from anywhere; else as in IpAddress */
    const char *key;        /* aws:SourceIp */
    struct string_list values;
};

bool policy_document_is_empty(const struct policy_document *document);

/* name: as in json_output_open(). */
void policy_document_write(const struct policy_document *document,
                           const struct policy_origin *origin, const char *name,
                           struct json_output *output);

/* As IAM counts it. */
size_t policy_document_size(const struct policy_document *document,
                            const struct policy_origin *origin);

#endif
