/* An identity on its way through the steps: region, endpoints, clock, credentials, who that is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "aws/identity_setting.h"
#include "aws/shared_config.h"
#include "cli/doctor/doctor.h"

/* --- region --- */

/* Where the region of the account is written. */
static void describe_region_source(const struct subject *subject, struct buffer *text)
{
    const struct account *account = subject->account;
    struct shared_config config;
    struct profile_value value;
    struct error ignored = ERROR_INIT;

    if (identity_setting(account->settings, "region") != NULL) {
        buffer_append_format(text, "[%s] region", subject->section);
    } else if (account->wants_region) {
        buffer_append_text(text, "the instance's metadata service");
    } else if (shared_config_read(&config, account->settings, &ignored)) {
        if (shared_config_find(&config, "region", &value, &ignored) == PROFILE_VALUE_FOUND)
            buffer_append_format(text, "%s:%u", value.path, value.line);
        shared_config_free(&config);
    }
}

/* An ARN has a region of its own; whoever wants nothing but ARNs needs no other. */
static bool needs_region(const struct request *request)
{
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (strncmp(request->lookups[i].name, "arn:", 4) != 0)
            return true;
    }
    return request->lookup_count == 0;
}

static void find_region(struct doctor *doctor, struct subject *subject)
{
    struct account *account = subject->account;
    struct buffer source = BUFFER_INIT;

    account->deadline = doctor_deadline(doctor);
    report_waiting("looking for the region");
    account_find_region(account, subject->http_credentials);
    if (account->region == NULL) {
        report_add(&doctor->report, needs_region(&subject->request) ? MARK_BAD : MARK_WARNING,
                   "region", "%s", account->region_error.text);
        return;
    }
    describe_region_source(subject, &source);
    report_add(&doctor->report, MARK_OK, "region", "%s, from %s", account->region,
               buffer_text(&source));
    buffer_free(&source);
}

/* --- credentials --- */

/* "A: not set; B: not set; " one to a line. */
static void advise_tried(struct report *report, const char *tried)
{
    while (tried != NULL && *tried != '\0') {
        const char *end = strstr(tried, "; ");
        int length = end != NULL ? (int)(end - tried) : (int)strlen(tried);

        report_advise(report, "tried %.*s", length, tried);
        tried = end != NULL ? end + 2 : NULL;
    }
}

static void describe_life(const struct credentials *credentials, const struct clock *clock,
                          struct buffer *text)
{
    int64_t left = credentials->expires - (int64_t)clock_now(clock);

    if (credentials->expires == 0)
        buffer_append_text(text, "they do not expire");
    else
        buffer_append_format(text, "they last for another %" PRId64 " minutes", left / 60);
}

static void get_credentials(struct doctor *doctor, struct subject *subject)
{
    struct account *account = subject->account;
    struct report *report = &doctor->report;
    struct buffer text = BUFFER_INIT;

    account->deadline = doctor_deadline(doctor);
    report_waiting("looking for credentials");
    account_prepare(account);
    account_connect(account, subject->http_credentials, &subject->clients.clock);
    if (error_is_set(&account->error)) {
        report_add(report, MARK_BAD, "credentials", "%s", account->error.text);
        return;
    }
    account_name_key(account, &text);
    buffer_append_text(&text, "; ");
    describe_life(&account->credentials, &subject->clients.clock, &text);
    report_add(report, MARK_OK, "credentials", "%s", buffer_text(&text));
    advise_tried(report, account->source.tried);
    if (account->credentials.warning != NULL)
        report_add(report, MARK_WARNING, "credentials", "%s", account->credentials.warning);
    buffer_free(&text);
}

static bool has_credentials(const struct subject *subject)
{
    return subject->account->credentials.access_key_id != NULL;
}

/* --- who we are --- */

static void identify(struct doctor *doctor, struct subject *subject)
{
    struct report *report = &doctor->report;
    struct error error = ERROR_INIT;

    if (!has_credentials(subject)) {
        report_add(report, MARK_SKIPPED, "caller", "there are no credentials");
        return;
    }
    if (subject->account->region == NULL || subject->sts_unreachable) {
        report_add(report, MARK_SKIPPED, "caller", "%s",
                   subject->account->region == NULL ? "there is no region"
                                                    : "STS cannot be reached");
        return;
    }
    subject->account->deadline = doctor_deadline(doctor);
    report_waiting("asking STS who we are");
    if (account_identify(subject->account, &subject->caller, &error)) {
        report_add(report, MARK_OK, "caller", "account %s, %s", subject->caller.account,
                   subject->caller.arn);
        return;
    }
    report_add(report, MARK_WARNING, "caller", "AWS does not say who we are: %s", error.text);
}

/* --- all steps --- */

static void check_settings(struct doctor *doctor, struct subject *subject)
{
    account_configure(subject->account, &subject->request.identities[0], doctor_deadline(doctor));
    subject->unusable = error_is_set(&subject->account->error);
    if (subject->unusable)
        report_add(&doctor->report, MARK_BAD, "settings", "%s", subject->account->error.text);
}

static const struct {
    const char *check;
    void (*run)(struct doctor *doctor, struct subject *subject);
} steps[] = {
    {"region", find_region},
    {"endpoints", doctor_reach_endpoints},
    {"clock", doctor_compare_clock},
    {"credentials", get_credentials},
    {"caller", identify},
    {"parameters", doctor_ask_parameters},
};

static void examine(struct doctor *doctor, struct subject *subject)
{
    check_settings(doctor, subject);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (subject->unusable)
            report_add(&doctor->report, MARK_SKIPPED, steps[i].check,
                       "the section's settings are wrong");
        else
            steps[i].run(doctor, subject);
    }
}

/* --- making them --- */

static bool subject_open(struct doctor *doctor, struct subject *subject, size_t identity)
{
    struct request *request = &subject->request;
    struct error error = ERROR_INIT;

    *subject =
        (struct subject){.section = identity_section(&doctor->identities.items[identity].settings),
                         .identity = identity};
    *request = (struct request){
        .identities = calloc(1, sizeof *request->identities),
        .lookups = calloc(doctor->wanted_count + 1, sizeof *request->lookups),
    };
    subject->wanted = calloc(doctor->wanted_count + 1, sizeof *subject->wanted);
    if (request->identities == NULL || request->lookups == NULL || subject->wanted == NULL)
        return false;
    request->identity_count = 1;
    request->identities[0] = doctor->identities.items[identity].settings;
    for (size_t i = 0; i < doctor->wanted_count; i++) {
        const struct wanted_lookup *wanted = &doctor->wanted[i];

        if (wanted->lookup.identity != identity || wanted->lacks_user)
            continue;
        subject->wanted[request->lookup_count] = i;
        request->lookups[request->lookup_count] = wanted->lookup;
        request->lookups[request->lookup_count++].identity = 0;
    }
    subject->http = http_open(&error);
    subject->http_credentials = http_open(&error);
    if (subject->http == NULL || subject->http_credentials == NULL ||
        !clients_init(&subject->clients, request, &error))
        return false;
    subject->account = &subject->clients.accounts[0];
    subject->account->clock = &subject->clients.clock;
    return true;
}

/* [aws] where nothing is wanted at all: whoever asks the doctor wants to hear something. */
static bool is_used(const struct doctor *doctor, size_t identity)
{
    for (size_t i = 0; i < doctor->wanted_count; i++) {
        if (doctor->wanted[i].lookup.identity == identity)
            return true;
    }
    return identity == 0 && doctor->wanted_count == 0;
}

bool doctor_examine_identities(struct doctor *doctor)
{
    const char *user = doctor->user != NULL ? doctor->user : "ssmenv";
    size_t count = doctor->config.identity_count;

    doctor->subjects = calloc(count, sizeof *doctor->subjects);
    if (doctor->subjects == NULL ||
        !identities_make(&doctor->identities, &doctor->config, user, doctor->owner))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct subject *subject = &doctor->subjects[doctor->subject_count];

        if (!is_used(doctor, i))
            continue;
        doctor->subject_count++;
        if (!subject_open(doctor, subject, i))
            return false;
        report_group(&doctor->report, subject->section, true);
        examine(doctor, subject);
    }
    report_group(&doctor->report, NULL, false);
    return true;
}

/* Connections are left to the end of the process: a name may still be being resolved. */
void doctor_free_identities(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->subject_count; i++) {
        struct subject *subject = &doctor->subjects[i];

        caller_free(&subject->caller);
        clients_free(&subject->clients);
        free(subject->request.identities);
        free(subject->request.lookups);
        free(subject->wanted);
    }
    free(doctor->subjects);
    identities_free(&doctor->identities);
}
