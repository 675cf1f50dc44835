/* ssmenv check: the table of checks, and what becomes of their findings. */
#include "cli/check/check.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "paths.h"

#define EXIT_WARNINGS 1 /* with --strict */
#define EXIT_ERRORS   2

static const struct {
    void (*check)(struct checking *checking);
    bool of_files; /* also where FILEs are judged */
} checks[] = {
    {check_configuration, true},   {check_criteria, true},    {check_overrides, true},
    {check_switch, false},         {check_account, false},    {check_configuration_files, false},
    {check_identity_files, false}, {check_programs, false},   {check_run_folder, false},
    {check_pam_lines, false},      {check_pam_stacks, false}, {check_sshd, false},
};

static const struct option options[] = {
    {"--strict", NULL, "warnings count too: exit with 1", offsetof(struct check_settings, strict)},
    {"--as", "NAME", "judge FILE in the place of the drop-in NAME, or of ssmenv.conf",
     offsetof(struct check_settings, as)},
    {"--root", "DIR", "look at the image below DIR instead of this machine (root only)",
     offsetof(struct check_settings, root)},
    {"--json", NULL, "print the findings as JSON", offsetof(struct check_settings, json)},
    OPTION_CONFIG(struct check_settings),
};

static bool enter_image(const struct command *command, const char *folder)
{
    if (chroot(folder) == 0 && chdir("/") == 0)
        return true;
    complain(command, "%s cannot be entered: %s%s", folder, strerror(errno),
             errno == EPERM ? ": run it as root" : "");
    return false;
}

static void run_checks(struct checking *checking)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checking->file_count == 0 || checks[i].of_files)
            checks[i].check(checking);
    }
}

static int report(const struct checking *checking)
{
    const struct findings *findings = &checking->findings;
    bool whole = !findings->failed;

    if (checking->settings.json)
        whole = findings_print_json(findings);
    else
        findings_print(findings);
    if (fflush(stdout) != 0) {
        complain(checking->command, "standard output cannot be written");
        return EXIT_ERRORS;
    }
    if (!whole || findings->counts[FINDING_ERROR] > 0)
        return EXIT_ERRORS;
    return checking->settings.strict && findings->counts[FINDING_WARNING] > 0 ? EXIT_WARNINGS
                                                                              : EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct checking checking = {
        .command = command, .settings = {.config = PATH_CONFIG}, .owner = geteuid()};
    struct operands operands;
    int code;

    if (!options_parse(command, argc, argv, &checking.settings, &operands, &code))
        return code;
    if (checking.settings.as != NULL && operands.count != 1)
        return command_misused(command, "--as says whose place one FILE takes");
    if (checking.settings.root != NULL && !enter_image(command, checking.settings.root))
        return EXIT_ERRORS;
    checking.files = operands.items;
    checking.file_count = operands.count;
    run_checks(&checking);
    code = report(&checking);
    findings_free(&checking.findings);
    config_free(&checking.config);
    pam_services_free(&checking.pam);
    return code;
}

const struct command command_check = {
    .name = "check",
    .operands = "[FILE...]",
    .most_operands = SIZE_MAX,
    .summary = "find what is wrong, on a host, in an image or in a pipeline; asks nobody",
    .text =
        "Without FILE it looks at everything that a login depends on: configuration, files and\n"
        "their owners, the helper's account, PAM and sshd. FILE is judged as if it lay in\n"
        "conf.d already, and nothing else is. Exit status: 0 without errors, 2 with errors; with\n"
        "--strict 1 where there are warnings only.\n",
    .examples = "  ssmenv check                                      on a host\n"
                "  ssmenv check --root /mnt/image --strict           in an image build\n"
                "  ssmenv check ssmenv.conf conf.d/*.conf            in a repository\n"
                "  validate: ssmenv check --as 50-app.conf %s        in an Ansible task\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
