/* Which sections are looked at. */
#include "cli/doctor/doctor.h"
#include "config/groups.h"
#include "config/plan.h"

static bool is_in_groups(struct groups *groups, const char *user, const struct section *section)
{
    const struct login login = {.user = user, .in_group = groups_have, .context = groups};

    for (size_t i = 0; i < section->groups.count; i++) {
        if (groups_have(&login, section->groups.patterns[i].text))
            return true;
    }
    return section->groups.count == 0;
}

static void ask_groups(struct doctor *doctor)
{
    struct groups groups = {.config = &doctor->config, .deadline = doctor_deadline(doctor)};

    for (size_t i = 0; i < doctor->config.section_count; i++)
        doctor->selected[i] =
            doctor->selected[i] && is_in_groups(&groups, doctor->user, &doctor->config.sections[i]);
    groups_free(&groups);
    if (error_is_set(&groups.error))
        report_add(&doctor->report, MARK_BAD, "groups", "%s", groups.error.text);
}

static bool names_groups(const struct config *config)
{
    for (size_t i = 0; i < config->section_count; i++) {
        if (config->sections[i].groups.count > 0)
            return true;
    }
    return false;
}

void doctor_select(struct doctor *doctor)
{
    doctor->selected =
        arena_alloc(&doctor->arena, (doctor->config.section_count + 1) * sizeof *doctor->selected);
    for (size_t i = 0; i < doctor->config.section_count; i++) {
        const struct section *section = &doctor->config.sections[i];

        doctor->selected[i] =
            (doctor->user == NULL || pattern_list_matches(&section->users, doctor->user)) &&
            (doctor->service == NULL || pattern_list_matches(&section->services, doctor->service));
    }
    if (doctor->user == NULL || !names_groups(&doctor->config))
        return;
    report_waiting("asking for the groups of %s", doctor->user);
    ask_groups(doctor);
}
