#include "cli/policy/policy_collection.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/secretsmanager.h"
#include "aws/ssm_message.h"
#include "cli/policy/assumed_roles.h"
#include "config/arn.h"
#include "config/section.h"
#include "login_identities.h"

#define SECRETS "/aws/reference/secretsmanager/"
#define PUBLIC  "/aws/service/" /* AWS's own parameters, which belong to no account */

/* What is written in the configuration stands for more than one name in AWS. */
static const struct {
    const char *written;
    const char *resource;
    const char *meaning;
} wildcards[] = {
    {"%u", "*",
     "%u becomes *, since IAM does not know who logs in: whoever has this policy reads the "
     "values of all users"},
    {"%i", "i-*",
     "%i becomes i-*, since the policy is for a fleet: each instance reads the values of all"},
};

/* One identity at a time. */
struct collector {
    struct policy_collection *collection;
    const struct command *command;
    const struct config *config;
    const struct policy_wishes *wishes;
    size_t identity;
    const char *label;
    const char *partition;
    const char *region;  /* or * */
    const char *account; /* or * */
    struct policy_document *document;
    bool warned_of_account;
    bool key_is_used;
};

static const char *format(struct collector *collector, const char *pattern, ...)
    __attribute__((format(printf, 2, 3)));

static const char *format(struct collector *collector, const char *pattern, ...)
{
    char text[LIMIT_LOOKUP_NAME_BYTES + 1024];
    va_list arguments;

    va_start(arguments, pattern);
    vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return arena_copy(&collector->collection->arena, text);
}

static void allow(struct collector *collector, enum policy_part part, const char *resource)
{
    string_list_add(&collector->document->parts[part], &collector->collection->arena, resource);
}

/* --- names --- */

static void warn_at(const struct collector *collector, struct position position, const char *text)
{
    complain(collector->command, "warning: %s:%u: %s", position.file, position.line, text);
}

/* The name with wildcards for what differs from login to login. */
static const char *generalise(struct collector *collector, const char *name,
                              struct position position)
{
    for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++) {
        const char *at = strstr(name, wildcards[i].written);

        if (at != NULL)
            warn_at(collector, position, wildcards[i].meaning);
        for (; at != NULL; at = strstr(name, wildcards[i].written))
            name = format(collector, "%.*s%s%s", (int)(at - name), name, wildcards[i].resource,
                          at + strlen(wildcards[i].written));
    }
    return name;
}

static const char *parameter_arn(struct collector *collector, const char *name, size_t length)
{
    bool is_public = strncmp(name, PUBLIC, strlen(PUBLIC)) == 0;

    if (arn_is_next(name))
        return arena_copy_bytes(&collector->collection->arena, name, length);
    return format(collector, "arn:%s:ssm:%s:%s:parameter%s%.*s", collector->partition,
                  collector->region, is_public ? "" : collector->account, name[0] == '/' ? "" : "/",
                  (int)length, name);
}

static void allow_secret(struct collector *collector, enum policy_part part, const char *name)
{
    struct buffer arn = BUFFER_INIT;

    secret_resource(&arn, collector->partition, collector->region, collector->account, name);
    allow(collector, part, arena_copy(&collector->collection->arena, buffer_text(&arn)));
    buffer_free(&arn);
}

static void allow_parameter(struct collector *collector, const char *name)
{
    size_t length = ssm_base_length(name);
    bool bound = collector->wishes->bound;

    allow(collector, POLICY_PARAMETERS, parameter_arn(collector, name, length));
    if (strncmp(name, SECRETS, strlen(SECRETS)) == 0)
        allow_secret(
            collector, bound ? POLICY_SECRETS_BY_REFERENCE : POLICY_SECRETS,
            format(collector, "%.*s", (int)(length - strlen(SECRETS)), name + strlen(SECRETS)));
}

/* IAM knows the path /a/b/ as /a/b. */
static void allow_path(struct collector *collector, const char *path, struct position position)
{
    size_t length = strlen(path);

    warn_at(collector, position,
            "an import: whoever may read a path may read everything below it, also what another "
            "statement denies by name");
    while (length > 1 && path[length - 1] == '/')
        length--;
    allow(collector, POLICY_PATHS, parameter_arn(collector, path, length));
}

static void allow_reference(struct collector *collector, const struct reference *reference,
                            struct position position)
{
    const char *name = generalise(collector, reference->name, position);

    switch (reference->kind) {
    case LOOKUP_PARAMETER:
        allow_parameter(collector, name);
        return;
    case LOOKUP_SECRET:
        allow_secret(collector, POLICY_SECRETS, name);
        return;
    case LOOKUP_CHILDREN:
    case LOOKUP_SUBTREE:
        allow_path(collector, name, position);
        return;
    }
}

static void allow_assignment(struct collector *collector, const struct assignment *assignment)
{
    for (size_t i = 0; i < assignment->count; i++) {
        const struct alternative *alternative = &assignment->alternatives[i];

        if (alternative->kind == ALTERNATIVE_PARAMETER)
            allow_reference(collector, alternative->reference, alternative->position);
    }
}

static void allow_sections(struct collector *collector)
{
    for (size_t i = 0; i < collector->config->section_count; i++) {
        const struct section *section = &collector->config->sections[i];

        for (size_t k = 0; section->identity == collector->identity && k < section->count; k++)
            allow_assignment(collector, &section->assignments[k]);
    }
}

/* --- databases and keys --- */

static void allow_database_user(struct collector *collector)
{
    const char *user = collector->wishes->database_user;

    if (user == NULL || collector->identity != 0)
        return;
    if (strchr(user, '/') == NULL) {
        complain(collector->command,
                 "warning: --db-user without a database: %s may log in to every one; write "
                 "RESOURCE/%s with the database's resource id (db-…, cluster-… or prx-…)",
                 user, user);
        user = format(collector, "*/%s", user);
    }
    allow(collector, POLICY_DATABASE_USERS,
          format(collector, "arn:%s:rds-db:%s:%s:dbuser:%s", collector->partition,
                 collector->region, collector->account, user));
}

/* Points to the field of an ARN, counted from 0; stores its length. */
static const char *arn_field(const char *arn, int number, size_t *length)
{
    for (; number > 0; number--)
        arn += strcspn(arn, ":") + 1;
    *length = strcspn(arn, ":");
    return arn;
}

static bool is_in_region(const char *arn, const char *region, size_t region_length)
{
    size_t length;
    const char *field = arn_field(arn, 3, &length);

    return (length == 1 && *field == '*') ||
           (length == region_length && strncmp(field, region, length) == 0);
}

/* The service's name in kms:ViaService. Outside the partitions of amazonaws.com AWS's documents
 * show both, that of the endpoint and the general one. */
static void allow_key_service(struct collector *collector, const char *service, const char *region)
{
    struct string_list *services = &collector->document->key_services;
    struct arena *arena = &collector->collection->arena;
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    string_list_add(services, arena, format(collector, "%s.%s.amazonaws.com", service, region));
    if (endpoint_find(&endpoint, &(struct identity){0}, service, region, &error)) {
        string_list_add(services, arena, arena_copy(arena, endpoint.host));
        endpoint_free(&endpoint);
    }
}

static void allow_key(struct collector *collector)
{
    static const char *const services[POLICY_PARTS] = {
        [POLICY_PARAMETERS] = "ssm",
        [POLICY_PATHS] = "ssm",
        [POLICY_SECRETS] = "secretsmanager",
        [POLICY_SECRETS_BY_REFERENCE] = "secretsmanager",
    };
    const char *key = collector->wishes->key;
    const char *region;
    size_t length;

    if (key == NULL)
        return;
    region = arn_field(key, 3, &length);
    region = format(collector, "%.*s", (int)length, region);
    for (size_t part = 0; part < POLICY_PARTS; part++) {
        const struct string_list *resources = &collector->document->parts[part];

        for (size_t i = 0; services[part] != NULL && i < resources->count; i++) {
            if (is_in_region(resources->items[i], region, length))
                allow_key_service(collector, services[part], region);
        }
    }
    if (collector->document->key_services.count > 0) {
        allow(collector, POLICY_KEYS, key);
        collector->key_is_used = true;
    }
}

/* --- identities --- */

static const char *label_of(struct collector *collector)
{
    for (size_t i = 0; i < collector->config->section_count; i++) {
        const struct section *section = &collector->config->sections[i];

        if (section->identity == collector->identity && section->identity_name != NULL)
            return format(collector, "[aws %s]", section->identity_name);
    }
    return "[aws]";
}

static bool is_used(const struct collector *collector)
{
    if (collector->identity == 0 && collector->wishes->database_user != NULL)
        return true;
    for (size_t i = 0; i < collector->config->section_count; i++) {
        if (collector->config->sections[i].identity == collector->identity)
            return true;
    }
    return false;
}

static struct policy_document *add_holder(struct collector *collector, const char *label)
{
    struct policy_collection *collection = collector->collection;

    collection->holders = arena_grow(&collection->arena, collection->holders, collection->count,
                                     sizeof *collection->holders);
    collection->holders[collection->count] = (struct policy_holder){.label = label};
    return &collection->holders[collection->count++].document;
}

/* The partition of an ARN that the configuration or an option names, where the region is not known.
 */
static const char *partition_from(struct collector *collector, const char *arn)
{
    size_t length;
    const char *field;

    if (arn == NULL)
        return "aws";
    field = arn_field(arn, 1, &length);
    return format(collector, "%.*s", (int)length, field);
}

static void find_region(struct collector *collector, const struct identity *settings,
                        const char *known_arn)
{
    struct error error = ERROR_INIT;
    struct endpoint endpoint;
    char *region = region_find(settings, &error);

    collector->region = "*";
    collector->partition = partition_from(collector, known_arn);
    if (region == NULL) {
        complain(collector->command, "warning: %s: * stands for the region in the policy: %s",
                 collector->label, error.text);
        return;
    }
    collector->region = arena_copy(&collector->collection->arena, region);
    if (endpoint_find(&endpoint, &(struct identity){0}, "ssm", region, &error)) {
        collector->partition = endpoint.partition;
        endpoint_free(&endpoint);
    }
    text_free(region);
}

/* The account whose parameters are read: that of the role which reads them, else --account. */
static void find_account(struct collector *collector, const char *role)
{
    size_t length;
    const char *field = role != NULL ? arn_field(role, 4, &length) : NULL;

    if (field != NULL && account_is_valid(field, length)) {
        collector->account = format(collector, "%.*s", (int)length, field);
        return;
    }
    collector->account = collector->wishes->account;
    if (collector->account != NULL)
        return;
    collector->account = "*";
    if (!collector->warned_of_account)
        complain(collector->command,
                 "warning: * stands for the account in the policy: give --account (aws sts "
                 "get-caller-identity --query Account --output text shows it)");
    collector->warned_of_account = true;
}

/* Those who assume roles on the way to the one that reads. */
static void allow_roles(struct collector *collector, const struct assumed_roles *roles)
{
    for (size_t i = roles->first_is_unsigned ? 1 : 0; i < roles->count; i++) {
        const char *holder = i == 0 ? "its own credentials" : roles->arns[i - 1];

        collector->document =
            add_holder(collector, format(collector, "%s, %s", collector->label, holder));
        allow(collector, POLICY_ROLES, roles->arns[i]);
    }
}

static void drop_empty_holder(struct policy_collection *collection)
{
    if (policy_document_is_empty(&collection->holders[collection->count - 1].document))
        collection->count--;
}

static void collect_identity(struct collector *collector, const struct identity *settings)
{
    struct assumed_roles roles;
    struct error error = ERROR_INIT;
    const char *reader;

    collector->label = label_of(collector);
    if (!assumed_roles_find(&roles, settings, &collector->collection->arena, &error))
        complain(collector->command, "warning: %s: roles of the profile are not known: %s",
                 collector->label, error.text);
    reader = roles.count > 0 ? roles.arns[roles.count - 1] : NULL;
    find_region(collector, settings, reader != NULL ? reader : collector->wishes->key);
    find_account(collector, reader);
    allow_roles(collector, &roles);
    collector->document =
        add_holder(collector, reader != NULL ? format(collector, "%s, %s", collector->label, reader)
                                             : collector->label);
    allow_sections(collector);
    allow_database_user(collector);
    allow_key(collector);
    drop_empty_holder(collector->collection);
}

bool policy_collect(struct policy_collection *collection, const struct command *command,
                    const struct config *config, const struct policy_wishes *wishes)
{
    struct collector collector = {
        .collection = collection, .command = command, .config = config, .wishes = wishes};
    struct identities identities;
    bool ok = identities_make(&identities, config, "root", geteuid());

    for (size_t i = 0; ok && i < identities.count; i++) {
        collector.identity = i;
        if (is_used(&collector))
            collect_identity(&collector, &identities.items[i].settings);
    }
    if (ok && wishes->key != NULL && !collector.key_is_used)
        complain(command, "warning: nothing is read in the region of --kms-key: no statement is "
                          "about it");
    identities_free(&identities);
    return ok;
}

void policy_collection_free(struct policy_collection *collection)
{
    arena_free(&collection->arena);
    *collection = POLICY_COLLECTION_INIT;
}
