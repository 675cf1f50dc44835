#include "config/selection.h"

#include "config/plan.h"

static struct verdict judge(const struct pattern_list *list, const char *text)
{
    struct verdict verdict = {.asked = true};

    verdict.pattern = pattern_list_decide(list, text, &verdict.matches);
    return verdict;
}

static struct verdict judge_groups(const struct pattern_list *list, const struct login *login)
{
    for (size_t i = 0; i < list->count; i++) {
        if (login->in_group != NULL && login->in_group(login, list->patterns[i].text))
            return (struct verdict){.asked = true, .matches = true, .pattern = &list->patterns[i]};
    }
    return (struct verdict){.asked = true, .matches = list->count == 0};
}

struct selection section_select(const struct section *section, const struct login *login)
{
    struct selection selection = {.user = judge(&section->users, login->user),
                                  .service = judge(&section->services, login->service)};

    if (selection.user.matches && selection.service.matches)
        selection.group = judge_groups(&section->groups, login);
    selection.matches = selection.group.matches;
    return selection;
}
