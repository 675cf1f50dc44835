#include "aws/kept.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* Each with its length in front, so that no two sources read alike. */
static void add(struct buffer *text, const char *part)
{
    buffer_append_format(text, "%zu:", part != NULL ? strlen(part) : 0);
    buffer_append_text(text, part != NULL ? part : "");
}

static void describe(struct buffer *text, const struct credential_source *source,
                     const char *metadata_url)
{
    const char *first[] = {source->command, source->container_url, source->container_token,
                           metadata_url};

    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        add(text, first[i]);
    if (source->command == NULL) {
        buffer_append_format(text, "%d ", (int)source->origin);
        add(text, source->held.access_key_id);
        add(text, source->held.secret_access_key);
    }
    for (size_t i = 0; i < source->role_count; i++) {
        const struct assumed_role *role = &source->roles[i];

        add(text, role->arn);
        add(text, role->session_name);
        add(text, role->external_id);
        add(text, role->web_identity_token);
        buffer_append_format(text, "%u ", role->duration);
    }
}

bool kept_origin(const struct credential_source *source, const char *metadata_url,
                 char origin[KEEPSAKE_ORIGIN_BYTES + 1])
{
    struct buffer text = BUFFER_INIT;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    bool ok;

    describe(&text, source, metadata_url);
    ok = !buffer_failed(&text) &&
         EVP_Digest(text.data, text.length, digest, &length, EVP_sha256(), NULL) == 1 &&
         2 * length == KEEPSAKE_ORIGIN_BYTES;
    for (unsigned i = 0; ok && i < length; i++)
        snprintf(origin + 2 * (size_t)i, 3, "%02x", digest[i]);
    buffer_free(&text);
    return ok;
}

static bool copy_text(char **to, const char *from)
{
    *to = text_copy(from);
    return *to != NULL || from == NULL;
}

bool kept_credentials(const struct keepsake *kept, const struct clock *clock,
                      struct credentials *credentials)
{
    *credentials = (struct credentials){.expires = (int64_t)clock_now(clock) + kept->life};
    if (kept->access_key_id != NULL &&
        copy_text(&credentials->access_key_id, kept->access_key_id) &&
        copy_text(&credentials->secret_access_key, kept->secret_access_key) &&
        copy_text(&credentials->session_token, kept->session_token))
        return true;
    credentials_free(credentials);
    return false;
}

/* By the clock of whoever gave them, where that is known. */
static int64_t life_of(const struct credentials *credentials, const struct clock *clock)
{
    int64_t now = credentials->told != 0 ? credentials->told : (int64_t)clock_now(clock);

    if (credentials->access_key_id == NULL || credentials->expires == 0)
        return 0;
    return credentials->expires - now < KEEPSAKE_LIFE_MAX_S ? credentials->expires - now
                                                            : KEEPSAKE_LIFE_MAX_S;
}

bool kept_put_credentials(struct keepsake *keepsake, const struct credentials *credentials,
                          const struct clock *clock)
{
    int64_t life = life_of(credentials, clock);

    keepsake->life = KEEPSAKE_LIFE_MAX_S;
    if (life < KEEPSAKE_LIFE_MIN_S)
        return true;
    keepsake->life = (uint32_t)life;
    return copy_text(&keepsake->access_key_id, credentials->access_key_id) &&
           copy_text(&keepsake->secret_access_key, credentials->secret_access_key) &&
           copy_text(&keepsake->session_token, credentials->session_token);
}
