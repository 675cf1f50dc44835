#include "aws/credentials_json.h"

#include "aws/timestamp.h"

/* The member's text on the heap; NULL where it is absent. False when it is no text. */
static bool take_text(struct json document, const char *name, char **text, struct error *error)
{
    struct json member;
    struct buffer value = BUFFER_INIT;
    bool ok;

    *text = NULL;
    if (!json_member(document, name, &member) || member.kind == JSON_NULL)
        return true;
    ok = json_string(member, &value);
    if (ok)
        *text = text_copy(buffer_text(&value));
    buffer_free(&value);
    if (!ok)
        return error_set(error, "%s is no text", name);
    return *text != NULL || error_set(error, "out of memory");
}

static bool take_credential(struct json document, const char *name, bool required, char **text,
                            struct error *error)
{
    if (!take_text(document, name, text, error))
        return false;
    if (*text == NULL)
        return !required || error_set(error, "%s is missing", name);
    return credential_is_legal(*text) ||
           error_set(error, "%s is empty or has a byte that none can have", name);
}

static bool take_expiration(struct json document, int64_t *expires, struct error *error)
{
    char *text;
    bool ok = take_text(document, "Expiration", &text, error);

    if (ok && text != NULL && !timestamp_read(text, expires))
        ok = error_set(error, "Expiration is no time such as 2026-01-31T23:59:59Z");
    text_free(text);
    return ok;
}

bool credentials_read_json(struct credentials *credentials, struct json document,
                           const char *token_name, struct error *error)
{
    *credentials = (struct credentials){0};
    if (take_credential(document, "AccessKeyId", true, &credentials->access_key_id, error) &&
        take_credential(document, "SecretAccessKey", true, &credentials->secret_access_key,
                        error) &&
        take_credential(document, token_name, false, &credentials->session_token, error) &&
        take_expiration(document, &credentials->expires, error))
        return true;
    credentials_free(credentials);
    return false;
}
