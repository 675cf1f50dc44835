/*
 * What comes from the network: error bodies, answers of Parameter Store, JSON values with members.
 * The first line of the input is the pointer of the member, the rest is the body.
 */
#include <stdint.h>
#include <string.h>

#include "aws/json.h"
#include "aws/select.h"
#include "aws/service_error.h"
#include "aws/ssm_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_answer(const char *body, size_t length)
{
    static const char *const names[] = {"/p", "/p:3", "arn:aws:ssm:r:1:parameter/p"};
    static struct ssm_found_list list;
    struct json answer;
    struct buffer text = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (!json_read(&answer, body, length))
        return;
    ssm_read_found(&list, answer);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct ssm_found *found = ssm_match(&list, names[i], names, 3);

        buffer_clear(&text);
        if (found != NULL)
            ssm_read_value(found, &text, &error);
        ssm_is_invalid(answer, names[i]);
    }
    ssm_read_token(answer, &text);
    ssm_found_free(&list);
    buffer_free(&text);
}

static void read_error(const char *header, const char *body, size_t length)
{
    struct service_error refusal;
    struct error error = ERROR_INIT;

    service_error_read(&refusal, 400, header, header, body, length);
    service_error_describe(&refusal, "ssm:GetParameters", "/p", "arn", &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    struct buffer pointer = BUFFER_INIT;
    struct buffer body = BUFFER_INIT;
    struct buffer text = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (line == NULL)
        return 0;
    buffer_append_char(&pointer, '/');
    buffer_append(&pointer, data, (size_t)(line - data));
    buffer_append(&body, line + 1, size - (size_t)(line + 1 - data));
    read_answer(buffer_text(&body), body.length);
    read_error(buffer_text(&pointer), buffer_text(&body), body.length);
    select_member(buffer_text(&body), buffer_text(&pointer), &text, &error);
    buffer_free(&pointer);
    buffer_free(&body);
    buffer_free(&text);
    return 0;
}
