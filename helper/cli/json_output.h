/*
 * JSON for people and programs: a member to a line, indented by four blanks. The writer only has to
 * nest its calls; commas and line breaks are put here. The struct owns its text.
 */
#ifndef SSMENV_CLI_JSON_OUTPUT_H
#define SSMENV_CLI_JSON_OUTPUT_H

#include <stdbool.h>

#include "common/buffer.h"

struct json_output {
    struct buffer text;
    unsigned depth;
    bool filled; /* the innermost object or array has an element already */
};

#define JSON_OUTPUT_INIT ((struct json_output){.text = BUFFER_INIT})

/* name: of the member; NULL within an array and at the top. open: '{' or '['. */
void json_output_open(struct json_output *output, const char *name, char open);
void json_output_close(struct json_output *output, char close);
void json_output_text(struct json_output *output, const char *name, const char *text);

/* Ends the last line. */
void json_output_end(struct json_output *output);
void json_output_free(struct json_output *output);

#endif
