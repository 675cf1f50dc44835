#include "cli/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

struct settings {
    const char *region;
    const char *format;
    const char *config;
    bool quiet;
};

static const struct option options[] = {
    {"--region", "REGION", "a region", offsetof(struct settings, region)},
    {"--format", "shell|json", "how it is printed", offsetof(struct settings, format)},
    {"--config", "FILE", "what is read", offsetof(struct settings, config)},
    {"--quiet", NULL, "says nothing", offsetof(struct settings, quiet)},
};

static const struct command any_number = {.name = "example",
                                          .operands = "[FILE...]",
                                          .most_operands = 4,
                                          .summary = "be an example",
                                          .text = "More of it.\n",
                                          .examples = "  ssmenv example --quiet\n",
                                          .options = options,
                                          .option_count = OPTION_COUNT(options)};

/* What came of parsing a command line, and what was printed. */
struct outcome {
    bool parsed;
    int code;
    struct settings settings;
    struct operands operands;
    char output[2048];
    char errors[2048];
};

/* Redirects a stream to a new file; returns the descriptor that it had. */
static int redirect(FILE *stream, FILE **file)
{
    int saved = dup(fileno(stream));

    *file = tmpfile();
    if (saved < 0 || *file == NULL)
        abort();
    fflush(stream);
    dup2(fileno(*file), fileno(stream));
    return saved;
}

static void restore(FILE *stream, int saved, FILE *file, char *text, size_t size)
{
    fflush(stream);
    dup2(saved, fileno(stream));
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* arguments: what follows the command's name, NULL at the end. */
static struct outcome parse(const struct command *command, const char *const *arguments)
{
    static char *argv[16];
    struct outcome outcome = {.code = -1, .settings.region = "default"};
    FILE *output;
    FILE *errors;
    int saved_output = redirect(stdout, &output);
    int saved_errors = redirect(stderr, &errors);
    int argc = 1;

    argv[0] = (char *)(uintptr_t)command->name;
    while (*arguments != NULL)
        argv[argc++] = (char *)(uintptr_t)*arguments++;
    argv[argc] = NULL;
    outcome.parsed =
        options_parse(command, argc, argv, &outcome.settings, &outcome.operands, &outcome.code);
    restore(stdout, saved_output, output, outcome.output, sizeof outcome.output);
    restore(stderr, saved_errors, errors, outcome.errors, sizeof outcome.errors);
    return outcome;
}

#define PARSE(command, ...) parse(command, (const char *const[]){__VA_ARGS__, NULL})
#define PARSE_NONE(command) parse(command, (const char *const[]){NULL})

static void check_silent(const struct outcome *outcome)
{
    CHECK_TEXT(outcome->output, "");
    CHECK_TEXT(outcome->errors, "");
}

/* Wrong arguments: exit code, first line, usage, where to read on; nothing on standard output. */
static void check_misused(const struct outcome *outcome, const char *message)
{
    CHECK(!outcome->parsed);
    CHECK_INT(outcome->code, EXIT_USAGE);
    CHECK_TEXT(outcome->output, "");
    CHECK_CONTAINS(outcome->errors, message);
    CHECK(strncmp(outcome->errors, "ssmenv example: ", 16) == 0);
    CHECK_CONTAINS(outcome->errors, "\nusage: ssmenv example [OPTION...] ");
    CHECK_CONTAINS(outcome->errors, "\nssmenv example --help tells more.\n");
}

static void a_value_follows_as_the_next_argument_or_behind_an_equals_sign(void)
{
    struct outcome next = PARSE(&any_number, "--region", "us-east-2");
    struct outcome glued = PARSE(&any_number, "--region=us-east-2");
    struct outcome dashes = PARSE(&any_number, "--region", "--quiet");
    struct outcome equals = PARSE(&any_number, "--region=a=b");

    CHECK(next.parsed && glued.parsed && dashes.parsed && equals.parsed);
    CHECK_TEXT(next.settings.region, "us-east-2");
    CHECK_TEXT(glued.settings.region, "us-east-2");
    CHECK_TEXT(dashes.settings.region, "--quiet");
    CHECK(!dashes.settings.quiet);
    CHECK_TEXT(equals.settings.region, "a=b");
    check_silent(&next);
}

static void a_file_becomes_an_absolute_path(void)
{
    struct outcome given = PARSE(&any_number, "--config", "/etc/a.conf");
    struct outcome relative = PARSE(&any_number, "--config", "a.conf");
    char *folder = getcwd(NULL, 0);
    char expected[4200];

    snprintf(expected, sizeof expected, "%s/a.conf", folder != NULL ? folder : "?");
    CHECK_TEXT(given.settings.config, "/etc/a.conf");
    CHECK_TEXT(relative.settings.config, expected);
    free((void *)(uintptr_t)relative.settings.config);
    free(folder);
}

static void what_is_not_given_keeps_its_default(void)
{
    struct outcome outcome = PARSE_NONE(&any_number);

    CHECK(outcome.parsed);
    CHECK_TEXT(outcome.settings.region, "default");
    CHECK_TEXT(outcome.settings.format, NULL);
    CHECK(!outcome.settings.quiet);
    CHECK_INT((long long)outcome.operands.count, 0);
    CHECK(outcome.operands.items[0] == NULL);
    check_silent(&outcome);
}

static void of_an_option_given_twice_the_last_counts(void)
{
    struct outcome outcome = PARSE(&any_number, "--region=one", "--region", "two");

    CHECK_TEXT(outcome.settings.region, "two");
}

static void a_flag_is_set_and_takes_no_value(void)
{
    struct outcome outcome = PARSE(&any_number, "--quiet");
    struct outcome with_value = PARSE(&any_number, "--quiet=yes");

    CHECK(outcome.parsed && outcome.settings.quiet);
    check_misused(&with_value, "--quiet takes no value");
}

static void options_may_stand_among_the_operands(void)
{
    struct outcome outcome = PARSE(&any_number, "a", "--quiet", "b", "--region", "r", "-");

    CHECK(outcome.parsed && outcome.settings.quiet);
    CHECK_TEXT(outcome.settings.region, "r");
    CHECK_INT((long long)outcome.operands.count, 3);
    CHECK_TEXT(outcome.operands.items[0], "a");
    CHECK_TEXT(outcome.operands.items[1], "b");
    CHECK_TEXT(outcome.operands.items[2], "-");
    CHECK(outcome.operands.items[3] == NULL);
}

static void two_dashes_end_the_options(void)
{
    struct outcome outcome = PARSE(&any_number, "--quiet", "--", "--region", "--", "--help");

    CHECK(outcome.parsed && outcome.settings.quiet);
    CHECK_TEXT(outcome.settings.region, "default");
    CHECK_INT((long long)outcome.operands.count, 3);
    CHECK_TEXT(outcome.operands.items[0], "--region");
    CHECK_TEXT(outcome.operands.items[1], "--");
    CHECK_TEXT(outcome.operands.items[2], "--help");
}

static void the_first_operand_ends_the_options_where_another_command_line_begins(void)
{
    struct command runner = any_number;
    struct outcome outcome;
    struct outcome dashed;

    runner.ends_at_operand = true;
    outcome = PARSE(&runner, "--quiet", "env", "--region=x", "--", "--help");
    CHECK(outcome.parsed && outcome.settings.quiet);
    CHECK_TEXT(outcome.settings.region, "default");
    CHECK_INT((long long)outcome.operands.count, 4);
    CHECK_TEXT(outcome.operands.items[1], "--region=x");
    CHECK_TEXT(outcome.operands.items[2], "--");
    dashed = PARSE(&runner, "--", "env", "--");
    CHECK_INT((long long)dashed.operands.count, 2);
    CHECK_TEXT(dashed.operands.items[0], "env");
}

static void a_value_out_of_several_must_be_one_of_them(void)
{
    static const char *const wrong[] = {"xml", "shel", "shells", "shell|json", "|", "SHELL"};
    struct outcome first = PARSE(&any_number, "--format", "shell");
    struct outcome last = PARSE(&any_number, "--format=json");

    CHECK_TEXT(first.settings.format, "shell");
    CHECK_TEXT(last.settings.format, "json");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct outcome outcome = PARSE(&any_number, "--format", wrong[i]);

        check_misused(&outcome, "--format is one of shell|json");
    }
}

static void an_option_without_its_value_is_refused(void)
{
    struct outcome missing = PARSE(&any_number, "--region");
    struct outcome empty = PARSE(&any_number, "--region=");
    struct outcome blank = PARSE(&any_number, "--region", "");

    check_misused(&missing, "--region needs a value");
    check_misused(&empty, "--region needs a value");
    check_misused(&blank, "--region needs a value");
}

static void an_unknown_option_is_refused_with_the_nearest_one(void)
{
    struct outcome near = PARSE(&any_number, "--regoin", "x");
    struct outcome with_value = PARSE(&any_number, "--regio=x");
    struct outcome far = PARSE(&any_number, "--completely-else");
    struct outcome letter = PARSE(&any_number, "-q");

    check_misused(&near, "there is no option --regoin; did you mean --region?\n");
    check_misused(&with_value, "there is no option --regio; did you mean --region?\n");
    check_misused(&far, "there is no option --completely-else\n");
    check_misused(&letter, "there is no option -q\n");
}

static void a_wrong_number_of_operands_is_refused(void)
{
    struct command two = any_number;
    struct outcome few;
    struct outcome many;

    two.operands = "HOST USER";
    two.least_operands = two.most_operands = 2;
    few = PARSE(&two, "host");
    many = PARSE(&two, "host", "user", "rest");
    check_misused(&few, "too few arguments: HOST USER");
    check_misused(&many, "rest is one argument too many");
    CHECK(PARSE(&two, "host", "user").parsed);
}

static void a_command_may_have_its_own_code_for_wrong_arguments(void)
{
    struct command runner = any_number;

    runner.usage_code = 125;
    CHECK_INT(PARSE(&runner, "--bogus").code, 125);
    CHECK_INT(PARSE(&runner, "1", "2", "3", "4", "5").code, 125);
}

static void help_goes_to_standard_output_and_is_no_failure(void)
{
    struct outcome outcome = PARSE(&any_number, "--quiet", "--help", "--bogus");

    CHECK(!outcome.parsed);
    CHECK_INT(outcome.code, EXIT_OK);
    CHECK_TEXT(outcome.errors, "");
    CHECK_TEXT(outcome.output, "usage: ssmenv example [OPTION...] [FILE...]\n"
                               "\n"
                               "ssmenv example: be an example.\n"
                               "\n"
                               "More of it.\n"
                               "\n"
                               "Options:\n"
                               "  --region REGION       a region\n"
                               "  --format shell|json   how it is printed\n"
                               "  --config FILE         what is read\n"
                               "  --quiet               says nothing\n"
                               "\n"
                               "Examples:\n"
                               "  ssmenv example --quiet\n");
}

static const struct tap_test tests[] = {
    {"a value follows as the next argument or behind an equals sign",
     a_value_follows_as_the_next_argument_or_behind_an_equals_sign},
    {"a FILE becomes an absolute path", a_file_becomes_an_absolute_path},
    {"what is not given keeps its default", what_is_not_given_keeps_its_default},
    {"of an option given twice the last counts", of_an_option_given_twice_the_last_counts},
    {"a flag is set and takes no value", a_flag_is_set_and_takes_no_value},
    {"options may stand among the operands", options_may_stand_among_the_operands},
    {"-- ends the options", two_dashes_end_the_options},
    {"the first operand ends the options where another command line begins",
     the_first_operand_ends_the_options_where_another_command_line_begins},
    {"a value out of several must be one of them", a_value_out_of_several_must_be_one_of_them},
    {"an option without its value is refused", an_option_without_its_value_is_refused},
    {"an unknown option is refused with the nearest one",
     an_unknown_option_is_refused_with_the_nearest_one},
    {"a wrong number of operands is refused", a_wrong_number_of_operands_is_refused},
    {"a command may have its own code for wrong arguments",
     a_command_may_have_its_own_code_for_wrong_arguments},
    {"--help goes to standard output and is no failure",
     help_goes_to_standard_output_and_is_no_failure},
};

TAP_MAIN(tests)
