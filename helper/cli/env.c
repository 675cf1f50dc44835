/* ssmenv env: prints a login's variables for another program to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/login/login_variables.h"
#include "cli/login/variable_format.h"
#include "cli/options.h"
#include "cli/terminal.h"

#define NAME_COLUMNS 24

struct arguments {
    struct login_options login;
    const char *format; /* NULL: not given */
    bool show_values;
};

static const struct option options[] = {
    LOGIN_OPTIONS(struct arguments),
    {"--format", VARIABLE_FORMATS, "how they are printed; else shell",
     offsetof(struct arguments, format)},
    {"--show-values", NULL, "print values on a terminal too",
     offsetof(struct arguments, show_values)},
};

/* What is to be printed; owns its texts. */
struct selection {
    struct variable variables[LIMIT_VARIABLES];
    size_t count;
};

static void selection_free(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        text_free(selection->variables[i].name);
        text_free(selection->variables[i].value);
    }
    selection->count = 0;
}

static bool add(const struct command *command, struct selection *selection,
                const struct checked_variable *found)
{
    struct variable *variable = &selection->variables[selection->count++];

    variable->name = text_copy_bytes(found->name.bytes, found->name.length);
    variable->value = text_copy_bytes(found->value.bytes, found->value.length);
    if (variable->name != NULL && variable->value != NULL)
        return true;
    complain(command, "out of memory");
    return false;
}

static const struct checked_variable *find(const struct checked_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->variable_count; i++) {
        struct wire_text found = reply->variables[i].name;

        if (found.length == strlen(name) && memcmp(found.bytes, name, found.length) == 0)
            return &reply->variables[i];
    }
    return NULL;
}

static bool select_all(const struct command *command, struct selection *selection,
                       const struct checked_reply *reply)
{
    bool ok = true;

    for (size_t i = 0; i < reply->variable_count && ok; i++)
        ok = add(command, selection, &reply->variables[i]);
    return ok;
}

static bool select_named(const struct command *command, struct selection *selection,
                         const struct checked_reply *reply, const struct operands *names)
{
    bool ok = true;

    for (size_t i = 0; i < names->count; i++) {
        const struct checked_variable *found = find(reply, names->items[i]);

        if (found == NULL)
            complain(command, "%s is not set", names->items[i]);
        ok = found != NULL && add(command, selection, found) && ok;
    }
    return ok;
}

/* Without names it is all or nothing; with names, what other sections lack is no concern. */
static bool select_variables(const struct command *command, const struct arguments *arguments,
                             const struct login_variables *variables, const struct operands *names,
                             struct selection *selection)
{
    const struct checked_reply *reply = &variables->answer.reply;

    if (names->count > 0)
        return select_named(command, selection, reply, names);
    if (variables->complete || login_variables_may_lack(&arguments->login))
        return select_all(command, selection, reply);
    complain(command, "nothing is printed; --on-error=ignore prints what could be had");
    return false;
}

/* Without a buffer of standard I/O, which nobody would wipe. */
static bool write_out(const struct buffer *text, struct error *error)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t count = write(STDOUT_FILENO, text->data + done, text->length - done);

        if (count < 0 && errno != EINTR)
            return error_set(error, "standard output cannot be written: %s", strerror(errno));
        if (count > 0)
            done += (size_t)count;
    }
    return true;
}

/* For the eyes of somebody, and of no use to eval. */
static void append_table(const struct selection *selection, struct buffer *text)
{
    for (size_t i = 0; i < selection->count; i++)
        buffer_append_format(text, "%-*s  %s\n", NAME_COLUMNS, selection->variables[i].name,
                             *selection->variables[i].value != '\0' ? "(set)" : "(empty)");
}

static int print(const struct command *command, const struct arguments *arguments,
                 const struct selection *selection)
{
    const char *format = arguments->format != NULL ? arguments->format : "shell";
    bool hidden = isatty(STDOUT_FILENO) && !arguments->show_values;
    struct buffer text = BUFFER_INIT;
    struct error error = ERROR_INIT;
    bool ok = true;

    if (hidden)
        append_table(selection, &text);
    else
        ok = variable_format_write(format, selection->variables, selection->count, &text, &error);
    ok = ok && write_out(&text, &error);
    buffer_free(&text);
    if (!ok)
        complain(command, "%s", error.text);
    else if (hidden)
        complain(command, "on a terminal, values are shown only with --show-values");
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.login = LOGIN_OPTIONS_DEFAULT};
    struct login_variables variables;
    struct selection selection = {.count = 0};
    struct operands names;
    int code;

    if (!options_parse(command, argc, argv, &arguments, &names, &code))
        return code;
    if (arguments.format != NULL && isatty(STDOUT_FILENO) && !arguments.show_values)
        return command_misused(command, "on a terminal, --format needs --show-values");
    if (login_variables_obtain(command, &arguments.login, &variables, &code))
        code = select_variables(command, &arguments, &variables, &names, &selection)
                   ? print(command, &arguments, &selection)
                   : EXIT_FAILED;
    selection_free(&selection);
    login_variables_free(&variables);
    return code;
}

const struct command command_env = {
    .name = "env",
    .operands = "[NAME...]",
    .most_operands = LIMIT_VARIABLES,
    .summary = "print the variables that a login of USER would get, all or those named",
    .text = "Values are printed to pipes and files; on a terminal, names only unless\n"
            "--show-values is given. A NAME that is not set is an error, and so is a value that\n"
            "the format cannot hold. Needs root.\n",
    .examples = "  eval \"$(ssmenv env DB_USER DB_PASS)\"\n"
                "  ssmenv env --user app --format json | jq -r .DATABASE_URL\n"
                "  ssmenv env --show-values\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
