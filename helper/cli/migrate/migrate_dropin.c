#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/configuration.h"
#include "cli/migrate/migrate.h"
#include "config/plan.h"
#include "paths.h"

#define HEADER "# Taken over from shell start-up files by ssmenv migrate.\n\n"

/* --- what there is --- */

static const char *setting_of(const struct identity *identity, const char *key)
{
    for (size_t i = 0; i < identity->count; i++) {
        if (strcmp(identity->settings[i].key, key) == 0)
            return identity->settings[i].value;
    }
    return NULL;
}

static struct migrate_identity describe(const struct identity *identity, const char *name)
{
    struct migrate_identity described = {.name = name,
                                         .region = setting_of(identity, "region"),
                                         .profile = setting_of(identity, "profile"),
                                         .endpoint = setting_of(identity, "endpoint_url"),
                                         .exists = true};
    const char *known[] = {described.region, described.profile, described.endpoint};
    size_t count = 0;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        count += known[i] != NULL;
    described.usable = count == identity->count;
    return described;
}

static bool is_used(const struct config *config, size_t identity)
{
    for (size_t i = 0; i < config->section_count; i++) {
        if (config->sections[i].identity == identity)
            return true;
    }
    return false;
}

/* Those with a name are known by the sections that use them. */
static void list_identities(struct migration *migration)
{
    const struct config *config = &migration->config;
    struct migrate_identities *identities = &migration->identities;

    if (config->identity_count > 0 && (config->identities[0].count > 0 || is_used(config, 0))) {
        identities->items = arena_grow(&migration->arena, identities->items, identities->count,
                                       sizeof *identities->items);
        identities->items[identities->count++] = describe(&config->identities[0], NULL);
    }
    for (size_t i = 0; i < config->section_count; i++) {
        const struct section *section = &config->sections[i];

        if (section->identity_name == NULL)
            continue;
        identities->items = arena_grow(&migration->arena, identities->items, identities->count,
                                       sizeof *identities->items);
        identities->items[identities->count++] =
            describe(&config->identities[section->identity], section->identity_name);
    }
}

/* Somebody who may not read the configuration gets what would be right where there is none. */
static bool load(struct migration *migration, struct error *error)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    bool may_read = geteuid() == 0;
    bool ok =
        config_load(&migration->config, migration->settings.config, true, geteuid(), &diagnostics);

    if (!ok && may_read)
        configuration_complain(migration->command, &diagnostics);
    diagnostics_free(&diagnostics);
    if (ok) {
        list_identities(migration);
        return true;
    }
    config_free(&migration->config);
    migration->config = CONFIG_INIT;
    return !may_read || error_set(error, "the configuration that is there has to be mended first");
}

static const char *dropin_path(struct migration *migration)
{
    const char *config = migration->settings.config;
    const char *slash = strrchr(config, '/');
    struct buffer path = BUFFER_INIT;
    const char *copy;

    buffer_append(&path, config, slash != NULL ? (size_t)(slash - config) + 1 : 0);
    buffer_append_text(&path, "conf.d/" MIGRATE_DROPIN);
    copy = arena_copy(&migration->arena, buffer_text(&path));
    buffer_free(&path);
    return copy;
}

static bool read_old(struct migration *migration, struct error *error)
{
    enum place_state state = place_open(&migration->place, dropin_path(migration), error);

    if (state == PLACE_ABSENT || (state == PLACE_REFUSED && geteuid() != 0)) {
        *error = ERROR_INIT;
        return true;
    }
    return state == PLACE_OPEN && place_read(&migration->place, &migration->old, error);
}

/* --- what there will be --- */

static void write_sections(const struct migration *migration, bool of_users, struct buffer *text)
{
    for (size_t i = 0; i < migration->section_count; i++) {
        if ((migration->sections[i].user != NULL) == of_users)
            migrate_section_write(&migration->sections[i], &migration->identities, text);
    }
}

static void trim(struct buffer *text)
{
    while (text->length > 1 && text->data[text->length - 1] == '\n' &&
           text->data[text->length - 2] == '\n')
        text->data[--text->length] = '\0';
}

/* A user's own lines have to stand behind those for everybody, which they win over. */
static void compose(struct migration *migration)
{
    const char *old = buffer_text(&migration->old);
    size_t header = strlen(HEADER);

    buffer_append_text(&migration->text, HEADER);
    migrate_identities_write(&migration->identities, &migration->text);
    write_sections(migration, false, &migration->text);
    buffer_append_text(&migration->text, strncmp(old, HEADER, header) == 0 ? old + header : old);
    if (old[0] != '\0')
        buffer_append_char(&migration->text, '\n');
    write_sections(migration, true, &migration->text);
    trim(&migration->text);

    buffer_append_format(&migration->added, "# %s\n", migration->place.path);
    migrate_identities_write(&migration->identities, &migration->added);
    write_sections(migration, false, &migration->added);
    write_sections(migration, true, &migration->added);
    trim(&migration->added);
}

bool migrate_dropin_make(struct migration *migration, struct error *error)
{
    migration->place = PLACE_INIT;
    if (!load(migration, error) || !read_old(migration, error))
        return false;
    migrate_identities_add(&migration->identities, migration->sections, migration->section_count,
                           &migration->arena);
    compose(migration);
    return !buffer_failed(&migration->text) || error_set(error, "out of memory");
}

/* --- whether it means the same --- */

static bool same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool asks_as(const struct identity *identity, const struct aws_value *value)
{
    struct migrate_identity described = describe(identity, NULL);

    return described.usable && same(described.region, value->region) &&
           same(described.profile, value->profile) && same(described.endpoint, value->endpoint);
}

static bool has_fallback(const struct assignment *assignment, const char *fallback)
{
    const struct text *text;

    if (fallback == NULL || assignment->count != 2 ||
        assignment->alternatives[1].kind != ALTERNATIVE_TEXT)
        return fallback == NULL && assignment->count == 1;
    text = &assignment->alternatives[1].text;
    return text->count == 0 ? fallback[0] == '\0'
                            : text->count == 1 && same(text->pieces[0].literal, fallback);
}

static bool means(const struct assignment *assignment, const struct aws_value *value)
{
    const struct reference *reference = assignment->alternatives[0].reference;

    return reference != NULL &&
           reference->kind == (value->secret ? LOOKUP_SECRET : LOOKUP_PARAMETER) &&
           same(reference->name, value->name) && same(reference->member, value->member) &&
           has_fallback(assignment, value->fallback);
}

static bool brings(const struct config *config, const struct plan *plan,
                   const struct migrate_variable *variable, struct error *error)
{
    for (size_t i = 0; i < plan->line_count; i++) {
        const struct plan_line *line = &plan->lines[i];
        const struct assignment *assignment = line->assignment;
        const struct section *section = plan->sets[line->set].section;

        if (!line->owns || strcmp(assignment->name, variable->name) != 0)
            continue;
        if (!means(assignment, &variable->value))
            return error_set(error, "%s is set by %s:%u too, and that one would win",
                             variable->name, assignment->position.file, assignment->position.line);
        return asks_as(&config->identities[section->identity], &variable->value) ||
               error_set(
                   error, "another file has settings for [aws%s%s] too, which %s must not have",
                   section->identity_name != NULL ? " " : "",
                   section->identity_name != NULL ? section->identity_name : "", variable->name);
    }
    return error_set(error, "%s would not be set", variable->name);
}

/* A name that the user's own files have as well is theirs. */
static bool is_overridden(const struct migration *migration, size_t section, const char *name)
{
    for (size_t i = section + 1; i < migration->section_count; i++) {
        const struct migrate_file *file = migration->sections[i].file;

        for (size_t j = 0; j < file->variable_count; j++) {
            if (strcmp(file->variables[j].name, name) == 0)
                return true;
        }
    }
    return false;
}

static bool check_plan(const struct migration *migration, const struct config *config,
                       const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < migration->section_count; i++) {
        const struct migrate_file *file = migration->sections[i].file;

        for (size_t j = 0; j < file->variable_count; j++) {
            if (!is_overridden(migration, i, file->variables[j].name) &&
                !brings(config, plan, &file->variables[j], error))
                return error_context(error, "%s:%u", file->path, file->variables[j].line);
        }
    }
    return true;
}

static bool check_config(const struct migration *migration, const struct config *config,
                         struct error *error)
{
    struct login login = {.user = migration->home.user, .service = "ssmenv"};
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct plan plan = PLAN_INIT;
    bool ok = plan_build(&plan, config, &login, &diagnostics);

    if (!ok)
        error_set(error, "no login can be planned with it");
    ok = ok && check_plan(migration, config, &plan, error);
    plan_free(&plan);
    diagnostics_free(&diagnostics);
    return ok;
}

/* A file that exists for this process only. */
static int memory_file(const struct buffer *text)
{
    int descriptor = memfd_create("drop-in", MFD_CLOEXEC);

    if (descriptor >= 0 &&
        write(descriptor, buffer_text(text), text->length) != (ssize_t)text->length) {
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

bool migrate_dropin_check(const struct migration *migration, struct error *error)
{
    struct config_candidate candidate = {.as = MIGRATE_DROPIN};
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct config config = CONFIG_INIT;
    int descriptor = memory_file(&migration->text);
    char path[32];
    bool ok;

    if (descriptor < 0)
        return error_set(error, "out of memory");
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    candidate.path = path;
    ok = config_load_candidates(&config, geteuid() == 0 ? migration->settings.config : "/proc/none",
                                true, geteuid(), &candidate, 1, &diagnostics);
    if (!ok) {
        configuration_complain(migration->command, &diagnostics);
        error_set(error, "what was made of the lines is no configuration");
    }
    ok = ok && check_config(migration, &config, error);
    config_free(&config);
    diagnostics_free(&diagnostics);
    close(descriptor);
    return ok;
}
