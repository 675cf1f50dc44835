#include "common/invocation.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ssmenv/limits.h"

enum argument_type { ARGUMENT_TEXT, ARGUMENT_NUMBER };

/* One row per argument. Texts are bounded by limit bytes, numbers by limit itself. */
static const struct argument {
    const char *name;
    enum argument_type type;
    int64_t limit;
    bool required;
} arguments[] = {
    {"--user=", ARGUMENT_TEXT, LIMIT_USER_BYTES, true},
    {"--service=", ARGUMENT_TEXT, LIMIT_SERVICE_BYTES, true},
    {"--config=", ARGUMENT_TEXT, LIMIT_PATH_BYTES, true},
    {"--timeout-ms=", ARGUMENT_NUMBER, TIMEOUT_MAX_MS, true},
    {"--parent=", ARGUMENT_NUMBER, INT32_MAX, true},
    {"--uid=", ARGUMENT_NUMBER, UINT32_MAX - 1, false},
    {"--gid=", ARGUMENT_NUMBER, UINT32_MAX - 1, false},
};

#define ARGUMENTS (sizeof arguments / sizeof arguments[0])

struct parsed {
    const char *text;
    int64_t number;
};

static bool parse_number(const char *text, int64_t limit, int64_t *number)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && *number >= 1 && *number <= limit;
}

static bool parse_one(const char *text, struct parsed parsed[ARGUMENTS], struct error *error)
{
    for (size_t i = 0; i < ARGUMENTS; i++) {
        size_t length = strlen(arguments[i].name);
        const char *value = text + length;

        if (strncmp(text, arguments[i].name, length) != 0)
            continue;
        if (parsed[i].text != NULL)
            return error_set(error, "argument %s is given twice", arguments[i].name);
        if (arguments[i].type == ARGUMENT_NUMBER
                ? !parse_number(value, arguments[i].limit, &parsed[i].number)
                : *value == '\0' || strlen(value) > (size_t)arguments[i].limit)
            return error_set(error, "argument %s has no usable value", arguments[i].name);
        parsed[i].text = value;
        return true;
    }
    return error_set(error, "an argument is unknown: this program is started by pam_ssmenv.so");
}

bool invocation_parse(struct invocation *invocation, char **argv, struct error *error)
{
    struct parsed parsed[ARGUMENTS] = {0};

    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        if (!parse_one(argv[i], parsed, error))
            return false;
    }
    for (size_t i = 0; i < ARGUMENTS; i++) {
        if (arguments[i].required && parsed[i].text == NULL)
            return error_set(error,
                             "argument %s is missing: this program is started by "
                             "pam_ssmenv.so",
                             arguments[i].name);
    }
    *invocation = (struct invocation){.user = parsed[0].text,
                                      .service = parsed[1].text,
                                      .config = parsed[2].text,
                                      .timeout_ms = parsed[3].number,
                                      .parent = (pid_t)parsed[4].number,
                                      .uid = (uid_t)parsed[5].number,
                                      .gid = (gid_t)parsed[6].number};
    return true;
}
