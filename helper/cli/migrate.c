/* ssmenv migrate: what start-up files ask AWS for, as ssmenv.conf. */
#include "cli/migrate/migrate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "paths.h"

#define EXIT_INCOMPLETE 3 /* some lines have to be moved by hand */
#define FILES_MAX       64

static const struct option options[] = {
    {"--apply", NULL, "write the drop-in, and comment the old lines out", /* prints otherwise */
     offsetof(struct migrate_settings, apply)},
    {"--credentials", NULL, "install the access keys that the lines used",
     offsetof(struct migrate_settings, credentials)},
    {"--replace", NULL, "with --credentials: in the place of other keys of that profile",
     offsetof(struct migrate_settings, replace)},
    {"--user", "USER", "whose start-up files; the default is who called, through sudo too",
     offsetof(struct migrate_settings, user)},
    OPTION_CONFIG(struct migrate_settings),
};

/* --- finding --- */

static bool find(struct migration *migration, const struct operands *operands, struct error *error)
{
    struct migrate_sources *sources = &migration->sources;
    const char *user = migration->settings.user;

    sources->arena = &migration->arena;
    if (operands->count > 0) {
        migrate_sources_named(sources, operands->items, operands->count, user);
        if (user == NULL && !migrate_sources_user(sources, &user, error))
            return false;
    }
    if (!migrate_home_find(&migration->home, user, &migration->arena, error))
        return false;
    if (!migrate_user_is_plain(migration->home.user))
        return error_set(error, "the user's name has bytes that a criterion user= cannot have");
    if (operands->count == 0)
        migrate_sources_of_home(sources, &migration->home);
    migrate_sources_read(sources, &migration->home);
    return true;
}

static void add_section(struct migration *migration, const struct migrate_source *source)
{
    migration->sections = arena_grow(&migration->arena, migration->sections,
                                     migration->section_count, sizeof *migration->sections);
    migration->sections[migration->section_count++] =
        (struct migrate_section){source->user, &source->file};
}

/* What everybody gets comes first, what the user gets wins over it. */
static void collect_sections(struct migration *migration)
{
    const struct migrate_sources *sources = &migration->sources;

    for (int of_user = 0; of_user < 2; of_user++) {
        for (size_t i = 0; i < sources->count; i++) {
            const struct migrate_source *source = &sources->items[i];

            if ((source->user != NULL) == (of_user != 0) && source->file.variable_count > 0)
                add_section(migration, source);
        }
    }
}

static bool same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool same_value(const struct aws_value *one, const struct aws_value *other)
{
    return one->secret == other->secret && strcmp(one->name, other->name) == 0 &&
           strcmp(one->member, other->member) == 0 && same_text(one->fallback, other->fallback) &&
           same_text(one->region, other->region) && same_text(one->profile, other->profile) &&
           same_text(one->endpoint, other->endpoint);
}

static bool agree(const struct migrate_file *one, const struct migrate_file *other,
                  struct error *error)
{
    for (size_t i = 0; i < one->variable_count; i++) {
        for (size_t j = 0; j < other->variable_count; j++) {
            const struct migrate_variable *first = &one->variables[i];
            const struct migrate_variable *second = &other->variables[j];

            if (strcmp(first->name, second->name) == 0 &&
                !same_value(&first->value, &second->value))
                return error_set(error,
                                 "%s:%u and %s:%u set %s to different parameters: which of them "
                                 "counts depends on the shell, so take one away",
                                 one->path, first->line, other->path, second->line, first->name);
        }
    }
    return true;
}

/* Two files for the same sessions have to say the same. */
static bool sections_agree(const struct migration *migration, struct error *error)
{
    for (size_t i = 0; i < migration->section_count; i++) {
        for (size_t j = i + 1; j < migration->section_count; j++) {
            const struct migrate_section *one = &migration->sections[i];
            const struct migrate_section *other = &migration->sections[j];

            if (same_text(one->user, other->user) && !agree(one->file, other->file, error))
                return false;
        }
    }
    return true;
}

/* --- telling --- */

struct counts {
    size_t problems;
    size_t unreadable; /* of the files that were named */
    size_t encrypted;
    size_t without_region;
    size_t fallbacks;
    size_t implicit; /* what another file may say about aws would matter */
};

static void count_variables(const struct migrate_file *file, struct counts *counts)
{
    for (size_t i = 0; i < file->variable_count; i++) {
        const struct aws_value *value = &file->variables[i].value;

        counts->encrypted += value->encrypted;
        counts->without_region += value->region == NULL;
        counts->fallbacks += value->fallback != NULL;
        counts->implicit += !value->explicit_region || !value->explicit_profile;
    }
}

static struct counts tell_problems(const struct migration *migration)
{
    struct counts counts = {0};

    for (size_t i = 0; i < migration->sources.count; i++) {
        const struct migrate_source *source = &migration->sources.items[i];

        if (error_is_set(&source->problem))
            complain(migration->command, "%s", source->problem.text);
        for (size_t j = 0; j < source->file.problem_count; j++)
            complain(migration->command, "%s:%u: %s", source->path, source->file.problems[j].line,
                     source->file.problems[j].text);
        counts.problems += source->file.problem_count + error_is_set(&source->problem);
        counts.unreadable += source->named && error_is_set(&source->problem);
        count_variables(&source->file, &counts);
    }
    return counts;
}

/* In what a login now differs from the old lines, where it does. */
static void tell_differences(const struct migration *migration, const struct counts *counts)
{
    if (counts->encrypted > 0)
        complain(migration->command,
                 "without --with-decryption an encrypted parameter came as it is stored; "
                 "ssmenv always decrypts");
    if (counts->fallbacks > 0)
        complain(migration->command,
                 "the text behind || was used whenever aws failed; ssmenv uses it only where the "
                 "parameter does not exist");
    if (counts->without_region > 0)
        complain(migration->command,
                 "no region is written: it is that of the profile, or of the instance");
}

/* What such a file sets is not known: a region, a profile, or the same variables. */
static void tell_sources(const struct migration *migration, const struct counts *counts)
{
    for (size_t i = 0; i < migration->sources.count && counts->implicit > 0; i++) {
        const struct migrate_file *file = &migration->sources.items[i].file;

        if (file->variable_count > 0 && file->source_line > 0)
            complain(migration->command,
                     "%s:%u reads another file, which was not looked at: make sure that it sets "
                     "no region and no profile for aws",
                     file->path, file->source_line);
    }
}

static void tell_lines(const struct migration *migration)
{
    for (size_t i = 0; i < migration->sources.count; i++) {
        const struct migrate_file *file = &migration->sources.items[i].file;

        for (size_t j = 0; j < file->range_count; j++) {
            unsigned first = file->ranges[j].first;
            unsigned last = file->ranges[j].last;

            if (first == last)
                complain(migration->command, "--apply would comment out %s:%u", file->path, first);
            else
                complain(migration->command, "--apply would comment out %s:%u to %u", file->path,
                         first, last);
        }
    }
}

/* --- doing --- */

static bool preview_credentials(struct migration *migration, struct error *error)
{
    struct place place = PLACE_INIT;
    struct buffer contents = BUFFER_INIT;
    bool changed;
    bool ok = true;

    if (place_open(&place, PATH_CREDENTIALS, error) == PLACE_REFUSED)
        ok = false;
    else
        *error = ERROR_INIT;
    ok = ok && migrate_credentials_make(migration, &place, &contents, &changed, error);
    buffer_free(&contents);
    place_close(&place);
    return ok;
}

static bool preview(struct migration *migration, struct error *error)
{
    if (migration->section_count > 0 &&
        (fputs(buffer_text(&migration->added), stdout) < 0 || fflush(stdout) != 0))
        return error_set(error, "standard output cannot be written");
    tell_lines(migration);
    return !migration->settings.credentials || preview_credentials(migration, error);
}

static bool act(struct migration *migration, const struct operands *operands, struct counts *counts,
                struct error *error)
{
    if (!find(migration, operands, error))
        return false;
    collect_sections(migration);
    *counts = tell_problems(migration);
    if (counts->unreadable > 0)
        return error_set(error, "nothing is changed, since a file could not be read");
    if (!sections_agree(migration, error) || !migrate_dropin_make(migration, error))
        return false;
    if (migration->section_count == 0)
        complain(migration->command, "nothing to take over was found");
    else if (!migrate_dropin_check(migration, error))
        return false;
    tell_differences(migration, counts);
    tell_sources(migration, counts);
    if (!(migration->settings.apply ? migrate_apply(migration, error) : preview(migration, error)))
        return false;
    if (!migration->settings.credentials && migration->section_count > 0)
        migrate_credentials_advise(migration);
    return true;
}

static void release(struct migration *migration)
{
    migrate_sources_free(&migration->sources);
    migrate_home_free(&migration->home);
    place_close(&migration->place);
    config_free(&migration->config);
    buffer_free(&migration->old);
    buffer_free(&migration->added);
    buffer_free(&migration->text);
    arena_free(&migration->arena);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct migration migration = {
        .command = command, .settings = {.config = PATH_CONFIG}, .place = PLACE_INIT};
    struct operands operands;
    struct counts counts = {0};
    struct error error = ERROR_INIT;
    int code;

    if (!options_parse(command, argc, argv, &migration.settings, &operands, &code))
        return code;
    if (migration.settings.replace && !migration.settings.credentials)
        return command_misused(command, "--replace goes with --credentials");
    if (act(&migration, &operands, &counts, &error)) {
        code = counts.problems > 0 ? EXIT_INCOMPLETE : EXIT_OK;
    } else {
        complain(command, "%s", error.text);
        code = EXIT_FAILED;
    }
    release(&migration);
    return code;
}

const struct command command_migrate = {
    .name = "migrate",
    .operands = "[FILE...]",
    .most_operands = FILES_MAX,
    .summary = "take variables over from .bashrc and other start-up files",
    .text =
        "Finds export NAME=$(aws ssm get-parameter ...) and the like, prints what has to stand\n"
        "in ssmenv.conf instead, and says which lines it could not translate, and why. The\n"
        "files are the system's and those in the user's home, unless some are named; \"-\" is\n"
        "standard input. Nothing is changed without --apply.\n"
        "\n"
        "Exit status 3 says that some lines are left for you.\n",
    .examples = "  ssmenv migrate                        # look first\n"
                "  sudo ssmenv migrate --apply --credentials\n"
                "  sudo ssmenv migrate --user deploy /home/deploy/.profile --apply\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
