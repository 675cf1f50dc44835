#include <string.h>

#include "aws/credentials_json.h"
#include "aws/credentials_provider.h"
#include "aws/metadata.h"

#define ROLES_PATH "/latest/meta-data/iam/security-credentials/"

/* The service names one role; its name becomes part of a path. */
static bool is_role_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= 128 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-") ==
               length;
}

static bool find_role(const struct credential_access *access, struct buffer *path,
                      struct error *error)
{
    struct buffer role = BUFFER_INIT;
    enum metadata_answer answer =
        metadata_ask(access->metadata, access->http, ROLES_PATH, access->deadline, &role, error);
    bool ok = false;

    if (answer == METADATA_FOUND) {
        buffer_text(&role);
        if (role.length > 0)
            role.data[strcspn(role.data, "\r\n")] = '\0';
        ok = is_role_name(buffer_text(&role)) ||
             error_set(error, "the metadata service at %s names no role for " ROLES_PATH,
                       access->metadata->url);
    } else if (answer == METADATA_ABSENT) {
        error_set(error,
                  "the metadata service at %s knows no role: attach an IAM role (an "
                  "instance profile) to this instance",
                  access->metadata->url);
    }
    if (ok)
        buffer_append_format(path, "%s%s", ROLES_PATH, buffer_text(&role));
    buffer_free(&role);
    return ok;
}

/* Code is Success, or the name of what keeps the role from being assumed. */
static bool has_succeeded(struct json document, struct error *error)
{
    struct buffer code = BUFFER_INIT;
    struct json member;
    bool ok = !json_member(document, "Code", &member) ||
              (json_string(member, &code) && strcmp(buffer_text(&code), "Success") == 0);

    buffer_free(&code);
    return ok || error_set(error, "it says that the role cannot be assumed: check the instance "
                                  "profile and the role's trust policy");
}

bool credentials_of_instance(struct credentials *credentials,
                             const struct credential_source *source,
                             const struct credential_access *access, struct error *error)
{
    struct buffer path = BUFFER_INIT;
    struct buffer text = BUFFER_INIT;
    struct json document;
    bool ok = false;

    (void)source;
    if (!find_role(access, &path, error) ||
        metadata_ask(access->metadata, access->http, buffer_text(&path), access->deadline, &text,
                     error) != METADATA_FOUND)
        goto out;
    ok = (json_read(&document, buffer_text(&text), text.length) && document.kind == JSON_OBJECT) ||
         error_set(error, "it is no JSON object");
    ok = ok && has_succeeded(document, error) &&
         credentials_read_json(credentials, document, "Token", error);
    if (!ok)
        error_context(error, "the metadata service at %s: its answer for %s", access->metadata->url,
                      buffer_text(&path));
    else
        credentials->told = access->metadata->date;
out:
    buffer_free(&path);
    buffer_free(&text);
    return ok;
}
