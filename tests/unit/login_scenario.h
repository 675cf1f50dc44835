/*
 * A login from configuration text to environment, for the tests of helper/config: the texts of the
 * files, who logs in, and a small Parameter Store that answers the plan's lookups.
 *
 *     struct scenario *s = scenario_of("[env]\nA = /a\n");
 *     scenario_stores(s, "/a", "1");
 *     scenario_log_in(s, "deploy", "sshd");
 *     CHECK_TEXT(scenario_value(s, "A"), "1");
 *     scenario_end(s);
 */
#ifndef SSMENV_TESTS_LOGIN_SCENARIO_H
#define SSMENV_TESTS_LOGIN_SCENARIO_H

#include <stdlib.h>

#include "config/parser.h"
#include "config/plan.h"
#include "tap.h"

#define SCENARIO_STORED 2048

struct stored {
    const char *name; /* with secret: before a secret, #POINTER behind it for a member */
    const char *text; /* the value, or what AWS says */
    enum answer_state state;
    const char *path; /* of the import that brings it; NULL: one that it lies below */
};

struct scenario {
    struct config config;
    struct parser parser;
    struct diagnostics diagnostics;
    struct plan plan;
    struct environment environment;
    struct stored stored[SCENARIO_STORED];
    size_t stored_count;
    const char *groups; /* of the user, with a comma between two */
    int groups_asked;
    bool good;     /* the configuration */
    bool resolved; /* every set */
    char joined[64 * 1024];
};

/* Copied to the byte, without a terminator, so that a sanitizer sees every read past the end. */
static inline void scenario_read(struct scenario *scenario, const char *file, const char *text,
                                 size_t length)
{
    char *copy = malloc(length != 0 ? length : 1);

    if (copy == NULL)
        abort();
    if (length != 0)
        memcpy(copy, text, length);
    parser_read(&scenario->parser, file, copy, length);
    free(copy);
}

static inline struct scenario *scenario_new(void)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);

    if (scenario == NULL)
        abort();
    parser_init(&scenario->parser, &scenario->config, &scenario->diagnostics);
    return scenario;
}

static inline void scenario_file(struct scenario *scenario, const char *file, const char *text)
{
    scenario_read(scenario, file, text, strlen(text));
}

static inline bool scenario_loaded(struct scenario *scenario)
{
    scenario->good = parser_finish(&scenario->parser);
    return scenario->good;
}

/* One file that is named ssmenv.conf. */
static inline struct scenario *scenario_of(const char *text)
{
    struct scenario *scenario = scenario_new();

    scenario_file(scenario, "ssmenv.conf", text);
    scenario_loaded(scenario);
    return scenario;
}

static inline void scenario_answers(struct scenario *scenario, const char *name,
                                    enum answer_state state, const char *text)
{
    if (scenario->stored_count == SCENARIO_STORED)
        abort();
    scenario->stored[scenario->stored_count++] =
        (struct stored){.name = name, .text = text, .state = state};
}

static inline void scenario_stores(struct scenario *scenario, const char *name, const char *value)
{
    scenario_answers(scenario, name, ANSWER_FOUND, value);
}

/* An import of this path brings a parameter of this name, wherever it lies. */
static inline void scenario_brings(struct scenario *scenario, const char *path, const char *name,
                                   const char *value)
{
    scenario_stores(scenario, name, value);
    scenario->stored[scenario->stored_count - 1].path = path;
}

static inline bool scenario_in_group(const struct login *login, const char *pattern)
{
    struct scenario *scenario = login->context;
    char groups[256];
    char *rest = groups;
    char *group;

    scenario->groups_asked++;
    snprintf(groups, sizeof groups, "%s", scenario->groups != NULL ? scenario->groups : "");
    while ((group = strsep(&rest, ",")) != NULL) {
        if (pattern_matches(pattern, group))
            return true;
    }
    return false;
}

static inline bool scenario_lies_below(const struct lookup *lookup, const char *name)
{
    size_t length = strlen(lookup->name);

    if (strncmp(name, lookup->name, length) != 0 || strchr(name, '#') != NULL)
        return false;
    return lookup->kind == LOOKUP_SUBTREE || strchr(name + length, '/') == NULL;
}

static inline void scenario_answer(struct scenario *scenario, const struct lookup *lookup,
                                   struct answer *answer)
{
    bool single = lookup->kind == LOOKUP_PARAMETER || lookup->kind == LOOKUP_SECRET;
    char key[8192];

    snprintf(key, sizeof key, "%s%s%s%s", lookup->kind == LOOKUP_SECRET ? "secret:" : "",
             lookup->name, lookup->member[0] != '\0' ? "#" : "", lookup->member);
    answer_set(answer, single ? ANSWER_MISSING : ANSWER_FOUND, "");
    for (size_t i = 0; i < scenario->stored_count; i++) {
        const struct stored *stored = &scenario->stored[i];
        bool same = strcmp(stored->name, key) == 0;
        bool brought = stored->path != NULL ? strcmp(stored->path, lookup->name) == 0
                                            : scenario_lies_below(lookup, stored->name);

        if (same && stored->state != ANSWER_FOUND) {
            answer_set(answer, stored->state, stored->text);
            return;
        }
        if (single ? !same : !brought)
            continue;
        if (single)
            answer_set(answer, ANSWER_FOUND, "");
        answer_add(answer, stored->name, stored->text);
    }
}

static inline void scenario_plan(struct scenario *scenario, const char *user, const char *service)
{
    struct login login = {
        .user = user, .service = service, .in_group = scenario_in_group, .context = scenario};

    plan_free(&scenario->plan);
    plan_build(&scenario->plan, &scenario->config, &login, &scenario->diagnostics);
}

static inline void scenario_resolve(struct scenario *scenario)
{
    struct result result = {.answer_count = scenario->plan.lookup_count};

    result.answers = calloc(result.answer_count + 1, sizeof *result.answers);
    if (result.answers == NULL)
        abort();
    for (size_t i = 0; i < result.answer_count; i++)
        scenario_answer(scenario, &scenario->plan.lookups[i], &result.answers[i]);
    environment_free(&scenario->environment);
    scenario->resolved = plan_resolve(&scenario->plan, result.answers, &scenario->environment,
                                      &scenario->diagnostics);
    result_free(&result);
}

static inline void scenario_log_in(struct scenario *scenario, const char *user, const char *service)
{
    scenario_plan(scenario, user, service);
    scenario_resolve(scenario);
}

/* NULL when the login does not get this variable. */
static inline const char *scenario_value(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->environment.count; i++) {
        if (strcmp(scenario->environment.variables[i].name, name) == 0)
            return scenario->environment.variables[i].value;
    }
    return NULL;
}

static inline void scenario_append(struct scenario *scenario, const char *text)
{
    size_t used = strlen(scenario->joined);

    snprintf(scenario->joined + used, sizeof scenario->joined - used, "%s", text);
}

/* All messages, with a newline between two. */
static inline const char *scenario_messages(struct scenario *scenario)
{
    scenario->joined[0] = '\0';
    for (size_t i = 0; i < scenario->diagnostics.count; i++) {
        scenario_append(scenario, i != 0 ? "\n" : "");
        scenario_append(scenario, scenario->diagnostics.items[i].text);
    }
    return scenario->joined;
}

/* The lookups as NAME#MEMBER, with * or ** behind an import, with a blank between two. */
static inline const char *scenario_lookups(struct scenario *scenario)
{
    static const char *const stars[] = {
        [LOOKUP_PARAMETER] = "", [LOOKUP_CHILDREN] = "*", [LOOKUP_SUBTREE] = "**"};

    scenario->joined[0] = '\0';
    for (size_t i = 0; i < scenario->plan.lookup_count; i++) {
        const struct lookup *lookup = &scenario->plan.lookups[i];

        scenario_append(scenario, i != 0 ? " " : "");
        scenario_append(scenario, lookup->name);
        scenario_append(scenario, stars[lookup->kind]);
        scenario_append(scenario, lookup->member[0] != '\0' ? "#" : "");
        scenario_append(scenario, lookup->member);
    }
    return scenario->joined;
}

static inline void scenario_end(struct scenario *scenario)
{
    environment_free(&scenario->environment);
    plan_free(&scenario->plan);
    config_free(&scenario->config);
    diagnostics_free(&scenario->diagnostics);
    free(scenario);
}

#endif
