/* The inbound rule that a database's security group lacks, with what the instance knows of itself.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "aws/metadata.h"
#include "cli/doctor/doctor.h"

#define MAC_PATH     "/latest/meta-data/mac"
#define GROUPS_PATH  "/latest/meta-data/network/interfaces/macs/%s/security-group-ids"
#define ADDRESS_PATH "/latest/meta-data/local-ipv4"

#define DESCRIPTION "pam_ssmenv hosts"

/* What the rule consists of. Texts of the metadata service are kept only if they are what they
 * should be. */
struct rule {
    const char *type;
    const char *host;
    unsigned port;
    const char *region; /* NULL: not known */
    char group[32];     /* "": not known */
    size_t further_groups;
    char address[INET_ADDRSTRLEN]; /* "": not known */
    struct error silence;          /* of the metadata service, when one of these is not known */
};

/* --- what the instance knows --- */

static bool ask(struct doctor *doctor, struct metadata_service *service, struct http *http,
                const char *path, struct buffer *text, struct error *error)
{
    buffer_clear(text);
    return metadata_ask(service, http, path, doctor_deadline(doctor), text, error) ==
           METADATA_FOUND;
}

static bool is_mac(const char *text)
{
    return strlen(text) == 17 && strspn(text, "0123456789abcdefABCDEF:") == 17;
}

/* The first of the lines; the others are counted. */
static void keep_group(struct rule *rule, const char *lines)
{
    size_t length = strcspn(lines, "\n");

    if (length < sizeof rule->group && strncmp(lines, "sg-", 3) == 0 &&
        strspn(lines + 3, "0123456789abcdef") == length - 3) {
        memcpy(rule->group, lines, length);
        rule->group[length] = '\0';
    }
    while ((lines = strchr(lines, '\n')) != NULL && *++lines != '\0')
        rule->further_groups++;
}

static void find_group(struct doctor *doctor, struct metadata_service *service, struct http *http,
                       struct rule *rule)
{
    struct buffer text = BUFFER_INIT;
    struct buffer path = BUFFER_INIT;

    if (ask(doctor, service, http, MAC_PATH, &text, &rule->silence) && is_mac(buffer_text(&text))) {
        buffer_append_format(&path, GROUPS_PATH, buffer_text(&text));
        if (ask(doctor, service, http, buffer_text(&path), &text, &rule->silence))
            keep_group(rule, buffer_text(&text));
    }
    buffer_free(&path);
    buffer_free(&text);
}

static void find_address(struct doctor *doctor, struct metadata_service *service, struct http *http,
                         struct rule *rule)
{
    struct buffer text = BUFFER_INIT;
    struct in_addr parsed;

    if (ask(doctor, service, http, ADDRESS_PATH, &text, &rule->silence) &&
        inet_pton(AF_INET, buffer_text(&text), &parsed) == 1)
        inet_ntop(AF_INET, &parsed, rule->address, sizeof rule->address);
    buffer_free(&text);
}

static void ask_instance(struct doctor *doctor, struct rule *rule)
{
    struct identity settings =
        doctor->identities.count > 0 ? doctor->identities.items[0].settings : (struct identity){0};
    struct metadata_service service;
    struct http *http = http_open(&rule->silence);

    if (http == NULL || !metadata_open(&service, &settings, &rule->silence))
        return;
    report_waiting("asking the instance's metadata service");
    find_group(doctor, &service, http, rule);
    find_address(doctor, &service, http, rule);
    metadata_free(&service);
}

/* --- the region --- */

static const char *region_of(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->subject_count; i++) {
        const struct account *account = doctor->subjects[i].account;

        if (account != NULL && account->region != NULL)
            return account->region;
    }
    return NULL;
}

/* "prod.c1xample.us-east-2.rds.amazonaws.com": the label before rds. */
static const char *region_of_host(struct doctor *doctor, const char *host)
{
    const char *end = strcasestr(host, ".rds.");
    const char *start = end;

    while (start != NULL && start > host && start[-1] != '.')
        start--;
    return start != NULL && start < end
               ? arena_copy_bytes(&doctor->arena, start, (size_t)(end - start))
               : region_of(doctor);
}

/* --- the advice --- */

static void advise_console(struct doctor *doctor, const struct rule *rule)
{
    struct report *report = &doctor->report;

    report_advise(report, "in the console: RDS, Databases, the database, Connectivity & security, "
                          "its VPC security group, Inbound rules, Edit inbound rules, Add rule:");
    report_advise(report, "  Type %s, Port range %u, Source Custom %s, Description %s", rule->type,
                  rule->port, rule->group[0] != '\0' ? rule->group : "(this instance's group)",
                  DESCRIPTION);
    if (rule->further_groups > 0)
        report_advise(report, "  (this instance has %zu more %s; one rule for any of them will do)",
                      rule->further_groups, rule->further_groups == 1 ? "group" : "groups");
    report_advise(report, "or, for this one instance in the place of all that share its group:");
    report_advise(report, "  Type %s, Port range %u, Source Custom %s%s, Description %s",
                  rule->type, rule->port,
                  rule->address[0] != '\0' ? rule->address : "(this instance's private address)",
                  "/32", DESCRIPTION);
}

static void advise_finding(struct doctor *doctor, const struct rule *rule, const char *region)
{
    report_advise(&doctor->report, "the same on a command line; first, which group is the "
                                   "database's:");
    report_advise(
        &doctor->report,
        "  DB_GROUP=$(aws rds describe-db-instances --region %s --output text --query "
        "\"DBInstances[?Endpoint.Address=='%s'].VpcSecurityGroups[0].VpcSecurityGroupId\")",
        region, rule->host);
}

static void advise_commands(struct doctor *doctor, const struct rule *rule)
{
    const char *region = rule->region != NULL ? rule->region : "REGION";

    advise_finding(doctor, rule, region);
    report_advise(&doctor->report,
                  "  aws ec2 authorize-security-group-ingress --region %s --group-id \"$DB_GROUP\" "
                  "--ip-permissions 'IpProtocol=tcp,FromPort=%u,ToPort=%u,UserIdGroupPairs="
                  "[{GroupId=%s,Description=%s}]'",
                  region, rule->port, rule->port,
                  rule->group[0] != '\0' ? rule->group : "THIS_INSTANCES_GROUP", DESCRIPTION);
    report_advise(&doctor->report, "or, for the address:");
    report_advise(&doctor->report,
                  "  aws ec2 authorize-security-group-ingress --region %s --group-id \"$DB_GROUP\" "
                  "--ip-permissions 'IpProtocol=tcp,FromPort=%u,ToPort=%u,IpRanges="
                  "[{CidrIp=%s/32,Description=%s}]'",
                  region, rule->port, rule->port,
                  rule->address[0] != '\0' ? rule->address : "THIS_INSTANCES_ADDRESS", DESCRIPTION);
}

void doctor_advise_rule(struct doctor *doctor, const char *host, unsigned port,
                        const char *rule_type)
{
    struct rule rule = {
        .type = rule_type, .host = host, .port = port, .region = region_of_host(doctor, host)};

    ask_instance(doctor, &rule);
    advise_console(doctor, &rule);
    advise_commands(doctor, &rule);
    if (error_is_set(&rule.silence))
        report_advise(&doctor->report, "(this instance's group and address could not be asked: %s)",
                      rule.silence.text);
}
