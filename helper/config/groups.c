#include "config/groups.h"

#include <stdlib.h>
#include <string.h>

#include "common/companion.h"
#include "common/membership.h"
#include "config/config.h"
#include "config/section.h"

static bool take(void *context, const struct buffer *payload, struct error *error)
{
    struct groups *groups = context;

    return membership_decode(groups->members, groups->count, payload, error);
}

/* The place of a pattern, groups->count when it is not there. */
static size_t find(const struct groups *groups, const char *pattern)
{
    size_t i = 0;

    while (i < groups->count && strcmp(groups->patterns[i], pattern) != 0)
        i++;
    return i;
}

static void collect(struct groups *groups, const struct pattern_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (find(groups, list->patterns[i].text) == groups->count)
            groups->patterns[groups->count++] = list->patterns[i].text;
    }
}

/* Each pattern once. */
static bool collect_all(struct groups *groups)
{
    const struct config *config = groups->config;
    size_t most = 0;

    for (size_t i = 0; i < config->section_count; i++)
        most += config->sections[i].groups.count;
    groups->patterns = calloc(most + 1, sizeof *groups->patterns);
    groups->members = calloc(most + 1, sizeof *groups->members);
    if (groups->patterns == NULL || groups->members == NULL)
        return error_set(&groups->error, "out of memory");
    for (size_t i = 0; i < config->section_count; i++)
        collect(groups, &config->sections[i].groups);
    return groups->count <= LIMIT_GROUP_PATTERNS ||
           error_set(&groups->error,
                     "the configuration has more than %d patterns of group=", LIMIT_GROUP_PATTERNS);
}

static bool ask(struct groups *groups, const char *user)
{
    static const struct companion companion = {"ssmenv-groups", WIRE_MEMBERSHIP,
                                               2 + LIMIT_GROUP_PATTERNS, take};
    struct buffer frame = BUFFER_INIT;
    bool ok;

    if (!collect_all(groups))
        return false;
    question_encode(user, groups->patterns, groups->count, &frame);
    ok = buffer_failed(&frame)
             ? error_set(&groups->error, "the question is too large")
             : companion_ask(&companion, &frame, groups->deadline, groups, &groups->error);
    buffer_free(&frame);
    return ok;
}

bool groups_have(const struct login *login, const char *pattern)
{
    struct groups *groups = login->context;
    size_t place;

    if (!groups->asked && !ask(groups, login->user)) {
        error_context(&groups->error,
                      "the groups of %s cannot be found out, and no section with group= counts "
                      "(try: getent initgroups %s)",
                      login->user, login->user);
        groups->count = 0;
    }
    groups->asked = true;
    place = find(groups, pattern);
    return place < groups->count && groups->members[place];
}

void groups_free(struct groups *groups)
{
    free(groups->patterns);
    free(groups->members);
    groups->patterns = NULL;
    groups->members = NULL;
    groups->count = 0;
}
