/* The way to each endpoint: name, connection, TLS, each with its time; and what time it is there.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/timestamp.h"
#include "cli/doctor/doctor.h"

/* AWS refuses signatures that are five minutes off (SigV4, "Elements of an AWS API request"). */
#define CLOCK_REFUSED_SECONDS 240
#define CLOCK_NOTABLE_SECONDS 30

/* --- one endpoint --- */

static double milliseconds(int64_t microseconds)
{
    return (double)microseconds / 1000;
}

/* "name 1.2 ms, connection to 192.0.2.1 3.4 ms, TLS 5.6 ms", as far as it came. */
static void describe_way(const struct http_exchange *exchange, struct buffer *text)
{
    const struct http_timing *timing = &exchange->timing;

    if (timing->resolved == 0)
        return;
    buffer_append_format(text, "DNS %.1f ms", milliseconds(timing->resolved));
    /* Some versions of libcurl do not tell the time before TLS is there, too. */
    if (exchange->address[0] != '\0')
        buffer_append_format(text, ", TCP to %s", exchange->address);
    if (timing->connected > timing->resolved)
        buffer_append_format(text, " %.1f ms", milliseconds(timing->connected - timing->resolved));
    if (timing->secured > timing->connected)
        buffer_append_format(text, ", TLS %.1f ms",
                             milliseconds(timing->secured - timing->connected));
}

/* Whoever answers has been found, connected to and believed; what he answers to a question that no
 * service knows is not looked at. */
static bool reach(struct doctor *doctor, struct subject *subject, const char *check,
                  const char *url)
{
    const struct buffer *bundle = &subject->account->ca_bundle;
    struct http_exchange exchange = {.request = {.method = "GET",
                                                 .url = url,
                                                 .ca_bundle = bundle->length > 0 ? bundle : NULL,
                                                 .deadline = doctor_deadline(doctor)}};
    struct error error = ERROR_INIT;
    struct http *http = http_open(&error); /* of its own: no connection is there already */
    struct buffer way = BUFFER_INIT;
    bool reached;

    report_waiting("connecting to %s", url);
    if (http != NULL)
        http_perform(http, &exchange);
    reached = exchange.answered || exchange.reached;
    describe_way(&exchange, &way);
    if (reached)
        report_add(&doctor->report, MARK_OK, check, "%s: %s", url, buffer_text(&way));
    else
        report_add(&doctor->report, MARK_BAD, check, "%s: %s%s%s", url,
                   http != NULL ? exchange.error.text : error.text,
                   way.length > 0 ? "; before: " : "", buffer_text(&way));
    if (exchange.answered && subject->date[0] == '\0') {
        memcpy(subject->date, exchange.response.date, sizeof subject->date);
        subject->date_taken = (int64_t)time(NULL);
    }
    subject->reached = subject->reached || reached;
    http_exchange_free(&exchange);
    buffer_free(&way);
    return reached;
}

/* --- all that are used --- */

/* "endpoint ssm", and where it is not the region's own, which. */
static void name_check(const struct client *client, const struct account *account,
                       struct buffer *check)
{
    buffer_append_format(check, "endpoint %s", client->service.name);
    if (account->region == NULL || strcmp(client->region, account->region) != 0)
        buffer_append_format(check, " in %s", client->region);
}

static void reach_client(struct doctor *doctor, struct subject *subject, struct client *client)
{
    struct buffer check = BUFFER_INIT;

    if (error_is_set(&client->refused)) {
        report_add(&doctor->report, MARK_BAD, "endpoint", "%s", client->refused.text);
        return;
    }
    name_check(client, subject->account, &check);
    if (!reach(doctor, subject, buffer_text(&check), client->endpoint.url))
        error_set(&client->refused, "%s cannot be reached", client->endpoint.host);
    buffer_free(&check);
}

static void reach_sts(struct doctor *doctor, struct subject *subject)
{
    struct account *account = subject->account;
    struct error error = ERROR_INIT;
    struct endpoint endpoint;

    subject->sts_unreachable = true;
    if (account->region == NULL) {
        report_add(&doctor->report, MARK_SKIPPED, "endpoint sts", "there is no region");
        return;
    }
    if (!endpoint_find(&endpoint, account->settings, "sts", account->region, &error)) {
        report_add(&doctor->report, MARK_BAD, "endpoint sts", "%s", error.text);
        return;
    }
    subject->sts_unreachable = !reach(doctor, subject, "endpoint sts", endpoint.url);
    endpoint_free(&endpoint);
}

void doctor_reach_endpoints(struct doctor *doctor, struct subject *subject)
{
    struct error error = ERROR_INIT;

    if (!clients_route(&subject->clients, &subject->request, &error)) {
        report_add(&doctor->report, MARK_BAD, "endpoints", "%s", error.text);
        return;
    }
    for (size_t i = 0; i < subject->clients.count; i++) {
        struct client *client = subject->clients.items[i];

        if (client->region != NULL)
            reach_client(doctor, subject, client);
        else
            error_set(&client->refused, "there is no region");
    }
    reach_sts(doctor, subject);
}

/* --- clock --- */

void doctor_compare_clock(struct doctor *doctor, struct subject *subject)
{
    struct report *report = &doctor->report;
    int64_t theirs;
    int64_t ahead;

    if (!subject->reached) {
        report_add(report, MARK_SKIPPED, "clock", "no endpoint was reached");
        return;
    }
    if (!timestamp_read_http(subject->date, &theirs)) {
        report_add(report, MARK_WARNING, "clock", "the endpoint's answer does not tell the time");
        return;
    }
    ahead = subject->date_taken - theirs;
    if (llabs(ahead) <= CLOCK_NOTABLE_SECONDS) {
        report_add(report, MARK_OK, "clock", "within %lld s of AWS's",
                   llabs(ahead) > 1 ? llabs(ahead) : 1);
        return;
    }
    report_add(report, llabs(ahead) > CLOCK_REFUSED_SECONDS ? MARK_BAD : MARK_WARNING, "clock",
               "%lld s %s AWS's%s", llabs(ahead), ahead > 0 ? "ahead of" : "behind",
               llabs(ahead) > CLOCK_REFUSED_SECONDS
                   ? ": AWS refuses what is signed with it; each fetch has to correct it first"
                   : "");
    report_advise(report, "set the clock, and check chronyd or systemd-timesyncd");
}
