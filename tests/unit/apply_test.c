/* pam_putenv is this program's own: it passes on to libpam until it is told that memory is out. */
#include "apply.h"

#include <dlfcn.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/reply.h"
#include "tap.h"

static int succeeding_calls = -1; /* -1: all of them */

__attribute__((visibility("default"))) int pam_putenv(pam_handle_t *handle, const char *assignment)
{
    int (*real)(pam_handle_t *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "pam_putenv");
    if (succeeding_calls == 0) {
        succeeding_calls = -1;
        return PAM_BUF_ERR;
    }
    if (succeeding_calls > 0)
        succeeding_calls--;
    return real(handle, assignment);
}

/* A handle of a service that has no module: only its environment is of interest. */
static pam_handle_t *start(void)
{
    static const struct pam_conv no_conversation;
    char folder[] = "/tmp/ssmenv-apply-XXXXXX";
    char service[64];
    pam_handle_t *handle = NULL;
    FILE *file;

    if (mkdtemp(folder) == NULL)
        abort();
    snprintf(service, sizeof service, "%s/none", folder);
    file = fopen(service, "w");
    if (file == NULL || fclose(file) != 0 ||
        pam_start_confdir("none", "nobody", &no_conversation, folder, &handle) != PAM_SUCCESS)
        abort();
    unlink(service);
    rmdir(folder);
    return handle;
}

/* --- checking --- */

static bool check_payload(const struct buffer *payload, struct checked_reply *reply,
                          struct fault *fault)
{
    return apply_check(reply, (const unsigned char *)buffer_text(payload), payload->length, fault);
}

static void what_the_helper_encodes_is_understood(void)
{
    char names[][4] = {"ONE", "TWO"};
    char values[][8] = {"", "a=\nb"};
    struct variable variables[] = {{names[0], values[0]}, {names[1], values[1]}};
    const char *const warnings[] = {"first", "second"};
    struct reply sent = {.outcome = WIRE_PARTIAL,
                         .source = WIRE_SOURCE_STALE,
                         .stale_seconds = 99,
                         .error = "reason",
                         .warnings = warnings,
                         .warning_count = 2,
                         .variables = variables,
                         .variable_count = 2};
    struct buffer frame = BUFFER_INIT;
    struct checked_reply reply;
    struct fault fault = FAULT_NONE;

    reply_encode(&sent, &frame);
    if (CHECK(apply_check(&reply, (const unsigned char *)frame.data + WIRE_HEADER_BYTES,
                          frame.length - WIRE_HEADER_BYTES, &fault))) {
        CHECK_INT(reply.outcome, WIRE_PARTIAL);
        CHECK_INT(reply.source, WIRE_SOURCE_STALE);
        CHECK_INT(reply.stale_seconds, 99);
        CHECK_INT((long long)reply.error.length, 6);
        CHECK_INT((long long)reply.warning_count, 2);
        CHECK_INT((long long)reply.variable_count, 2);
        CHECK_INT((long long)reply.variables[0].value.length, 0);
        CHECK(memcmp(reply.variables[1].value.bytes, "a=\nb", 4) == 0);
    }
    buffer_free(&frame);
}

struct made {
    uint8_t outcome;
    uint8_t source;
    const char *error;
    uint16_t warnings_announced;
    uint16_t variables_announced;
    const char *name; /* NULL: none follows */
    const char *value;
};

static void make_payload(struct buffer *payload, const struct made *made)
{
    frame_put_u8(payload, made->outcome);
    frame_put_u8(payload, made->source);
    frame_put_u32(payload, 0);
    frame_put_text(payload, made->error);
    frame_put_u16(payload, made->warnings_announced);
    for (int i = 0; i < made->warnings_announced; i++)
        frame_put_text(payload, "a warning");
    frame_put_u16(payload, made->variables_announced);
    if (made->name == NULL)
        return;
    frame_put_text(payload, made->name);
    frame_put_text(payload, made->value);
}

static void each_rule_of_a_reply_is_checked(void)
{
    static const struct {
        const char *what;
        struct made made;
        bool allowed;
    } cases[] = {
        {"complete", {0, 1, "", 0, 1, "A", "v"}, true},
        {"complete without variables", {0, 0, "", 0, 0, NULL, NULL}, true},
        {"partial", {1, 2, "why", 0, 1, "A", "v"}, true},
        {"failed", {2, 0, "why", 0, 0, NULL, NULL}, true},
        {"16 warnings", {0, 0, "", 16, 0, NULL, NULL}, true},
        {"17 warnings", {0, 0, "", 17, 0, NULL, NULL}, false},
        {"unknown outcome", {3, 0, "why", 0, 0, NULL, NULL}, false},
        {"unknown source", {0, 4, "", 0, 0, NULL, NULL}, false},
        {"complete with an error", {0, 0, "why", 0, 0, NULL, NULL}, false},
        {"partial without an error", {1, 0, "", 0, 1, "A", "v"}, false},
        {"failed without an error", {2, 0, "", 0, 0, NULL, NULL}, false},
        {"failed with a variable", {2, 0, "why", 0, 1, "A", "v"}, false},
        {"a variable less than announced", {0, 0, "", 0, 2, "A", "v"}, false},
        {"a variable more than announced", {0, 0, "", 0, 0, "A", "v"}, false},
        {"an illegal name", {0, 0, "", 0, 1, "A-B", "v"}, false},
        {"a denied name", {0, 0, "", 0, 1, "LD_AUDIT", "v"}, false},
        {"a redirecting name", {0, 0, "", 0, 1, "http_proxy", "v"}, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer payload = BUFFER_INIT;
        struct checked_reply reply;
        struct fault fault = FAULT_NONE;

        make_payload(&payload, &cases[i].made);
        if (!CHECK(check_payload(&payload, &reply, &fault) == cases[i].allowed) ||
            !CHECK((fault.text[0] == '\0') == cases[i].allowed))
            printf("# %s: %s\n", cases[i].what, fault.text);
        buffer_free(&payload);
    }
}

/* Cut anywhere, or with any one bit turned, a reply is refused or at least read within its bounds.
 */
static void a_damaged_reply_is_read_within_its_bounds(void)
{
    static const struct made made = {1, 2, "why", 2, 1, "NAME", "value"};
    struct buffer payload = BUFFER_INIT;
    struct checked_reply reply;
    struct fault fault;

    make_payload(&payload, &made);
    for (size_t length = 0; length < payload.length; length++) {
        unsigned char *exact = malloc(length > 0 ? length : 1);

        if (exact == NULL)
            abort();
        memcpy(exact, payload.data, length);
        if (!CHECK(!apply_check(&reply, exact, length, &fault)))
            printf("# cut at %zu\n", length);
        free(exact);
    }
    for (size_t bit = 0; bit < payload.length * 8; bit++) {
        payload.data[bit / 8] = (char)(payload.data[bit / 8] ^ (1 << bit % 8));
        check_payload(&payload, &reply, &fault);
        payload.data[bit / 8] = (char)(payload.data[bit / 8] ^ (1 << bit % 8));
    }
    buffer_free(&payload);
}

/* --- setting --- */

static struct wire_text text_of(const char *text)
{
    return (struct wire_text){text, strlen(text)};
}

static void three_variables(struct checked_reply *reply)
{
    *reply = (struct checked_reply){
        .variables = {{text_of("ONE"), text_of("new one")},
                      {text_of("TWO"), text_of("")},
                      {text_of("THREE"), text_of("new\nthree=3")}},
        .variable_count = 3,
    };
}

static size_t count_environment(pam_handle_t *handle)
{
    char **list = pam_getenvlist(handle);
    size_t count = 0;

    for (; list != NULL && list[count] != NULL; count++)
        free(list[count]);
    free(list);
    return count;
}

static void all_variables_are_set_and_earlier_ones_replaced(void)
{
    pam_handle_t *handle = start();
    struct checked_reply reply;
    struct fault fault = FAULT_NONE;

    three_variables(&reply);
    pam_putenv(handle, "TWO=old two");
    pam_putenv(handle, "OTHER=stays");
    CHECK(apply_variables(&reply, handle, &fault));
    CHECK_TEXT(pam_getenv(handle, "ONE"), "new one");
    CHECK_TEXT(pam_getenv(handle, "TWO"), "");
    CHECK_TEXT(pam_getenv(handle, "THREE"), "new\nthree=3");
    CHECK_TEXT(pam_getenv(handle, "OTHER"), "stays");
    CHECK_INT((long long)count_environment(handle), 4);
    pam_end(handle, PAM_SUCCESS);
}

static void when_one_cannot_be_set_all_is_as_before(void)
{
    for (int fails_at = 0; fails_at < 3; fails_at++) {
        pam_handle_t *handle = start();
        struct checked_reply reply;
        struct fault fault = FAULT_NONE;

        three_variables(&reply);
        pam_putenv(handle, "TWO=old=two");
        pam_putenv(handle, "OTHER=stays");
        succeeding_calls = fails_at;
        CHECK(!apply_variables(&reply, handle, &fault));
        succeeding_calls = -1;
        CHECK_CONTAINS(fault.text, "out of memory");
        CHECK_TEXT(pam_getenv(handle, "ONE"), NULL);
        CHECK_TEXT(pam_getenv(handle, "TWO"), "old=two");
        CHECK_TEXT(pam_getenv(handle, "THREE"), NULL);
        CHECK_TEXT(pam_getenv(handle, "OTHER"), "stays");
        CHECK_INT((long long)count_environment(handle), 2);
        pam_end(handle, PAM_SUCCESS);
    }
}

static void no_variables_change_nothing(void)
{
    pam_handle_t *handle = start();
    struct checked_reply reply = {0};
    struct fault fault = FAULT_NONE;

    CHECK(apply_variables(&reply, handle, &fault));
    CHECK_INT((long long)count_environment(handle), 0);
    pam_end(handle, PAM_SUCCESS);
}

static const struct tap_test tests[] = {
    {"what the helper encodes is understood", what_the_helper_encodes_is_understood},
    {"each rule of a reply is checked", each_rule_of_a_reply_is_checked},
    {"a damaged reply is read within its bounds", a_damaged_reply_is_read_within_its_bounds},
    {"all variables are set, and earlier ones replaced",
     all_variables_are_set_and_earlier_ones_replaced},
    {"when one cannot be set, all is as before", when_one_cannot_be_set_all_is_as_before},
    {"no variables change nothing", no_variables_change_nothing},
};

TAP_MAIN(tests)
