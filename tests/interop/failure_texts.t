#!/usr/bin/python3
"""What an administrator reads: each way in which credentials, AWS or the way to it can fail, provoked
once through the real ssmenv-fetch, with the whole text that reaches the log.

What differs from run to run is written as ID (a request's), PORT, FOLDER and FILE (of the test)."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from cloud import FOLDER, Cloud, keys, write_file  # noqa: E402
from fetch_cases import allow  # noqa: E402
from fetcher import DENIED, FAILED, FOUND, MISSING, children, parameter, secret  # noqa: E402
from name_server import NameServer  # noqa: E402
from tap import check_equal, run, test  # noqa: E402

CHANGING = [(r"request [0-9a-f]{8}-[0-9a-f-]{27}", "request ID"), (re.escape(FOLDER), "FOLDER"),
            (r"FOLDER/tmp\w+", "FILE"), (r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT"),
            (r"access key ASIA[0-9A-F]{16}", "access key ASIA…")]
KEY = "; it was asked with access key AKIAIOSFODNN7EXAMPLE of FILE:2"


def constant(text):
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    return text


def says(situation, text, tls=False):
    """The function gets a cloud, and returns the text of the log."""
    def register(function):
        def provoke():
            with Cloud(tls) as cloud:
                check_equal(constant(function(cloud)), text, "text")

        return test(f"What one reads: {situation}")(provoke)

    return register


def with_keys(cloud, text=None, **settings):
    return cloud.fetcher(credentials_file=write_file(text or keys(cloud)), **settings)


def text_of(fetcher, *lookups, state=FAILED):
    """The error of the last lookup; those before it are found."""
    lookups = lookups or (parameter("/p"),)
    result = fetcher.ask(*lookups)
    check_equal(result.states, [FOUND] * (len(lookups) - 1) + [state], "states")
    return result.errors[-1]


# --- AWS refuses the credentials ------------------------------------------------------------------

def temporary(cloud, token, **how):
    cloud.aws.add_key("ASIATEMPORARY", "s", session_token="token", **how)
    return with_keys(cloud, "[default]\naws_access_key_id = ASIATEMPORARY\n"
                            f"aws_secret_access_key = s\naws_session_token = {token}\n")


@says("a session token of a file has expired",
      "ExpiredTokenException for ssm:GetParameters (request ID): the credentials have expired: "
      "renew them, and check this machine's clock; it was asked with access key ASIATEMPORARY of "
      "FILE:2")
def _(cloud):
    return text_of(temporary(cloud, "token", expired=True))


@says("AWS says that the instance's credentials have expired, twice",
      "ExpiredTokenException for ssm:GetParameters (request ID): the credentials have expired: "
      "renew them, and check this machine's clock; it was asked with access key ASIA… of the EC2 "
      "instance's role")
def _(cloud):
    with cloud.metadata() as metadata:
        cloud.aws.fault(kind="expired_token")
        return text_of(cloud.fetcher(metadata))


@says("the key is unknown",
      "UnrecognizedClientException for ssm:GetParameters (request ID): AWS does not know this "
      "access key or session token: check the credentials and the region; it was asked with access "
      "key AKIANOBODY of FILE:2")
def _(cloud):
    return text_of(with_keys(cloud, "[default]\naws_access_key_id = AKIANOBODY\n"
                                    "aws_secret_access_key = s\n"))


@says("the session token belongs to another key",
      "UnrecognizedClientException for ssm:GetParameters (request ID): AWS does not know this "
      "access key or session token: check the credentials and the region; it was asked with access "
      "key ASIATEMPORARY of FILE:2")
def _(cloud):
    return text_of(temporary(cloud, "another"))


@says("the secret is wrong",
      "InvalidSignatureException for ssm:GetParameters (request ID): check the secret key and this "
      "machine's clock" + KEY, tls=True)
def _(cloud):
    return text_of(with_keys(cloud, keys(cloud).replace(cloud.aws.secret_access_key, "wrong")))


@says("the clock is off and AWS's time cannot be trusted, without TLS",
      "InvalidSignatureException for ssm:GetParameters (request ID): check the secret key and this "
      "machine's clock" + KEY)
def _(cloud):
    cloud.aws.set_clock(3600)
    return text_of(with_keys(cloud))


@says("the clock is off, and is corrected from AWS's over TLS",
      "this machine's clock is 3600 seconds behind AWS's: calls were signed with AWS's time; set "
      "the clock, and check chronyd or systemd-timesyncd", tls=True)
def _(cloud):
    cloud.aws.set_clock(3600)
    result = with_keys(cloud).ask(parameter("/p"))
    check_equal((result.states, len(result.warnings)), ([FOUND], 1))
    return re.sub(r"\b3(600|599|601)\b", "3600", result.warnings[0])


CODES = {
    "IncompleteSignatureException": "the signature did not arrive as it was sent: check "
    "endpoint_url and what lies between",
    "MissingAuthenticationTokenException": "the signature did not arrive as it was sent: check "
    "endpoint_url and what lies between",
    "OptInRequired": "the account has not enabled this region: enable it, or name another region",
    "AuthFailure": "AWS does not know this access key or session token: check the credentials and "
    "the region",
    **{code: "check the secret key and this machine's clock" for code in
       ("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture", "SignatureDoesNotMatch")},
}
for code, advice in CODES.items():
    @says(f"AWS refuses the key with {code}",
          f"{code} for ssm:GetParameters (request ID): {advice}{KEY}")
    def _(cloud, code=code):
        cloud.aws.fault(kind="error", code=code)
        return text_of(with_keys(cloud))


@says("the keys may not assume the role",
      "AccessDenied for sts:AssumeRole on arn:aws:iam::111122223333:role/none (request ID): the "
      "policy lacks this action, or the role's trust policy does not name who asks, or wants "
      "another external_id" + KEY)
def _(cloud):
    return text_of(with_keys(cloud, role_arn="arn:aws:iam::111122223333:role/none"))


@says("the role that was assumed may not assume the next",
      "AccessDenied for sts:AssumeRole on arn:aws:iam::111122223333:role/none (request ID): the "
      "policy lacks this action, or the role's trust policy does not name who asks, or wants "
      "another external_id; it was asked with access key ASIA… of "
      "arn:aws:iam::111122223333:role/first")
def _(cloud):
    first = cloud.aws.add_role("first")
    return text_of(with_keys(
        cloud, f"{keys(cloud, 'base')}[default]\nrole_arn = {first}\nsource_profile = base\n",
        role_arn="arn:aws:iam::111122223333:role/none"))


STS = {
    "the key is unknown": ("AKIANOBODY", "s", "InvalidClientTokenId", "AWS does not know this access "
                           "key or session token: check the credentials and the region"),
    "the secret is wrong": ("AKIAIOSFODNN7EXAMPLE", "s", "SignatureDoesNotMatch",
                            "check the secret key and this machine's clock"),
    "the session token has expired": ("ASIAEXPIRED", "s\naws_session_token = t", "ExpiredToken",
                                      "the credentials have expired: renew them, and check this "
                                      "machine's clock"),
}
for situation, (key, secret_key, code, advice) in STS.items():
    @says(f"{situation}, and a role is to be assumed",
          f"{code} for sts:AssumeRole on arn:aws:iam::111122223333:role/r (request ID): {advice}; it "
          f"was asked with access key {key} of FILE:2")
    def _(cloud, key=key, secret_key=secret_key):
        cloud.aws.add_key("ASIAEXPIRED", "s", session_token="t", expired=True)
        return text_of(with_keys(cloud, f"[default]\naws_access_key_id = {key}\n"
                                        f"aws_secret_access_key = {secret_key}\n",
                                 role_arn=cloud.aws.add_role("r")))


# --- other providers ------------------------------------------------------------------------------

def web_identity(cloud, token="eyJ.right"):
    arn = cloud.aws.add_role("r", web_identity="eyJ.right")
    return cloud.fetcher(role_arn=arn, web_identity_token_file=write_file(token))


@says("the token of a web identity is not taken",
      "InvalidIdentityToken for sts:AssumeRoleWithWebIdentity on arn:aws:iam::111122223333:role/r "
      "(request ID): the identity provider's token is not valid: check web_identity_token_file, and "
      "the provider and audience that the role trusts")
def _(cloud):
    return text_of(web_identity(cloud, "eyJ.wrong"))


@says("the token of a web identity has expired",
      "ExpiredToken for sts:AssumeRoleWithWebIdentity on arn:aws:iam::111122223333:role/r "
      "(request ID): the credentials have expired: renew them, and check this machine's clock")
def _(cloud):
    cloud.aws.fault(kind="error", code="ExpiredTokenException")
    return text_of(web_identity(cloud))


@says("AWS cannot reach the identity provider, throughout",
      "IDPCommunicationError for sts:AssumeRoleWithWebIdentity on arn:aws:iam::111122223333:role/r "
      "(request ID): AWS or something before it is out of order, which passes: health.aws.amazon.com "
      "tells what AWS knows")
def _(cloud):
    cloud.aws.fault(kind="error", code="IDPCommunicationError")
    return text_of(web_identity(cloud))


CONTAINER = {
    "refuses the authorization token": (401, "", "it refuses the authorization token (HTTP status "
                                        "401): check [aws] container_authorization_token_file"),
    "is out of order": (500, "", "it answers HTTP status 500: look at the log of the agent that "
                        "serves it (ECS, EKS Pod Identity)"),
    "answers something else": (200, "<html>", "its answer is no JSON object"),
    "answers without a secret": (200, '{"AccessKeyId": "x"}',
                                 "its answer: SecretAccessKey is missing"),
}
for situation, (status, body, text) in CONTAINER.items():
    @says(f"the endpoint of the container {situation}", f"the endpoint of the container: {text}")
    def _(cloud, status=status, body=body):
        with cloud.container() as container:
            container.fault(status=status, body=body)
            return text_of(cloud.fetcher(container_credentials_full_uri=container.full_uri))


@says("nobody listens at the endpoint of the container",
      "the endpoint of the container: no connection to 127.0.0.1:PORT: check routes, security groups "
      "and VPC endpoints; it is served by the agent of ECS or EKS: does that run?")
def _(cloud):
    return text_of(cloud.fetcher(container_credentials_full_uri="http://127.0.0.1:9/x"))


@says("a credential_process fails", "FILE:2: credential_process: it ended with status 7")
def _(cloud):
    program = write_file("#!/bin/sh\nexit 7\n", 0o755)
    config = write_file(f"[default]\ncredential_process = {program}\n")
    return text_of(cloud.fetcher(config_file=config))


# --- AWS denies, or does not have it --------------------------------------------------------------

@says("access is denied to one name of ten",
      "AccessDeniedException for ssm:GetParameters on /n/9 (request ID): the policy lacks this "
      "action on arn:aws:ssm:us-east-2:*:parameter/n/9")
def _(cloud):
    names = [f"/n/{number}" for number in range(10)]
    for name in names:
        cloud.aws.put(name, "x")
    cloud.aws.set_policy(allow("ssm:*") + [{"Effect": "Deny", "Action": "*",
                                            "Resource": "arn:aws:ssm:*:*:parameter/n/9"}])
    return text_of(with_keys(cloud), *map(parameter, names), state=DENIED)


@says("an import is denied",
      "AccessDeniedException for ssm:GetParametersByPath on /n/ (request ID): the policy lacks "
      "this action on arn:aws:ssm:us-east-2:*:parameter/n")
def _(cloud):
    cloud.aws.set_policy(allow("ssm:GetParameters"))
    return text_of(with_keys(cloud), parameter("/p"), children("/n/"), state=DENIED)


@says("a secret is denied",
      "AccessDeniedException for secretsmanager:GetSecretValue on db (request ID): the policy lacks "
      "this action on arn:aws:secretsmanager:us-east-2:*:secret:db-??????")
def _(cloud):
    cloud.aws.set_policy(allow("ssm:GetParameters"))
    return text_of(with_keys(cloud), parameter("/p"), secret("db"), state=DENIED)


@says("only ssm:GetParameter is granted",
      "ssm:GetParameters is denied and ssm:GetParameter is allowed in us-east-2, so parameters are "
      "fetched one by one, which is slow: run ssmenv policy")
def _(cloud):
    cloud.aws.set_policy(allow("ssm:GetParameter"))
    result = with_keys(cloud).ask(parameter("/p"))
    check_equal((result.states, len(result.warnings)), ([FOUND], 1))
    return result.warnings[0]


KMS_ADVICE = ("the KMS key of the value is missing, disabled or not allowed: the role's policy and "
              "the key's own have to allow kms:Decrypt on it")


@says("KMS denies",
      f"AccessDeniedException for ssm:GetParameters on /k (request ID): {KMS_ADVICE}")
def _(cloud):
    cloud.aws.put("/k", "x", key_id="alias/customer")
    cloud.aws.set_policy(allow("ssm:*"))
    return text_of(with_keys(cloud), parameter("/p"), parameter("/k"), state=DENIED)


for code in ("AccessDeniedException", "InvalidKeyId", "KMSAccessDenied"):
    @says(f"KMS denies, in the older words of {code}",
          f"{code} for ssm:GetParameters on /k (request ID): {KMS_ADVICE}")
    def _(cloud, code=code):
        cloud.aws.fault(kind="kms_denied", names=["/k"], code=code)
        return text_of(with_keys(cloud), parameter("/p"), parameter("/k"), state=DENIED)


@says("a parameter does not exist", "/q does not exist in us-east-2")
def _(cloud):
    return text_of(with_keys(cloud), parameter("/p"), parameter("/q"), state=MISSING)


@says("a version does not exist", "/p:7 does not exist in us-east-2")
def _(cloud):
    return text_of(with_keys(cloud), parameter("/p"), parameter("/p:7"), state=MISSING)


@says("a version does not exist, asked one by one",
      "ParameterVersionNotFound for ssm:GetParameter on /p:7 (request ID): there is no such version "
      "or label")
def _(cloud):
    cloud.aws.set_policy(allow("ssm:GetParameter"))
    return text_of(with_keys(cloud), parameter("/p"), parameter("/p:7"), state=MISSING)


@says("a parameter does not exist, asked one by one",
      "ParameterNotFound for ssm:GetParameter on /q (request ID): there is no such parameter in "
      "this account and region")
def _(cloud):
    cloud.aws.set_policy(allow("ssm:GetParameter"))
    return text_of(with_keys(cloud), parameter("/p"), parameter("/q"), state=MISSING)


@says("a secret does not exist",
      "ResourceNotFoundException for secretsmanager:GetSecretValue on db (request ID): there is no "
      "such secret, stage or version in this account and region")
def _(cloud):
    return text_of(with_keys(cloud), secret("db"), state=MISSING)


@says("a secret is marked for deletion",
      "InvalidRequestException for secretsmanager:GetSecretValue on db (request ID): the secret is "
      "marked for deletion: restore it, or name another")
def _(cloud):
    cloud.aws.put_secret("db", "x")
    cloud.aws.delete_secret("db")
    return text_of(with_keys(cloud), secret("db"))


@says("a name is none",
      "ValidationException for ssm:GetParameters on /has blank (request ID): this is no name that "
      "the service takes")
def _(cloud):
    return text_of(with_keys(cloud), parameter("/p"), parameter("/has blank"))


@says("AWS refuses with a code that nobody knows",
      "SomethingNewException for ssm:GetParameters on /p (request ID): AWS refused the call, with a "
      "code that is new here: AWS's API reference explains it")
def _(cloud):
    cloud.aws.fault(kind="error", code="SomethingNewException")
    return text_of(with_keys(cloud))


# --- AWS does not get round to it -----------------------------------------------------------------

BUSY = "AWS or something before it is out of order, which passes: health.aws.amazon.com tells " \
       "what AWS knows"
NOT_AWS = "ssm:GetParameters: the answer of 127.0.0.1:PORT is not AWS's: check endpoint_url and " \
          "what lies between"
BETWEEN = "check the network, and what lies between"
FAULTS = {
    "throttle": "ThrottlingException for ssm:GetParameters (request ID): AWS throttles these calls: "
                "ask less often (ttl in [cache]), or have the quota raised",
    "internal_error": f"InternalServerError for ssm:GetParameters (request ID): {BUSY}",
    "service_unavailable": f"HTTP status 503 for ssm:GetParameters: {BUSY}",
    "redirect": "HTTP status 307 for ssm:GetParameters: redirects are not followed: check "
                "endpoint_url",
    "body": NOT_AWS, "garbage": NOT_AWS, "empty": NOT_AWS,
    "truncated": f"ssm:GetParameters: 127.0.0.1:PORT broke off in the middle of its answer: "
                 f"{BETWEEN}",
    "close": f"ssm:GetParameters: 127.0.0.1:PORT closed the connection without an answer: {BETWEEN}",
    "reset": f"ssm:GetParameters: the connection to 127.0.0.1:PORT broke while its answer was read: "
             f"{BETWEEN}",
    "huge": "ssm:GetParameters: 127.0.0.1:PORT sent more than 4194304 bytes: this is not how AWS "
            "answers: check endpoint_url",
}
for kind, text in FAULTS.items():
    @says(f"AWS's answer throughout: {kind}", text)
    def _(cloud, kind=kind):
        cloud.aws.fault(kind=kind)
        return text_of(with_keys(cloud, max_attempts="2"))


# --- the way to AWS -------------------------------------------------------------------------------

@says("the endpoint's name cannot be resolved",
      "ssm:GetParameters: the name ssm.us-east-2.amazonaws.com cannot be resolved: check the region "
      "and this machine's DNS")
def _(cloud):
    with NameServer(FOLDER):
        return text_of(with_keys(cloud, endpoint_url=None))


@says("the region has no FIPS endpoint",
      "ssm:GetParameters: the name ssm-fips.eu-west-1.amazonaws.com cannot be resolved: the region "
      "may have no FIPS endpoint, see use_fips_endpoint")
def _(cloud):
    with NameServer(FOLDER):
        return text_of(with_keys(cloud, endpoint_url=None, region="eu-west-1",
                                 use_fips_endpoint="yes"))


@says("nobody listens at the endpoint",
      "ssm:GetParameters: no connection to 127.0.0.1:PORT: check routes, security groups and VPC "
      "endpoints")
def _(cloud):
    return text_of(with_keys(cloud, endpoint_url="http://127.0.0.1:9"))


CERTIFICATES = {
    "untrusted": "the certificate of localhost:PORT is not trusted (unable to get local issuer "
                 "certificate): if it should be, name its CA with ca_bundle",
    "wrong_name": "the certificate of localhost:PORT is for another host name: check endpoint_url "
                  "and DNS",
    "expired": "the certificate of localhost:PORT has expired: check this machine's clock",
    "tls1.1": "TLS with localhost:PORT failed: the other side must speak TLS 1.2 or newer",
}
for kind, text in CERTIFICATES.items():
    @says(f"the endpoint's TLS is {kind}", f"ssm:GetParameters: {text}", tls=True)
    def _(cloud, kind=kind):
        return text_of(with_keys(cloud, endpoint_url=cloud.aws.tls_endpoint_with(kind)))


# --- there are no credentials ---------------------------------------------------------------------

TRIED = "Unable to locate credentials: tried [aws] web_identity_token_file: not set; " \
        "FOLDER/no/credentials: No such file or directory; FOLDER/no/config: No such file or " \
        "directory; [aws] container_credentials_relative_uri and container_credentials_full_uri: " \
        "not set; the metadata service "
ROLE = "/latest/meta-data/iam/security-credentials/app-role"


def without_credentials(situation, prepare, text, **settings):
    @says(situation, TRIED + text)
    def _(cloud):
        with cloud.metadata() as metadata:
            prepare(metadata)
            return text_of(cloud.fetcher(metadata, **settings))


without_credentials(
    "the metadata service is disabled for the instance",
    lambda metadata: setattr(metadata, "enabled", False),
    "at http://127.0.0.1:PORT is turned off for this instance (HTTP status 403): turn it on with "
    "aws ec2 modify-instance-metadata-options --http-endpoint enabled")
without_credentials(
    "the metadata service is not to be asked", lambda metadata: None,
    "is not asked: [aws] ec2_metadata_disabled is yes", ec2_metadata_disabled="yes")
without_credentials(
    "the hop limit of the metadata service is too small",
    lambda metadata: metadata.fault("/latest/api/token", None),
    "at http://127.0.0.1:PORT can be reached, but does not answer: from within a container that is "
    "a hop limit that is too small: raise HttpPutResponseHopLimit of the instance to 2 (aws ec2 "
    "modify-instance-metadata-options --http-put-response-hop-limit 2)")
without_credentials(
    "there is no metadata service", lambda metadata: metadata.close(),
    "at http://127.0.0.1:PORT cannot be reached: this is no EC2 instance, or a packet filter is in "
    "the way")
without_credentials(
    "the instance has no role", lambda metadata: setattr(metadata, "role", None),
    "at http://127.0.0.1:PORT knows no role: attach an IAM role (an instance profile) to this "
    "instance")
without_credentials(
    "the instance's role does not trust EC2",
    lambda metadata: metadata.fault(ROLE, 200, '{"Code": "AssumeRoleUnauthorizedAccess"}'),
    f"at http://127.0.0.1:PORT: its answer for {ROLE}: it says that the role cannot be assumed: "
    "check the instance profile and the role's trust policy")
without_credentials(
    "the metadata service is out of order", lambda metadata: metadata.fault(ROLE, 503),
    f"at http://127.0.0.1:PORT answers HTTP status 503 for {ROLE}")


@says("the credentials that the instance has are at their end",
      "the credentials have expired: check this machine's clock")
def _(cloud):
    with cloud.metadata() as metadata:
        metadata.new_session(life=-30)
        return text_of(cloud.fetcher(metadata))


@says("no region is known",
      "no region is configured: tried [aws] region: not set; FILE has no region in profile default; "
      "FOLDER/no/config: No such file or directory: write region = us-east-2, or whichever yours "
      "is, under [aws] in ssmenv.conf; the metadata service at http://127.0.0.1:PORT cannot be "
      "reached: this is no EC2 instance, or a packet filter is in the way")
def _(cloud):
    return text_of(with_keys(cloud, region=None))


run()
