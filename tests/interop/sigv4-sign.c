/*
 * Signs what other signers are compared with: one request a line on standard input, as a JSON
 * object; one answer a line on standard output. All texts may hold any UTF-8.
 *
 *   {"method": …, "path": …, "query": …, "headers": [[NAME, VALUE] …], "body": …,
 *    "normalise": BOOLEAN, "region": …, "service": …, "time": SECONDS,
 *    "key": …, "secret": …, "token": … or null, "expires": SECONDS or absent for the header form}
 *   {"canonical_request": …, "string_to_sign": …, "signature": …, "authorization": …, "query": …}
 *   {"error": …}
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"

#define HEADERS_MAX 64

static char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

static size_t read_headers(const cJSON *list, struct sigv4_header headers[HEADERS_MAX])
{
    const cJSON *pair;
    size_t count = 0;

    cJSON_ArrayForEach(pair, list)
    {
        if (count < HEADERS_MAX)
            headers[count++] =
                (struct sigv4_header){cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)),
                                      cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1))};
    }
    return count;
}

static bool sign(const cJSON *input, struct sigv4_signature *signature, struct buffer *query,
                 struct error *error)
{
    struct sigv4_header headers[HEADERS_MAX];
    const char *body = text_of(input, "body");
    const struct sigv4_request request = {
        .method = text_of(input, "method"),
        .path = text_of(input, "path"),
        .query = text_of(input, "query"),
        .headers = headers,
        .header_count = read_headers(cJSON_GetObjectItemCaseSensitive(input, "headers"), headers),
        .body = body,
        .body_length = strlen(body),
        .normalise_path = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(input, "normalise"))};
    const struct credentials credentials = {.access_key_id = text_of(input, "key"),
                                            .secret_access_key = text_of(input, "secret"),
                                            .session_token = text_of(input, "token")};
    const struct sigv4_scope scope = {text_of(input, "region"), text_of(input, "service"),
                                      (time_t)number_of(input, "time")};
    unsigned expires = (unsigned)number_of(input, "expires");

    return expires > 0
               ? sigv4_presign(&request, &credentials, &scope, expires, query, signature, error)
               : sigv4_sign(&request, &credentials, &scope, signature, error);
}

static void answer(const cJSON *input)
{
    cJSON *output = cJSON_CreateObject();
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;
    char *line;

    if (sign(input, &signature, &query, &error)) {
        cJSON_AddStringToObject(output, "canonical_request",
                                buffer_text(&signature.canonical_request));
        cJSON_AddStringToObject(output, "string_to_sign", buffer_text(&signature.string_to_sign));
        cJSON_AddStringToObject(output, "signature", signature.signature);
        cJSON_AddStringToObject(output, "authorization", buffer_text(&signature.authorization));
        cJSON_AddStringToObject(output, "query", buffer_text(&query));
        sigv4_signature_free(&signature);
    } else {
        cJSON_AddStringToObject(output, "error", error.text);
    }
    line = cJSON_PrintUnformatted(output);
    puts(line);
    cJSON_free(line);
    cJSON_Delete(output);
    buffer_free(&query);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        cJSON *input = cJSON_Parse(line);

        if (!cJSON_IsObject(input)) {
            fputs("sigv4-sign: expected a JSON object on each line\n", stderr);
            return 1;
        }
        answer(input);
        cJSON_Delete(input);
    }
    free(line);
    return 0;
}
