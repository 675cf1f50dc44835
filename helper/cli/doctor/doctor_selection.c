/* Which sections are looked at. A directory of groups that does not answer holds nobody: it is
 * asked by a process of its own. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "common/program.h"
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

/* Writes a byte for each section: whether its groups let the user in. */
static void __attribute__((noreturn)) judge_groups(const struct doctor *doctor, int output)
{
    struct groups groups = GROUPS_INIT;

    for (size_t i = 0; i < doctor->config.section_count; i++) {
        char matches = is_in_groups(&groups, doctor->user, &doctor->config.sections[i]) ? 1 : 0;

        if (write(output, &matches, 1) != 1)
            _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}

static bool read_verdict(int input, struct deadline deadline, bool *matches)
{
    struct pollfd poll_for = {.fd = input, .events = POLLIN};
    char byte = 0;

    if (poll(&poll_for, 1, deadline_left(deadline)) <= 0 || read(input, &byte, 1) != 1)
        return false;
    *matches = byte == 1;
    return true;
}

/* False when nobody answered in time. */
static bool ask_groups(struct doctor *doctor)
{
    struct deadline deadline = doctor_deadline(doctor);
    struct error error = ERROR_INIT;
    int ends[2];
    bool answered = true;
    pid_t child;

    if (!program_pipe(ends, &error))
        return false;
    child = fork();
    if (child == 0)
        judge_groups(doctor, ends[1]);
    close(ends[1]);
    for (size_t i = 0; answered && i < doctor->config.section_count; i++) {
        bool matches = false;

        answered = child > 0 && read_verdict(ends[0], deadline, &matches);
        doctor->selected[i] = doctor->selected[i] && matches;
    }
    close(ends[0]);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return answered;
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
    if (!ask_groups(doctor))
        report_add(
            &doctor->report, MARK_BAD, "groups",
            "the groups of %s cannot be found out: whoever the file nsswitch.conf names does "
            "not answer; sections with group= wait for that at each login, and are left out",
            doctor->user);
}
