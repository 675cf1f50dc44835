/*
 * usage: sigv4-suite FOLDER
 *
 * Runs our signer over a folder in the format of AWS's published Signature Version 4 test suite:
 * one folder for each case, in it request.txt and context.json, and for each form (header, query)
 * what is to come out: FORM-canonical-request.txt, FORM-string-to-sign.txt, FORM-signature.txt and
 * FORM-signed-request.txt. FOLDER may also be a single case. Prints TAP, one line for each case and
 * form; a form without files is skipped and says so.
 *
 * Canonical request, string to sign and signature are compared byte by byte, but for line breaks at
 * the end. Of the signed request the meaning is compared: AWS's editions of the suite differ in the
 * order of headers and parameters, and some of them add an unsigned X-Amz-Date to presigned ones.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "aws/sigv4.h"
#include "aws/sigv4_canonical.h"

#define HEADERS_MAX 64
#define PATH_BYTES  4096
#define FILE_LIMIT  ((size_t)1024 * 1024)

/* context.json: as whom, where and when to sign, and how. */
struct context {
    struct credentials credentials; /* borrowed from json */
    struct sigv4_scope scope;
    unsigned expires;
    bool normalise;
    bool sign_body;
    bool omit_token;
    cJSON *json;
};

/* request.txt. Header lines end where a line follows that does not begin with a blank. */
struct message {
    struct buffer head; /* the bytes before the empty line */
    struct buffer body;
    char *method;
    char *path;
    char *query;
    char *lines[HEADERS_MAX]; /* NAME and value, cut into two texts; folded lines are joined */
    struct sigv4_header headers[HEADERS_MAX];
    size_t header_count;
};

struct form {
    const char *name; /* of its files and of the test */
    bool (*sign)(const struct message *message, const struct context *context,
                 struct sigv4_signature *signature, struct buffer *sent, struct error *error);
};

static void message_free(struct message *message)
{
    buffer_free(&message->head);
    buffer_free(&message->body);
    text_free(message->method);
    text_free(message->path);
    text_free(message->query);
    for (size_t i = 0; i < message->header_count; i++)
        text_free(message->lines[i]);
    *message = (struct message){0};
}

static bool join(char path[PATH_BYTES], const char *folder, const char *name)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s", folder, name);

    return length > 0 && length < PATH_BYTES;
}

static bool read_file(const char *folder, const char *name, struct buffer *contents)
{
    char path[PATH_BYTES];
    char bytes[4096];
    size_t count;
    FILE *file = join(path, folder, name) ? fopen(path, "r") : NULL;

    if (file == NULL)
        return false;
    contents->limit = FILE_LIMIT;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_append(contents, bytes, count);
    fclose(file);
    return !buffer_failed(contents);
}

static bool file_exists(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct stat status;

    return join(path, folder, name) && stat(path, &status) == 0;
}

/* METHOD SP TARGET SP HTTP/1.1; the target may hold blanks. */
static bool parse_request_line(struct message *message, const char *line, size_t length)
{
    const char *end = line + length;
    const char *method_end = memchr(line, ' ', length);
    const char *version = memrchr(line, ' ', length);
    const char *target;
    const char *question;

    if (method_end == NULL || version == method_end || strncmp(version, " HTTP/", 6) != 0 ||
        end - version < 6)
        return false;
    target = method_end + 1;
    question = memchr(target, '?', (size_t)(version - target));
    message->method = text_copy_bytes(line, (size_t)(method_end - line));
    message->path =
        text_copy_bytes(target, (size_t)((question != NULL ? question : version) - target));
    message->query = question != NULL
                         ? text_copy_bytes(question + 1, (size_t)(version - question - 1))
                         : text_copy("");
    return message->method != NULL && message->path != NULL && message->query != NULL;
}

/* RFC 9112, section 5.2: a recipient replaces a line break and the blanks after it by a blank. */
static bool parse_header(struct message *message, const char *line, size_t length)
{
    char *colon;
    char *copy;

    if (message->header_count == HEADERS_MAX)
        return false;
    copy = text_copy_bytes(line, length);
    colon = copy != NULL ? strchr(copy, ':') : NULL;
    if (colon == NULL) {
        text_free(copy);
        return false;
    }
    *colon = '\0';
    for (char *c = colon + 1; *c != '\0'; c++)
        *c = *c == '\n' || *c == '\r' ? ' ' : *c;
    message->lines[message->header_count] = copy;
    message->headers[message->header_count++] = (struct sigv4_header){copy, colon + 1};
    return true;
}

static size_t line_length(const char *text, bool folded)
{
    size_t length = strcspn(text, "\n");

    while (folded && text[length] == '\n' && (text[length + 1] == ' ' || text[length + 1] == '\t'))
        length += 1 + strcspn(text + length + 1, "\n");
    return length;
}

static const char *next_line(const char *line, size_t length)
{
    return line + length + (line[length] == '\n' ? 1 : 0);
}

static bool message_parse(struct message *message, const char *text)
{
    const char *line = text;
    size_t length = line_length(line, false);

    *message = (struct message){0};
    if (!parse_request_line(message, line, length))
        return false;
    for (line = next_line(line, length); *line != '\0' && *line != '\n' && *line != '\r';
         line = next_line(line, length)) {
        length = line_length(line, true);
        if (!parse_header(message, line, length))
            return false;
    }
    buffer_append(&message->head, text, (size_t)(line - text));
    if (*line != '\0')
        buffer_append_text(&message->body, next_line(line, strcspn(line, "\n")));
    return !buffer_failed(&message->head) && !buffer_failed(&message->body);
}

static char *json_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool json_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool parse_time(const char *text, time_t *time)
{
    struct tm utc = {0};
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) : NULL;

    *time = timegm(&utc);
    return end != NULL && *end == '\0';
}

static bool context_parse(struct context *context, const char *text)
{
    cJSON *json = cJSON_Parse(text);
    const cJSON *credentials = cJSON_GetObjectItemCaseSensitive(json, "credentials");
    double expires =
        cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "expiration_in_seconds"));

    *context = (struct context){
        .json = json,
        .credentials = {.access_key_id = json_text(credentials, "access_key_id"),
                        .secret_access_key = json_text(credentials, "secret_access_key"),
                        .session_token = json_text(credentials, "token")},
        .scope = {.region = json_text(json, "region"), .service = json_text(json, "service")},
        .expires = expires > 0 && expires < 1e9 ? (unsigned)expires : 3600,
        .normalise = json_true(json, "normalize"),
        .sign_body = json_true(json, "sign_body"),
        .omit_token = json_true(json, "omit_session_token")};
    return context->credentials.access_key_id != NULL &&
           context->credentials.secret_access_key != NULL && context->scope.region != NULL &&
           context->scope.service != NULL &&
           parse_time(json_text(json, "timestamp"), &context->scope.time);
}

/* What is signed: a token that is sent but not signed is none of the signer's business. */
static struct credentials signers_credentials(const struct context *context)
{
    struct credentials credentials = context->credentials;

    if (context->omit_token)
        credentials.session_token = NULL;
    return credentials;
}

static struct sigv4_request to_request(const struct message *message, const struct context *context)
{
    return (struct sigv4_request){.method = message->method,
                                  .path = message->path,
                                  .query = message->query,
                                  .headers = message->headers,
                                  .header_count = message->header_count,
                                  .body = buffer_text(&message->body),
                                  .body_length = message->body.length,
                                  .normalise_path = context->normalise};
}

static void digest_body(const struct message *message, char hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};

    EVP_Digest(buffer_text(&message->body), message->body.length, digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static bool sign_header_form(const struct message *message, const struct context *context,
                             struct sigv4_signature *signature, struct buffer *sent,
                             struct error *error)
{
    struct credentials credentials = signers_credentials(context);
    struct sigv4_request request = to_request(message, context);
    struct sigv4_header headers[HEADERS_MAX + 1];
    char digest[65] = "";

    memcpy(headers, message->headers, sizeof message->headers);
    request.headers = headers;
    if (context->sign_body) {
        digest_body(message, digest);
        headers[request.header_count++] = (struct sigv4_header){"x-amz-content-sha256", digest};
    }
    if (!sigv4_sign(&request, &credentials, &context->scope, signature, error))
        return false;
    buffer_append(sent, buffer_text(&message->head), message->head.length);
    if (sent->length > 0 && sent->data[sent->length - 1] != '\n')
        buffer_append_char(sent, '\n');
    if (context->credentials.session_token != NULL)
        buffer_append_format(sent, "X-Amz-Security-Token:%s\n", context->credentials.session_token);
    buffer_append_format(sent, "X-Amz-Date:%s\n", signature->date);
    if (context->sign_body)
        buffer_append_format(sent, "x-amz-content-sha256:%s\n", digest);
    buffer_append_format(sent, "Authorization:%s\n\n", buffer_text(&signature->authorization));
    buffer_append(sent, buffer_text(&message->body), message->body.length);
    return true;
}

static void append_unsigned_token(struct buffer *query, const struct context *context)
{
    const char *token = context->credentials.session_token;

    buffer_append_text(query, "&X-Amz-Security-Token=");
    canonical_encode(query, token, strlen(token), "");
}

static bool sign_query_form(const struct message *message, const struct context *context,
                            struct sigv4_signature *signature, struct buffer *sent,
                            struct error *error)
{
    struct credentials credentials = signers_credentials(context);
    struct sigv4_request request = to_request(message, context);
    struct buffer query = BUFFER_INIT;
    const char *headers = strchr(buffer_text(&message->head), '\n');

    if (!sigv4_presign(&request, &credentials, &context->scope, context->expires, &query, signature,
                       error))
        return false;
    if (context->omit_token && context->credentials.session_token != NULL)
        append_unsigned_token(&query, context);
    buffer_append_format(sent, "%s %s?%s HTTP/1.1%s", message->method, message->path,
                         buffer_text(&query), headers != NULL ? headers : "\n");
    if (sent->data[sent->length - 1] != '\n')
        buffer_append_char(sent, '\n');
    buffer_append_char(sent, '\n');
    buffer_append(sent, buffer_text(&message->body), message->body.length);
    buffer_free(&query);
    return true;
}

static const struct form forms[] = {
    {"header", sign_header_form},
    {"query", sign_query_form},
};

/* Whether each part of a is one of b. */
static bool query_is_within(const char *a, const char *b)
{
    while (*a != '\0') {
        size_t length = strcspn(a, "&");
        const char *part = b;

        while (*part != '\0' && !(strcspn(part, "&") == length && strncmp(part, a, length) == 0))
            part += strcspn(part, "&") + (part[strcspn(part, "&")] == '&' ? 1 : 0);
        if (*part == '\0')
            return false;
        a += length + (a[length] == '&' ? 1 : 0);
    }
    return true;
}

static bool has_header(const struct message *message, const struct sigv4_header *header)
{
    const char *value = header->value + strspn(header->value, " ");

    for (size_t i = 0; i < message->header_count; i++) {
        const struct sigv4_header *other = &message->headers[i];

        if (strcasecmp(other->name, header->name) == 0 &&
            strcmp(other->value + strspn(other->value, " "), value) == 0)
            return true;
    }
    return false;
}

static bool headers_are_within(const struct message *a, const struct message *b, bool presigned)
{
    for (size_t i = 0; i < a->header_count; i++) {
        bool unsigned_date = presigned && strcasecmp(a->headers[i].name, "x-amz-date") == 0;

        if (!unsigned_date && !has_header(b, &a->headers[i]))
            return false;
    }
    return true;
}

static bool is_same_message(const struct message *a, const struct message *b, bool presigned)
{
    return strcmp(a->method, b->method) == 0 && strcmp(a->path, b->path) == 0 &&
           query_is_within(a->query, b->query) && query_is_within(b->query, a->query) &&
           headers_are_within(a, b, presigned) && headers_are_within(b, a, presigned) &&
           strcmp(buffer_text(&a->body), buffer_text(&b->body)) == 0;
}

static bool check_sent(const struct buffer *sent, const struct buffer *expected, bool presigned)
{
    struct message a = {0};
    struct message b = {0};
    bool same = message_parse(&a, buffer_text(sent)) && message_parse(&b, buffer_text(expected)) &&
                is_same_message(&a, &b, presigned);

    message_free(&a);
    message_free(&b);
    return same;
}

static size_t trimmed_length(const struct buffer *buffer)
{
    size_t length = buffer->length;

    while (length > 0 && (buffer->data[length - 1] == '\n' || buffer->data[length - 1] == '\r'))
        length--;
    return length;
}

static bool is_same_text(const struct buffer *a, const struct buffer *b)
{
    return trimmed_length(a) == trimmed_length(b) &&
           memcmp(buffer_text(a), buffer_text(b), trimmed_length(a)) == 0;
}

static void print_lines(const char *title, const struct buffer *text)
{
    const char *line = buffer_text(text);

    printf("#   %s:\n", title);
    for (size_t length; *line != '\0'; line = next_line(line, length)) {
        length = line_length(line, false);
        printf("#     %.*s\n", (int)length, line);
    }
}

/* Compares with the file FORM-WHAT.txt of the case. */
static bool check(const char *folder, const struct form *form, const char *what,
                  const struct buffer *actual)
{
    struct buffer expected = BUFFER_INIT;
    char name[64];
    bool same = false;

    snprintf(name, sizeof name, "%s-%s.txt", form->name, what);
    if (!read_file(folder, name, &expected)) {
        printf("# %s/%s cannot be read\n", folder, name);
    } else {
        same = strcmp(what, "signed-request") == 0
                   ? check_sent(actual, &expected, strcmp(form->name, "query") == 0)
                   : is_same_text(actual, &expected);
        if (!same) {
            printf("# %s/%s differs\n", folder, name);
            print_lines("actual", actual);
            print_lines("expected", &expected);
        }
    }
    buffer_free(&expected);
    return same;
}

static bool check_form(const char *folder, const struct form *form, const struct message *message,
                       const struct context *context)
{
    struct sigv4_signature signature;
    struct buffer sent = BUFFER_INIT;
    struct buffer hex = BUFFER_INIT;
    struct error error = ERROR_INIT;
    bool ok;

    if (!form->sign(message, context, &signature, &sent, &error)) {
        printf("# %s\n", error.text);
        return false;
    }
    buffer_append_text(&hex, signature.signature);
    ok = check(folder, form, "canonical-request", &signature.canonical_request);
    ok = check(folder, form, "string-to-sign", &signature.string_to_sign) && ok;
    ok = check(folder, form, "signature", &hex) && ok;
    ok = check(folder, form, "signed-request", &sent) && ok;
    sigv4_signature_free(&signature);
    buffer_free(&sent);
    buffer_free(&hex);
    return ok;
}

static bool run_form(const char *folder, const struct form *form)
{
    struct buffer request = BUFFER_INIT;
    struct buffer settings = BUFFER_INIT;
    struct message message = {0};
    struct context context = {0};
    bool ok = false;

    if (!read_file(folder, "request.txt", &request) ||
        !message_parse(&message, buffer_text(&request)))
        printf("# %s/request.txt is no HTTP request\n", folder);
    else if (!read_file(folder, "context.json", &settings) ||
             !context_parse(&context, buffer_text(&settings)))
        printf("# %s/context.json lacks something\n", folder);
    else
        ok = check_form(folder, form, &message, &context);
    message_free(&message);
    cJSON_Delete(context.json);
    buffer_free(&request);
    buffer_free(&settings);
    return ok;
}

struct tally {
    unsigned count;
    unsigned failed;
};

static void run_case(const char *folder, const char *name, struct tally *tally)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char signature[64];

        snprintf(signature, sizeof signature, "%s-signature.txt", forms[i].name);
        tally->count++;
        if (!file_exists(folder, signature)) {
            printf("ok %u - %s, %s form # SKIP the case has no %s\n", tally->count, name,
                   forms[i].name, signature);
        } else {
            bool ok = run_form(folder, &forms[i]);

            tally->failed += ok ? 0 : 1;
            printf("%s %u - %s, %s form\n", ok ? "ok" : "not ok", tally->count, name,
                   forms[i].name);
        }
    }
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_folder(const char *folder, struct tally *tally)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);

    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];

        if (join(path, folder, entries[i]->d_name) && file_exists(path, "request.txt"))
            run_case(path, entries[i]->d_name, tally);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    struct tally tally = {0};

    if (argc != 2) {
        fputs("usage: sigv4-suite FOLDER\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (file_exists(argv[1], "request.txt"))
        run_case(argv[1], argv[1], &tally);
    else
        run_folder(argv[1], &tally);
    if (tally.count == 0) {
        printf("Bail out! %s holds no case: no folder in it has a request.txt\n", argv[1]);
        return 1;
    }
    printf("1..%u\n", tally.count);
    return tally.failed == 0 ? 0 : 1;
}
