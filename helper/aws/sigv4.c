#include "aws/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "aws/sigv4_canonical.h"

#define ALGORITHM    "AWS4-HMAC-SHA256"
#define DIGEST_BYTES 32
#define HEX_BYTES    (2 * DIGEST_BYTES + 1)
#define EXPIRES_MAX  604800 /* seven days, of which AWS says that it is the most */

/* One signature in the making. */
struct signing {
    const struct sigv4_request *request;
    const struct credentials *credentials;
    const struct sigv4_scope *scope;
    struct sigv4_signature *signature;
    struct canonical_pairs headers;
    struct canonical_pairs query;
};

/* A token of RFC 9110, section 5.6.2. */
static bool is_token(const char *text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return text[0] != '\0' && text[strspn(text, token)] == '\0';
}

/* A line break would end the header and begin another one. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* The signer makes these: a second one would not be the one that is signed. */
static bool is_made_here(const char *name)
{
    static const char *const made_here[] = {"authorization", "x-amz-date", "x-amz-security-token"};

    for (size_t i = 0; i < sizeof made_here / sizeof *made_here; i++) {
        if (strcasecmp(made_here[i], name) == 0)
            return true;
    }
    return false;
}

static bool check_headers(const struct sigv4_request *request, struct error *error)
{
    size_t hosts = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        const struct sigv4_header *header = &request->headers[i];

        if (!is_token(header->name))
            return error_set(error, "header %zu has a name that HTTP does not allow", i + 1);
        if (has_control(header->value))
            return error_set(error, "header %s has a control character in its value", header->name);
        if (is_made_here(header->name))
            return error_set(error, "header %s is the signer's to make", header->name);
        hosts += strcasecmp(header->name, "host") == 0 ? 1 : 0;
    }
    return hosts == 1 ||
           error_set(error, "a request to sign needs one header Host, not %zu", hosts);
}

static bool check_request(const struct sigv4_request *request, struct error *error)
{
    if (!is_token(request->method))
        return error_set(error, "the method is none of HTTP's");
    if (request->path[0] != '/' || has_control(request->path))
        return error_set(error, "a path to sign begins with / and has no control characters");
    if (has_control(request->query) || !canonical_query_is_legal(request->query))
        return error_set(error, "the query has a control character or a %% without two digits");
    return check_headers(request, error);
}

/* They become parts of headers. */
static bool check_identity(const struct credentials *credentials, const struct sigv4_scope *scope,
                           struct error *error)
{
    const char *token = credentials->session_token;

    if (!credential_is_legal(credentials->access_key_id))
        return error_set(error, "the access key id has a byte that none can have");
    if (token != NULL && !credential_is_legal(token))
        return error_set(error, "the session token has a byte that none can have");
    if (!is_token(scope->region) || !is_token(scope->service))
        return error_set(error, "region or service has a byte that none can have");
    return true;
}

static void to_hex(const unsigned char digest[DIGEST_BYTES], char hex[HEX_BYTES])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static bool sha256_hex(const void *bytes, size_t length, char hex[HEX_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(length > 0 ? bytes : "", length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    to_hex(digest, hex);
    return true;
}

/* digest may be the key's own bytes: OpenSSL copies a key before it begins. */
static bool hmac(const void *key, size_t key_length, const char *text,
                 unsigned char digest[DIGEST_BYTES])
{
    size_t length = 0;

    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_length,
                     (const unsigned char *)text, strlen(text), digest, DIGEST_BYTES,
                     &length) != NULL &&
           length == DIGEST_BYTES;
}

/* The secret key is appended, not formatted: printf's own buffers never see it. */
static bool sign_text(const struct signing *signing, const char *text, char signature[HEX_BYTES])
{
    const struct sigv4_scope *scope = signing->scope;
    unsigned char key[DIGEST_BYTES];
    struct buffer seed = BUFFER_INIT;
    char day[9] = "";
    bool ok;

    memcpy(day, signing->signature->date, sizeof day - 1);
    buffer_append_text(&seed, "AWS4");
    buffer_append_text(&seed, signing->credentials->secret_access_key);
    ok = !buffer_failed(&seed) && hmac(seed.data, seed.length, day, key) &&
         hmac(key, sizeof key, scope->region, key) && hmac(key, sizeof key, scope->service, key) &&
         hmac(key, sizeof key, "aws4_request", key) && hmac(key, sizeof key, text, key);
    if (ok)
        to_hex(key, signature);
    OPENSSL_cleanse(key, sizeof key);
    buffer_free(&seed);
    return ok;
}

static void append_scope(struct buffer *text, const struct signing *signing)
{
    buffer_append_format(text, "%.8s/%s/%s/aws4_request", signing->signature->date,
                         signing->scope->region, signing->scope->service);
}

static bool set_date(const struct sigv4_scope *scope, struct sigv4_signature *signature,
                     struct error *error)
{
    struct tm utc;

    if (gmtime_r(&scope->time, &utc) == NULL ||
        strftime(signature->date, sizeof signature->date, "%Y%m%dT%H%M%SZ", &utc) != 16)
        return error_set(error, "the time is none that X-Amz-Date can say: check the clock");
    return true;
}

static bool begin(struct signing *signing, struct error *error)
{
    const struct sigv4_request *request = signing->request;

    *signing->signature = (struct sigv4_signature){0};
    if (!check_request(request, error) ||
        !check_identity(signing->credentials, signing->scope, error) ||
        !set_date(signing->scope, signing->signature, error))
        return false;
    for (size_t i = 0; i < request->header_count; i++)
        canonical_add_header(&signing->headers, request->headers[i].name,
                             request->headers[i].value);
    canonical_add_query(&signing->query, request->query);
    return true;
}

/* When every header is known. */
static bool list_signed_headers(struct signing *signing, struct error *error)
{
    struct buffer *names = &signing->signature->signed_headers;

    canonical_sort_headers(&signing->headers);
    canonical_append_names(names, &signing->headers);
    return (!buffer_failed(names) && !signing->headers.failed) || error_set(error, "out of memory");
}

static bool make_canonical_request(struct signing *signing, const char body_digest[HEX_BYTES])
{
    const struct sigv4_request *request = signing->request;
    struct buffer *canonical = &signing->signature->canonical_request;

    buffer_append_text(canonical, request->method);
    buffer_append_char(canonical, '\n');
    canonical_append_path(canonical, request->path, request->normalise_path);
    buffer_append_char(canonical, '\n');
    canonical_append_query(canonical, &signing->query);
    buffer_append_char(canonical, '\n');
    canonical_append_headers(canonical, &signing->headers);
    buffer_append_char(canonical, '\n');
    buffer_append_text(canonical, buffer_text(&signing->signature->signed_headers));
    buffer_append_char(canonical, '\n');
    buffer_append_text(canonical, body_digest);
    return !buffer_failed(canonical) && !signing->headers.failed && !signing->query.failed;
}

static bool make_string_to_sign(struct signing *signing, const char request_digest[HEX_BYTES])
{
    struct buffer *text = &signing->signature->string_to_sign;

    buffer_append_format(text, ALGORITHM "\n%s\n", signing->signature->date);
    append_scope(text, signing);
    buffer_append_format(text, "\n%s", request_digest);
    return !buffer_failed(text);
}

static bool make_signature(struct signing *signing, struct error *error)
{
    struct sigv4_signature *signature = signing->signature;
    char digest[HEX_BYTES];

    if (!sha256_hex(signing->request->body, signing->request->body_length, digest))
        return error_set(error, "OpenSSL does not offer SHA-256");
    if (!make_canonical_request(signing, digest))
        return error_set(error, "out of memory");
    if (!sha256_hex(signature->canonical_request.data, signature->canonical_request.length, digest))
        return error_set(error, "OpenSSL does not offer SHA-256");
    if (!make_string_to_sign(signing, digest))
        return error_set(error, "out of memory");
    if (!sign_text(signing, buffer_text(&signature->string_to_sign), signature->signature))
        return error_set(error, "out of memory, or OpenSSL does not offer HMAC");
    return true;
}

static bool end(struct signing *signing, bool ok, struct error *error)
{
    canonical_pairs_free(&signing->headers);
    canonical_pairs_free(&signing->query);
    if (!ok) {
        sigv4_signature_free(signing->signature);
        error_context(error, "the request cannot be signed");
    }
    return ok;
}

static bool make_authorization(struct signing *signing, struct error *error)
{
    struct sigv4_signature *signature = signing->signature;
    struct buffer *header = &signature->authorization;

    buffer_append_format(header, ALGORITHM " Credential=%s/", signing->credentials->access_key_id);
    append_scope(header, signing);
    buffer_append_format(header, ", SignedHeaders=%s, Signature=%s",
                         buffer_text(&signature->signed_headers), signature->signature);
    return !buffer_failed(header) || error_set(error, "out of memory");
}

bool sigv4_sign(const struct sigv4_request *request, const struct credentials *credentials,
                const struct sigv4_scope *scope, struct sigv4_signature *signature,
                struct error *error)
{
    struct signing signing = {request, credentials, scope, signature, {0}, {0}};
    bool ok = begin(&signing, error);

    if (ok) {
        canonical_add_header(&signing.headers, "x-amz-date", signature->date);
        if (credentials->session_token != NULL)
            canonical_add_header(&signing.headers, "x-amz-security-token",
                                 credentials->session_token);
        ok = list_signed_headers(&signing, error) && make_signature(&signing, error) &&
             make_authorization(&signing, error);
    }
    return end(&signing, ok, error);
}

/* AWS would find two answers to one question. */
static bool check_parameters(const struct canonical_pairs *query, struct error *error)
{
    static const char *const made_here[] = {
        "X-Amz-Algorithm",     "X-Amz-Credential",     "X-Amz-Date",     "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature"};

    for (size_t i = 0; i < query->count && !query->failed; i++) {
        for (size_t j = 0; j < sizeof made_here / sizeof *made_here; j++) {
            if (strcasecmp(query->items[i].name, made_here[j]) == 0)
                return error_set(error, "the parameter %s is the signer's to make", made_here[j]);
        }
    }
    return true;
}

static void add_parameter(struct signing *signing, struct buffer *query, const char *name,
                          const char *value)
{
    canonical_add_parameter(&signing->query, name, value);
    if (query->length > 0)
        buffer_append_char(query, '&');
    buffer_append_text(query, name);
    buffer_append_char(query, '=');
    canonical_encode(query, value, strlen(value), "");
}

static void add_parameters(struct signing *signing, unsigned expires_seconds, struct buffer *query)
{
    struct sigv4_signature *signature = signing->signature;
    const char *token = signing->credentials->session_token;
    struct buffer credential = BUFFER_INIT;
    char expires[16];

    buffer_append_format(&credential, "%s/", signing->credentials->access_key_id);
    append_scope(&credential, signing);
    snprintf(expires, sizeof expires, "%u", expires_seconds);
    add_parameter(signing, query, "X-Amz-Algorithm", ALGORITHM);
    add_parameter(signing, query, "X-Amz-Credential", buffer_text(&credential));
    add_parameter(signing, query, "X-Amz-Date", signature->date);
    add_parameter(signing, query, "X-Amz-SignedHeaders", buffer_text(&signature->signed_headers));
    add_parameter(signing, query, "X-Amz-Expires", expires);
    if (token != NULL)
        add_parameter(signing, query, "X-Amz-Security-Token", token);
    signing->query.failed = signing->query.failed || buffer_failed(&credential);
    buffer_free(&credential);
}

/* X-Amz-Signature comes last: it is the one parameter that cannot be signed. */
static bool presign(struct signing *signing, unsigned expires_seconds, struct buffer *query,
                    struct error *error)
{
    struct sigv4_signature *signature = signing->signature;
    struct buffer made = BUFFER_INIT;
    bool ok;

    if (!list_signed_headers(signing, error))
        return false;
    buffer_append_text(&made, signing->request->query);
    add_parameters(signing, expires_seconds, &made);
    ok = make_signature(signing, error);
    if (ok) {
        buffer_append_format(&made, "&X-Amz-Signature=%s", signature->signature);
        buffer_append(query, buffer_text(&made), made.length);
        ok = (!buffer_failed(&made) && !buffer_failed(query)) || error_set(error, "out of memory");
    }
    buffer_free(&made);
    return ok;
}

bool sigv4_presign(const struct sigv4_request *request, const struct credentials *credentials,
                   const struct sigv4_scope *scope, unsigned expires_seconds, struct buffer *query,
                   struct sigv4_signature *signature, struct error *error)
{
    struct signing signing = {request, credentials, scope, signature, {0}, {0}};
    bool ok = begin(&signing, error);

    if (ok && (expires_seconds == 0 || expires_seconds > EXPIRES_MAX))
        ok = error_set(error, "a presigned request expires after 1 to %d seconds", EXPIRES_MAX);
    ok = ok && check_parameters(&signing.query, error) &&
         presign(&signing, expires_seconds, query, error);
    return end(&signing, ok, error);
}

void sigv4_signature_free(struct sigv4_signature *signature)
{
    buffer_free(&signature->canonical_request);
    buffer_free(&signature->string_to_sign);
    buffer_free(&signature->signed_headers);
    buffer_free(&signature->authorization);
}
