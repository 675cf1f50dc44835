/* The variables that tell of databases, as logins would get them. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor_database.h"
#include "config/plan.h"
#include "paths.h"

/* In the place of a value that could not be had, so that those beside it in its set can be seen.
 * No host and no port looks like this. */
#define UNKNOWN_VALUE "\001"

/* Variables that name host and port; a port that nobody names is 0 where no client assumes one. */
static const struct {
    const char *host;
    const char *port;
    unsigned otherwise;
} pairs[] = {
    {"DB_HOST", "DB_PORT", 0},
    {"PGHOST", "PGPORT", 5432},
    {"MYSQL_HOST", "MYSQL_TCP_PORT", 3306},
};

/* --- answers for a plan --- */

static bool stand_in(struct answer *answer, const struct lookup *lookup)
{
    return answer_set(answer, ANSWER_FOUND, "") && answer_add(answer, lookup->name, UNKNOWN_VALUE);
}

/* What was answered; where that would fail the whole set, the stand-in. */
static bool answer_for(const struct doctor *doctor, const struct lookup *lookup,
                       struct answer *answer)
{
    size_t place = doctor_find(doctor, lookup);
    const struct answer *given = &doctor->answers.answers[place];

    if (place == doctor->wanted_count || !doctor->wanted[place].asked)
        return stand_in(answer, lookup);
    if (given->state == ANSWER_FOUND ||
        (given->state == ANSWER_MISSING && doctor->wanted[place].has_alternative))
        return answer_copy(answer, given);
    return stand_in(answer, lookup);
}

static bool answer_all(const struct doctor *doctor, const struct plan *plan, struct result *result)
{
    result->answers = calloc(plan->lookup_count + 1, sizeof *result->answers);
    if (result->answers == NULL)
        return false;
    result->answer_count = plan->lookup_count;
    for (size_t i = 0; i < plan->lookup_count; i++) {
        if (!answer_for(doctor, &plan->lookups[i], &result->answers[i]))
            return false;
    }
    return true;
}

/* --- the environment of a login --- */

static bool all_groups(const struct login *login, const char *pattern)
{
    (void)login;
    (void)pattern;
    return true;
}

/* Sections without criteria: which ones count was decided by whoever chose them. What goes wrong
 * was reported with the parameters. */
static void resolve(const struct doctor *doctor, struct section *sections, size_t count,
                    struct environment *environment)
{
    struct config chosen = doctor->config;
    struct login login = {.user = doctor->user != NULL ? doctor->user : HELPER_USER,
                          .service = doctor->service != NULL ? doctor->service : "ssmenv",
                          .in_group = all_groups};
    struct diagnostics ignored = DIAGNOSTICS_INIT;
    struct plan plan = PLAN_INIT;
    struct result answers = {0};

    chosen.sections = sections;
    chosen.section_count = count;
    if (plan_build(&plan, &chosen, &login, &ignored) && answer_all(doctor, &plan, &answers))
        plan_resolve(&plan, answers.answers, environment, &ignored);
    result_free(&answers);
    plan_free(&plan);
    diagnostics_free(&ignored);
}

static bool is_for_everybody(const struct section *section)
{
    return section->users.count == 0 && section->groups.count == 0 && section->services.count == 0;
}

/* The sections that a login gets which last is the last for. Returns how many. */
static size_t choose(const struct doctor *doctor, size_t last, struct section *sections)
{
    bool chosen_by_login = doctor->user != NULL || doctor->service != NULL;
    size_t count = 0;

    for (size_t i = 0; i <= last; i++) {
        const struct section *section = &doctor->config.sections[i];

        if (!doctor->selected[i] || (i != last && !chosen_by_login && !is_for_everybody(section)))
            continue;
        sections[count] = *section;
        sections[count].users = (struct pattern_list){0};
        sections[count].groups = (struct pattern_list){0};
        sections[count++].services = (struct pattern_list){0};
    }
    return count;
}

/* --- from variables to targets --- */

static void add(struct targets *targets, const struct target *target)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *known = &targets->items[i];

        if (strcasecmp(known->host, target->host) == 0 && known->port == target->port)
            return;
    }
    if (targets->count < TARGETS_MAX)
        targets->items[targets->count++] = *target;
}

static void report_unknown(struct doctor *doctor, const char *variable, const char *value)
{
    if (strstr(value, UNKNOWN_VALUE) != NULL)
        report_add(&doctor->report, MARK_SKIPPED, "database", "%s is not known: see above",
                   variable);
    else
        report_add(&doctor->report, MARK_WARNING, "database", "%s names no %s that can be tried",
                   variable, strstr(variable, "PORT") != NULL ? "port" : "host");
}

static const char *value_of(const struct environment *environment, const char *name)
{
    for (size_t i = 0; i < environment->count; i++) {
        if (strcmp(environment->variables[i].name, name) == 0)
            return environment->variables[i].value;
    }
    return NULL;
}

/* Any variable whose value is the URL of a database. */
static void find_urls(struct doctor *doctor, const struct environment *environment,
                      struct targets *targets)
{
    for (size_t i = 0; i < environment->count; i++) {
        const struct variable *variable = &environment->variables[i];
        struct target target = {.source = arena_copy(&doctor->arena, variable->name)};
        bool legal;

        if (!target_of_url(&target, variable->value, &legal))
            continue;
        if (legal)
            add(targets, &target);
        else
            report_unknown(doctor, variable->name, variable->value);
    }
}

static void find_pair(struct doctor *doctor, const struct environment *environment, size_t pair,
                      struct targets *targets)
{
    const char *host = value_of(environment, pairs[pair].host);
    const char *port = value_of(environment, pairs[pair].port);
    struct target target = {.source = pairs[pair].host};

    if (host == NULL)
        return;
    if (!target_of_host(&target, host)) {
        report_unknown(doctor, pairs[pair].host, host);
        return;
    }
    if (target.port == 0)
        target.port = port != NULL ? target_port(port) : pairs[pair].otherwise;
    if (target.port == 0 && port != NULL) {
        report_unknown(doctor, pairs[pair].port, port);
        return;
    }
    target.protocol = target_protocol_of_port(target.port);
    add(targets, &target);
}

static void find_pairs(struct doctor *doctor, const struct environment *environment,
                       struct targets *targets)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        find_pair(doctor, environment, i, targets);
}

/* A host without a port adds nothing where a URL has it with one. */
static bool is_told_better(const struct targets *targets, size_t index)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (i != index && targets->items[index].port == 0 && targets->items[i].port != 0 &&
            strcasecmp(targets->items[i].host, targets->items[index].host) == 0)
            return true;
    }
    return false;
}

static void leave_out_vague(struct targets *targets)
{
    for (size_t i = targets->count; i-- > 0;) {
        if (is_told_better(targets, i)) {
            targets->count--;
            memmove(&targets->items[i], &targets->items[i + 1],
                    (targets->count - i) * sizeof *targets->items);
        }
    }
}

void targets_find(struct doctor *doctor, struct targets *targets)
{
    size_t count = doctor->config.section_count;
    struct section *sections = calloc(count + 1, sizeof *sections);

    for (size_t i = 0; sections != NULL && i < count; i++) {
        struct environment environment = ENVIRONMENT_INIT;

        if (!doctor->selected[i])
            continue;
        resolve(doctor, sections, choose(doctor, i, sections), &environment);
        find_urls(doctor, &environment, targets);
        find_pairs(doctor, &environment, targets);
        environment_free(&environment);
    }
    free(sections);
    leave_out_vague(targets);
}
