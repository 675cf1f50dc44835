#include "aws/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/trusted_file.h"
#include "paths.h"

static const char *setting(const struct identity *settings, const char *key, const char *otherwise)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->settings[i].key, key) == 0)
            return settings->settings[i].value;
    }
    return otherwise;
}

/* The value of a key of a section, on the heap, or NULL. */
static char *find_key(const char *text, const char *section, const char *key)
{
    bool inside = false;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        size_t name_length = strcspn(text, " =\n");
        const char *equals = memchr(text, '=', length);

        if (text[0] == '[')
            inside = strncmp(text + 1, section, strlen(section)) == 0 &&
                     text[1 + strlen(section)] == ']';
        else if (inside && equals != NULL && name_length == strlen(key) &&
                 strncmp(text, key, name_length) == 0) {
            const char *value = equals + 1 + strspn(equals + 1, " ");

            return text_copy_bytes(value, (size_t)(text + length - value));
        }
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return NULL;
}

static char *read_key(const struct identity *settings, const char *file_key, const char *path,
                      const char *key, struct error *error)
{
    struct buffer contents = BUFFER_INIT;
    const char *owner = setting(settings, "trust_uid", "0");
    char *value = NULL;

    if (trusted_file_read(setting(settings, file_key, path), (uid_t)strtoul(owner, NULL, 10), 0027,
                          65536, &contents, error) == TRUSTED_FILE_READ)
        value = find_key(buffer_text(&contents), setting(settings, "profile", "default"), key);
    buffer_free(&contents);
    return value;
}

bool credentials_find(struct credentials *credentials, const struct identity *settings,
                      struct error *error)
{
    *credentials = (struct credentials){
        .access_key_id =
            read_key(settings, "credentials_file", PATH_CREDENTIALS, "aws_access_key_id", error),
        .secret_access_key = read_key(settings, "credentials_file", PATH_CREDENTIALS,
                                      "aws_secret_access_key", error),
        .session_token =
            read_key(settings, "credentials_file", PATH_CREDENTIALS, "aws_session_token", error)};
    if (credentials->access_key_id != NULL && credentials->secret_access_key != NULL)
        return true;
    credentials_free(credentials);
    return error_context(error, "Unable to locate credentials");
}

void credentials_free(struct credentials *credentials)
{
    text_free(credentials->access_key_id);
    text_free(credentials->secret_access_key);
    text_free(credentials->session_token);
    *credentials = (struct credentials){0};
}

char *region_find(const struct identity *settings, struct error *error)
{
    const char *region = setting(settings, "region", NULL);

    if (region == NULL)
        error_set(error, "no region is configured");
    return text_copy(region);
}

bool credential_is_legal(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return length > 0;
}
