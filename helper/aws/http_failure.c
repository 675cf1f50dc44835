#include "aws/http_failure.h"

#include <openssl/x509_vfy.h>
#include <string.h>

#define CHECK_BETWEEN ": check the network, and what lies between"

/* A sentence around the name of a host. */
struct sentence {
    const char *before;
    const char *after;
};

static void say(struct error *error, struct sentence sentence, const char *host)
{
    error_set(error, "%s%s%s", sentence.before, host, sentence.after);
}

static const struct known_failure {
    CURLcode code;
    bool transient;
    struct sentence sentence;
} known_failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST,
     true,
     {"the name ", " cannot be resolved: check the region and this machine's DNS"}},
    {CURLE_COULDNT_CONNECT,
     true,
     {"no connection to ", ": check routes, security groups and VPC endpoints"}},
    {CURLE_SSL_CONNECT_ERROR,
     true,
     {"TLS with ", " failed: the other side must speak TLS 1.2 or newer"}},
    {CURLE_SSL_CACERT_BADFILE,
     false,
     {"the certificates to check ",
      " with cannot be read: check ca_bundle, or install ca-certificates"}},
    {CURLE_GOT_NOTHING, true, {"", " closed the connection without an answer" CHECK_BETWEEN}},
    {CURLE_RECV_ERROR,
     true,
     {"the connection to ", " broke while its answer was read" CHECK_BETWEEN}},
    {CURLE_SEND_ERROR, true, {"the connection to ", " broke while it was asked" CHECK_BETWEEN}},
    {CURLE_PARTIAL_FILE, true, {"", " broke off in the middle of its answer" CHECK_BETWEEN}},
    {CURLE_WEIRD_SERVER_REPLY, false, {"", " does not speak HTTP: check endpoint_url"}},
    {CURLE_UNSUPPORTED_PROTOCOL, false, {"", " does not speak HTTP: check endpoint_url"}},
    {CURLE_OUT_OF_MEMORY, false, {"out of memory while asking ", ""}},
};

/* Most services have FIPS endpoints in a few regions only. */
static const struct sentence fips_without_name = {
    "the name ",
    " cannot be resolved: the region may have no FIPS endpoint, see use_fips_endpoint"};

/* Why a certificate was refused. Where only its name was wrong, libcurl leaves the result as it
 * was: at first unspecified, and fine on a resumed session. */
static const struct {
    long code;
    struct sentence sentence;
} verify_failures[] = {
    {X509_V_ERR_UNSPECIFIED,
     {"the certificate of ", " is for another host name: check endpoint_url and DNS"}},
    {X509_V_OK, {"the certificate of ", " is for another host name: check endpoint_url and DNS"}},
    {X509_V_ERR_CERT_HAS_EXPIRED,
     {"the certificate of ", " has expired: check this machine's clock"}},
    {X509_V_ERR_CERT_NOT_YET_VALID,
     {"the certificate of ", " is not valid yet: check this machine's clock"}},
};

static void describe_verification(CURL *easy, const char *host, struct error *error)
{
    long result = X509_V_OK;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    for (size_t i = 0; i < sizeof verify_failures / sizeof *verify_failures; i++) {
        if (verify_failures[i].code == result) {
            say(error, verify_failures[i].sentence, host);
            return;
        }
    }
    error_set(error,
              "the certificate of %s is not trusted (%s): if it should be, name its CA with "
              "ca_bundle",
              host, X509_verify_cert_error_string(result));
}

void http_failure_describe(CURL *easy, CURLcode code, const char *host, bool *transient,
                           struct error *error)
{
    *transient = false;
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        describe_verification(easy, host, error);
        return;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        *transient = true;
        http_failure_describe_wait(easy, host, error);
        return;
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST && strstr(host, "-fips.") != NULL) {
        *transient = true;
        say(error, fips_without_name, host);
        return;
    }
    for (size_t i = 0; i < sizeof known_failures / sizeof *known_failures; i++) {
        if (known_failures[i].code == code) {
            *transient = known_failures[i].transient;
            say(error, known_failures[i].sentence, host);
            return;
        }
    }
    error_set(error, "%s: %s", host, curl_easy_strerror(code));
}

/* The latest milestone that was passed tells what is waited for; the last entry is the beginning.
 */
static const struct {
    CURLINFO milestone;
    struct sentence sentence;
} phases[] = {
    {CURLINFO_STARTTRANSFER_TIME_T,
     {"time ended while waiting for the rest of the answer of ", ""}},
    {CURLINFO_PRETRANSFER_TIME_T, {"time ended while waiting for the answer of ", ""}},
    /* Some versions of libcurl set the one, some the other, when TCP is connected. */
    {CURLINFO_CONNECT_TIME_T, {"time ended during the TLS handshake with ", ""}},
    {CURLINFO_PRIMARY_PORT, {"time ended during the TLS handshake with ", ""}},
    {CURLINFO_NAMELOOKUP_TIME_T,
     {"time ended while connecting to ", ": check routes, security groups and VPC endpoints"}},
    {CURLINFO_NONE, {"time ended while resolving the name ", ": check this machine's DNS"}},
};

static bool has_passed(CURL *easy, CURLINFO milestone)
{
    curl_off_t time = 0;
    long port = 0;

    if (milestone == CURLINFO_NONE)
        return true;
    if (milestone == CURLINFO_PRIMARY_PORT)
        return curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port) == CURLE_OK && port > 0;
    return curl_easy_getinfo(easy, milestone, &time) == CURLE_OK && time > 0;
}

void http_failure_describe_wait(CURL *easy, const char *host, struct error *error)
{
    size_t i = 0;

    while (!has_passed(easy, phases[i].milestone))
        i++;
    say(error, phases[i].sentence, host);
}
