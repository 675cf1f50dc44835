#include "aws/endpoint.h"

#include <stdlib.h>

#include "common/buffer.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

struct options {
    const char *url;
    const char *fips;
    const char *dualstack;
};

/* "URL HOST PATH PORT PARTITION", or the error. */
static void find(const char *service, const char *region, const struct options *options,
                 struct buffer *text)
{
    const char *const pairs[][2] = {{"endpoint_url", options->url},
                                    {"use_fips_endpoint", options->fips},
                                    {"use_dualstack_endpoint", options->dualstack}};
    struct setting settings[COUNT(pairs)];
    struct identity identity = {.settings = settings};
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (pairs[i][1] != NULL)
            settings[identity.count++] =
                (struct setting){(char *)(uintptr_t)pairs[i][0], (char *)(uintptr_t)pairs[i][1]};
    }
    if (endpoint_find(&endpoint, &identity, service, region, &error)) {
        buffer_append_format(text, "%s %s %s %u %s", endpoint.url, endpoint.host, endpoint.path,
                             endpoint.port, endpoint.partition);
        endpoint_free(&endpoint);
    } else {
        buffer_append_text(text, error.text);
        CHECK(endpoint.url == NULL && endpoint.host == NULL && endpoint.path == NULL);
    }
    endpoint_free(&endpoint);
}

static void check_endpoint(const char *service, const char *region, struct options options,
                           const char *expected)
{
    struct buffer text = BUFFER_INIT;

    find(service, region, &options, &text);
    CHECK_TEXT(buffer_text(&text), expected);
    buffer_free(&text);
}

static void check_refused(struct options options, const char *expected)
{
    struct buffer text = BUFFER_INIT;

    find("ssm", "us-east-2", &options, &text);
    CHECK_CONTAINS(buffer_text(&text), expected);
    CHECK(strstr(buffer_text(&text), "hidden") == NULL);
    buffer_free(&text);
}

/* As botocore 1.43 resolves them. */
static void every_partition_has_its_suffixes(void)
{
    static const struct {
        const char *region;
        const char *host;
        const char *dualstack_host;
        const char *partition;
    } cases[] = {
        {"us-east-2", "ssm.us-east-2.amazonaws.com", "ssm.us-east-2.api.aws", "aws"},
        {"mx-central-1", "ssm.mx-central-1.amazonaws.com", "ssm.mx-central-1.api.aws", "aws"},
        {"cn-north-1", "ssm.cn-north-1.amazonaws.com.cn",
         "ssm.cn-north-1.api.amazonwebservices.com.cn", "aws-cn"},
        {"us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com", "ssm.us-gov-west-1.api.aws",
         "aws-us-gov"},
        {"us-iso-east-1", "ssm.us-iso-east-1.c2s.ic.gov", "ssm.us-iso-east-1.api.aws.ic.gov",
         "aws-iso"},
        {"us-isob-east-1", "ssm.us-isob-east-1.sc2s.sgov.gov", "ssm.us-isob-east-1.api.aws.scloud",
         "aws-iso-b"},
        {"eu-isoe-west-1", "ssm.eu-isoe-west-1.cloud.adc-e.uk",
         "ssm.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "aws-iso-e"},
        {"us-isof-south-1", "ssm.us-isof-south-1.csp.hci.ic.gov",
         "ssm.us-isof-south-1.api.aws.hci.ic.gov", "aws-iso-f"},
        {"eusc-de-east-1", "ssm.eusc-de-east-1.amazonaws.eu",
         "ssm.eusc-de-east-1.api.amazonwebservices.eu", "aws-eusc"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char expected[256];

        snprintf(expected, sizeof expected, "https://%s/ %s / 443 %s", cases[i].host, cases[i].host,
                 cases[i].partition);
        check_endpoint("ssm", cases[i].region, (struct options){0}, expected);
        snprintf(expected, sizeof expected, "https://%s/ %s / 443 %s", cases[i].dualstack_host,
                 cases[i].dualstack_host, cases[i].partition);
        check_endpoint("ssm", cases[i].region, (struct options){.dualstack = "yes"}, expected);
    }
}

static void fips_endpoints_have_names_of_their_own_except_in_govcloud(void)
{
    static const struct {
        const char *service;
        const char *region;
        const char *dualstack;
        const char *host;
        const char *partition;
    } cases[] = {
        {"ssm", "us-east-2", "no", "ssm-fips.us-east-2.amazonaws.com", "aws"},
        {"ssm", "us-east-2", "yes", "ssm-fips.us-east-2.api.aws", "aws"},
        {"ssm", "us-gov-west-1", "no", "ssm.us-gov-west-1.amazonaws.com", "aws-us-gov"},
        {"ssm", "us-gov-west-1", "yes", "ssm-fips.us-gov-west-1.api.aws", "aws-us-gov"},
        {"sts", "us-gov-west-1", "no", "sts.us-gov-west-1.amazonaws.com", "aws-us-gov"},
        {"secretsmanager", "us-gov-west-1", "no", "secretsmanager-fips.us-gov-west-1.amazonaws.com",
         "aws-us-gov"},
        {"secretsmanager", "us-gov-west-1", "yes",
         "secretsmanager-fips.us-gov-west-1.amazonaws.com", "aws-us-gov"},
        {"secretsmanager", "cn-north-1", "yes",
         "secretsmanager-fips.cn-north-1.api.amazonwebservices.com.cn", "aws-cn"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char expected[256];

        snprintf(expected, sizeof expected, "https://%s/ %s / 443 %s", cases[i].host, cases[i].host,
                 cases[i].partition);
        check_endpoint(cases[i].service, cases[i].region,
                       (struct options){.fips = "yes", .dualstack = cases[i].dualstack}, expected);
    }
}

static void an_endpoint_url_is_used_as_it_is(void)
{
    static const struct {
        const char *url;
        const char *expected;
    } cases[] = {
        {"https://vpce-1.ssm.us-east-2.vpce.amazonaws.com",
         "https://vpce-1.ssm.us-east-2.vpce.amazonaws.com/ "
         "vpce-1.ssm.us-east-2.vpce.amazonaws.com / 443 aws"},
        {"https://h:8443/", "https://h:8443/ h:8443 / 8443 aws"},
        {"https://h:443/", "https://h/ h / 443 aws"},
        {"HTTPS://Host.Example:0443/Base/x", "https://host.example/Base/x host.example /Base/x 443 "
                                             "aws"},
        {"https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443/ [2001:db8::1]:8443 / 8443 aws"},
        {"http://127.0.0.1:4566", "http://127.0.0.1:4566/ 127.0.0.1:4566 / 4566 aws"},
        {"http://127.255.0.9", "http://127.255.0.9/ 127.255.0.9 / 80 aws"},
        {"http://[::1]:80/x/", "http://[::1]/x/ [::1] /x/ 80 aws"},
        {"http://localhost:65535", "http://localhost:65535/ localhost:65535 / 65535 aws"},
        {"http://LOCALHOST:1", "http://localhost:1/ localhost:1 / 1 aws"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_endpoint("ssm", "us-east-2", (struct options){.url = cases[i].url},
                       cases[i].expected);
}

static void http_is_for_addresses_of_this_machine_only(void)
{
    static const char *const urls[] = {
        "http://hidden.example",
        "http://169.254.169.254",
        "http://10.0.0.1",
        "http://128.0.0.1",
        "http://127.0.0.1.hidden.example",
        "http://127.1",
        "http://localhost.hidden",
        "http://[::2]",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://localhostx",
        "http://2130706433",
    };

    for (size_t i = 0; i < COUNT(urls); i++)
        check_refused((struct options){.url = urls[i]},
                      "[aws] endpoint_url: expected https; http is only for addresses of this "
                      "machine");
}

static void what_is_no_url_is_refused_without_being_shown(void)
{
    static const char *const urls[] = {
        "",
        "hidden",
        "//hidden",
        "https:/hidden",
        "https://",
        "https:///hidden",
        "ftp://hidden",
        "file:///hidden",
        "https://user:hidden@h",
        "https://h@hidden",
        "https://h?hidden",
        "https://h#hidden",
        "https://h hidden",
        "https://h:x",
        "https://h:",
        "https://h:123456",
        "https://h:80:90",
        "https://[::1",
        "https://[::1]x",
        "https://[]",
        "https://[hidden]",
        "https://::1",
        "https://h\\hidden",
        "https://h\r\nX: hidden",
        "https://h\xc3\xa4",
        "https://%68idden",
        " https://h",
    };

    for (size_t i = 0; i < COUNT(urls); i++)
        check_refused((struct options){.url = urls[i]},
                      "[aws] endpoint_url: expected https://HOST");
    check_refused((struct options){.url = "https://h:0"}, "expected a port from 1 to 65535");
    check_refused((struct options){.url = "https://h:65536"}, "expected a port from 1 to 65535");
}

static void a_path_that_would_not_arrive_as_it_is_signed_is_refused(void)
{
    static const char *const urls[] = {
        "https://h/./x",      "https://h/..",        "https://h/x/../y",   "https://h/x/.",
        "https://h/%41",      "https://h/x?hidden",  "https://h/x#hidden", "https://h/a b",
        "https://h/\xc3\xa4", "https://h/a\nhidden",
    };

    for (size_t i = 0; i < COUNT(urls); i++)
        check_refused((struct options){.url = urls[i]}, "[aws] endpoint_url: expected a path");
    check_endpoint("ssm", "us-east-2", (struct options){.url = "https://h/.a/...b/c..//~_-"},
                   "https://h/.a/...b/c..//~_- h /.a/...b/c..//~_- 443 aws");
}

static void an_endpoint_url_excludes_fips_and_dualstack(void)
{
    check_refused((struct options){.url = "https://h", .fips = "yes"},
                  "[aws] endpoint_url cannot be combined with use_fips_endpoint");
    check_refused((struct options){.url = "https://h", .dualstack = "yes"},
                  "[aws] endpoint_url cannot be combined with use_dualstack_endpoint");
    check_endpoint("ssm", "us-east-2",
                   (struct options){.url = "https://h", .fips = "no", .dualstack = "no"},
                   "https://h/ h / 443 aws");
}

static struct identity urls_of(const char *own_key, struct setting settings[2])
{
    static char key[] = "endpoint_url";
    static char all[] = "https://all:1";
    static char own[] = "https://own:2/x";

    settings[0] = (struct setting){key, all};
    settings[1] = (struct setting){(char *)(uintptr_t)own_key, own};
    return (struct identity){.settings = settings, .count = 2};
}

static void check_url(const struct identity *identity, const char *service, const char *expected)
{
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    if (CHECK(endpoint_find(&endpoint, identity, service, "us-east-2", &error)))
        CHECK_TEXT(endpoint.url, expected);
    else
        printf("# %s\n", error.text);
    endpoint_free(&endpoint);
}

static void a_service_s_own_url_beats_the_one_for_all(void)
{
    static const struct {
        const char *key;
        const char *service;
        const char *other;
    } cases[] = {{"endpoint_url_ssm", "ssm", "sts"},
                 {"endpoint_url_sts", "sts", "secretsmanager"},
                 {"endpoint_url_secretsmanager", "secretsmanager", "ssm"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct setting settings[2];
        struct identity both = urls_of(cases[i].key, settings);
        struct identity own = {.settings = settings + 1, .count = 1};
        char usual[128];

        snprintf(usual, sizeof usual, "https://%s.us-east-2.amazonaws.com/", cases[i].other);
        check_url(&both, cases[i].service, "https://own:2/x");
        check_url(&both, cases[i].other, "https://all:1/");
        check_url(&own, cases[i].other, usual);
    }
}

static void an_error_names_the_section_and_the_key(void)
{
    struct setting setting = {(char[]){"endpoint_url_sts"}, (char[]){"hidden"}};
    struct identity identity = {
        .settings = &setting, .count = 1, .section = (char[]){"aws central"}};
    struct endpoint endpoint;
    struct error error = ERROR_INIT;

    CHECK(!endpoint_find(&endpoint, &identity, "sts", "us-east-2", &error));
    CHECK_TEXT(error.text, "[aws central] endpoint_url_sts: expected https://HOST or "
                           "https://HOST:PORT");
}

static void the_ports_of_all_urls_are_known(void)
{
    struct setting settings[2];
    struct identity identity = urls_of("endpoint_url_sts", settings);
    uint16_t ports[8];

    CHECK_INT((long long)endpoint_ports(&identity, ports, 8), 2);
    CHECK_INT(ports[0] + ports[1], 3);
    CHECK_INT((long long)endpoint_ports(&identity, ports, 1), 1);
}

static void choices_are_yes_or_no(void)
{
    check_refused((struct options){.fips = "hidden"},
                  "[aws] use_fips_endpoint: expected yes or no");
    check_refused((struct options){.dualstack = "true"},
                  "[aws] use_dualstack_endpoint: expected yes or no");
}

static void region_and_service_are_checked_before_they_become_a_host_name(void)
{
    check_endpoint("ssm", "evil.example/", (struct options){0},
                   "the region is none: expected a name such as us-east-2");
    check_endpoint("ssm", "", (struct options){.url = "https://h"},
                   "the region is none: expected a name such as us-east-2");
    check_endpoint("s3", "us-east-2", (struct options){0},
                   "no endpoint is known for the service s3");
}

static const struct tap_test tests[] = {
    {"every partition has its suffixes", every_partition_has_its_suffixes},
    {"FIPS endpoints have names of their own, except in GovCloud",
     fips_endpoints_have_names_of_their_own_except_in_govcloud},
    {"an endpoint_url is used as it is", an_endpoint_url_is_used_as_it_is},
    {"http is for addresses of this machine only", http_is_for_addresses_of_this_machine_only},
    {"what is no URL is refused without being shown",
     what_is_no_url_is_refused_without_being_shown},
    {"a path that would not arrive as it is signed is refused",
     a_path_that_would_not_arrive_as_it_is_signed_is_refused},
    {"an endpoint_url excludes FIPS and dual-stack", an_endpoint_url_excludes_fips_and_dualstack},
    {"a service's own URL beats the one for all", a_service_s_own_url_beats_the_one_for_all},
    {"an error names the section and the key", an_error_names_the_section_and_the_key},
    {"the ports of all URLs are known", the_ports_of_all_urls_are_known},
    {"choices are yes or no", choices_are_yes_or_no},
    {"region and service are checked before they become a host name",
     region_and_service_are_checked_before_they_become_a_host_name},
};

TAP_MAIN(tests)
