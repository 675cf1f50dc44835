#include "cli/migrate/migrate_aws.h"

#include <string.h>

#include "cli/migrate/migrate_call.h"
#include "common/buffer.h"
#include "config/parameter_name.h"
#include "config/secret_name.h"
#include "config/value_type.h"
#include "ssmenv/limits.h"

/* What a command's output is on its way through a pipeline. */
enum output_state {
    OUTPUT_DOCUMENT, /* the whole answer, as JSON */
    OUTPUT_QUOTED,   /* the value as a JSON string, in its quotes */
    OUTPUT_VALUE,    /* the value */
    OUTPUT_MEMBER,   /* a member of the value */
};

struct translation {
    const struct shell_variables *variables; /* with what stands in front of the command */
    const struct aws_defaults *defaults;
    struct arena *arena;
    struct aws_value *value;
    struct aws_call call;
    enum output_state state;
    struct error *why;
};

bool aws_is_mentioned(const char *text, size_t length)
{
    static const char *const operations[] = {"get-parameter", "get-secret-value"};

    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (length > 0 && memmem(text, length, operations[i], strlen(operations[i])) != NULL)
            return true;
    }
    return false;
}

/* --- the variables that aws obeys --- */

/* Where aws gets credentials or settings that are not the profile's, or a way to AWS. The first
 * ones count only where --profile is not given. */
#define KEYS 4
static const char *const disturbing[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
};

static bool is_undisturbed(const struct translation *translation)
{
    size_t first = translation->call.profile != NULL ? KEYS : 0;

    for (size_t i = first; i < sizeof disturbing / sizeof *disturbing; i++) {
        const struct shell_variable *variable =
            shell_variables_find(translation->variables, disturbing[i]);

        if (variable != NULL && variable->exported)
            return error_set(translation->why,
                             "aws obeys %s, which is set here; ssmenv has settings of its own: "
                             "see AWS KEYS in ssmenv.conf(5)",
                             disturbing[i]);
    }
    return true;
}

/* The value of the one that is set; two names have one meaning, in different versions of aws. */
static bool one_of(const struct translation *translation, const char *first, const char *second,
                   const char **value)
{
    const char *names[] = {first, second};

    *value = NULL;
    for (size_t i = 0; i < 2; i++) {
        const struct shell_variable *variable =
            names[i] != NULL ? shell_variables_find(translation->variables, names[i]) : NULL;

        if (variable == NULL || !variable->exported)
            continue;
        if (variable->value == NULL)
            return error_set(translation->why, "the value of $%s is not known", names[i]);
        if (*value != NULL && strcmp(*value, variable->value) != 0)
            return error_set(translation->why, "%s and %s are not the same", first, second);
        *value = variable->value[0] != '\0' ? variable->value : *value;
    }
    return true;
}

/* --- what is asked, and where --- */

static bool choose_identity(struct translation *translation)
{
    struct aws_call *call = &translation->call;
    struct aws_value *value = translation->value;
    struct aws_profile profile = {0};
    const char *set;

    if (!one_of(translation, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", &set))
        return false;
    value->profile = call->profile != NULL ? call->profile : set;
    if (translation->defaults != NULL && translation->defaults->profile != NULL)
        profile = translation->defaults->profile(
            translation->defaults, value->profile != NULL ? value->profile : "default");
    if (!one_of(translation, "AWS_REGION", "AWS_DEFAULT_REGION", &set))
        return false;
    value->region = call->region != NULL ? call->region : (set != NULL ? set : profile.region);
    if (!one_of(translation, "AWS_DEFAULT_OUTPUT", NULL, &set))
        return false;
    if (call->output == NULL)
        call->output = set != NULL ? set : (profile.output != NULL ? profile.output : "json");
    value->endpoint = call->endpoint;
    value->explicit_region = call->region != NULL;
    value->explicit_profile = call->profile != NULL;
    return true;
}

/* As ssmenv.conf will judge it. */
static bool is_usable(const struct translation *translation, const char *what,
                      const struct value_type *type, const char *value)
{
    return value == NULL || type->accepts(value) ||
           error_set(translation->why, "its %s is none that ssmenv.conf can have: expected %s",
                     what, type->expected);
}

static bool settings_are_usable(const struct translation *translation)
{
    const struct aws_value *value = translation->value;

    return is_usable(translation, "region", &type_region, value->region) &&
           is_usable(translation, "profile", &type_profile, value->profile) &&
           is_usable(translation, "endpoint", &type_endpoint_url, value->endpoint);
}

static bool finish_name(struct translation *translation)
{
    const struct aws_call *call = &translation->call;
    struct aws_value *value = translation->value;
    struct name_mistake mistake;
    struct buffer name = {.limit = LIMIT_LOOKUP_NAME_BYTES};

    if (call->stage != NULL && call->version != NULL)
        return error_set(translation->why, "it names a version and a stage");
    buffer_append_text(&name, call->name);
    if (call->stage != NULL)
        buffer_append_format(&name, "?stage=%s", call->stage);
    if (call->version != NULL)
        buffer_append_format(&name, "?version=%s", call->version);
    value->secret = call->kind == ANSWER_SECRET;
    value->name = arena_copy(translation->arena, buffer_text(&name));
    buffer_free(&name);
    value->encrypted = !value->secret && !call->decrypts;
    if (value->secret && (call->stage == NULL && call->version == NULL) &&
        strchr(call->name, '?') != NULL)
        return error_set(translation->why, "its secret has no legal name");
    mistake = value->secret ? secret_name_judge(value->name) : parameter_name_judge(value->name);
    return mistake.text == NULL ||
           error_set(translation->why, "the name it asks for is none: %s", mistake.text);
}

/* --- what is taken from the answer --- */

static bool has_name(const struct aws_call *call, const char *name)
{
    if (call->kind != ANSWER_PARAMETERS)
        return strcmp(call->name, name) == 0;
    for (size_t i = 0; i < call->name_count; i++) {
        if (strcmp(call->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Several names are asked for: which of them is it? */
static bool choose_name(struct translation *translation, const struct selection *selection)
{
    struct aws_call *call = &translation->call;

    if (selection->name == NULL && call->name_count > 1)
        return error_set(translation->why,
                         "it asks for several names, and AWS answers in an order of its own: ask "
                         "for each with get-parameter");
    if (selection->name == NULL)
        return true;
    if (!has_name(call, selection->name))
        return error_set(translation->why, "it selects a name that it does not ask for");
    call->name = selection->name;
    return true;
}

static bool apply_query(struct translation *translation)
{
    const struct aws_call *call = &translation->call;
    bool is_text = strcmp(call->output, "text") == 0;
    struct selection selection;

    if (!is_text && strcmp(call->output, "json") != 0)
        return error_set(translation->why, "its output is neither text nor json");
    if (call->query == NULL) {
        translation->state = OUTPUT_DOCUMENT;
        return !is_text || error_set(translation->why, "it prints more than the value: it lacks "
                                                       "--query Parameter.Value");
    }
    if (!query_read(call->query, call->kind, translation->arena, &selection))
        return error_set(translation->why, "its --query is not understood");
    if (selection.as_list && !is_text)
        return error_set(translation->why, "its --query gives a list");
    translation->state = is_text ? OUTPUT_VALUE : OUTPUT_QUOTED;
    return choose_name(translation, &selection);
}

/* --- what stands behind the pipe --- */

/* jq [-r] PROGRAM */
static bool apply_jq(struct translation *translation, const char *const *words, size_t count)
{
    const char *program = NULL;
    struct selection selection;
    bool raw = false;

    for (size_t i = 1; i < count; i++) {
        if (strcmp(words[i], "--raw-output") == 0 || strcmp(words[i], "-r") == 0 ||
            strcmp(words[i], "-er") == 0 || strcmp(words[i], "-re") == 0)
            raw = true;
        else if (words[i][0] == '-' || program != NULL)
            return error_set(translation->why, "the arguments of jq are not understood");
        else
            program = words[i];
    }
    if (!raw)
        return error_set(translation->why, "jq without -r leaves the value in quotes");
    if (program == NULL)
        return error_set(translation->why, "jq has no program");
    if (translation->state == OUTPUT_QUOTED && strcmp(program, ".") == 0) {
        translation->state = OUTPUT_VALUE;
        return true;
    }
    if (translation->state != OUTPUT_DOCUMENT && translation->state != OUTPUT_VALUE)
        return error_set(translation->why, "what jq makes of it is not understood");
    if (!jq_read(program,
                 translation->state == OUTPUT_VALUE ? ANSWER_VALUE : translation->call.kind,
                 translation->arena, &selection))
        return error_set(translation->why, "the program of jq is not understood");
    if (translation->state == OUTPUT_DOCUMENT && !choose_name(translation, &selection))
        return false;
    translation->value->member = selection.member;
    translation->state = selection.member[0] != '\0' ? OUTPUT_MEMBER : OUTPUT_VALUE;
    return true;
}

/* Takes the quotes of JSON away, and quotes inside the value too: then it was broken before. */
static bool removes_quotes(const char *const *words, size_t count)
{
    static const char *const commands[][3] = {
        {"tr", "-d", "\""}, {"tr", "-d", "\\\""}, {"sed", "s/\"//g", NULL}};

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        size_t length = commands[i][2] != NULL ? 3 : 2;
        size_t same = 0;

        while (same < length && same < count && strcmp(commands[i][same], words[same]) == 0)
            same++;
        if (same == length && count == length)
            return true;
    }
    return false;
}

static bool apply_filter(struct translation *translation, const struct shell_command *command)
{
    const char **words = NULL;
    size_t count = 0;

    for (size_t i = 0; i < command->word_count; i++) {
        if (!shell_word_split(translation->variables, &command->words[i], &words, &count,
                              translation->why))
            return false;
    }
    if (count > 0 && strcmp(words[0], "jq") == 0)
        return apply_jq(translation, words, count);
    if (translation->state == OUTPUT_QUOTED && removes_quotes(words, count)) {
        translation->state = OUTPUT_VALUE;
        return true;
    }
    return error_set(translation->why, "what stands behind its pipe is not understood");
}

/* --- a text for when it fails --- */

static bool read_fallback(struct translation *translation, const struct shell_command *command)
{
    struct buffer text = BUFFER_INIT;
    const char **words = NULL;
    size_t count = 0;
    size_t first = 1;

    for (size_t i = 0; i < command->word_count; i++) {
        if (!shell_word_split(translation->variables, &command->words[i], &words, &count,
                              translation->why))
            return false;
    }
    if (count == 1 && (strcmp(words[0], "true") == 0 || strcmp(words[0], ":") == 0))
        first = count;
    else if (count == 0 || strcmp(words[0], "echo") != 0)
        return error_set(translation->why, "what stands behind its || is not understood");
    else if (count > 1 && strcmp(words[1], "-n") == 0)
        first = 2;
    for (size_t i = first; i < count; i++)
        buffer_append_format(&text, "%s%s", i > first ? " " : "", words[i]);
    while (text.length > 0 && text.data[text.length - 1] == '\n')
        text.data[--text.length] = '\0';
    translation->value->fallback = arena_copy(translation->arena, buffer_text(&text));
    buffer_free(&text);
    if (strpbrk(translation->value->fallback, "\\\r") != NULL ||
        translation->value->fallback[0] == '-')
        return error_set(translation->why, "what echo makes of its text is not known");
    return true;
}

/* --- the command itself --- */

static bool redirections_are_harmless(const struct translation *translation,
                                      const struct shell_command *command)
{
    for (size_t i = 0; i < command->redirection_count; i++) {
        const struct shell_redirection *redirection = &command->redirections[i];
        const char *target = shell_word_bare(&redirection->target);
        bool of_errors = redirection->descriptor == 2 && redirection->operator[0] == '>';
        bool of_nothing = redirection->descriptor <= 0 && strcmp(redirection->operator, "<") == 0 &&
                          target != NULL && strcmp(target, "/dev/null") == 0;

        if (!of_errors && !of_nothing)
            return error_set(translation->why, "it redirects more than its messages");
    }
    return true;
}

/* NAME=VALUE in front of a command counts for it alone. */
static bool take_assignments(struct translation *translation, struct shell_variables *variables,
                             const struct shell_command *command, size_t *at)
{
    for (; *at < command->word_count; (*at)++) {
        struct shell_variable *variable;
        struct shell_word value;
        const char *text;
        const char *name = shell_word_assigns(&command->words[*at], translation->arena, &value);

        if (name == NULL)
            return true;
        if (!shell_word_text(translation->variables, &value, &text, translation->why))
            return false;
        variable = shell_variables_open(variables, name);
        variable->value = text;
        variable->exported = true;
    }
    return true;
}

static const char *bare_word(const struct shell_command *command, size_t at)
{
    const char *word = at < command->word_count ? shell_word_bare(&command->words[at]) : NULL;

    return word != NULL ? word : "";
}

/* Moves over what runs another command and changes nothing about it. */
static bool take_wrappers(struct translation *translation, struct shell_variables *variables,
                          const struct shell_command *command, size_t *at)
{
    if (!take_assignments(translation, variables, command, at))
        return false;
    if (strcmp(bare_word(command, *at), "command") == 0)
        (*at)++;
    if (strcmp(bare_word(command, *at), "timeout") == 0 &&
        strspn(bare_word(command, *at + 1), "0123456789.") > 0)
        *at += 2;
    if (strcmp(bare_word(command, *at), "env") == 0) {
        (*at)++;
        return take_assignments(translation, variables, command, at);
    }
    return true;
}

static bool is_aws(const char *word)
{
    const char *slash = strrchr(word, '/');

    return strcmp(word, "aws") == 0 || (word[0] == '/' && strcmp(slash, "/aws") == 0);
}

/* What stands in front of the command counts for aws, not for its words. */
static bool read_call(struct translation *translation, const struct shell_command *command)
{
    const struct shell_variables *outer = translation->variables;
    struct shell_variables local = {.arena = translation->arena, .outer = outer};
    const char *program;
    size_t at = 0;
    bool ok;

    if (!take_wrappers(translation, &local, command, &at))
        return false;
    if (at == command->word_count ||
        !shell_word_text(outer, &command->words[at], &program, translation->why) ||
        !is_aws(program))
        return error_set(translation->why, "its command is not aws itself");
    if (!aws_call_read(command, at + 1, outer, &translation->call, translation->why))
        return false;
    translation->variables = &local;
    ok = is_undisturbed(translation) && choose_identity(translation);
    translation->variables = outer;
    return ok && settings_are_usable(translation) && apply_query(translation);
}

static bool read_commands(struct translation *translation, const struct shell_script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        const struct shell_command *command = &script->commands[i];
        enum shell_joint joint = i == 0 ? SHELL_JOINT_NONE : SHELL_JOINT_PIPE;
        bool last = i > 0 && i + 1 == script->count && command->joint == SHELL_JOINT_OR;

        if (command->inside != NULL || command->background || (command->joint != joint && !last))
            return error_set(translation->why, "it runs more than one command");
        if (!redirections_are_harmless(translation, command))
            return false;
        if (last && i > 1)
            return error_set(translation->why,
                             "the shell takes what stands behind || only when the last command "
                             "of the pipe fails");
        if (!(i == 0 ? read_call(translation, command)
                     : (last ? read_fallback(translation, command)
                             : apply_filter(translation, command))))
            return false;
    }
    return true;
}

static bool ends_as_value(const struct translation *translation)
{
    switch (translation->state) {
    case OUTPUT_DOCUMENT:
        return error_set(translation->why, "it takes the whole answer, not the value");
    case OUTPUT_QUOTED:
        return error_set(translation->why, "without --output text the value comes in quotes");
    case OUTPUT_VALUE:
    case OUTPUT_MEMBER:
        break;
    }
    return true;
}

bool aws_value_read(const char *command, const struct shell_variables *variables,
                    const struct aws_defaults *defaults, struct aws_value *value, struct error *why)
{
    struct translation translation = {.variables = variables,
                                      .defaults = defaults,
                                      .arena = variables->arena,
                                      .value = value,
                                      .why = why};
    struct shell_script script;

    *value = (struct aws_value){.member = ""};
    shell_read(&script, command, strlen(command), variables->arena);
    if (script.broken != NULL)
        return error_set(why, "it cannot be read: %s", script.broken);
    if (script.count == 0)
        return error_set(why, "it runs no command");
    return read_commands(&translation, &script) && ends_as_value(&translation) &&
           finish_name(&translation);
}
