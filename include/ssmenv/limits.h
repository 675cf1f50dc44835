/*
 * Every size, count and time that more than one program of pam_ssmenv has to agree on, with its
 * reason. The module checks what the helper sends against these numbers again, so both sides
 * include this file and nobody writes a second copy of a number.
 */
#ifndef SSMENV_LIMITS_H
#define SSMENV_LIMITS_H

/* What one login may receive. The kernel guarantees 128 KiB for arguments and environment together
 * (execve(2), "Limits on size of arguments and environment"): 96 KiB leaves room for the session's
 * own variables, so a session with our variables can always start programs. */
#define LIMIT_VARIABLES         256
#define LIMIT_ENVIRONMENT_BYTES (96 * 1024) /* sum of strlen("NAME=VALUE") + 1 */
#define LIMIT_VALUE_BYTES       (64 * 1024)
#define LIMIT_NAME_BYTES        128

/* A reply: the environment, plus the error and warning texts, plus framing. */
#define LIMIT_MESSAGE_BYTES 1024 /* an error or warning text; rsyslog's default line is 8 KiB */
#define LIMIT_WARNINGS      16
#define LIMIT_REPLY_BYTES                                                                          \
    (LIMIT_ENVIRONMENT_BYTES + 8 * LIMIT_VARIABLES +                                               \
     (LIMIT_WARNINGS + 2) * (LIMIT_MESSAGE_BYTES + 8))

/* What the helper may ask of the fetcher, and the fetcher may answer. A Parameter Store name has at
 * most 2048 bytes (API reference, PSParameterName), an ARN adds region, account and selector. */
#define LIMIT_LOOKUPS             1024
#define LIMIT_LOOKUP_NAME_BYTES   2560
#define LIMIT_LOOKUP_MEMBER_BYTES 1024 /* a JSON pointer; keys are words, not documents */
#define LIMIT_IMPORT_ENTRIES      1024
#define LIMIT_SETTING_BYTES       4096
#define LIMIT_SETTINGS            64
#define LIMIT_IDENTITIES          64  /* of [aws] and [aws NAME] */
#define LIMIT_SECTION_BYTES       160 /* aws NAME */
#define LIMIT_REQUEST_BYTES       (4 * 1024 * 1024)
#define LIMIT_RESULT_BYTES        (16 * 1024 * 1024)

/* The configuration: far more than anybody writes by hand, little enough to read at each login. */
#define LIMIT_CONFIG_BYTES (1024 * 1024) /* each file */
#define LIMIT_CONFIG_FILES 1024          /* of conf.d */

/* What the helper may ask about groups: each different pattern of the criterion group, once. */
#define LIMIT_GROUP_PATTERNS 4096
#define LIMIT_QUESTION_BYTES LIMIT_CONFIG_BYTES

/* Names that reach us from outside: useradd allows 32 bytes for a user, directories up to 256. */
#define LIMIT_USER_BYTES    256
#define LIMIT_SERVICE_BYTES 256
#define LIMIT_PATH_BYTES    4096

/* Times, in milliseconds. A login waits for the module's deadline at most; the helper stops its own
 * work HELPER_MARGIN earlier, so that its answer, not its death, reaches the log. */
#define TIMEOUT_DEFAULT_MS 2500
#define TIMEOUT_MIN_MS     100
#define TIMEOUT_MAX_MS     60000
#define HELPER_MARGIN_MS   300

#endif
