/* ssmenv plan: what a login would get and why, without asking anybody. */
#include "cli/plan/plan.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/become.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "paths.h"

struct settings {
    const char *user;
    const char *service;
    const char *config;
    bool json;
    bool show_values;
};

static const struct option options[] = {
    {"--user", "USER", "the session's user; for su and sudo the target",
     offsetof(struct settings, user)},
    {"--service", "SERVICE", "the PAM service, as in sshd, su, cron",
     offsetof(struct settings, service)},
    {"--json", NULL, "print it as JSON", offsetof(struct settings, json)},
    {"--show-values", NULL, "print the values that are known, too (root only)",
     offsetof(struct settings, show_values)},
    OPTION_CONFIG(struct settings),
};

static bool parse(const struct command *command, int argc, char **argv, struct settings *settings,
                  int *code)
{
    struct operands operands;

    if (!options_parse(command, argc, argv, settings, &operands, code))
        return false;
    if (settings->user == NULL || settings->service == NULL) {
        *code = command_misused(command, "both --user and --service are needed");
        return false;
    }
    if (settings->show_values && geteuid() != 0) {
        complain(command, "only root is shown values: run it as root");
        *code = EXIT_FAILED;
        return false;
    }
    return true;
}

static int print(const struct command *command, const struct settings *settings,
                 const struct outlook *outlook)
{
    bool whole = true;

    if (settings->json)
        whole = plan_print_json(outlook, settings->show_values);
    else
        plan_print(outlook, settings->show_values);
    if (whole && fflush(stdout) == 0)
        return EXIT_OK;
    complain(command, whole ? "standard output cannot be written" : "out of memory");
    return EXIT_FAILED;
}

static int explain(const struct command *command, const struct settings *settings,
                   const struct config *config, uid_t owner)
{
    struct outlook outlook = OUTLOOK_INIT;
    struct error error = ERROR_INIT;
    int code = EXIT_FAILED;

    if (getpwnam(settings->user) == NULL)
        complain(command, "warning: this machine knows no user %s, so no groups either",
                 settings->user);
    if (outlook_make(&outlook, config, settings->user, settings->service, owner, &error))
        code = print(command, settings, &outlook);
    else
        complain(command, "%s", error.text);
    outlook_free(&outlook);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {.config = PATH_CONFIG};
    struct config config = CONFIG_INIT;
    struct error error = ERROR_INIT;
    int code = EXIT_FAILED;
    uid_t owner;

    if (!parse(command, argc, argv, &settings, &code))
        return code;
    if (!become_helper_user(&owner, &error))
        complain(command, "%s", error.text);
    else if (configuration_load(command, &config, settings.config, owner))
        code = explain(command, &settings, &config, owner);
    config_free(&config);
    return code;
}

const struct command command_plan = {
    .name = "plan",
    .operands = "--user USER --service SERVICE",
    .summary = "show what a login would get and why; asks nobody",
    .text = "Each section: whether it matches, which pattern decided, under which identity it is\n"
            "asked for, and what the cache holds of it. Each variable: which line it comes from,\n"
            "and what its value is made of. Values are masked.\n",
    .examples = "  ssmenv plan --user deploy --service sshd\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
