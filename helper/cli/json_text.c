#include "cli/json_text.h"

void json_put_text(struct buffer *json, const char *text)
{
    if (text == NULL) {
        buffer_append_text(json, "null");
        return;
    }
    buffer_append_char(json, '"');
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\')
            buffer_append_char(json, '\\');
        if (byte < ' ' || byte == 0x7f)
            buffer_append_format(json, "\\u%04x", byte);
        else
            buffer_append_char(json, *text);
    }
    buffer_append_char(json, '"');
}
