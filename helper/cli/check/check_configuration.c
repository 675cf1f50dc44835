/* What ssmenv.conf says, and what it names. */
#include "cli/check/check.h"

#include <stdlib.h>
#include <string.h>

#include "config/section.h"
#include "paths.h"

#define TOOL_SERVICE "ssmenv" /* what ssmenv exec and ssmenv env log in as; needs no PAM file */

static bool is_candidate(const struct checking *checking, const char *file)
{
    for (size_t i = 0; file != NULL && i < checking->file_count; i++) {
        if (strcmp(checking->files[i], file) == 0)
            return true;
    }
    return false;
}

/* Where FILEs are judged, what stands elsewhere is not their fault. */
static bool is_judged(const struct checking *checking, struct position place)
{
    return checking->file_count == 0 || is_candidate(checking, place.file);
}

/* --- reading it --- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void list_candidates(struct checking *checking, struct config_candidate *candidates)
{
    for (size_t i = 0; i < checking->file_count; i++) {
        const char *path = checking->files[i];

        candidates[i].path = path;
        candidates[i].as = checking->settings.as != NULL ? checking->settings.as : name_of(path);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(candidates[j].as, candidates[i].as) == 0)
                findings_add(&checking->findings, FINDING_ERROR, in_file(path),
                             "has the same name as %s: judge them one by one", candidates[j].path);
        }
    }
}

static bool load(struct checking *checking, struct config *config,
                 const struct config_candidate *candidates, size_t count,
                 struct diagnostics *diagnostics)
{
    const char *path = checking->settings.config;

    return config_load_candidates(config, path, strcmp(path, PATH_CONFIG) == 0, checking->owner,
                                  candidates, count, diagnostics);
}

static bool holds_text(const struct diagnostics *diagnostics, const char *text)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (diagnostics->items[i].text != NULL && strcmp(diagnostics->items[i].text, text) == 0)
            return true;
    }
    return false;
}

/* before: what was wrong without the FILEs. */
static void add_diagnostics(struct checking *checking, const struct diagnostics *diagnostics,
                            const struct diagnostics *before)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];
        bool old = item->text != NULL && holds_text(before, item->text);
        enum finding_level level =
            item->severity == SEVERITY_ERROR ? FINDING_ERROR : FINDING_WARNING;

        if (item->text == NULL)
            checking->findings.failed = true;
        else
            findings_add(&checking->findings, old ? FINDING_NOTE : level, item->position, "%s%s",
                         item->text + item->place_bytes,
                         old ? " (so it is already, whatever becomes of FILE)" : "");
    }
    if (diagnostics->errors + diagnostics->warnings > diagnostics->count)
        findings_add(&checking->findings, FINDING_NOTE, in_file(checking->settings.config),
                     "%zu more mistakes and warnings are not shown",
                     diagnostics->errors + diagnostics->warnings - diagnostics->count);
}

void check_configuration(struct checking *checking)
{
    struct config_candidate *candidates = calloc(checking->file_count + 1, sizeof *candidates);
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct diagnostics before = DIAGNOSTICS_INIT;
    struct config as_it_is = CONFIG_INIT;

    if (candidates == NULL) {
        checking->findings.failed = true;
        return;
    }
    list_candidates(checking, candidates);
    if (checking->file_count > 0)
        load(checking, &as_it_is, NULL, 0, &before);
    checking->config_good =
        load(checking, &checking->config, candidates, checking->file_count, &diagnostics);
    add_diagnostics(checking, &diagnostics, &before);
    if (checking->config_good && checking->config.section_count == 0)
        findings_add(&checking->findings, FINDING_WARNING, in_file(checking->settings.config),
                     "there is no [env] section, so no session gets variables");
    diagnostics_free(&before);
    diagnostics_free(&diagnostics);
    config_free(&as_it_is);
    free(candidates);
}

/* --- whom it names --- */

static void add_unknown(struct checking *checking, const struct pattern *pattern, enum known known,
                        const char *what, const char *advice)
{
    enum finding_level level =
        known == KNOWN_UNSURE || checking->settings.root != NULL ? FINDING_NOTE : FINDING_WARNING;

    if (known == KNOWN_UNSURE)
        findings_add(&checking->findings, level, pattern->position,
                     "whether there is a %s %s cannot be told now", what, pattern->text);
    else if (known == KNOWN_NO)
        findings_add(&checking->findings, level, pattern->position, "there is no %s %s%s: %s", what,
                     pattern->text, checking->settings.root != NULL ? " in the image" : "", advice);
}

static void check_user(struct checking *checking, const struct pattern *pattern)
{
    add_unknown(checking, pattern, account_find(checking, pattern->text).known, "user",
                "correct the name, or make the account");
}

static void check_group(struct checking *checking, const struct pattern *pattern)
{
    add_unknown(checking, pattern, group_is_known(checking, pattern->text), "group",
                "correct the name, or make the group");
}

static void check_service(struct checking *checking, const struct pattern *pattern)
{
    const struct pam_service *service;

    if (strcmp(pattern->text, TOOL_SERVICE) == 0)
        return;
    pam_services_load(&checking->pam);
    service = pam_services_find(&checking->pam, pattern->text);
    if (service == NULL)
        add_unknown(checking, pattern, checking->pam.unseen_count > 0 ? KNOWN_UNSURE : KNOWN_NO,
                    "PAM service", "correct the name; services are the files in /etc/pam.d");
    else if (!pattern->veto && !pam_service_uses_module(&checking->pam, service))
        findings_add(&checking->findings, FINDING_WARNING, pattern->position,
                     "sessions of the service %s do not get here: add \"session optional "
                     "pam_ssmenv.so\" to %s",
                     pattern->text, service->path);
}

static void check_patterns(struct checking *checking, const struct pattern_list *list,
                           void (*check)(struct checking *checking, const struct pattern *pattern))
{
    for (size_t i = 0; i < list->count; i++) {
        if (pattern_is_literal(list->patterns[i].text) &&
            is_judged(checking, list->patterns[i].position))
            check(checking, &list->patterns[i]);
    }
}

void check_criteria(struct checking *checking)
{
    const struct config *config = &checking->config;

    for (size_t i = 0; checking->config_good && i < config->section_count; i++) {
        check_patterns(checking, &config->sections[i].users, check_user);
        check_patterns(checking, &config->sections[i].groups, check_group);
        check_patterns(checking, &config->sections[i].services, check_service);
    }
}

/* --- pairs that are torn apart --- */

static bool is_fetched(const struct assignment *assignment)
{
    for (size_t i = 0; !assignment->import && i < assignment->count; i++) {
        if (assignment->alternatives[i].kind == ALTERNATIVE_PARAMETER)
            return true;
    }
    return false;
}

static const struct assignment *find_name(const struct section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++) {
        if (strcmp(section->assignments[i].name, name) == 0)
            return &section->assignments[i];
    }
    return NULL;
}

/* DB_USER and DB_PASS: alike up to the last underscore. */
static bool are_alike(const char *name, const char *other)
{
    const char *end = strrchr(name, '_');
    const char *other_end = strrchr(other, '_');
    size_t length = end != NULL ? (size_t)(end - name) : 0;

    return length > 0 && other_end != NULL && (size_t)(other_end - other) == length &&
           strncmp(name, other, length) == 0;
}

/* Whether something matches both lists; true where that cannot be excluded easily. */
static bool may_meet(const struct pattern_list *list, const struct pattern_list *other)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; i < list->count; i++) {
        const struct pattern *pattern = &list->patterns[i];

        if (pattern->veto || !pattern_is_literal(pattern->text) ||
            pattern_list_matches(other, pattern->text))
            return true;
    }
    return false;
}

static bool sections_may_meet(const struct section *a, const struct section *b)
{
    return may_meet(&a->users, &b->users) && may_meet(&b->users, &a->users) &&
           may_meet(&a->services, &b->services) && may_meet(&b->services, &a->services);
}

/* The line of a pair that later leaves alone although it overrides name. */
static const struct assignment *find_left_alone(const struct section *earlier,
                                                const struct section *later, const char *name)
{
    for (size_t i = 0; i < earlier->count; i++) {
        const struct assignment *assignment = &earlier->assignments[i];

        if (is_fetched(assignment) && are_alike(assignment->name, name) &&
            find_name(later, assignment->name) == NULL)
            return assignment;
    }
    return NULL;
}

/* One finding for two sections: one pair shows it. */
static void compare_sections(struct checking *checking, const struct section *earlier,
                             const struct section *later)
{
    for (size_t i = 0; i < later->count; i++) {
        const struct assignment *overriding = &later->assignments[i];
        const struct assignment *overridden = find_name(earlier, overriding->name);
        const struct assignment *left;

        if (overridden == NULL || !is_fetched(overriding) || !is_fetched(overridden))
            continue;
        left = find_left_alone(earlier, later, overriding->name);
        if (left == NULL || !sections_may_meet(earlier, later))
            continue;
        findings_add(&checking->findings, FINDING_WARNING, overriding->position,
                     "%s is overridden here and %s of %s:%u is not: a login that matches both "
                     "gets the two from two fetches: write both here",
                     overriding->name, left->name, left->position.file, left->position.line);
        return;
    }
}

void check_overrides(struct checking *checking)
{
    const struct config *config = &checking->config;

    for (size_t i = 0; checking->config_good && i < config->section_count; i++) {
        const struct section *later = &config->sections[i];

        for (size_t j = 0; j < i; j++) {
            if (is_judged(checking, later->position) ||
                is_judged(checking, config->sections[j].position))
                compare_sections(checking, &config->sections[j], later);
        }
    }
}
