/* ssmenv policy: the smallest IAM policy with which the configuration works. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "cli/policy/policy_collection.h"
#include "cli/policy/source_address.h"
#include "config/arn.h"
#include "paths.h"

struct arguments {
    const char *account;
    const char *key;
    const char *source_ip;
    const char *source_vpce;
    const char *database_user;
    const char *config;
};

static const struct option options[] = {
    {"--account", "ID", "the account of the parameters, twelve digits; else * stands for it",
     offsetof(struct arguments, account)},
    {"--kms-key", "ARN", "the customer key that values are encrypted with; AWS's own needs nothing",
     offsetof(struct arguments, key)},
    {"--source-ip", "CIDR,...", "calls have to come from these public addresses",
     offsetof(struct arguments, source_ip)},
    {"--source-vpce", "ID,...", "calls have to come through these VPC endpoints, one per service",
     offsetof(struct arguments, source_vpce)},
    {"--db-user", "[RESOURCE/]USER", "a database user for ssmenv rds-token, as in db-ABC123/app",
     offsetof(struct arguments, database_user)},
    OPTION_CONFIG(struct arguments),
};

/* --- what the options say --- */

static bool judge_key(const char *key, struct error *error)
{
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t offset;

    if (arn_find_resource(key, "kms", &offset) && strncmp(key + offset, "key/", 4) == 0 &&
        key[offset + 4] != '\0' && strspn(key + offset + 4, alphabet) == strlen(key + offset + 4))
        return true;
    return error_set(error,
                     "--kms-key: expected arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is nothing "
                     "that a policy can name: aws kms describe-key --key-id alias/NAME shows the "
                     "key's ARN");
}

/* RESOURCE is what RDS calls the DbiResourceId, USER what the database calls its user. */
static bool judge_database_user(const char *user, struct error *error)
{
    const char *slash = strchr(user, '/');
    const char *name = slash != NULL ? slash + 1 : user;
    size_t resource = slash != NULL ? (size_t)(slash - user) : 0;

    if (name[0] != '\0' && strpbrk(name, "*?/\"\\") == NULL && (slash == NULL || resource > 0) &&
        strspn(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") >= resource)
        return true;
    return error_set(error, "--db-user: expected RESOURCE/USER, as in "
                            "db-ABCDEFGHIJKL01234567890123/app");
}

/* Each of the list's elements, which commas separate. */
static bool read_list(const char *text, bool (*judge)(const char *, size_t, struct error *),
                      struct arena *arena, struct string_list *list, struct error *error)
{
    for (;;) {
        size_t length = strcspn(text, ",");

        if (!judge(text, length, error))
            return false;
        string_list_add(list, arena, arena_copy_bytes(arena, text, length));
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

static bool read_origin(const struct arguments *arguments, struct arena *arena,
                        struct policy_origin *origin, struct error *error)
{
    if (arguments->source_ip != NULL && arguments->source_vpce != NULL)
        return error_set(error, "a call that comes through a VPC endpoint has no public address: "
                                "give --source-ip or --source-vpce, not both");
    if (arguments->source_ip != NULL) {
        *origin = (struct policy_origin){.comparison = "IpAddress", .key = "aws:SourceIp"};
        return read_list(arguments->source_ip, source_address_judge, arena, &origin->values, error);
    }
    if (arguments->source_vpce != NULL) {
        *origin = (struct policy_origin){.comparison = "StringEquals", .key = "aws:SourceVpce"};
        return read_list(arguments->source_vpce, source_endpoint_judge, arena, &origin->values,
                         error);
    }
    return true;
}

static bool judge(const struct arguments *arguments, struct error *error)
{
    if (arguments->account != NULL &&
        !account_is_valid(arguments->account, strlen(arguments->account)))
        return error_set(error, "--account: expected twelve digits");
    return (arguments->key == NULL || judge_key(arguments->key, error)) &&
           (arguments->database_user == NULL ||
            judge_database_user(arguments->database_user, error));
}

/* --- the policies --- */

static void warn_of_size(const struct command *command, const struct policy_holder *holder,
                         const struct policy_origin *origin)
{
    size_t size = policy_document_size(&holder->document, origin);

    if (size > POLICY_BYTES_MAX)
        complain(
            command,
            "warning: the policy of %s has %zu characters, more than the %d of a managed "
            "policy: split it by its statements, or import a path in the place of single names",
            holder->label, size, POLICY_BYTES_MAX);
}

/* One policy stands alone, several are the members of an object, by their labels. */
static bool print(const struct policy_collection *collection, const struct policy_origin *origin)
{
    struct json_output output = JSON_OUTPUT_INIT;
    bool labelled = collection->count > 1;
    bool ok;

    if (labelled)
        json_output_open(&output, NULL, '{');
    for (size_t i = 0; i < collection->count; i++)
        policy_document_write(&collection->holders[i].document, origin,
                              labelled ? collection->holders[i].label : NULL, &output);
    if (labelled)
        json_output_close(&output, '}');
    json_output_end(&output);
    ok = !buffer_failed(&output.text) && fputs(buffer_text(&output.text), stdout) >= 0 &&
         fflush(stdout) == 0;
    json_output_free(&output);
    return ok;
}

static int show(const struct command *command, const struct policy_collection *collection,
                const struct policy_origin *origin)
{
    if (collection->count == 0) {
        complain(command, "nothing is fetched from AWS, so no policy is needed");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < collection->count; i++)
        warn_of_size(command, &collection->holders[i], origin);
    if (print(collection, origin))
        return EXIT_OK;
    complain(command, "standard output cannot be written");
    return EXIT_FAILED;
}

static int make(const struct command *command, const struct arguments *arguments,
                const struct policy_origin *origin)
{
    const struct policy_wishes wishes = {
        .account = arguments->account,
        .key = arguments->key,
        .database_user = arguments->database_user,
        .bound = origin->comparison != NULL,
    };
    struct policy_collection collection = POLICY_COLLECTION_INIT;
    struct config config = CONFIG_INIT;
    int code = EXIT_FAILED;

    if (!configuration_load(command, &config, arguments->config, geteuid())) {
        if (geteuid() != 0)
            complain(command, "the configuration is for root to read: run it as root");
    } else if (!policy_collect(&collection, command, &config, &wishes)) {
        complain(command, "out of memory");
    } else {
        code = show(command, &collection, origin);
    }
    policy_collection_free(&collection);
    config_free(&config);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.config = PATH_CONFIG};
    struct policy_origin origin = {.comparison = NULL};
    struct arena arena = ARENA_INIT;
    struct operands operands;
    struct error error = ERROR_INIT;
    int code;

    if (options_parse(command, argc, argv, &arguments, &operands, &code)) {
        if (!judge(&arguments, &error) || !read_origin(&arguments, &arena, &origin, &error))
            code = command_misused(command, "%s", error.text);
        else
            code = make(command, &arguments, &origin);
    }
    arena_free(&arena);
    return code;
}

const struct command command_policy = {
    .name = "policy",
    .summary = "print the smallest IAM policy with which the configuration works",
    .text =
        "Nobody is asked. Standard output is JSON: the policy, or, where several identities or\n"
        "roles take part, an object that has one policy for each, labelled with its section.\n"
        "What a policy cannot say exactly is named in warnings on standard error.\n",
    .examples = "  ssmenv policy --account 111122223333 >policy.json\n"
                "  aws iam put-role-policy --role-name web --policy-name ssmenv \\\n"
                "      --policy-document file://policy.json\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
