/* Everything that the configuration wants of one identity: found, missing, denied or failed. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

static bool is_import(const struct lookup *lookup)
{
    return lookup->kind == LOOKUP_CHILDREN || lookup->kind == LOOKUP_SUBTREE;
}

/* As it is written in ssmenv.conf. */
static void name_lookup(const struct lookup *lookup, struct buffer *text)
{
    buffer_append_format(text, "%s%s%s", lookup->kind == LOOKUP_SECRET ? "secret:" : "",
                         lookup->name,
                         lookup->kind == LOOKUP_CHILDREN  ? "*"
                         : lookup->kind == LOOKUP_SUBTREE ? "**"
                                                          : "");
    if (lookup->member[0] != '\0')
        buffer_append_format(text, "#%s", lookup->member);
}

/* --- denied: what the policy lacks --- */

/* The ARN with the account in it where it is known; policies take a * otherwise. */
static void append_resource(const struct subject *subject, const struct client *client,
                            const struct lookup *lookup, struct buffer *arn)
{
    const char *account = subject->caller.account != NULL ? subject->caller.account : "*";
    const char *selector = lookup->kind == LOOKUP_SECRET ? "?" : ":";
    size_t length = strcspn(lookup->name, selector);

    if (strncmp(lookup->name, "arn:", 4) == 0) {
        buffer_append_text(arn, lookup->name);
        return;
    }
    if (is_import(lookup) && length > 1)
        length--; /* a path without its last '/' */
    if (lookup->kind == LOOKUP_SECRET)
        buffer_append_format(arn, "arn:%s:secretsmanager:%s:%s:secret:%.*s-??????",
                             client->endpoint.partition, client->region, account, (int)length,
                             lookup->name);
    else
        buffer_append_format(arn, "arn:%s:ssm:%s:%s:parameter%s%.*s", client->endpoint.partition,
                             client->region, account, lookup->name[0] == '/' ? "" : "/",
                             (int)length, lookup->name);
}

static const char *action_of(const struct lookup *lookup)
{
    if (lookup->kind == LOOKUP_SECRET)
        return "secretsmanager:GetSecretValue";
    return is_import(lookup) ? "ssm:GetParametersByPath" : "ssm:GetParameters";
}

static void advise_denied(struct doctor *doctor, const struct subject *subject,
                          const struct client *client, const struct wanted_lookup *wanted)
{
    struct buffer arn = BUFFER_INIT;
    struct buffer name = BUFFER_INIT;

    if (wanted->detail.key_denied) {
        shell_quote(&name, wanted->lookup.name);
        report_advise(&doctor->report,
                      "the policy, or the key's own, lacks kms:Decrypt on the key that encrypts it "
                      "(or the key is disabled); this shows which key:");
        report_advise(&doctor->report,
                      wanted->lookup.kind == LOOKUP_SECRET
                          ? "aws secretsmanager describe-secret --region %s "
                            "--query KmsKeyId --secret-id %s"
                          : "aws ssm describe-parameters --region %s "
                            "--query 'Parameters[].KeyId' --filters Key=Name,Values=%s",
                      client->region, buffer_text(&name));
        buffer_free(&name);
        return;
    }
    append_resource(subject, client, &wanted->lookup, &arn);
    report_advise(&doctor->report, "the policy lacks %s on %s", action_of(&wanted->lookup),
                  buffer_text(&arn));
    buffer_free(&arn);
}

/* --- verdicts --- */

static void report_found(struct doctor *doctor, const struct wanted_lookup *wanted,
                         const struct answer *answer, const char *name)
{
    const struct answer_detail *detail = &wanted->detail;

    if (is_import(&wanted->lookup))
        report_add(&doctor->report, answer->count > 0 ? MARK_OK : MARK_WARNING, name,
                   answer->count > 0 ? "%zu found" : "%zu found: nothing lies below this path",
                   answer->count);
    else
        report_add(&doctor->report, MARK_OK, name, "found (%s%s%s%s)",
                   wanted->lookup.kind == LOOKUP_SECRET ? "secret" : detail->type,
                   detail->version[0] != '\0' ? ", version " : "", detail->version,
                   wanted->lookup.member[0] != '\0' ? ", with this member" : "");
}

static void report_missing(struct doctor *doctor, size_t place, const struct client *client,
                           const char *name)
{
    const struct wanted_lookup *wanted = &doctor->wanted[place];

    if (doctor_may_be_absent(doctor, place)) {
        report_add(&doctor->report, MARK_OK, name,
                   "does not exist in %s, and may be absent: another alternative stands in",
                   client->region);
        return;
    }
    report_add(&doctor->report, MARK_BAD, name, "does not exist in %s; %s at %s:%u needs it",
               client->region, wanted->variable, wanted->position.file, wanted->position.line);
    doctor_advise_missing(doctor, wanted, client);
}

static void report_answer(struct doctor *doctor, const struct subject *subject, size_t place,
                          const struct client *client)
{
    const struct wanted_lookup *wanted = &doctor->wanted[place];
    const struct answer *answer = &doctor->answers.answers[place];
    struct buffer name = BUFFER_INIT;

    name_lookup(&wanted->lookup, &name);
    switch (answer->state) {
    case ANSWER_FOUND:
        report_found(doctor, wanted, answer, buffer_text(&name));
        break;
    case ANSWER_MISSING:
        report_missing(doctor, place, client, buffer_text(&name));
        break;
    case ANSWER_DENIED:
        report_add(&doctor->report, MARK_BAD, buffer_text(&name), "denied%s: %s",
                   wanted->detail.key_denied ? " by KMS" : "", answer->error);
        advise_denied(doctor, subject, client, wanted);
        break;
    default:
        if (wanted->others > 0)
            buffer_append_format(&name, " and %zu more", wanted->others);
        report_add(&doctor->report, MARK_BAD, buffer_text(&name), "%s", answer->error);
    }
    buffer_free(&name);
}

/* The same words about several names are said once. */
static void merge_failures(struct doctor *doctor, const struct subject *subject)
{
    for (size_t i = 0; i < subject->request.lookup_count; i++) {
        struct wanted_lookup *first = &doctor->wanted[subject->wanted[i]];
        const struct answer *answer = &doctor->answers.answers[subject->wanted[i]];

        for (size_t j = i + 1;
             answer->state == ANSWER_FAILED && !first->told && j < subject->request.lookup_count;
             j++) {
            const struct answer *other = &doctor->answers.answers[subject->wanted[j]];
            struct wanted_lookup *second = &doctor->wanted[subject->wanted[j]];

            if (second->told || other->state != ANSWER_FAILED ||
                strcmp(other->error, answer->error) != 0)
                continue;
            second->told = true;
            first->others++;
        }
    }
}

/* --- asking --- */

static bool ask(struct doctor *doctor, struct subject *subject)
{
    struct result result = {0};
    struct answer_detail *details = calloc(subject->request.lookup_count + 1, sizeof *details);
    struct error error = ERROR_INIT;
    bool ok = details != NULL && answers_fetch(&subject->request, &subject->clients, subject->http,
                                               doctor_deadline(doctor), &result, details, &error);

    for (size_t i = 0; ok && i < subject->request.lookup_count; i++) {
        size_t place = subject->wanted[i];

        doctor->answers.answers[place] = result.answers[i];
        result.answers[i] = (struct answer){0};
        doctor->wanted[place].detail = details[i];
        doctor->wanted[place].asked = true;
    }
    for (size_t i = 0; ok && i < result.warning_count; i++)
        report_add(&doctor->report, MARK_WARNING, "parameters", "%s", result.warnings[i]);
    result_free(&result);
    free(details);
    if (!ok)
        report_add(&doctor->report, MARK_BAD, "parameters", "out of memory");
    return ok;
}

static size_t count_of(const struct subject *subject, const struct client *client)
{
    size_t count = 0;

    for (size_t i = 0; i < subject->request.lookup_count; i++)
        count += subject->clients.of_lookup[i] == client ? 1 : 0;
    return count;
}

/* Once for each client that cannot be asked, with how many would have been. */
static void skip_unreachable(struct doctor *doctor, const struct subject *subject)
{
    for (size_t i = 0; i < subject->clients.count; i++) {
        const struct client *client = subject->clients.items[i];

        if (error_is_set(&client->refused))
            report_add(&doctor->report, MARK_SKIPPED, "parameters",
                       "%s (%zu would be asked for there)", client->refused.text,
                       count_of(subject, client));
    }
    for (size_t i = 0; i < subject->request.lookup_count; i++)
        doctor->wanted[subject->wanted[i]].told =
            error_is_set(&subject->clients.of_lookup[i]->refused);
}

static bool has_credentials(struct doctor *doctor, const struct subject *subject)
{
    if (subject->account->credentials.access_key_id != NULL)
        return true;
    report_add(&doctor->report, MARK_SKIPPED, "parameters",
               "there are no credentials (%zu would be asked for)", subject->request.lookup_count);
    return false;
}

/* Names that hold the user, when it is not known who that is. */
static void skip_users(struct doctor *doctor, const struct subject *subject)
{
    for (size_t i = 0; i < doctor->wanted_count; i++) {
        const struct wanted_lookup *wanted = &doctor->wanted[i];
        struct buffer name = BUFFER_INIT;

        if (!wanted->lacks_user || wanted->lookup.identity != subject->identity)
            continue;
        name_lookup(&wanted->lookup, &name);
        report_add(&doctor->report, MARK_SKIPPED, buffer_text(&name), "%s",
                   doctor->user == NULL ? "its name holds the user: say --user USER"
                                        : "this user cannot be part of a name");
        buffer_free(&name);
    }
}

void doctor_ask_parameters(struct doctor *doctor, struct subject *subject)
{
    const struct request *request = &subject->request;

    skip_users(doctor, subject);
    if (request->lookup_count == 0 || !has_credentials(doctor, subject))
        return;
    skip_unreachable(doctor, subject);
    report_waiting("asking for %zu parameters and secrets", request->lookup_count);
    if (!ask(doctor, subject))
        return;
    merge_failures(doctor, subject);
    for (size_t i = 0; i < request->lookup_count; i++) {
        if (!doctor->wanted[subject->wanted[i]].told)
            report_answer(doctor, subject, subject->wanted[i], subject->clients.of_lookup[i]);
    }
}
