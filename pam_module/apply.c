#include "apply.h"

#include <stdlib.h>
#include <string.h>

bool apply_check(struct checked_reply *reply, const unsigned char *payload, size_t length,
                 struct fault *fault)
{
    return reply_check(reply, payload, length, fault->text);
}

/* What pam_putenv takes: NAME=VALUE to set, NAME alone to unset. Both are secrets on the heap. */
struct change {
    char *wanted;
    char *earlier; /* what brings back the state before */
};

static void free_secret(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void free_changes(struct change *changes, size_t count)
{
    for (size_t i = 0; changes != NULL && i < count; i++) {
        free_secret(changes[i].wanted);
        free_secret(changes[i].earlier);
    }
    free(changes);
}

/* Of a checked name. */
static void copy_name(char copy[LIMIT_NAME_BYTES + 1], struct wire_text name)
{
    memcpy(copy, name.bytes, name.length);
    copy[name.length] = '\0';
}

/* value NULL: the name alone. */
static char *make_assignment(struct wire_text name, const char *value, size_t value_length)
{
    char *text = calloc(1, name.length + sizeof "=" + value_length);

    if (text == NULL)
        return NULL;
    memcpy(text, name.bytes, name.length);
    if (value != NULL) {
        text[name.length] = '=';
        memcpy(text + name.length + 1, value, value_length);
    }
    return text;
}

static bool plan_change(struct change *change, const struct checked_variable *variable,
                        pam_handle_t *pamh)
{
    char name[LIMIT_NAME_BYTES + 1];
    const char *present;

    copy_name(name, variable->name);
    present = pam_getenv(pamh, name);
    change->wanted = make_assignment(variable->name, variable->value.bytes, variable->value.length);
    change->earlier =
        make_assignment(variable->name, present, present != NULL ? strlen(present) : 0);
    return change->wanted != NULL && change->earlier != NULL;
}

/* Unsetting needs no memory, so at worst an earlier value is missing and none of ours is there. */
static void undo(const struct change *changes, size_t count, const struct checked_reply *reply,
                 pam_handle_t *pamh)
{
    while (count-- > 0) {
        char name[LIMIT_NAME_BYTES + 1];

        copy_name(name, reply->variables[count].name);
        if (pam_putenv(pamh, changes[count].earlier) != PAM_SUCCESS)
            pam_putenv(pamh, name);
    }
}

bool apply_variables(const struct checked_reply *reply, pam_handle_t *pamh, struct fault *fault)
{
    size_t count = reply->variable_count;
    struct change *changes = calloc(count > 0 ? count : 1, sizeof *changes);
    size_t done = 0;
    bool ok = changes != NULL;

    for (size_t i = 0; i < count && ok; i++)
        ok = plan_change(&changes[i], &reply->variables[i], pamh);
    while (ok && done < count) {
        ok = pam_putenv(pamh, changes[done].wanted) == PAM_SUCCESS;
        if (ok)
            done++;
        else
            undo(changes, done, reply, pamh);
    }
    free_changes(changes, count);
    return ok || fault_set(fault, "out of memory: the PAM environment stays as it was");
}
