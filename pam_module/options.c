#include "options.h"

#include <string.h>

#include "paths.h"
#include "ssmenv/duration.h"
#include "ssmenv/limits.h"

#define ALLOWED                                                                                    \
    "config=PATH helper=PATH timeout=DURATION on_error=ignore|deny break_glass=GROUP quiet debug"
/* Leaves room in a fault for ALLOWED and for the number of further mistakes. */
#define MISTAKES_BYTES (LIMIT_MESSAGE_BYTES - sizeof ALLOWED - 64)
#define QUOTED_BYTES   80 /* of an argument that is quoted back */

static bool read_path(const char **path, const char *value)
{
    *path = value;
    return value[0] == '/' && strlen(value) <= LIMIT_PATH_BYTES;
}

static bool read_config(struct options *options, const char *value)
{
    return read_path(&options->config, value);
}

static bool read_helper(struct options *options, const char *value)
{
    return read_path(&options->helper, value);
}

static bool read_timeout(struct options *options, const char *value)
{
    uint64_t milliseconds;

    if (!duration_parse(value, strlen(value), &milliseconds) || milliseconds < TIMEOUT_MIN_MS ||
        milliseconds > TIMEOUT_MAX_MS)
        return false;
    options->timeout_ms = (int64_t)milliseconds;
    return true;
}

static bool read_on_error(struct options *options, const char *value)
{
    options->on_error = strcmp(value, "deny") == 0 ? ON_ERROR_DENY : ON_ERROR_IGNORE;
    return options->on_error == ON_ERROR_DENY || strcmp(value, "ignore") == 0;
}

static bool read_break_glass(struct options *options, const char *value)
{
    options->break_glass = value;
    return *value != '\0';
}

static bool read_quiet(struct options *options, const char *value)
{
    options->quiet = true;
    return value == NULL;
}

static bool read_debug(struct options *options, const char *value)
{
    options->debug = true;
    return value == NULL;
}

static const struct option {
    const char *name;
    bool takes_value;
    bool (*read)(struct options *options, const char *value);
    const char *expected;
} table[] = {
    {"config", true, read_config, "an absolute path"},
    {"helper", true, read_helper, "an absolute path"},
    {"timeout", true, read_timeout, "a duration from 100ms to 60s, for example 3s"},
    {"on_error", true, read_on_error, "ignore or deny"},
    {"break_glass", true, read_break_glass, "the name of a group"},
    {"quiet", false, read_quiet, "no value"},
    {"debug", false, read_debug, "no value"},
};

#define OPTIONS (sizeof table / sizeof table[0])

struct mistakes {
    struct fault *fault;
    size_t further; /* that found no room in the fault */
};

static void add_mistake(struct mistakes *mistakes, const char *argument, const char *what,
                        const char *detail)
{
    if (strlen(mistakes->fault->text) + QUOTED_BYTES + 100 > MISTAKES_BYTES) {
        mistakes->further++;
        return;
    }
    fault_add(mistakes->fault, "%sargument \"%.*s\" %s%s",
              mistakes->fault->text[0] != '\0' ? "; " : "", QUOTED_BYTES, argument, what, detail);
}

static const struct option *find_option(const char *argument, size_t length)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strlen(table[i].name) == length && memcmp(table[i].name, argument, length) == 0)
            return &table[i];
    }
    return NULL;
}

static void parse_one(struct options *options, const char *argument, bool seen[OPTIONS],
                      struct mistakes *mistakes)
{
    size_t length = strcspn(argument, "=");
    const char *value = argument[length] == '=' ? argument + length + 1 : NULL;
    const struct option *option = find_option(argument, length);

    if (option == NULL) {
        add_mistake(mistakes, argument, "is unknown", "");
        return;
    }
    if (seen[option - table]) {
        add_mistake(mistakes, argument, "is given twice", "");
        return;
    }
    seen[option - table] = true;
    if ((option->takes_value && value == NULL) || !option->read(options, value))
        add_mistake(mistakes, argument, "is malformed: expected ", option->expected);
}

bool options_parse(struct options *options, int argc, const char **argv, struct fault *fault)
{
    struct mistakes mistakes = {.fault = fault};
    bool seen[OPTIONS] = {0};

    *options = (struct options){
        .config = PATH_CONFIG, .helper = PATH_HELPER, .timeout_ms = TIMEOUT_DEFAULT_MS};
    *fault = FAULT_NONE;
    for (int i = 0; i < argc; i++)
        parse_one(options, argv[i], seen, &mistakes);
    if (fault->text[0] == '\0')
        return true;
    if (mistakes.further > 0)
        fault_add(fault, "; and %zu more", mistakes.further);
    fault_add(fault, "; allowed: %s", ALLOWED);
    return false;
}
