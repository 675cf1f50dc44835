/*
 * Credentials as a JSON document: how the metadata service, the endpoint of a container and a
 * credential_process write them. They differ in what they call the session token.
 */
#ifndef SSMENV_AWS_CREDENTIALS_JSON_H
#define SSMENV_AWS_CREDENTIALS_JSON_H

#include "aws/credentials.h"
#include "aws/json.h"

/* token_name: Token or SessionToken. Reads AccessKeyId, SecretAccessKey, the token and Expiration;
 * the last two may be absent. An error says which member is wrong, never what is written there. On
 * false nothing has to be freed. */
bool credentials_read_json(struct credentials *credentials, struct json document,
                           const char *token_name, struct error *error);

#endif
