#include "aws/token_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/trusted_file.h"

#define TOKEN_MAX ((size_t)32 * 1024) /* STS takes 20,000 characters */

static char *take_token(const struct buffer *contents, const char *path, struct error *error)
{
    size_t length = contents->length;
    char *token;

    if (length > 0 && contents->data[length - 1] == '\n')
        length--;
    if (length > 0 && contents->data[length - 1] == '\r')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (contents->data[i] < ' ' || contents->data[i] > '~') {
            error_set(error, "%s has a line break or another byte that no token has", path);
            return NULL;
        }
    }
    if (length == 0) {
        error_set(error, "%s is empty", path);
        return NULL;
    }
    token = text_copy_bytes(contents->data, length);
    if (token == NULL)
        error_set(error, "out of memory");
    return token;
}

char *token_file_read(const char *path, uid_t owner, struct error *error)
{
    struct buffer contents = BUFFER_INIT;
    char *resolved = realpath(path, NULL);
    char *token = NULL;

    if (resolved == NULL)
        error_set(error, "%s: %s", path, strerror(errno));
    else if (trusted_file_read(resolved, owner, 0022, TOKEN_MAX, &contents, error) ==
             TRUSTED_FILE_READ)
        token = take_token(&contents, path, error);
    free(resolved);
    buffer_free(&contents);
    return token;
}
