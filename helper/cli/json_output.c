#include "cli/json_output.h"

#include "aws/json.h"

#define INDENT 4

static void begin_line(struct json_output *output)
{
    if (output->text.length > 0)
        buffer_append_format(&output->text, "\n%*s", (int)(INDENT * output->depth), "");
}

static void begin_element(struct json_output *output, const char *name)
{
    if (output->filled)
        buffer_append_char(&output->text, ',');
    begin_line(output);
    if (name != NULL) {
        json_quote(&output->text, name);
        buffer_append_text(&output->text, ": ");
    }
}

void json_output_open(struct json_output *output, const char *name, char open)
{
    begin_element(output, name);
    buffer_append_char(&output->text, open);
    output->depth++;
    output->filled = false;
}

void json_output_close(struct json_output *output, char close)
{
    output->depth--;
    if (output->filled)
        begin_line(output);
    buffer_append_char(&output->text, close);
    output->filled = true;
}

void json_output_text(struct json_output *output, const char *name, const char *text)
{
    begin_element(output, name);
    json_quote(&output->text, text);
    output->filled = true;
}

void json_output_end(struct json_output *output)
{
    buffer_append_char(&output->text, '\n');
}

void json_output_free(struct json_output *output)
{
    buffer_free(&output->text);
    *output = JSON_OUTPUT_INIT;
}
