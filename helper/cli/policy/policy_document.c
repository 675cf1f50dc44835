#include "cli/policy/policy_document.h"

#include <string.h>

/* bound: calls come from this host itself, so that their origin can be asked for. KMS is called by
 * other services, Parameter Store asks for the secrets of its references, and a database is no AWS
 * API: what binds those to an address denies everything. */
static const struct {
    const char *sid;
    const char *action;
    bool bound;
} statements[POLICY_PARTS] = {
    [POLICY_PARAMETERS] = {"Parameters", "ssm:GetParameters", true},
    [POLICY_PATHS] = {"PathsOfImports", "ssm:GetParametersByPath", true},
    [POLICY_SECRETS] = {"Secrets", "secretsmanager:GetSecretValue", true},
    [POLICY_SECRETS_BY_REFERENCE] = {"SecretsByReference", "secretsmanager:GetSecretValue", false},
    [POLICY_KEYS] = {"Keys", "kms:Decrypt", false},
    [POLICY_ROLES] = {"Roles", "sts:AssumeRole", true},
    [POLICY_DATABASE_USERS] = {"DatabaseUsers", "rds-db:connect", false},
};

void string_list_add(struct string_list *list, struct arena *arena, const char *text)
{
    size_t at = 0;

    while (at < list->count && strcmp(list->items[at], text) < 0)
        at++;
    if (at < list->count && strcmp(list->items[at], text) == 0)
        return;
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof *list->items);
    list->items[at] = text;
    list->count++;
}

bool policy_document_is_empty(const struct policy_document *document)
{
    for (size_t i = 0; i < POLICY_PARTS; i++) {
        if (document->parts[i].count > 0)
            return false;
    }
    return true;
}

static void write_list(const struct string_list *list, const char *name, struct json_output *output)
{
    if (list->count == 1) {
        json_output_text(output, name, list->items[0]);
        return;
    }
    json_output_open(output, name, '[');
    for (size_t i = 0; i < list->count; i++)
        json_output_text(output, NULL, list->items[i]);
    json_output_close(output, ']');
}

static void write_condition(const char *comparison, const char *key,
                            const struct string_list *values, struct json_output *output)
{
    json_output_open(output, "Condition", '{');
    json_output_open(output, comparison, '{');
    write_list(values, key, output);
    json_output_close(output, '}');
    json_output_close(output, '}');
}

static void write_statement(const struct policy_document *document,
                            const struct policy_origin *origin, enum policy_part part,
                            struct json_output *output)
{
    json_output_open(output, NULL, '{');
    json_output_text(output, "Sid", statements[part].sid);
    json_output_text(output, "Effect", "Allow");
    json_output_text(output, "Action", statements[part].action);
    write_list(&document->parts[part], "Resource", output);
    if (part == POLICY_KEYS)
        write_condition("StringEquals", "kms:ViaService", &document->key_services, output);
    else if (statements[part].bound && origin->comparison != NULL)
        write_condition(origin->comparison, origin->key, &origin->values, output);
    json_output_close(output, '}');
}

void policy_document_write(const struct policy_document *document,
                           const struct policy_origin *origin, const char *name,
                           struct json_output *output)
{
    json_output_open(output, name, '{');
    json_output_text(output, "Version", "2012-10-17");
    json_output_open(output, "Statement", '[');
    for (int part = 0; part < POLICY_PARTS; part++) {
        if (document->parts[part].count > 0)
            write_statement(document, origin, (enum policy_part)part, output);
    }
    json_output_close(output, ']');
    json_output_close(output, '}');
}

size_t policy_document_size(const struct policy_document *document,
                            const struct policy_origin *origin)
{
    struct json_output output = JSON_OUTPUT_INIT;
    const char *text;
    size_t size = 0;

    policy_document_write(document, origin, NULL, &output);
    for (text = buffer_text(&output.text); *text != '\0'; text++)
        size += *text != ' ' && *text != '\n';
    json_output_free(&output);
    return size;
}
