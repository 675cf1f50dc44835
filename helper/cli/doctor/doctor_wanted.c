/* What the configuration wants, in all sections that are looked at, each thing once. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/reference.h"

static bool same_lookup(const struct lookup *a, const struct lookup *b)
{
    return a->kind == b->kind && a->identity == b->identity && strcmp(a->name, b->name) == 0 &&
           strcmp(a->member, b->member) == 0;
}

size_t doctor_find(const struct doctor *doctor, const struct lookup *lookup)
{
    size_t i = 0;

    while (i < doctor->wanted_count && !same_lookup(&doctor->wanted[i].lookup, lookup))
        i++;
    return i;
}

static bool text_splits(const struct text *text, const char *variable)
{
    for (size_t i = 0; i < text->count; i++) {
        if (text->pieces[i].variable != NULL && text->pieces[i].modifier == MODIFIER_LINES &&
            strcmp(text->pieces[i].variable, variable) == 0)
            return true;
    }
    return false;
}

static bool section_splits(const struct section *section, const char *variable)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct assignment *assignment = &section->assignments[i];

        for (size_t j = 0; j < assignment->count; j++) {
            if (text_splits(&assignment->alternatives[j].text, variable))
                return true;
        }
    }
    return false;
}

/* Whether some text of the configuration splits this variable. */
static bool is_list(const struct config *config, const char *variable)
{
    for (size_t i = 0; i < config->section_count; i++) {
        if (section_splits(&config->sections[i], variable))
            return true;
    }
    return false;
}

/* The name as it is asked for; where it lacks the user, as it is written. */
static const char *name_of(struct doctor *doctor, const struct reference *reference,
                           bool *lacks_user)
{
    const char *name = NULL;

    if (reference->names_user && doctor->user != NULL)
        name = reference_name_for(reference, doctor->user, &doctor->arena);
    *lacks_user = reference->names_user && name == NULL;
    return name != NULL ? name : reference->name;
}

static struct lookup lookup_of(struct doctor *doctor, const struct section *section,
                               const struct reference *reference, bool *lacks_user)
{
    return (struct lookup){.kind = reference->kind,
                           .identity = section->identity,
                           .name =
                               arena_copy(&doctor->arena, name_of(doctor, reference, lacks_user)),
                           .member = arena_copy(&doctor->arena, reference->member)};
}

static struct wanted_lookup *want(struct doctor *doctor, const struct section *section,
                                  const struct assignment *assignment,
                                  const struct alternative *alternative)
{
    struct wanted_lookup wanted = {.variable = assignment->name, .position = alternative->position};
    size_t place;

    wanted.lookup = lookup_of(doctor, section, alternative->reference, &wanted.lacks_user);
    place = doctor_find(doctor, &wanted.lookup);
    if (place == doctor->wanted_count) {
        wanted.is_list = is_list(&doctor->config, assignment->name);
        doctor->wanted =
            arena_grow(&doctor->arena, doctor->wanted, doctor->wanted_count, sizeof wanted);
        doctor->wanted[doctor->wanted_count++] = wanted;
    }
    return &doctor->wanted[place];
}

static void collect_line(struct doctor *doctor, const struct section *section,
                         const struct assignment *assignment)
{
    for (size_t i = 0; i < assignment->count; i++) {
        struct wanted_lookup *wanted;

        if (assignment->alternatives[i].kind != ALTERNATIVE_PARAMETER)
            continue;
        wanted = want(doctor, section, assignment, &assignment->alternatives[i]);
        wanted->has_alternative |= assignment->count > 1;
    }
}

void doctor_collect(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->config.section_count; i++) {
        const struct section *section = &doctor->config.sections[i];

        if (!doctor->selected[i])
            continue;
        for (size_t j = 0; j < section->count; j++)
            collect_line(doctor, section, &section->assignments[j]);
    }
    doctor->answers.answers = calloc(doctor->wanted_count + 1, sizeof *doctor->answers.answers);
    doctor->answers.answer_count = doctor->answers.answers != NULL ? doctor->wanted_count : 0;
    doctor->wanted_count = doctor->answers.answer_count;
}

/* --- whether something stands in --- */

static bool stands(struct doctor *doctor, const struct section *section,
                   const struct alternative *alternative)
{
    struct lookup lookup;
    bool lacks_user;
    size_t place;

    if (alternative->kind != ALTERNATIVE_PARAMETER)
        return true;
    lookup = lookup_of(doctor, section, alternative->reference, &lacks_user);
    place = doctor_find(doctor, &lookup);
    return doctor->wanted[place].asked && doctor->answers.answers[place].state == ANSWER_FOUND;
}

static bool names(struct doctor *doctor, const struct section *section,
                  const struct alternative *alternative, size_t place)
{
    struct lookup lookup;
    bool lacks_user;

    if (alternative->kind != ALTERNATIVE_PARAMETER)
        return false;
    lookup = lookup_of(doctor, section, alternative->reference, &lacks_user);
    return doctor_find(doctor, &lookup) == place;
}

/* Whether the line does not name what is at this place, or has a value without it. */
static bool line_stands(struct doctor *doctor, const struct section *section,
                        const struct assignment *assignment, size_t place)
{
    bool named = false;
    bool has_value = false;

    for (size_t i = 0; i < assignment->count; i++) {
        const struct alternative *alternative = &assignment->alternatives[i];

        named = named || names(doctor, section, alternative, place);
        has_value = has_value || stands(doctor, section, alternative);
    }
    return !named || has_value;
}

bool doctor_may_be_absent(struct doctor *doctor, size_t place)
{
    for (size_t i = 0; i < doctor->config.section_count; i++) {
        const struct section *section = &doctor->config.sections[i];

        if (!doctor->selected[i])
            continue;
        for (size_t j = 0; j < section->count; j++) {
            if (!line_stands(doctor, section, &section->assignments[j], place))
                return false;
        }
    }
    return true;
}
