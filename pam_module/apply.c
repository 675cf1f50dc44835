#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "ssmenv/names.h"

/* --- checking --- */

static bool same_text(struct wire_text a, struct wire_text b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Values may be longer on the wire than they are allowed to be, so that the fault can name them. */
static void decode(struct checked_reply *reply, struct wire_reader *reader)
{
    uint8_t outcome = wire_read_u8(reader);
    uint8_t source = wire_read_u8(reader);

    if (outcome > WIRE_FAILED || source > WIRE_SOURCE_STALE)
        reader->failed = true;
    reply->outcome = (enum wire_outcome)outcome;
    reply->source = (enum wire_source)source;
    reply->stale_seconds = wire_read_u32(reader);
    reply->error = wire_read_text(reader, LIMIT_MESSAGE_BYTES);
    reply->warning_count = wire_read_u16(reader);
    if (reply->warning_count > LIMIT_WARNINGS)
        reader->failed = true;
    for (size_t i = 0; i < reply->warning_count && !reader->failed; i++)
        reply->warnings[i] = wire_read_text(reader, LIMIT_MESSAGE_BYTES);
}

static void decode_variables(struct checked_reply *reply, struct wire_reader *reader)
{
    for (size_t i = 0; i < reply->variable_count && !reader->failed; i++) {
        reply->variables[i].name = wire_read_text(reader, LIMIT_REPLY_BYTES);
        reply->variables[i].value = wire_read_text(reader, LIMIT_REPLY_BYTES);
    }
}

static bool check_variable(const struct checked_reply *reply, size_t index, struct fault *fault)
{
    struct wire_text name = reply->variables[index].name;
    size_t value_length = reply->variables[index].value.length;

    if (!name_is_valid(name.bytes, name.length))
        return fault_set(fault, "the helper's reply has a variable with an illegal name");
    if (name_is_denied(name.bytes, name.length))
        return fault_set(fault, "the helper's reply sets %.*s, which must never be set",
                         (int)name.length, name.bytes);
    if (value_length > LIMIT_VALUE_BYTES)
        return fault_set(fault, "the value of %.*s has %zu bytes, more than the %d allowed",
                         (int)name.length, name.bytes, value_length, LIMIT_VALUE_BYTES);
    for (size_t i = 0; i < index; i++) {
        if (same_text(reply->variables[i].name, name))
            return fault_set(fault, "the helper's reply sets %.*s twice", (int)name.length,
                             name.bytes);
    }
    return true;
}

static bool check_variables(const struct checked_reply *reply, struct fault *fault)
{
    size_t total = 0;

    for (size_t i = 0; i < reply->variable_count; i++) {
        if (!check_variable(reply, i, fault))
            return false;
        total += reply->variables[i].name.length + reply->variables[i].value.length + sizeof "=";
    }
    if (total > LIMIT_ENVIRONMENT_BYTES)
        return fault_set(fault, "the variables have %zu bytes together, more than the %d allowed",
                         total, LIMIT_ENVIRONMENT_BYTES);
    return true;
}

bool apply_check(struct checked_reply *reply, const unsigned char *payload, size_t length,
                 struct fault *fault)
{
    struct wire_reader reader;

    wire_reader_init(&reader, payload, length);
    decode(reply, &reader);
    reply->variable_count = wire_read_u16(&reader);
    if (!reader.failed && reply->variable_count > LIMIT_VARIABLES)
        return fault_set(fault, "the helper's reply has %zu variables, more than the %d allowed",
                         reply->variable_count, LIMIT_VARIABLES);
    decode_variables(reply, &reader);
    if (!wire_reader_done(&reader) ||
        (reply->outcome == WIRE_COMPLETE) != (reply->error.length == 0) ||
        (reply->outcome == WIRE_FAILED && reply->variable_count > 0))
        return fault_set(fault, "the helper's reply is malformed: install module and helper of the "
                                "same release");
    return check_variables(reply, fault);
}

/* --- setting --- */

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
