/*
 * What AWS Secrets Manager is sent and what it answers
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
 *
 * A lookup's name is the secret's name or ARN, and behind a ? the stage or version: ID?stage=STAGE
 * or ID?version=VERSION. Neither names nor ARNs of secrets hold a ?.
 */
#ifndef SSMENV_AWS_SECRETSMANAGER_H
#define SSMENV_AWS_SECRETSMANAGER_H

#include "aws/json.h"
#include "common/buffer.h"
#include "common/error.h"

/* The request of GetSecretValue. */
void secret_write(struct buffer *body, const char *name);

/* The secret's own name and its value. A binary secret has one if it is the bytes of a text. False
 * with an error when the answer is about another secret, or when the environment cannot hold it. */
bool secret_read(struct json answer, const char *name, struct buffer *full_name,
                 struct buffer *value, struct error *error);

/* The ARN with which a policy allows the secret; account may be *. AWS appends a hyphen and six
 * characters of its own choice to a name
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html); an
 * ARN may be written without them. */
void secret_resource(struct buffer *arn, const char *partition, const char *region,
                     const char *account, const char *name);

#endif
