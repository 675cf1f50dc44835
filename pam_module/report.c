#include "report.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."

void report_add(struct report_line *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length < room) {
        line->length += (size_t)length;
        return;
    }
    line->length = sizeof line->text - 1;
    memcpy(line->text + sizeof line->text - sizeof ELLIPSIS, ELLIPSIS, sizeof ELLIPSIS);
}

void report_log(pam_handle_t *pamh, int priority, struct report_line *line)
{
    line->text[line->length] = '\0';
    for (size_t i = 0; i < line->length; i++) {
        if (line->text[i] < 0x20 || line->text[i] > 0x7e)
            line->text[i] = '?';
    }
    pam_syslog(pamh, priority, "%s", line->text);
}

void report_tell_user(pam_handle_t *pamh, int flags, const char *sentence)
{
    const void *terminal = NULL;
    const void *item = NULL;
    const struct pam_conv *conversation;

    if (((unsigned)flags & PAM_SILENT) != 0 ||
        pam_get_item(pamh, PAM_TTY, &terminal) != PAM_SUCCESS || terminal == NULL ||
        *(const char *)terminal == '\0')
        return;
    /* libpam would log a line of its own about a host that cannot converse. */
    if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
        return;
    conversation = item;
    if (conversation->conv != NULL)
        pam_error(pamh, "%s", sentence);
}
