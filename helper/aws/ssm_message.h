/*
 * What AWS Systems Manager's Parameter Store is sent and what it answers, as the API reference has
 * it (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
 *
 * Answers come in any order and repeat names in their own way: without the selector that was asked
 * for (which is a field of its own, or missing), and never as the ARN that was asked for. Which
 * parameter answers which question is decided here, by name, selector, ARN and version; where that
 * leaves a choice there is no answer.
 */
#ifndef SSMENV_AWS_SSM_MESSAGE_H
#define SSMENV_AWS_SSM_MESSAGE_H

#include "aws/json.h"
#include "common/buffer.h"
#include "common/error.h"

#define SSM_BATCH_MAX 10 /* names of one GetParameters call, parameters of one page */
#define SSM_FOUND_MAX 64 /* parameters of one answer that are looked at */

/* A parameter in an answer. value points into the answer's text. */
struct ssm_found {
    struct buffer name;
    struct buffer arn;
    struct buffer selector; /* "" or beginning with ':' */
    struct buffer version;  /* digits or "" */
    struct buffer type;     /* String, StringList, SecureString or "" */
    struct json value;
};

struct ssm_found_list {
    struct ssm_found items[SSM_FOUND_MAX];
    size_t count;
};

void ssm_write_names(struct buffer *body, const char *const *names, size_t count);
void ssm_write_name(struct buffer *body, const char *name);
/* path as imports have it, ending in '/'; token "" for the first page. */
void ssm_write_path(struct buffer *body, const char *path, bool recursive, const char *token);

/* Reads member Parameters (an array) or Parameter (one). False when something there is no
 * parameter, or when there are more than SSM_FOUND_MAX; the list then holds the others. */
bool ssm_read_found(struct ssm_found_list *list, struct json answer);
void ssm_found_free(struct ssm_found_list *list);

/* The parameter that answers name, which was asked together with others; NULL when none does. */
const struct ssm_found *ssm_match(const struct ssm_found_list *list, const char *name,
                                  const char *const *names, size_t count);

/* Whether InvalidParameters holds this name: it does not exist. */
bool ssm_is_invalid(struct json answer, const char *name);

/* Stores NextToken; "" on the last page. False when it is no text. */
bool ssm_read_token(struct json answer, struct buffer *token);

/* The name without its selector, as a length. */
size_t ssm_base_length(const char *name);

/* Appends a parameter's value. False with an error when the environment cannot hold it. */
bool ssm_read_value(const struct ssm_found *found, struct buffer *value, struct error *error);

#endif
