#!/usr/bin/python3
"""Secrets Manager and what else has an ARN, through the real ssmenv-fetch against the strict fake."""

import base64
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from fakeaws import FakeAWS  # noqa: E402
from fetch_cases import allow  # noqa: E402
from fetch_cloud import Cloud, cloud_test, credentials  # noqa: E402
from fetcher import (DENIED, FAILED, FOUND, MISSING, Fetcher, parameter, secret,  # noqa: E402
                     subtree)
from tap import check, check_contains, check_equal, check_lacks, needs_root, run, test  # noqa: E402

READ = "secretsmanager:GetSecretValue"
REFERENCE = "/aws/reference/secretsmanager/"


def b64(data):
    return base64.b64encode(data).decode()


def failure(cloud, *lookups, state=FAILED, policy=None):
    result = cloud.fetcher(policy).ask(*lookups)
    check_equal(set(result.states), {state}, f"states with {result.errors}")
    return result.errors[0]


# --- secret: --------------------------------------------------------------------------------------

@cloud_test("a secret is fetched by name and by ARN, with stage and with version")
def _(cloud):
    first = cloud.put_secret("rds!db-1234", "one")
    cloud.put_secret("rds!db-1234", "two")
    cloud.aws.stage_secret("rds!db-1234", first, "A+b=c/d@e")
    arn = cloud.aws.secret_arn("rds!db-1234")
    asked = {"rds!db-1234": "two", "rds!db-1234?stage=AWSPREVIOUS": "one", arn: "two",
             f"rds!db-1234?version={first}": "one", f"{arn}?stage=A+b=c/d@e": "one", arn[:-7]: "two"}
    result = cloud.fetcher().ask(*map(secret, asked))
    check_equal([answer.value for answer in result.answers], list(asked.values()))
    check_equal({name for answer in result.answers for name, _ in answer.entries}, {"rds!db-1234"})
    requests = [call.request for call in cloud.aws.calls_of("GetSecretValue")]
    check({"SecretId": "rds!db-1234"} in requests, f"no bare request: {requests}")
    check({"SecretId": "rds!db-1234", "VersionId": first} in requests, f"{requests}")


@cloud_test("members of one secret take one call, and another call per secret")
def _(cloud):
    cloud.put_secret("a", '{"username": "me", "password": "s3cret", "port": 5432}')
    cloud.put_secret("b", "x")
    result = cloud.fetcher().ask(secret("a", "/username"), secret("a", "/password"), secret("b"),
                                 secret("a", "/port"))
    check_equal([answer.value for answer in result.answers], ["me", "s3cret", "x", "5432"])
    check_equal(sorted(call.names[0] for call in cloud.aws.calls), ["a", "b"])


@cloud_test("secrets, parameters and imports are in flight together", "tls")
def _(cloud):
    for number in range(5):
        cloud.put_secret(f"s{number}", f"secret {number}")
    cloud.put("/p", "parameter")
    cloud.aws.fault(kind="hold")
    process = cloud.fetcher().begin(*(secret(f"s{number}") for number in range(5)),
                                    parameter("/p"), subtree("/x/"))
    cloud.aws.wait_for_calls(7)
    cloud.aws.release()
    result = Fetcher().finish(process)
    check_equal([answer.value for answer in result.answers[:6]],
                [f"secret {number}" for number in range(5)] + ["parameter"])
    check_equal(max(call.concurrency for call in cloud.aws.calls), 7)


@cloud_test("a parameter and a secret of the same name are two things")
def _(cloud):
    cloud.put("same", "parameter")
    cloud.put_secret("same", "secret")
    result = cloud.fetcher().ask(parameter("same"), secret("same"))
    check_equal([answer.value for answer in result.answers], ["parameter", "secret"])


@cloud_test("a binary secret that is text is delivered, every other fails by itself")
def _(cloud):
    long = "x" * (64 * 1024)
    values = {"text": "naïve\n".encode(), "nul": b"a\x00b", "latin": b"na\xefve",
              "one": b"a", "two": b"ab", "three": b"abc", "empty": b"",
              "surrogate": b"\xed\xa0\x80", "long": long.encode(), "longer": long.encode() + b"x"}
    for name, value in values.items():
        cloud.put_secret(name, binary=b64(value))
    result = cloud.fetcher().ask(*map(secret, values))
    answers = dict(zip(values, result.answers))
    for name in ("text", "one", "two", "three", "empty", "long"):
        check_equal(answers[name].value, values[name].decode(), name)
    for name in ("nul", "latin", "surrogate"):
        check_equal(answers[name].state, FAILED, name)
        check_contains(answers[name].error, f"{name}: its value is binary and no text")
    check_contains(answers["longer"].error, "65537 bytes")


@cloud_test("an answer that is no secret, or another, fails with a text")
def _(cloud):
    about = {"Name": "db", "ARN": "arn:aws:secretsmanager:us-east-2:111122223333:secret:db-AbCdEf"}
    cases = [({}, "about another secret"), ({"Name": "other", "SecretString": "x"}, "another"),
             ({"Name": "db2", "SecretString": "x"}, "another"),
             ({"Name": 7, "SecretString": "x"}, "another"),
             (about, "does not tell its value"), ({**about, "SecretString": 7}, "not UTF-8"),
             ({**about, "SecretString": "a\0b"}, "NUL"),
             ({**about, "SecretBinary": "a*b="}, "does not tell its value"),
             ({**about, "SecretBinary": "abc"}, "does not tell its value"),
             ({**about, "SecretBinary": "===="}, "does not tell its value"),
             ({**about, "SecretString": None}, "does not tell its value")]
    for document, text in cases:
        cloud.aws.clear_faults()
        cloud.aws.fault(kind="document", document=document)
        check_contains(failure(cloud, secret("db")), text, f"error for {document}")


@cloud_test("a secret, stage or version that does not exist is missing")
def _(cloud):
    cloud.put_secret("there", "x")
    for name in ("none", "there?stage=NONE", "there?version=" + "0" * 36):
        error = failure(cloud, secret(name), state=MISSING)
        check_contains(error, f"ResourceNotFoundException for {READ} on {name} (request ")
        check_contains(error, "there is no such secret, stage or version")


@cloud_test("a denied secret names the action and the ARN that a policy would need")
def _(cloud):
    cloud.put_secret("prod/db", "x")
    cloud.put_secret("allowed", "y")
    arn = cloud.aws.secret_arn("prod/db")
    policy = [{"Effect": "Allow", "Action": READ, "Resource": cloud.aws.secret_arn("allowed")}]
    result = cloud.fetcher(policy).ask(secret("prod/db?stage=X"), secret("allowed"), secret(arn))
    check_equal(result.states, [DENIED, FOUND, DENIED])
    check_contains(result.errors[0], f"AccessDeniedException for {READ} on prod/db?stage=X (request")
    lacking = "arn:aws:secretsmanager:us-east-2:*:secret:prod/db-??????"
    check_contains(result.errors[0], f"the policy lacks this action on {lacking}")
    check_contains(result.errors[2], f"the policy lacks this action on {arn}")
    granted = [{"Effect": "Allow", "Action": READ, "Resource": lacking}]
    check_equal(cloud.fetcher(granted).ask(secret("prod/db")).answers[0].value, "x")


@cloud_test("a KMS key that cannot be used is a denial, and not the policy's")
def _(cloud):
    cloud.put_secret("db", "x", key_id="customer")
    error = failure(cloud, secret("db"), state=DENIED, policy=allow(READ))
    check_contains(error, "KMS key")
    check_lacks(error, "policy lacks")
    cloud.aws.fault(kind="error", code="DecryptionFailure")
    error = failure(cloud, secret("db"), state=DENIED)
    check_contains(error, f"DecryptionFailure for {READ} on db")
    check_contains(error, "KMS key")


@cloud_test("a secret that is marked for deletion fails in its own words")
def _(cloud):
    cloud.put_secret("db", "x")
    cloud.aws.delete_secret("db")
    error = failure(cloud, secret("db"))
    check_contains(error, f"InvalidRequestException for {READ} on db (request ")
    check_contains(error, "marked for deletion: restore it")


@cloud_test("a name that is none fails by itself, an empty one without a call")
def _(cloud):
    cloud.put_secret("db", "x")
    result = cloud.fetcher().ask(secret("a b"), secret(""), secret("db"))
    check_equal(result.states, [FAILED, FAILED, FOUND])
    check_contains(result.errors[0], "this is no name that the service takes")
    check_equal(len(cloud.aws.calls), 2)


@cloud_test("a passing fault costs another attempt, credentials that are refused end everything")
def _(cloud):
    cloud.put_secret("db", "x")
    cloud.aws.fault(kind="throttle", times=1)
    check_equal(cloud.fetcher().ask(secret("db")).answers[0].value, "x")
    check_equal(len(cloud.aws.calls), 2)
    result = cloud.fetcher_with("AKIAUNKNOWNUNKNOWN00", "x").ask(secret("db"), secret("b"))
    check_equal(result.states, [FAILED, FAILED])
    check_contains(result.errors[0], "AWS does not know this access key")


# --- through Parameter Store ----------------------------------------------------------------------

@cloud_test("a reference of Parameter Store takes version and stage, all in one call")
def _(cloud):
    first = cloud.put_secret("prod/db", '{"u": "one"}')
    cloud.put_secret("prod/db", '{"u": "two"}')
    cloud.put("/p", "x")
    names = [f"{REFERENCE}prod/db", f"{REFERENCE}prod/db:AWSPREVIOUS", f"{REFERENCE}prod/db:{first}"]
    for name, value in zip(names, ("two", "one", "one")):
        result = cloud.fetcher().ask(parameter(name, "/u"), parameter("/p"))
        check_equal([answer.value for answer in result.answers], [value, "x"])
    check_equal([len(call.names) for call in cloud.aws.calls], [2, 2, 2])
    together = cloud.fetcher().ask(*(parameter(name, "/u") for name in names))
    check_equal([answer.value for answer in together.answers], ["two", "one", "one"])


@cloud_test("a reference needs the secret's permission too, and a missing one is missing")
def _(cloud):
    cloud.put_secret("db", "x")
    result = cloud.fetcher(allow("ssm:*")).ask(parameter(f"{REFERENCE}db"))
    check_equal(result.states, [DENIED])
    result = cloud.fetcher().ask(parameter(f"{REFERENCE}none"), parameter(f"{REFERENCE}db:NONE"),
                                 parameter(f"{REFERENCE}db"))
    check_equal(result.states, [MISSING, MISSING, FOUND])


# --- ARNs -----------------------------------------------------------------------------------------

@cloud_test("another account's parameter and secret are fetched by ARN, ours of the same name too")
def _(cloud):
    cloud.put("/shared", "theirs", account="444455556666", key_id="shared")
    cloud.put("/shared", "ours")
    cloud.put_secret("shared", "their secret", account="444455556666", key_id="shared")
    theirs = "arn:aws:ssm:us-east-2:444455556666:parameter/shared"
    ours = "arn:aws:ssm:us-east-2:111122223333:parameter/shared"
    result = cloud.fetcher().ask(parameter(theirs), parameter(ours), parameter("/shared"),
                                 parameter(f"{theirs}:1"),
                                 secret(cloud.aws.secret_arn("shared", "444455556666")))
    check_equal([answer.value for answer in result.answers],
                ["theirs", "ours", "ours", "theirs", "their secret"])
    denied = cloud.fetcher(allow("ssm:*")).ask(parameter(theirs))
    check_equal(denied.states, [DENIED])
    check_contains(denied.errors[0], "KMS key")


@test("an ARN's region picks the endpoint and is signed for, for parameters and secrets")
def _():
    needs_root()
    hosts = [f"{service}.{region}.amazonaws.com" for service in ("ssm", "secretsmanager")
             for region in ("us-east-2", "eu-west-1")]
    with open("/run/hosts", "w") as file:
        file.write("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {host}\n" for host in hosts))
    subprocess.run(["mount", "--bind", "/run/hosts", "/etc/hosts"], check=True)
    try:
        with FakeAWS("eu-west-1", tls=True, tls_port=443, names=hosts) as aws:
            aws.put("/p", "parameter")
            aws.put_secret("s", "secret")
            fetcher = Fetcher(region="us-east-2", ca_bundle=aws.ca_file,
                              credentials_file=credentials(aws.access_key_id,
                                                           aws.secret_access_key))
            account = "eu-west-1:111122223333"
            result = fetcher.ask(parameter(f"arn:aws:ssm:{account}:parameter/p"),
                                 secret(f"arn:aws:secretsmanager:{account}:secret:s"),
                                 parameter("/p"))
            check_equal(result.states, [FOUND, FOUND, FAILED], str(result.errors))
            check_equal({call.header("Host") for call in aws.calls if call.status == 200},
                        {"ssm.eu-west-1.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com"})
            check_equal({call.header("Host") for call in aws.calls if call.status != 200},
                        {"ssm.us-east-2.amazonaws.com"})
    finally:
        subprocess.run(["umount", "/etc/hosts"], check=True)


# --- values ---------------------------------------------------------------------------------------

@cloud_test("advanced parameters of 8 KiB arrive whole")
def _(cloud):
    values = {f"/advanced/{number}": f"{number}" * 8192 for number in range(10)}
    for name, value in values.items():
        cloud.put(name, value)
    result = cloud.fetcher().ask(*map(parameter, values), subtree("/advanced/"))
    check_equal([answer.value for answer in result.answers[:-1]], list(values.values()))
    check_equal(result.answers[-1].values, values)


@cloud_test("values in any UTF-8 arrive byte by byte, from either service, members too")
def _(cloud):
    texts = ["naïve", "日本語", "😀\U0010ffff", "\u0001\u007f\u0080\u07ff\u0800\uffff", "\u202e‮",
             "é", "e\u0301", "\ufeffbom", "a\tb\nc\r\nd"]
    for number, value in enumerate(texts):
        cloud.put(f"/u/{number}", value)
        cloud.put_secret(f"u{number}", value)
        cloud.put_secret(f"j{number}", '{"ключ": "%s"}' % value.encode("unicode_escape").decode()
                         .replace("\\x", "\\u00") if value == "naïve" else '{"ключ": "é"}')
    numbers = range(len(texts))
    result = cloud.fetcher().ask(*(parameter(f"/u/{n}") for n in numbers),
                                 *(secret(f"u{n}") for n in numbers))
    check_equal([answer.value for answer in result.answers], texts * 2)
    result = cloud.fetcher().ask(secret("j0", "/ключ"), secret("j1", "/ключ"))
    check_equal([answer.value for answer in result.answers], ["naïve", "é"])


@cloud_test("a StringList arrives as AWS has it")
def _(cloud):
    cloud.put("/list", "a, b,,c", "StringList")
    check_equal(cloud.fetcher().ask(parameter("/list")).answers[0].value, "a, b,,c")


run()
