#include "cli/doctor/doctor.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/json.h"
#include "cli/become.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "paths.h"
#include "ssmenv/duration.h"

#define TIMEOUT_DEFAULT "5s"
#define TIMEOUT_LEAST   100
#define TIMEOUT_MOST    (5 * 60 * 1000)

static const struct option options[] = {
    {"--user", "USER", "look at the sections for this user, who is also the %u of names",
     offsetof(struct doctor, user)},
    {"--service", "SERVICE", "look at the sections for this PAM service",
     offsetof(struct doctor, service)},
    {"--db", "HOST:PORT", "the database, in the place of those that the variables lead to",
     offsetof(struct doctor, database)},
    {"--timeout", "TIME", "what each step may take; " TIMEOUT_DEFAULT " by default",
     offsetof(struct doctor, timeout)},
    {"--json", NULL, "one JSON object, for programs", offsetof(struct doctor, json)},
    {"--config", "FILE", "another configuration than " PATH_CONFIG,
     offsetof(struct doctor, config_path)},
};

struct deadline doctor_deadline(const struct doctor *doctor)
{
    return deadline_in(doctor->timeout_ms);
}

static bool parse(const struct command *command, int argc, char **argv, struct doctor *doctor,
                  int *code)
{
    struct operands operands;
    uint64_t timeout;

    if (!options_parse(command, argc, argv, doctor, &operands, code))
        return false;
    if (!duration_parse(doctor->timeout, strlen(doctor->timeout), &timeout) ||
        timeout < TIMEOUT_LEAST || timeout > TIMEOUT_MOST) {
        *code = command_misused(command, "--timeout: expected a time from 100ms to 5m, like 3s");
        return false;
    }
    doctor->timeout_ms = (int64_t)timeout;
    if (doctor->database != NULL && !doctor_database_is_legal(doctor->database)) {
        *code = command_misused(command, "--db: expected HOST:PORT, like db.example.com:5432");
        return false;
    }
    return true;
}

/* --- the host --- */

static void report_account(struct doctor *doctor)
{
    const struct passwd *entry = getpwuid(geteuid());
    const char *name = entry != NULL ? entry->pw_name : "a user without a name";

    if (doctor->owner == 0) {
        report_add(&doctor->report, MARK_OK, "account", "works as %s, as a login's helper does",
                   name);
        return;
    }
    report_add(&doctor->report, MARK_WARNING, "account",
               "works as %s: what only root and " HELPER_USER " may read cannot be read", name);
    report_advise(&doctor->report, "to see what a login's helper sees, run it as root");
}

static void report_switch(struct doctor *doctor)
{
    if (access(PATH_DISABLED, F_OK) != 0)
        return;
    report_add(&doctor->report, MARK_WARNING, "switch",
               PATH_DISABLED " is there: the module is switched off, and no login gets variables");
    report_advise(&doctor->report, "rm " PATH_DISABLED " switches it on again");
}

static void report_diagnostics(struct report *report, const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *item = &diagnostics->items[i];

        report_add(report, item->severity == SEVERITY_ERROR ? MARK_BAD : MARK_WARNING,
                   "configuration", "%s", item->text != NULL ? item->text : "out of memory");
    }
}

static void load_configuration(struct doctor *doctor)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    bool is_default = strcmp(doctor->config_path, PATH_CONFIG) == 0;

    doctor->configured =
        config_load(&doctor->config, doctor->config_path, is_default, doctor->owner, &diagnostics);
    report_diagnostics(&doctor->report, &diagnostics);
    diagnostics_free(&diagnostics);
    if (!doctor->configured)
        return;
    doctor_select(doctor);
    doctor_collect(doctor);
    report_add(&doctor->report, doctor->config.section_count > 0 ? MARK_OK : MARK_WARNING,
               "configuration", "%s: %zu %s, %zu different parameters and secrets",
               doctor->config_path, doctor->config.section_count,
               doctor->config.section_count == 1 ? "section" : "sections", doctor->wanted_count);
    if (doctor->config.section_count == 0)
        report_advise(&doctor->report, "no variable is configured: see EXAMPLES in ssmenv.conf(5)");
}

/* What cannot be tried while there is no configuration. */
static void skip_identities(struct doctor *doctor)
{
    static const char *const checks[] = {"region",      "endpoints", "clock",
                                         "credentials", "caller",    "parameters"};

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        report_add(&doctor->report, MARK_SKIPPED, checks[i], "the configuration cannot be used");
}

static int examine(struct doctor *doctor)
{
    struct error error = ERROR_INIT;

    if (!become_helper_user(&doctor->owner, &error)) {
        report_add(&doctor->report, MARK_BAD, "account", "%s", error.text);
        return report_close(&doctor->report);
    }
    /* A lost datagram must not cost the five seconds after which libc asks again by default. */
    setenv("RES_OPTIONS", "timeout:1 attempts:3", 1);
    json_use_wiping_memory();
    report_account(doctor);
    report_switch(doctor);
    load_configuration(doctor);
    if (!doctor->configured)
        skip_identities(doctor);
    else if (!doctor_examine_identities(doctor))
        report_add(&doctor->report, MARK_BAD, "memory", "out of memory");
    doctor_examine_databases(doctor);
    return report_close(&doctor->report);
}

static void doctor_free(struct doctor *doctor)
{
    doctor_free_identities(doctor);
    result_free(&doctor->answers);
    arena_free(&doctor->arena);
    config_free(&doctor->config);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct doctor doctor = {.config_path = PATH_CONFIG, .timeout = TIMEOUT_DEFAULT};
    int code;

    if (!parse(command, argc, argv, &doctor, &code))
        return code;
    doctor.report.json = doctor.json;
    code = examine(&doctor);
    doctor_free(&doctor);
    return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "find out what is wrong between this host, AWS and the database",
    .text = "Tries everything that a login depends on, step by step, and says what to do about\n"
            "what does not work. Values are never printed, passwords never tried. Run it as root:\n"
            "it becomes " HELPER_USER " first, so that it sees what a login's helper sees.\n"
            "Ends with 0 when nothing is wrong, 1 when something is.\n",
    .examples = "  ssmenv doctor\n"
                "  ssmenv doctor --user deploy --service sshd\n"
                "  ssmenv doctor --db prod.c1xample.us-east-2.rds.amazonaws.com:5432\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
