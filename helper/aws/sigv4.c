#include "aws/sigv4.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM    "AWS4-HMAC-SHA256"
#define DIGEST_BYTES 32
#define HEX_BYTES    (2 * DIGEST_BYTES + 1)

/* A header or a query parameter in its canonical form. */
struct pair {
    char *name;
    char *value;
    size_t position; /* in the request: equal names keep their order */
};

struct pairs {
    struct pair *items;
    size_t count;
};

/* Headers that proxies and clients change on the way. */
static const char *const never_signed[] = {"connection",
                                           "expect",
                                           "keep-alive",
                                           "proxy-authenticate",
                                           "proxy-authorization",
                                           "te",
                                           "trailer",
                                           "transfer-encoding",
                                           "upgrade",
                                           "user-agent",
                                           "x-amzn-trace-id"};

/* --- digests ------------------------------------------------------------------------------------
 */

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

static bool hmac(const void *key, size_t key_length, const char *text,
                 unsigned char digest[DIGEST_BYTES])
{
    size_t length = 0;

    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_length,
                     (const unsigned char *)text, strlen(text), digest, DIGEST_BYTES,
                     &length) != NULL &&
           length == DIGEST_BYTES;
}

/* The key of the day, region and service, and with it the signature. */
static bool sign_text(const char *secret, const struct sigv4_scope *scope, const char *date,
                      const char *text, char signature[HEX_BYTES])
{
    unsigned char key[DIGEST_BYTES];
    struct buffer seed = BUFFER_INIT;
    char day[9];
    bool ok;

    snprintf(day, sizeof day, "%.8s", date);
    buffer_append_format(&seed, "AWS4%s", secret);
    ok = !buffer_failed(&seed) && hmac(seed.data, seed.length, day, key) &&
         hmac(key, sizeof key, scope->region, key) && hmac(key, sizeof key, scope->service, key) &&
         hmac(key, sizeof key, "aws4_request", key) && hmac(key, sizeof key, text, key);
    if (ok)
        to_hex(key, signature);
    OPENSSL_cleanse(key, sizeof key);
    buffer_free(&seed);
    return ok;
}

/* --- canonical forms ----------------------------------------------------------------------------
 */

static void pairs_free(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        text_free(pairs->items[i].name);
        text_free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct pairs){0};
}

/* Takes over name and value, also when it fails. */
static bool pairs_add(struct pairs *pairs, char *name, char *value)
{
    struct pair *items = NULL;

    if (name != NULL && value != NULL)
        items = reallocarray(pairs->items, pairs->count + 1, sizeof *items);
    if (items == NULL) {
        text_free(name);
        text_free(value);
        return false;
    }
    items[pairs->count] = (struct pair){name, value, pairs->count};
    pairs->items = items;
    pairs->count++;
    return true;
}

static bool is_unreserved(unsigned char c)
{
    return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void append_encoded(struct buffer *buffer, const char *text, size_t length, char keep)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (is_unreserved(c) || (keep != '\0' && c == (unsigned char)keep))
            buffer_append_char(buffer, (char)c);
        else
            buffer_append_format(buffer, "%%%02X", c);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes what is encoded and encodes what has to be, so that both spellings sign alike. */
static char *canonical_component(const char *text, size_t length)
{
    struct buffer encoded = BUFFER_INIT;
    char *copy;

    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && i + 2 < length ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        char c = text[i];

        if (low >= 0) {
            c = (char)(high * 16 + low);
            i += 2;
        }
        append_encoded(&encoded, &c, 1, '\0');
    }
    copy = buffer_failed(&encoded) ? NULL : text_copy_bytes(buffer_text(&encoded), encoded.length);
    buffer_free(&encoded);
    return copy;
}

static bool parse_query(const char *query, struct pairs *pairs)
{
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals != NULL ? (size_t)(equals - query) : length;
        const char *value = equals != NULL ? equals + 1 : query + length;

        if (length > 0 && !pairs_add(pairs, canonical_component(query, name_length),
                                     canonical_component(value, (size_t)(query + length - value))))
            return false;
        query += length + (query[length] == '&' ? 1 : 0);
    }
    return true;
}

static int compare_parameters(const void *left, const void *right)
{
    const struct pair *a = left;
    const struct pair *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : strcmp(a->value, b->value);
}

static int compare_headers(const void *left, const void *right)
{
    const struct pair *a = left;
    const struct pair *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : a->position < b->position ? -1 : a->position > b->position;
}

static void append_query(struct buffer *buffer, const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        buffer_append_format(buffer, "%s%s=%s", i > 0 ? "&" : "", pairs->items[i].name,
                             pairs->items[i].value);
}

/* Removes dot segments and double slashes (RFC 3986 section 5.2.4, and what AWS does beyond). */
static void append_normalised(struct buffer *buffer, const char *path)
{
    size_t starts[256];
    size_t depth = 0;
    bool trailing = false;
    struct buffer normal = BUFFER_INIT;

    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        trailing = path[length] == '/' || length == 0 || (length == 1 && path[0] == '.') ||
                   (length == 2 && path[0] == '.' && path[1] == '.');
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            if (depth > 0)
                normal.length = starts[--depth];
        } else if (length > 0 && !(length == 1 && path[0] == '.') && depth < 256) {
            starts[depth++] = normal.length;
            buffer_append_char(&normal, '/');
            append_encoded(&normal, path, length, '\0');
        }
        path += length + (path[length] == '/' ? 1 : 0);
    }
    buffer_append(buffer, buffer_text(&normal), normal.length);
    if (trailing || normal.length == 0)
        buffer_append_char(buffer, '/');
    buffer_free(&normal);
}

static void append_path(struct buffer *buffer, const struct sigv4_request *request)
{
    if (request->normalise_path)
        append_normalised(buffer, request->path);
    else
        append_encoded(buffer, request->path, strlen(request->path), '/');
}

static bool is_signed(const char *name)
{
    for (size_t i = 0; i < sizeof never_signed / sizeof never_signed[0]; i++) {
        if (strcasecmp(never_signed[i], name) == 0)
            return false;
    }
    return true;
}

static char *lower_case(const char *name)
{
    char *copy = text_copy(name);

    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* One blank for every run of blanks, none at the ends. */
static char *fold(const char *value)
{
    struct buffer folded = BUFFER_INIT;
    char *copy;

    for (; *value != '\0'; value++) {
        if (!is_blank(*value))
            buffer_append_char(&folded, *value);
        else if (folded.length > 0 && !is_blank(value[1]) && value[1] != '\0')
            buffer_append_char(&folded, ' ');
    }
    copy = buffer_failed(&folded) ? NULL : text_copy_bytes(buffer_text(&folded), folded.length);
    buffer_free(&folded);
    return copy;
}

static bool add_header(struct pairs *headers, const char *name, const char *value)
{
    return pairs_add(headers, lower_case(name), fold(value));
}

static bool collect_headers(const struct sigv4_request *request, struct pairs *headers,
                            struct error *error)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sigv4_header *header = &request->headers[i];

        if (strpbrk(header->name, "\r\n: ") != NULL || *header->name == '\0')
            return error_set(error, "a header with an illegal name cannot be signed");
        if (is_signed(header->name) && !add_header(headers, header->name, header->value))
            return error_set(error, "out of memory");
    }
    return true;
}

/* Equal names share a line, their values in the order of the request. */
static void append_headers(struct buffer *lines, struct buffer *names, const struct pairs *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct pair *header = &headers->items[i];
        bool first = i == 0 || strcmp(headers->items[i - 1].name, header->name) != 0;
        bool last =
            i + 1 == headers->count || strcmp(headers->items[i + 1].name, header->name) != 0;

        if (first)
            buffer_append_format(lines, "%s:", header->name);
        buffer_append_format(lines, "%s%s%s", first ? "" : ",", header->value, last ? "\n" : "");
        if (first)
            buffer_append_format(names, "%s%s", i > 0 ? ";" : "", header->name);
    }
}

/* --- signing ------------------------------------------------------------------------------------
 */

static void format_scope(const struct sigv4_scope *scope, const char *date, struct buffer *text)
{
    buffer_append_format(text, "%.8s/%s/%s/aws4_request", date, scope->region, scope->service);
}

static bool make_signature(const struct sigv4_request *request, struct pairs *headers,
                           struct pairs *query, const struct credentials *credentials,
                           const struct sigv4_scope *scope, struct sigv4_signature *signature)
{
    struct buffer *canonical = &signature->canonical_request;
    struct buffer lines = BUFFER_INIT;
    char body[HEX_BYTES];
    char digest[HEX_BYTES];
    bool ok = sha256_hex(request->body, request->body_length, body);

    if (query->count > 0) /* without items there is no array, which qsort() must have */
        qsort(query->items, query->count, sizeof *query->items, compare_parameters);
    qsort(headers->items, headers->count, sizeof *headers->items, compare_headers);
    append_headers(&lines, &signature->signed_headers, headers);
    buffer_append_format(canonical, "%s\n", request->method);
    append_path(canonical, request);
    buffer_append_char(canonical, '\n');
    append_query(canonical, query);
    buffer_append_format(canonical, "\n%s\n%s\n%s", buffer_text(&lines),
                         buffer_text(&signature->signed_headers), body);
    ok = ok && !buffer_failed(canonical) && !buffer_failed(&lines) &&
         sha256_hex(canonical->data, canonical->length, digest);
    if (ok) {
        buffer_append_format(&signature->string_to_sign, ALGORITHM "\n%s\n", signature->date);
        format_scope(scope, signature->date, &signature->string_to_sign);
        buffer_append_format(&signature->string_to_sign, "\n%s", digest);
        ok = !buffer_failed(&signature->string_to_sign) &&
             sign_text(credentials->secret_access_key, scope, signature->date,
                       buffer_text(&signature->string_to_sign), signature->signature);
    }
    buffer_free(&lines);
    return ok;
}

static bool set_date(const struct sigv4_scope *scope, struct sigv4_signature *signature)
{
    struct tm utc;

    *signature = (struct sigv4_signature){0};
    return gmtime_r(&scope->time, &utc) != NULL &&
           strftime(signature->date, sizeof signature->date, "%Y%m%dT%H%M%SZ", &utc) == 16;
}

bool sigv4_sign(const struct sigv4_request *request, const struct credentials *credentials,
                const struct sigv4_scope *scope, struct sigv4_signature *signature,
                struct error *error)
{
    struct pairs headers = {0};
    struct pairs query = {0};
    bool ok = false;

    if (!set_date(scope, signature))
        return error_set(error, "the time cannot be written as a date");
    if (!collect_headers(request, &headers, error))
        goto out;
    ok = add_header(&headers, "x-amz-date", signature->date) &&
         (credentials->session_token == NULL ||
          add_header(&headers, "x-amz-security-token", credentials->session_token)) &&
         parse_query(request->query, &query) &&
         make_signature(request, &headers, &query, credentials, scope, signature);
    if (ok) {
        buffer_append_format(&signature->authorization, ALGORITHM " Credential=%s/",
                             credentials->access_key_id);
        format_scope(scope, signature->date, &signature->authorization);
        buffer_append_format(&signature->authorization, ", SignedHeaders=%s, Signature=%s",
                             buffer_text(&signature->signed_headers), signature->signature);
        ok = !buffer_failed(&signature->authorization);
    }
    if (!ok)
        error_set(error, "the request cannot be signed: out of memory");
out:
    pairs_free(&headers);
    pairs_free(&query);
    if (!ok)
        sigv4_signature_free(signature);
    return ok;
}

void sigv4_signature_free(struct sigv4_signature *signature)
{
    buffer_free(&signature->canonical_request);
    buffer_free(&signature->string_to_sign);
    buffer_free(&signature->signed_headers);
    buffer_free(&signature->authorization);
}
