/*
 * libFuzzer: any bytes as ssmenv.conf, and if they are a configuration, a login with it.
 *
 * Up to the first NUL byte the input is the configuration; the bytes behind it decide what
 * Parameter Store answers. What must hold: a configuration with a mistake is never used; whatever
 * was answered, the environment keeps the limits and holds no name that is illegal, denied or
 * twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/parser.h"
#include "config/plan.h"
#include "ssmenv/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The next byte of the input, 0 behind its end. */
static uint8_t take(const uint8_t **data, size_t *size)
{
    if (*size == 0)
        return 0;
    (*size)--;
    return *(*data)++;
}

static void answer_parameter(struct answer *answer, const struct lookup *lookup, uint8_t choice)
{
    static const enum answer_state states[] = {ANSWER_FOUND, ANSWER_MISSING, ANSWER_DENIED,
                                               ANSWER_FAILED};

    answer_set(answer, states[choice % 4], choice % 4 == 0 ? "" : "no");
    if (answer->state == ANSWER_FOUND)
        answer_add(answer, lookup->name, choice % 8 == 0 ? "a value/\xff" : "");
}

static void answer_import(struct answer *answer, const struct lookup *lookup, uint8_t choice,
                          const uint8_t **data, size_t *size)
{
    answer_set(answer, choice % 8 == 7 ? ANSWER_DENIED : ANSWER_FOUND, "no");
    for (int i = 0; i < choice % 8 && answer->state == ANSWER_FOUND; i++) {
        char name[LIMIT_LOOKUP_NAME_BYTES + 4] = {0};
        size_t length = strlen(lookup->name);

        memcpy(name, lookup->name, length);
        for (int j = 0; j < 3; j++)
            name[length++] = (char)take(data, size);
        answer_add(answer, name, "imported");
    }
}

static void check_environment(const struct environment *environment)
{
    size_t bytes = 0;

    require(environment->count <= LIMIT_VARIABLES);
    for (size_t i = 0; i < environment->count; i++) {
        const struct variable *variable = &environment->variables[i];
        size_t length = strlen(variable->name);

        require(name_is_valid(variable->name, length) && !name_is_denied(variable->name, length));
        require(strlen(variable->value) <= LIMIT_VALUE_BYTES);
        bytes += length + 1 + strlen(variable->value) + 1;
        for (size_t j = 0; j < i; j++)
            require(strcmp(variable->name, environment->variables[j].name) != 0);
    }
    require(bytes <= LIMIT_ENVIRONMENT_BYTES);
}

static bool in_group(const struct login *login, const char *pattern)
{
    (void)login;
    return pattern[0] != 'x';
}

static void log_in(const struct config *config, struct diagnostics *diagnostics,
                   const uint8_t *data, size_t size)
{
    struct login login = {.user = "deploy", .service = "sshd", .in_group = in_group};
    struct environment environment = ENVIRONMENT_INIT;
    struct plan plan = PLAN_INIT;
    struct result result = {0};

    require(plan_build(&plan, config, &login, diagnostics));
    require(plan.lookup_count <= LIMIT_LOOKUPS);
    result.answers = calloc(plan.lookup_count + 1, sizeof *result.answers);
    require(result.answers != NULL);
    result.answer_count = plan.lookup_count;
    for (size_t i = 0; i < plan.lookup_count; i++) {
        uint8_t choice = take(&data, &size);

        if (plan.lookups[i].kind != LOOKUP_CHILDREN && plan.lookups[i].kind != LOOKUP_SUBTREE)
            answer_parameter(&result.answers[i], &plan.lookups[i], choice);
        else
            answer_import(&result.answers[i], &plan.lookups[i], choice, &data, &size);
    }
    require(plan_resolve(&plan, result.answers, &environment, diagnostics) ==
            (diagnostics->errors == 0));
    check_environment(&environment);
    environment_free(&environment);
    result_free(&result);
    plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size != 0 ? memchr(data, 0, size) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct config config;
    struct parser parser;
    char *text = malloc(length + 1);

    require(text != NULL);
    if (length != 0)
        memcpy(text, data, length);
    parser_init(&parser, &config, &diagnostics);
    parser_read(&parser, "ssmenv.conf", text, length);
    free(text);
    if (parser_finish(&parser))
        log_in(&config, &diagnostics, end != NULL ? end + 1 : data + size,
               end != NULL ? size - length - 1 : 0);
    config_free(&config);
    diagnostics_free(&diagnostics);
    return 0;
}
