/*
 * The PAM files that use the module: whether its lines are right, and whether they stand where they
 * do what they are meant to do.
 */
#include "cli/check/check.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "paths.h"
#include "ssmenv/arguments.h"

#define QUOTED_BYTES 80 /* of a word that is quoted back */

/* Where a module is, for libpam, whose line names no folder; the first is a pattern. */
static const char *const module_folders[] = {"/usr/lib/*/security", "/usr/lib64/security",
                                             "/usr/lib/security", "/lib64/security",
                                             "/lib/security"};

static struct position place_of(const struct pam_file *file, const struct pam_line *line)
{
    return in_line(file->path, line->number);
}

/* What an argument of the module is set to: the first that is written counts. */
static const char *argument_value(const struct pam_line *line, enum argument wanted)
{
    for (size_t i = 0; i < line->argument_count; i++) {
        const char *value;

        if (argument_find(line->arguments[i], &value) == wanted &&
            argument_is_well_formed(wanted, value))
            return value;
    }
    return NULL;
}

static bool denies(const struct pam_line *line)
{
    const char *value = argument_value(line, ARGUMENT_ON_ERROR);

    return value != NULL && strcmp(value, "deny") == 0;
}

/* Whether PAM_SESSION_ERR, the module's refusal, ends the session. */
static bool refusal_counts(const struct pam_line *line)
{
    unsigned jump;
    enum pam_action action = pam_control_action(line->control, "session_err", &jump);

    return action == PAM_ACTION_BAD || action == PAM_ACTION_DIE || action == PAM_ACTION_UNKNOWN;
}

/* --- a line by itself --- */

static void check_type(struct checking *checking, const struct pam_file *file,
                       const struct pam_line *line)
{
    struct position place = place_of(file, line);

    if (line->type == PAM_TYPE_UNKNOWN)
        findings_add(&checking->findings, FINDING_ERROR, place,
                     "PAM knows no type \"%.*s\" and %s: write session", QUOTED_BYTES,
                     line->type_text,
                     refusal_counts(line) ? "refuses every login here" : "leaves this line out");
    else if (line->kind == PAM_BROKEN)
        findings_add(&checking->findings, FINDING_ERROR, place,
                     "a word is missing, so PAM refuses every login here: write \"session optional "
                     "pam_ssmenv.so\"");
    else if (line->type != PAM_TYPE_SESSION)
        findings_add(&checking->findings, FINDING_ERROR, place,
                     "pam_ssmenv serves sessions only, and %s: write session in the place of %s",
                     refusal_counts(line) ? "here it refuses everybody" : "does nothing here",
                     line->type_text);
}

static void check_control(struct checking *checking, const struct pam_file *file,
                          const struct pam_line *line)
{
    unsigned jump;

    if (pam_control_action(line->control, "success", &jump) == PAM_ACTION_UNKNOWN)
        findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                     "PAM knows no control \"%.*s\" and refuses every session here: write optional "
                     "or required",
                     QUOTED_BYTES, line->control);
}

static void check_arguments(struct checking *checking, const struct pam_file *file,
                            const struct pam_line *line)
{
    bool seen[ARGUMENTS] = {false};

    for (size_t i = 0; i < line->argument_count; i++) {
        const char *text = line->arguments[i];
        const char *value;
        enum argument argument = argument_find(text, &value);

        if (argument == ARGUMENTS) {
            findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                         "argument \"%.*s\" is unknown, so no session gets variables here; "
                         "allowed: " ARGUMENTS_ALLOWED,
                         QUOTED_BYTES, text);
            continue;
        }
        if (seen[argument])
            findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                         "argument \"%.*s\" is given twice, so no session gets variables here: "
                         "remove one",
                         QUOTED_BYTES, text);
        else if (!argument_is_well_formed(argument, value))
            findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                         "argument \"%.*s\" is malformed, so no session gets variables here: "
                         "expected %s",
                         QUOTED_BYTES, text, argument_table[argument].expected);
        seen[argument] = true;
    }
}

static void check_paths(struct checking *checking, const struct pam_file *file,
                        const struct pam_line *line)
{
    const char *helper = argument_value(line, ARGUMENT_HELPER);
    const char *config = argument_value(line, ARGUMENT_CONFIG);

    if (helper != NULL)
        check_trust(checking, helper, S_IFREG, place_of(file, line), NULL);
    if (config == NULL || strcmp(config, checking->settings.config) == 0)
        return;
    if (access(config, F_OK) != 0 && errno == ENOENT && strcmp(config, PATH_CONFIG) != 0)
        findings_add(
            &checking->findings, FINDING_ERROR, place_of(file, line),
            "config= names %s, which is not there: write that file, or correct config=", config);
    else
        findings_add(&checking->findings, FINDING_NOTE, place_of(file, line),
                     "sessions here have a configuration of their own: ssmenv check --config %s",
                     config);
}

static void check_break_glass(struct checking *checking, const struct pam_file *file,
                              const struct pam_line *line)
{
    const char *group = argument_value(line, ARGUMENT_BREAK_GLASS);

    if (group != NULL && group_is_known(checking, group) == KNOWN_NO)
        findings_add(&checking->findings, FINDING_WARNING, place_of(file, line),
                     "there is no group %s for break_glass: correct the name, or make the group",
                     group);
}

static void check_deny(struct checking *checking, const struct pam_file *file,
                       const struct pam_line *line)
{
    if (denies(line) && !refusal_counts(line))
        findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                     "on_error=deny has no effect under \"%.*s\": write required in its place",
                     QUOTED_BYTES, line->control);
}

static bool is_in_folders(const char *pattern, const char *name, struct checking *checking,
                          struct position place)
{
    glob_t found = {0};
    bool there = false;

    glob(pattern, GLOB_NOSORT, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc && !there; i++) {
        char path[LIMIT_PATH_BYTES];

        snprintf(path, sizeof path, "%s/%s", found.gl_pathv[i], name);
        there = access(path, F_OK) == 0;
        if (there)
            check_trust(checking, path, S_IFREG, place, NULL);
    }
    globfree(&found);
    return there;
}

static void check_module(struct checking *checking, const struct pam_file *file,
                         const struct pam_line *line)
{
    bool there = false;

    if (line->module[0] == '/') {
        check_trust(checking, line->module, S_IFREG, place_of(file, line), NULL);
        return;
    }
    for (size_t i = 0; i < sizeof module_folders / sizeof module_folders[0] && !there; i++)
        there = is_in_folders(module_folders[i], line->module, checking, place_of(file, line));
    if (!there)
        findings_add(&checking->findings, FINDING_ERROR, place_of(file, line),
                     "%.*s is not where PAM's modules are, so %s: install it, or name the whole "
                     "path, which is " PATH_MODULE,
                     QUOTED_BYTES, line->module,
                     line->silent || !refusal_counts(line) ? "no session gets variables"
                                                           : "every session is refused");
}

typedef void line_check(struct checking *checking, const struct pam_file *file,
                        const struct pam_line *line);

static line_check *const line_checks[] = {check_control,     check_arguments, check_paths,
                                          check_break_glass, check_deny,      check_module};

static void check_line(struct checking *checking, const struct pam_file *file,
                       const struct pam_line *line)
{
    check_type(checking, file, line);
    if (line->kind != PAM_MODULE || line->type != PAM_TYPE_SESSION)
        return;
    for (size_t i = 0; i < sizeof line_checks / sizeof line_checks[0]; i++)
        line_checks[i](checking, file, line);
}

void check_pam_lines(struct checking *checking)
{
    struct pam_services *pam = &checking->pam;

    pam_services_load(pam);
    for (size_t i = 0; i < pam->unseen_count; i++)
        check_unseen(checking, pam->unseen[i], EACCES);
    for (size_t i = 0; i < pam->file_count; i++) {
        for (size_t j = 0; j < pam->files[i]->count; j++) {
            if (pam_line_is_ours(&pam->files[i]->lines[j]))
                check_line(checking, pam->files[i], &pam->files[i]->lines[j]);
        }
    }
}

/* --- a line among the others of its stack --- */

struct standing {
    struct checking *checking;
    const struct pam_service *service;
    const struct pam_stack *stack;
    size_t at; /* our line's place in the stack */
    struct position place;
};

static const struct pam_line *our_line(const struct standing *standing)
{
    return standing->stack->entries[standing->at].line;
}

/* Names PAM's own files, where the reader has to look; several services may share them. */
static void add_standing(const struct standing *standing, enum finding_level level,
                         const struct pam_entry *other, const char *what, const char *advice)
{
    findings_add(&standing->checking->findings, level, standing->place, "%s %s:%u%s", what,
                 other->file->path, other->line->number, advice);
}

static void check_twice(const struct standing *standing)
{
    for (size_t i = 0; i < standing->at; i++) {
        const struct pam_entry *entry = &standing->stack->entries[i];

        if (pam_line_is_ours(entry->line)) {
            add_standing(standing, FINDING_WARNING, entry,
                         "pam_ssmenv runs here a second time, after",
                         ": remove one of the two lines");
            return;
        }
    }
}

/* libpam refuses where no line has said anything: a module that is not installed, or that ends in
 * PAM_IGNORE, must not be alone. */
static void check_alone(const struct standing *standing)
{
    for (size_t i = 0; i < standing->stack->count; i++) {
        if (!pam_line_is_ours(standing->stack->entries[i].line))
            return;
    }
    if (!standing->service->included)
        findings_add(&standing->checking->findings, FINDING_ERROR, standing->place,
                     "is the only session line of %s, so without the module every session is "
                     "refused: write \"session required pam_permit.so\" above it",
                     standing->service->name);
}

/* pam_systemd takes what it has to know about a session from PAM's environment first. */
static void check_order(const struct standing *standing)
{
    for (size_t i = standing->stack->count; i-- > standing->at + 1;) {
        const struct pam_entry *entry = &standing->stack->entries[i];

        if (pam_line_has_module(entry->line, "pam_systemd.so")) {
            add_standing(standing, FINDING_WARNING, entry, "stands before pam_systemd of",
                         ", which reads the variables that are set by then: move it behind that");
            return;
        }
    }
}

/* The index of the line behind the next jump lines: libpam takes a substack for one. */
static size_t landing_of(const struct pam_stack *stack, size_t from, unsigned jump)
{
    unsigned substack = stack->entries[from].substack;
    size_t at = from + 1;

    while (jump-- > 0 && at < stack->count) {
        unsigned inside = stack->entries[at].substack;

        at++;
        while (inside != substack && at < stack->count && stack->entries[at].substack == inside)
            at++;
    }
    return at;
}

static void check_jump(const struct standing *standing, size_t from, const char *answer)
{
    const struct pam_stack *stack = standing->stack;
    const struct pam_entry *entry = &stack->entries[from];
    unsigned jump;
    size_t landing;

    if (pam_control_action(entry->line->control, answer, &jump) != PAM_ACTION_JUMP)
        return;
    landing = landing_of(stack, from, jump);
    if (landing <= standing->at)
        return;
    if (landing < stack->count && pam_line_has_module(stack->entries[landing].line, "pam_deny.so"))
        add_standing(standing, FINDING_ERROR, entry,
                     "stands among the lines that are counted by the jump of",
                     ", which ends on pam_deny now and refuses every session: move it to the end");
    else
        add_standing(standing, FINDING_WARNING, entry, "is left out whenever the jump of",
                     " is taken: move it further down, unless that is meant");
}

static void check_jumps(const struct standing *standing)
{
    for (size_t i = 0; i < standing->at; i++) {
        check_jump(standing, i, "success");
        check_jump(standing, i, "default");
    }
}

static bool is_service(const struct standing *standing, const char *name)
{
    return strcasecmp(standing->service->name, name) == 0;
}

static void check_deny_of_service(const struct standing *standing)
{
    const struct pam_line *line = our_line(standing);

    if (!denies(line) || !refusal_counts(line))
        return;
    if (is_service(standing, "sudo") || is_service(standing, "sudo-i"))
        findings_add(&standing->checking->findings, FINDING_WARNING, standing->place,
                     "on_error=deny does not stop %s, which goes on when a session is refused",
                     standing->service->name);
    if (is_service(standing, "systemd-user"))
        findings_add(&standing->checking->findings, FINDING_WARNING, standing->place,
                     "on_error=deny can stop a user's service manager, and with it all of the "
                     "user's units: leave it out for systemd-user");
}

static void check_systemd_user(const struct standing *standing)
{
    if (is_service(standing, "systemd-user"))
        findings_add(&standing->checking->findings, FINDING_NOTE, standing->place,
                     "user units get their variables when the user's service manager starts, and "
                     "keep them until its last session has ended");
}

static void (*const standing_checks[])(const struct standing *standing) = {
    check_twice, check_alone, check_order, check_jumps, check_deny_of_service, check_systemd_user};

/* Whether the service uses the module. */
static bool check_service(struct checking *checking, const struct pam_service *service)
{
    struct pam_stack stack = pam_services_stack(&checking->pam, service, PAM_TYPE_SESSION);
    bool used = false;

    for (size_t i = 0; i < stack.count; i++) {
        const struct pam_entry *entry = &stack.entries[i];
        struct standing standing = {checking, service, &stack, i,
                                    place_of(entry->file, entry->line)};

        if (!pam_line_is_ours(entry->line))
            continue;
        used = true;
        for (size_t j = 0; j < sizeof standing_checks / sizeof standing_checks[0]; j++)
            standing_checks[j](&standing);
    }
    return used;
}

/* A line that is wrong has been told already. */
static bool is_written(const struct pam_services *pam)
{
    for (size_t i = 0; i < pam->file_count; i++) {
        for (size_t j = 0; j < pam->files[i]->count; j++) {
            if (pam_line_is_ours(&pam->files[i]->lines[j]))
                return true;
        }
    }
    return false;
}

void check_pam_stacks(struct checking *checking)
{
    bool used = false;

    pam_services_load(&checking->pam);
    for (size_t i = 0; i < checking->pam.service_count; i++)
        used |= check_service(checking, &checking->pam.services[i]);
    if (!used && checking->pam.unseen_count == 0 && !is_written(&checking->pam))
        findings_add(&checking->findings, FINDING_WARNING,
                     in_file(checking->pam.in_one_file ? "/etc/pam.conf" : "/etc/pam.d"),
                     "no service uses pam_ssmenv.so, so no session gets variables: add \"-session "
                     "optional pam_ssmenv.so\" to the end of sshd, and of others you want");
}
