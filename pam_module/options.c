#include "options.h"

#include <string.h>

#include "paths.h"
#include "ssmenv/arguments.h"

/* Leaves room in a fault for ARGUMENTS_ALLOWED and for the number of further mistakes. */
#define MISTAKES_BYTES (LIMIT_MESSAGE_BYTES - sizeof ARGUMENTS_ALLOWED - 64)
#define QUOTED_BYTES   80 /* of an argument that is quoted back */

static void take(struct options *options, enum argument argument, const char *value)
{
    uint64_t milliseconds = 0;

    switch (argument) {
    case ARGUMENT_CONFIG:
        options->config = value;
        break;
    case ARGUMENT_HELPER:
        options->helper = value;
        break;
    case ARGUMENT_TIMEOUT:
        duration_parse(value, strlen(value), &milliseconds);
        options->timeout_ms = (int64_t)milliseconds;
        break;
    case ARGUMENT_ON_ERROR:
        options->on_error = strcmp(value, "deny") == 0 ? ON_ERROR_DENY : ON_ERROR_IGNORE;
        break;
    case ARGUMENT_BREAK_GLASS:
        options->break_glass = value;
        break;
    case ARGUMENT_QUIET:
        options->quiet = true;
        break;
    case ARGUMENT_DEBUG:
        options->debug = true;
        break;
    case ARGUMENTS:
        break;
    }
}

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

static void parse_one(struct options *options, const char *text, bool seen[ARGUMENTS],
                      struct mistakes *mistakes)
{
    const char *value;
    enum argument argument = argument_find(text, &value);

    if (argument == ARGUMENTS) {
        add_mistake(mistakes, text, "is unknown", "");
        return;
    }
    if (seen[argument]) {
        add_mistake(mistakes, text, "is given twice", "");
        return;
    }
    seen[argument] = true;
    if (argument_is_well_formed(argument, value))
        take(options, argument, value);
    else
        add_mistake(mistakes, text, "is malformed: expected ", argument_table[argument].expected);
}

bool module_options_parse(struct options *options, int argc, const char **argv, struct fault *fault)
{
    struct mistakes mistakes = {.fault = fault};
    bool seen[ARGUMENTS] = {0};

    *options = (struct options){
        .config = PATH_CONFIG, .helper = PATH_HELPER, .timeout_ms = TIMEOUT_DEFAULT_MS};
    *fault = FAULT_NONE;
    for (int i = 0; i < argc; i++)
        parse_one(options, argv[i], seen, &mistakes);
    if (fault->text[0] == '\0')
        return true;
    if (mistakes.further > 0)
        fault_add(fault, "; and %zu more", mistakes.further);
    fault_add(fault, "; allowed: %s", ARGUMENTS_ALLOWED);
    return false;
}
