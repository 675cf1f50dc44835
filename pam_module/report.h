/*
 * What the module says: one line per login to the system log, and at most one fixed sentence to the
 * user.
 *
 * A line is put together from texts of any origin and made harmless as a whole just before it is
 * logged: whatever is not printable ASCII (control characters, escape sequences, the C1 controls,
 * and with them broken and unusual UTF-8) becomes '?', and what is longer than a line ends in
 * "...". Nothing is kept between calls and the host's connection to the log is used as it is.
 */
#ifndef SSMENV_MODULE_REPORT_H
#define SSMENV_MODULE_REPORT_H

#include <security/pam_modules.h>
#include <stddef.h>

/* RFC 3164 receivers take 1024 bytes, rsyslog and journald far more; a fault or a few warnings have
 * to fit. */
#define REPORT_LINE_BYTES 2048

struct report_line {
    char text[REPORT_LINE_BYTES];
    size_t length;
};

#define REPORT_LINE_EMPTY ((struct report_line){.length = 0})

void report_add(struct report_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* priority as in syslog(3), without a facility: pam_syslog logs to LOG_AUTHPRIV. */
void report_log(pam_handle_t *pamh, int priority, struct report_line *line);

/* Through the application's conversation, and only where somebody sits at a terminal: PAM_TTY is
 * set and flags lack PAM_SILENT. */
void report_tell_user(pam_handle_t *pamh, int flags, const char *sentence);

#endif
