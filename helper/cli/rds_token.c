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
#include "cli/configuration.h"
#include "cli/options.h"
#include "cli/terminal.h"
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

static const struct option options[] = {
    {"--region", "REGION", "the database's region, in the place of that of ssmenv.conf",
     offsetof(struct arguments, region)},
    {"--profile", "NAME", "the profile, in the place of that of ssmenv.conf",
     offsetof(struct arguments, profile)},
    OPTION_CONFIG(struct arguments),
};

static bool parse(const struct command *command, int argc, char **argv, struct arguments *arguments,
                  int *code)
{
    struct operands operands;

    if (!options_parse(command, argc, argv, arguments, &operands, code))
        return false;
    arguments->endpoint = operands.items[0];
    arguments->user = operands.items[1];
    if (arguments->region == NULL || region_is_valid(arguments->region, strlen(arguments->region)))
        return true;
    *code = command_misused(command, "%s is no region", arguments->region);
    return false;
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

/* Whoever is not root may lack nothing else. */
static void hint(const struct command *command)
{
    if (geteuid() != 0)
        complain(command,
                 "the configuration and the credentials are for root to read: run it as root");
}

static bool load(const struct command *command, struct config *config,
                 const struct arguments *arguments)
{
    if (!configuration_load(command, config, arguments->config, geteuid()))
        return false;
    override(config, "region", arguments->region);
    override(config, "profile", arguments->profile);
    return true;
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
    progress("asking for credentials");
    account_open(&account, settings, deadline_in(PATIENCE_MS));
    account_connect(&account, http, &clock);
    progress_end();
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

static int print(const struct command *command, const struct arguments *arguments,
                 const struct config *config)
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
        complain(command, "%s", error.text);
    identities_free(&identities);
    buffer_free(&token);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.config = PATH_CONFIG};
    struct config config = CONFIG_INIT;
    int code;

    if (!parse(command, argc, argv, &arguments, &code))
        return code;
    code = load(command, &config, &arguments) ? print(command, &arguments, &config) : EXIT_FAILED;
    if (code == EXIT_FAILED)
        hint(command);
    config_free(&config);
    return code;
}

const struct command command_rds_token = {
    .name = "rds-token",
    .operands = "HOST:PORT USER",
    .least_operands = 2,
    .most_operands = 2,
    .summary = "print a token with which USER can log in to an RDS database for 15 minutes",
    .text = "The token is a password: it is signed here with the credentials that ssmenv.conf\n"
            "names, which root may read. HOST is the database's own name, not an alias of it.\n",
    .examples = "  PGPASSWORD=$(ssmenv rds-token \"$HOST:5432\" app) psql -h \"$HOST\" -U app\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
