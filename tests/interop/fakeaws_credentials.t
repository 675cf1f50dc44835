#!/usr/bin/python3
"""The fake of everything that gives credentials is as strict as what it stands for: the metadata
service, the endpoint of a container, and STS, each asked by clients that are not this project's."""

import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from aws_clients import botocore_client, error_of  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
ROLES = "/latest/meta-data/iam/security-credentials/"


def ask(service, path, method="GET", **headers):
    """Status and body; headers with _ for -."""
    request = urllib.request.Request(
        service.url + path, None, {k.replace("_", "-"): v for k, v in headers.items()}, method=method
    )
    try:
        with OPENER.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def token_of(metadata, seconds="60"):
    return ask(metadata, "/latest/api/token", "PUT", **{TTL: seconds})


# --- the metadata service -------------------------------------------------------------------------


@test("the metadata service answers nothing without a token that it gave")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata:
        for path in (ROLES, ROLES + "app-role", "/latest/meta-data/placement/region", "/"):
            check_equal(ask(metadata, path)[0], 401, f"version 1 at {path}")
            check_equal(ask(metadata, path, **{TOKEN: "made-up=="})[0], 401, f"another's at {path}")
        _, token = token_of(metadata)
        check_equal(ask(metadata, ROLES, **{TOKEN: token}), (200, "app-role"))
        metadata.forget_tokens()
        check_equal(ask(metadata, ROLES, **{TOKEN: token})[0], 401, "after it forgot the token")


@test("a token is given to PUT only, for 1 to 21600 seconds, and not through a proxy")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata:
        for seconds, status in (("1", 200), ("21600", 200), ("0", 400), ("21601", 400), ("", 400),
                                ("-1", 400), ("1h", 400)):
            check_equal(token_of(metadata, seconds)[0], status, f"status for {seconds!r} seconds")
        check_equal(ask(metadata, "/latest/api/token", "PUT")[0], 400, "without seconds")
        check_equal(ask(metadata, "/latest/api/token", **{TTL: "60"})[0], 405, "GET")
        check_equal(ask(metadata, "/latest/api/token", "PUT", **{TTL: "60"},
                        X_Forwarded_For="192.0.2.1")[0], 403, "through a proxy")


@test("a token ends when its seconds do")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata:
        metadata.token_life = -1
        _, token = token_of(metadata)
        check_equal(ask(metadata, ROLES, **{TOKEN: token})[0], 401)


@test("the metadata service has no other path, and takes no other method")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata:
        token = {TOKEN: token_of(metadata)[1]}
        check_equal(ask(metadata, "/latest/meta-data/nothing", **token)[0], 404)
        check_equal(ask(metadata, ROLES + "other-role", **token)[0], 404)
        check_equal(ask(metadata, ROLES, "POST", **token)[0], 405)
        metadata.role = None
        check_equal(ask(metadata, ROLES, **token)[0], 404, "without a role")


@test("both services can be switched to any status, for some questions or all")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata, aws.container() as container:
        for status in (401, 404, 500, 503):
            metadata.fault("/latest/api", status, "text", times=1)
            check_equal(token_of(metadata), (status, "text"))
            check_equal(token_of(metadata)[0], 200)
            container.fault(status=status)
            check_equal(ask(container, container.path)[0], status)
            container.clear_faults()
            check_equal(ask(container, container.path)[0], 200)
        metadata.enabled = False
        check_equal(token_of(metadata)[0], 403, "when it is turned off")


# --- a container's endpoint -----------------------------------------------------------------------


@test("a container's endpoint answers at its path, to GET, with its token, and not else")
def _():
    with FakeAWS() as aws, aws.container(authorization="Basic x") as container:
        given = {"Authorization": "Basic x"}
        check_equal(ask(container, container.path, **given)[0], 200)
        for path, method, headers, status in (
                ("/v1/other", "GET", given, 404), (container.path, "POST", given, 405),
                (container.path, "GET", {}, 401),
                (container.path, "GET", {"Authorization": "Basic y"}, 401)):
            check_equal(ask(container, path, method, **headers)[0], status, f"{method} {path}")


# --- STS ------------------------------------------------------------------------------------------


def sts(aws, *keys):
    return botocore_client(aws, service="sts", keys=keys or None)


def session_client(aws, credentials):
    """botocore's client for Parameter Store, with what STS answered."""
    return botocore_client(aws, keys=(credentials["AccessKeyId"], credentials["SecretAccessKey"],
                                      credentials["SessionToken"]))


@test("botocore assumes a role and works with its session")
def _():
    with FakeAWS() as aws:
        aws.put("/p", "x", type="String")
        answer = sts(aws).assume_role(RoleArn=aws.add_role("r"), RoleSessionName="me")
        check_equal(answer["AssumedRoleUser"]["Arn"],
                    "arn:aws:sts::111122223333:assumed-role/r/me")
        left = answer["Credentials"]["Expiration"].timestamp() - time.time()
        check(3500 < left < 3700, f"{left} seconds")
        client = session_client(aws, answer["Credentials"])
        check_equal(client.get_parameter(Name="/p")["Parameter"]["Value"], "x")


@test("a session ends when its time does, by AWS's clock, and a session of an instance too")
def _():
    with FakeAWS() as aws, aws.metadata() as metadata:
        aws.put("/p", "x", type="String")
        role = aws.add_role("r", life=1000)
        assumed = sts(aws).assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        session = metadata.new_session(life=1000)
        given = {"AccessKeyId": session.access_key_id, "SecretAccessKey": session.secret,
                 "SessionToken": session.token}
        clients = [session_client(aws, credentials) for credentials in (assumed, given)]
        for client in clients:
            check_equal(client.get_parameter(Name="/p")["Parameter"]["Value"], "x")
        aws.set_clock(1100)
        for client in clients:
            check_equal(error_of(client.get_parameter, Name="/p")["Code"], "ExpiredTokenException")


@test("STS refuses what is not allowed, not trusted, or not for this role, in its own words")
def _():
    with FakeAWS() as aws:
        closed = aws.add_role("closed", trust=["AKIASOMEBODYELSE"])
        shared = aws.add_role("shared", external_id="right")
        role = aws.add_role("r")
        for code, arguments in (
                ("AccessDenied", {"RoleArn": closed}),
                ("AccessDenied", {"RoleArn": role + "-that-is-none"}),
                ("AccessDenied", {"RoleArn": shared}),
                ("AccessDenied", {"RoleArn": shared, "ExternalId": "wrong"}),
                ("AccessDenied", {"RoleArn": role, "ExternalId": "unasked"}),
                ("ValidationError", {"RoleArn": role, "DurationSeconds": 3601}),
                ("ValidationError", {"RoleArn": role, "RoleSessionName": "a b"})):
            error = error_of(sts(aws).assume_role, **{"RoleSessionName": "me", **arguments})
            check_equal(error["Code"], code, f"code for {arguments}")
        check_equal(error["Status"], 400)
        aws.set_policy({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"})
        error = error_of(sts(aws).assume_role, RoleArn=role, RoleSessionName="me")
        check_equal((error["Code"], error["Status"]), ("AccessDenied", 403))
        check_contains(error["Message"], "not authorized to perform: sts:AssumeRole")


@test("a web identity is exchanged without a signature, for its own token only")
def _():
    with FakeAWS() as aws:
        arn = aws.add_role("r", web_identity="eyJ.right")
        call = sts(aws).assume_role_with_web_identity
        answer = call(RoleArn=arn, RoleSessionName="me", WebIdentityToken="eyJ.right")
        check(answer["Credentials"]["SessionToken"], "no session")
        for role, token, code in ((arn, "eyJ.wrong", "InvalidIdentityToken"),
                                  (aws.add_role("s"), "eyJ.right", "AccessDenied"),
                                  (arn, "x" * 20001, "ValidationError")):
            error = error_of(call, RoleArn=role, RoleSessionName="me", WebIdentityToken=token)
            check_equal(error["Code"], code)


@test("STS verifies signatures, and knows its own codes for it")
def _():
    with FakeAWS() as aws:
        arn = aws.add_role("r")
        for keys, code in (((aws.access_key_id, "wrong"), "SignatureDoesNotMatch"),
                           (("AKIANOBODY", "x"), "InvalidClientTokenId")):
            error = error_of(sts(aws, *keys).assume_role, RoleArn=arn, RoleSessionName="me")
            check_equal((error["Code"], error["Status"]), (code, 403))


run()
