/*
 * libFuzzer: any text, cut at |, as path, query, a header and endpoint_url.
 * What must hold: whatever is signed has canonical forms of the right number of lines, and nothing
 * that is put into a header or an URL has a line break or a blank that it should not have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/sigv4.h"

#define TEXTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t count_lines(const struct buffer *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->length; i++)
        count += text->data[i] == '\n' ? 1 : 0;
    return count;
}

static void check_signature(const struct sigv4_request *request, struct credentials *credentials)
{
    const struct sigv4_scope scope = {"us-east-1", "ssm", 1440938160};
    struct sigv4_signature signature;
    struct buffer query = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (sigv4_sign(request, credentials, &scope, &signature, &error)) {
        require(count_lines(&signature.canonical_request) <= 9);
        require(count_lines(&signature.string_to_sign) == 3);
        require(strpbrk(buffer_text(&signature.authorization), "\r\n") == NULL);
        sigv4_signature_free(&signature);
    }
    if (sigv4_presign(request, credentials, &scope, 60, &query, &signature, &error)) {
        require(strpbrk(buffer_text(&query), "\r\n") == NULL);
        require(strlen(strstr(buffer_text(&query), "&X-Amz-Signature=")) == 17 + 64);
        sigv4_signature_free(&signature);
    }
    buffer_free(&query);
}

static void check_endpoint(char *url)
{
    static char key[] = "endpoint_url";
    struct setting setting = {key, url};
    const struct identity settings = {&setting, 1};
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    if (!endpoint_find(&endpoint, &settings, "ssm", "us-east-1", &error))
        return;
    require(strncmp(endpoint.url, "http", 4) == 0 && endpoint.path[0] == '/');
    require(strpbrk(endpoint.url, " \t\r\n@?#%") == NULL && endpoint.port != 0);
    endpoint_free(&endpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = calloc(1, size + 1);
    char *texts[TEXTS];
    char key[] = "AKIDEXAMPLE";
    char secret[] = "secret";
    char *rest = copy;

    memcpy(copy, data, size);
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = strsep(&rest, i == TEXTS - 1 ? "" : "|");
        if (texts[i] == NULL)
            texts[i] = copy + size;
    }
    const struct sigv4_header headers[] = {{"Host", "h"}, {texts[2], texts[3]}};
    const struct sigv4_request request = {.method = "POST",
                                          .path = texts[0],
                                          .query = texts[1],
                                          .headers = headers,
                                          .header_count = 2,
                                          .normalise_path = size % 2 == 0};
    struct credentials credentials = {.access_key_id = key, .secret_access_key = secret};

    check_signature(&request, &credentials);
    check_endpoint(texts[4]);
    free(copy);
    return 0;
}
