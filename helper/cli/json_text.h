/* Writing JSON (RFC 8259): a text in its quotes, everything else is the caller's own. */
#ifndef SSMENV_CLI_JSON_TEXT_H
#define SSMENV_CLI_JSON_TEXT_H

#include "common/buffer.h"

/* text is UTF-8. NULL gives null. */
void json_put_text(struct buffer *json, const char *text);

#endif
