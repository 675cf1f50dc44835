/* ssmenv exec: becomes a program that has a login's variables. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/login/login_variables.h"
#include "cli/options.h"

/* As env(1) has them; else the status is the program's own. */
enum {
    EXIT_NOT_STARTED = 125, /* before the program was tried */
    EXIT_NOT_RUN = 126,     /* it is there and cannot be run */
    EXIT_NOT_FOUND = 127,
};

#define PRISTINE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct arguments {
    struct login_options login;
    bool pristine;
};

static const struct option options[] = {
    LOGIN_OPTIONS(struct arguments),
    {"--pristine", NULL, "begin with PATH, HOME, USER, LOGNAME and SHELL, and nothing else",
     offsetof(struct arguments, pristine)},
};

static bool put_variable(const struct checked_variable *variable)
{
    char *name = text_copy_bytes(variable->name.bytes, variable->name.length);
    char *value = text_copy_bytes(variable->value.bytes, variable->value.length);
    bool ok = name != NULL && value != NULL && setenv(name, value, 1) == 0;

    text_free(name);
    text_free(value);
    return ok;
}

static bool set_environment(const struct arguments *arguments,
                            const struct login_variables *variables, struct error *error)
{
    const struct checked_reply *reply = &variables->answer.reply;

    if (arguments->pristine && (clearenv() != 0 || setenv("PATH", PRISTINE_PATH, 1) != 0))
        return error_set(error, "out of memory");
    if ((arguments->pristine || arguments->login.user != NULL) &&
        !target_user_describe(&variables->user, error))
        return false;
    for (size_t i = 0; i < reply->variable_count; i++) {
        if (!put_variable(&reply->variables[i]))
            return error_set(error, "out of memory");
    }
    return true;
}

static bool prepare(const struct command *command, const struct arguments *arguments,
                    const char *program)
{
    struct login_variables variables;
    struct error error = ERROR_INIT;
    int code;
    bool ok = login_variables_obtain(command, &arguments->login, &variables, &code);

    if (ok && !variables.complete) {
        ok = login_variables_may_lack(&arguments->login);
        complain(command,
                 ok ? "%s is started without them, or with those that could be had"
                    : "%s is not started; --on-error=ignore starts it all the same",
                 program);
    }
    if (ok) {
        ok = set_environment(arguments, &variables, &error) &&
             (arguments->login.user == NULL || target_user_become(&variables.user, &error));
        if (!ok)
            complain(command, "%s", error.text);
    }
    login_variables_free(&variables);
    return ok;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.login = LOGIN_OPTIONS_DEFAULT};
    struct operands operands;
    int code;

    if (!options_parse(command, argc, argv, &arguments, &operands, &code))
        return code;
    if (!prepare(command, &arguments, operands.items[0]))
        return EXIT_NOT_STARTED;
    execvp(operands.items[0], operands.items);
    code = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
    complain(command, "%s: %s", operands.items[0], strerror(errno));
    return code;
}

const struct command command_exec = {
    .name = "exec",
    .operands = "COMMAND [ARGUMENT...]",
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .ends_at_operand = true,
    .usage_code = EXIT_NOT_STARTED,
    .summary = "run COMMAND with the variables that a login of USER would get",
    .text = "For what does not log in: systemd services, entry points of containers, cron. With\n"
            "--user, COMMAND runs as USER. It takes the place of ssmenv: same process, signals,\n"
            "descriptors and exit status. Exit status 125: it was not started; 126: it cannot be\n"
            "run; 127: it was not found. Needs root.\n",
    .examples =
        "  ssmenv exec --user app -- /usr/local/bin/app --port 8080\n"
        "  ssmenv exec --service backup --user postgres sh -c 'pg_dump \"$DATABASE_URL\"'\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
