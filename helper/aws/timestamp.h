/*
 * Points in time as AWS's services write them.
 */
#ifndef SSMENV_AWS_TIMESTAMP_H
#define SSMENV_AWS_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 3339: 2026-11-24T11:59:00Z, with a fraction or an offset such as +01:00 where one is written.
 * Seconds since 1970. False for anything else, dates that no calendar has included. */
bool timestamp_read(const char *text, int64_t *seconds);

/* The form that RFC 9110 prefers for HTTP: Tue, 24 Nov 2026 11:59:00 GMT. */
bool timestamp_read_http(const char *text, int64_t *seconds);

#endif
