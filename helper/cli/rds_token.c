/* ssmenv rds-token: the token is made of what ssmenv.conf says, and printed. */
#include "aws/database_token.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/account.h"
#include "aws/http.h"
#include "aws/json.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "config/arn.h"
#include "config/config.h"
#include "login_identities.h"
#include "paths.h"

#define PATIENCE_MS 10000 /* for whoever has to be asked for credentials */

struct arguments {
    const char *endpoint;
    const char *user;
    const char *region;  /* NULL: as ssmenv.conf says, as with the other options */
    const char *profile; /* likewise */
    const char *config;
};

static int parse(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--region", &arguments->region},
                   {"--profile", &arguments->profile},
                   {"--config", &arguments->config}};
    const char **operands[] = {&arguments->endpoint, &arguments->user};
    size_t operand_count = 0;

    for (int i = 1; i < argc; i++) {
        size_t option = 0;

        while (option < 3 && strcmp(options[option].name, argv[i]) != 0)
            option++;
        if (option < 3 && i + 1 == argc)
            return command_misused(command, "%s needs a value", argv[i]);
        if (option < 3)
            *options[option].value = argv[++i];
        else if (strncmp(argv[i], "--", 2) == 0)
            return command_misused(command, "there is no option %s", argv[i]);
        else if (operand_count == 2)
            return command_misused(command, "%s is one argument too many", argv[i]);
        else
            *operands[operand_count++] = argv[i];
    }
    if (operand_count < 2)
        return command_misused(command, "HOST:PORT and USER are needed");
    if (arguments->region != NULL && !region_is_valid(arguments->region, strlen(arguments->region)))
        return command_misused(command, "%s is no region", arguments->region);
    return EXIT_OK;
}

/* What an option says stands in the place of what [aws] says. */
static void override(struct config *config, const char *key, const char *value)
{
    struct identity *identity = &config->identities[0];
    size_t i = 0;

    if (value == NULL)
        return;
    while (i < identity->count && strcmp(identity->settings[i].key, key) != 0)
        i++;
    if (i == identity->count) {
        identity->settings = arena_grow(&config->arena, identity->settings, identity->count,
                                        sizeof *identity->settings);
        identity->settings[identity->count++].key = arena_copy(&config->arena, key);
    }
    identity->settings[i].value = arena_copy(&config->arena, value);
}

static void complain(const char *text)
{
    fprintf(stderr, "ssmenv rds-token: %s\n", text);
}

/* Whoever is not root may lack nothing else. */
static void hint(void)
{
    if (geteuid() != 0)
        complain("the configuration and the credentials are for root to read: run it as root");
}

static bool load(struct config *config, const struct arguments *arguments)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    bool ok = config_load(config, arguments->config, strcmp(arguments->config, PATH_CONFIG) == 0,
                          geteuid(), &diagnostics);

    for (size_t i = 0; i < diagnostics.count; i++)
        complain(diagnostics.items[i].text != NULL ? diagnostics.items[i].text : "out of memory");
    diagnostics_free(&diagnostics);
    if (ok) {
        override(config, "region", arguments->region);
        override(config, "profile", arguments->profile);
    }
    return ok;
}

static bool make(const struct arguments *arguments, const struct identity *settings,
                 struct buffer *token, struct error *error)
{
    struct http *http = http_open(error);
    struct account account = {0};
    struct clock clock = {0};
    bool ok = false;

    if (http == NULL)
        return false;
    account_open(&account, settings, deadline_in(PATIENCE_MS));
    account_connect(&account, http, &clock);
    if (error_is_set(&account.error))
        *error = account.error;
    else if (account.region == NULL)
        *error = account.region_error;
    else
        ok = database_token_make(&account.credentials, account.region, arguments->endpoint,
                                 arguments->user, clock_now(&clock), token, error);
    account_free(&account);
    return ok;
}

static const char *user_name(void)
{
    const struct passwd *entry = getpwuid(getuid());

    return entry != NULL ? entry->pw_name : "unknown";
}

static int print(const struct arguments *arguments, const struct config *config)
{
    struct identities identities;
    struct buffer token = BUFFER_INIT;
    struct error error = ERROR_INIT;
    int code = EXIT_FAILED;

    json_use_wiping_memory();
    if (!identities_make(&identities, config, user_name(), geteuid()))
        error_set(&error, "out of memory");
    else if (make(arguments, &identities.items[0].settings, &token, &error))
        code = EXIT_OK;
    if (code == EXIT_OK && (printf("%s\n", buffer_text(&token)) < 0 || fflush(stdout) != 0)) {
        error_set(&error, "standard output cannot be written");
        code = EXIT_FAILED;
    }
    if (code != EXIT_OK)
        complain(error.text);
    identities_free(&identities);
    buffer_free(&token);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.config = PATH_CONFIG};
    struct config config = CONFIG_INIT;
    int code = parse(command, argc, argv, &arguments);

    if (code != EXIT_OK)
        return code;
    code = load(&config, &arguments) ? print(&arguments, &config) : EXIT_FAILED;
    if (code == EXIT_FAILED)
        hint();
    config_free(&config);
    return code;
}

const struct command command_rds_token = {
    .name = "rds-token",
    .arguments = "HOST:PORT USER [--region R] [--profile P] [--config FILE]",
    .summary = "print a token with which USER can log in to an RDS database for 15 minutes",
    .help = "The token is a password: it is signed here with the credentials that ssmenv.conf\n"
            "names, which root may read. HOST is the database's own name, not an alias of it.\n\n"
            "  --region R     the database's region, in the place of that of ssmenv.conf\n"
            "  --profile P    the profile, in the place of that of ssmenv.conf\n"
            "  --config FILE  another ssmenv.conf\n\n"
            "  PGPASSWORD=$(ssmenv rds-token \"$HOST:5432\" app) psql -h \"$HOST\" -U app\n",
    .run = run,
};
