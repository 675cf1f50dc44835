#include "cli/migrate/migrate_call.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ANY_OPERATION (1U << ANSWER_PARAMETER | 1U << ANSWER_PARAMETERS | 1U << ANSWER_SECRET)

struct call_option {
    const char *name;
    unsigned kinds; /* whose option it is */
    bool takes_value;
    size_t offset; /* into struct aws_call; SIZE_MAX: what it says changes nothing */
};

#define IGNORED SIZE_MAX

static const struct call_option options[] = {
    {"--region", ANY_OPERATION, true, offsetof(struct aws_call, region)},
    {"--profile", ANY_OPERATION, true, offsetof(struct aws_call, profile)},
    {"--output", ANY_OPERATION, true, offsetof(struct aws_call, output)},
    {"--query", ANY_OPERATION, true, offsetof(struct aws_call, query)},
    {"--endpoint-url", ANY_OPERATION, true, offsetof(struct aws_call, endpoint)},
    {"--color", ANY_OPERATION, true, IGNORED},
    {"--cli-read-timeout", ANY_OPERATION, true, IGNORED},
    {"--cli-connect-timeout", ANY_OPERATION, true, IGNORED},
    {"--no-paginate", ANY_OPERATION, false, IGNORED},
    {"--no-cli-pager", ANY_OPERATION, false, IGNORED},
    {"--no-cli-auto-prompt", ANY_OPERATION, false, IGNORED},
    {"--name", 1U << ANSWER_PARAMETER, true, offsetof(struct aws_call, name)},
    {"--with-decryption", 1U << ANSWER_PARAMETER | 1U << ANSWER_PARAMETERS, false,
     offsetof(struct aws_call, decrypts)},
    {"--no-with-decryption", 1U << ANSWER_PARAMETER | 1U << ANSWER_PARAMETERS, false, IGNORED},
    {"--secret-id", 1U << ANSWER_SECRET, true, offsetof(struct aws_call, name)},
    {"--version-id", 1U << ANSWER_SECRET, true, offsetof(struct aws_call, version)},
    {"--version-stage", 1U << ANSWER_SECRET, true, offsetof(struct aws_call, stage)},
};

struct operation {
    const char *service;
    const char *name;
    enum answer_kind kind;
};

static const struct operation operations[] = {
    {"ssm", "get-parameter", ANSWER_PARAMETER},
    {"ssm", "get-parameters", ANSWER_PARAMETERS},
    {"secretsmanager", "get-secret-value", ANSWER_SECRET},
};

/* An argument: its text, and where the name of a parameter may stand, the text that a name has. */
struct argument {
    const char *text;
    const struct shell_word *word; /* NULL: one of several that a variable holds */
};

struct arguments {
    struct argument *items;
    size_t count;
    size_t at;
    const struct shell_variables *variables;
    struct aws_call *call;
    bool operation_known;
    struct error *why;
};

static void add(struct arguments *arguments, struct argument argument)
{
    arguments->items = arena_grow(arguments->variables->arena, arguments->items, arguments->count,
                                  sizeof argument);
    arguments->items[arguments->count++] = argument;
}

/* A word that only a name can hold ($USER) has a text as a name. */
static bool add_word(struct arguments *arguments, const struct shell_word *word)
{
    struct arena *arena = arguments->variables->arena;
    const char **texts = NULL;
    size_t count = 0;
    struct error ignored = ERROR_INIT;
    const char *name;

    if (shell_word_split(arguments->variables, word, &texts, &count, arguments->why)) {
        for (size_t i = 0; i < count; i++)
            add(arguments, (struct argument){texts[i], count == 1 ? word : NULL});
        return true;
    }
    if (!shell_word_name(arguments->variables, word, &name, &ignored))
        return false;
    add(arguments, (struct argument){arena_copy(arena, name), word});
    return true;
}

/* --- options --- */

static bool applies(const struct arguments *arguments, const struct call_option *option)
{
    return !arguments->operation_known || (option->kinds & 1U << arguments->call->kind) != 0;
}

static const struct call_option *find(const struct arguments *arguments, const char *text,
                                      size_t length)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, text, length) == 0 &&
            applies(arguments, &options[i]))
            return &options[i];
    }
    return NULL;
}

static bool holds_login_name(const struct arguments *arguments, const struct argument *argument)
{
    struct error ignored = ERROR_INIT;
    const char *text;

    return argument->word != NULL &&
           !shell_word_text(arguments->variables, argument->word, &text, &ignored);
}

/* value: the text behind =, or the whole next argument. */
static bool set_value(struct arguments *arguments, const struct call_option *option,
                      const struct argument *argument, const char *value)
{
    struct aws_call *call = arguments->call;
    bool is_name = option->offset == offsetof(struct aws_call, name);

    if (is_name && !holds_login_name(arguments, argument) && strchr(value, '%') != NULL)
        return error_set(arguments->why, "a parameter's name holds no percent sign");
    if (!is_name && holds_login_name(arguments, argument))
        return error_set(arguments->why, "%s depends on the user", option->name);
    if (strncmp(value, "file://", 7) == 0 || strncmp(value, "fileb://", 8) == 0)
        return error_set(arguments->why, "%s is read from a file", option->name);
    if (option->offset != IGNORED)
        memcpy((char *)call + option->offset, &value, sizeof value);
    return true;
}

static bool take_option(struct arguments *arguments, const struct argument *argument)
{
    const char *text = argument->text;
    size_t length = strcspn(text, "=");
    const struct call_option *option = find(arguments, text, length);

    if (option == NULL)
        return error_set(arguments->why, "the option %.*s is not understood", (int)length, text);
    if (!option->takes_value) {
        if (text[length] != '\0')
            return error_set(arguments->why, "%s takes no value", option->name);
        if (option->offset == offsetof(struct aws_call, decrypts))
            arguments->call->decrypts = true;
        return true;
    }
    if (text[length] == '=')
        return set_value(arguments, option, argument, text + length + 1);
    if (arguments->at == arguments->count)
        return error_set(arguments->why, "%s lacks its value", option->name);
    argument = &arguments->items[arguments->at++];
    return set_value(arguments, option, argument, argument->text);
}

static bool take_name(struct arguments *arguments, const struct argument *argument,
                      const char *name)
{
    static const struct call_option names = {"--names", 1U << ANSWER_PARAMETERS, true,
                                             offsetof(struct aws_call, name)};
    struct aws_call *call = arguments->call;

    if (!set_value(arguments, &names, argument, name))
        return false;
    call->names =
        arena_grow(arguments->variables->arena, call->names, call->name_count, sizeof *call->names);
    call->names[call->name_count++] = name;
    return true;
}

/* --names NAME…, up to the next option; --names=NAME has one. */
static bool take_names(struct arguments *arguments, const struct argument *argument)
{
    const char *value = strchr(argument->text, '=');

    arguments->call->name_count = 0;
    if (value != NULL)
        return take_name(arguments, argument, value + 1);
    for (; arguments->at < arguments->count; arguments->at++) {
        argument = &arguments->items[arguments->at];
        if (strncmp(argument->text, "--", 2) == 0)
            break;
        if (!take_name(arguments, argument, argument->text))
            return false;
    }
    return true;
}

static bool is_names(const struct arguments *arguments, const char *text)
{
    return arguments->operation_known && arguments->call->kind == ANSWER_PARAMETERS &&
           strncmp(text, "--names", 7) == 0 && (text[7] == '\0' || text[7] == '=');
}

/* --- service and operation --- */

static bool take_operation(struct arguments *arguments, const struct argument *service)
{
    const char *name;

    if (arguments->at == arguments->count)
        return error_set(arguments->why, "it lacks an operation");
    name = arguments->items[arguments->at++].text;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(operations[i].service, service->text) == 0 &&
            strcmp(operations[i].name, name) == 0) {
            arguments->call->kind = operations[i].kind;
            arguments->operation_known = true;
            return true;
        }
    }
    if (strcmp(name, "get-parameters-by-path") == 0)
        return error_set(arguments->why,
                         "get-parameters-by-path brings many: write an import such as "
                         "APP_* = /path/* under [env]");
    return error_set(arguments->why, "aws %s %s does not read a parameter", service->text, name);
}

static bool take_argument(struct arguments *arguments)
{
    const struct argument *argument = &arguments->items[arguments->at++];

    if (is_names(arguments, argument->text))
        return take_names(arguments, argument);
    if (strncmp(argument->text, "--", 2) == 0)
        return take_option(arguments, argument);
    if (!arguments->operation_known)
        return take_operation(arguments, argument);
    return error_set(arguments->why, "it has an argument that is no option");
}

bool aws_call_read(const struct shell_command *command, size_t first,
                   const struct shell_variables *variables, struct aws_call *call,
                   struct error *why)
{
    struct arguments arguments = {.variables = variables, .call = call, .why = why};

    *call = (struct aws_call){0};
    for (size_t i = first; i < command->word_count; i++) {
        if (!add_word(&arguments, &command->words[i]))
            return false;
    }
    while (arguments.at < arguments.count) {
        if (!take_argument(&arguments))
            return false;
    }
    if (!arguments.operation_known)
        return error_set(why, "it lacks an operation");
    return call->name != NULL || error_set(why, "it names no parameter");
}
