#include "cli/policy/source_address.h"

#include <string.h>

#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

/* said: part of the error, or NULL for what is taken. */
static const struct {
    const char *text;
    const char *said;
} addresses[] = {
    {"203.0.113.7", NULL},
    {"203.0.113.7/32", NULL},
    {"203.0.113.0/24", NULL},
    {"9.255.255.255", NULL},
    {"11.0.0.0/8", NULL},
    {"172.15.255.255", NULL},
    {"172.32.0.0/16", NULL},
    {"192.167.0.0/16", NULL},
    {"100.63.0.0/16", NULL},
    {"100.128.0.0/16", NULL},
    {"223.255.255.255", NULL},
    {"2001:db8::/32", NULL},
    {"2600:1f00::1", NULL},
    {"10.0.0.0/8", "10.0.0.0/8 is a private address, which AWS never sees"},
    {"10.1.2.3", "private"},
    {"10.255.255.255/32", "private"},
    {"172.16.0.0/12", "private"},
    {"172.31.255.255", "private"},
    {"192.168.0.0/16", "private"},
    {"100.64.0.1", "carrier-grade NAT"},
    {"127.0.0.1", "loopback"},
    {"169.254.169.254", "link-local"},
    {"0.1.2.3", "reserved"},
    {"224.0.0.1", "multicast"},
    {"255.255.255.255", "reserved"},
    {"::1", "loopback"},
    {"fd00:ec2::254", "private"},
    {"fc00::/7", "private"},
    {"fe80::1", "link-local"},
    {"ff02::1", "multicast"},
    {"::ffff:203.0.113.7", "IPv4-mapped"},
    {"0.0.0.0/0", "everybody"},
    {"::/0", "everybody"},
    {"203.0.113.7/24", "bits behind its prefix"},
    {"2001:db8::1/64", "bits behind its prefix"},
    {"", "no address"},
    {"203.0.113", "no address"},
    {"203.0.113.7/33", "no address"},
    {"2001:db8::/129", "no address"},
    {"203.0.113.7/", "no address"},
    {"203.0.113.7/+8", "no address"},
    {"203.0.113.7/8x", "no address"},
    {"203.0.113.7 ", "no address"},
    {"host.example", "no address"},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", "no address"},
};

static void only_what_aws_can_see_is_taken(void)
{
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct error error = ERROR_INIT;
        bool taken = source_address_judge(addresses[i].text, strlen(addresses[i].text), &error);

        if (!CHECK_INT(taken, addresses[i].said == NULL))
            printf("# with %s\n", addresses[i].text);
        if (addresses[i].said != NULL)
            CHECK_CONTAINS(error.text, addresses[i].said);
    }
}

static void only_its_own_bytes_are_read(void)
{
    struct error error = ERROR_INIT;

    CHECK(source_address_judge("203.0.113.7,10.0.0.1", 11, &error));
    CHECK(!source_address_judge("10.0.0.1,203.0.113.7", 8, &error));
    CHECK_CONTAINS(error.text, "10.0.0.1 is");
}

static void an_endpoint_has_8_or_17_digits(void)
{
    static const struct {
        const char *text;
        bool taken;
    } endpoints[] = {
        {"vpce-01234567", true},
        {"vpce-0123456789abcdef0", true},
        {"vpce-0123456", false},
        {"vpce-0123456789", false},
        {"vpce-", false},
        {"vpce-0123456X", false},
        {"vpc-0123456789abcdef0", false},
        {"", false},
    };
    struct error error = ERROR_INIT;

    for (size_t i = 0; i < COUNT(endpoints); i++) {
        const char *text = endpoints[i].text;

        if (!CHECK_INT(source_endpoint_judge(text, strlen(text), &error), endpoints[i].taken))
            printf("# with %s\n", text);
    }
}

static const struct tap_test tests[] = {
    {"only what AWS can see is taken", only_what_aws_can_see_is_taken},
    {"only its own bytes are read", only_its_own_bytes_are_read},
    {"an endpoint has 8 or 17 digits", an_endpoint_has_8_or_17_digits},
};

TAP_MAIN(tests)
