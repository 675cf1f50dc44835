#!/usr/bin/python3
"""The fake's Secrets Manager, held to botocore's client and to Debian's aws command line."""

import base64
import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from aws_clients import AWS, aws_command, botocore_client, error_of  # noqa: E402
from fakeaws import FakeAWS, RemoteFakeAWS  # noqa: E402
from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402


def client_of(aws):
    return botocore_client(aws, service="secretsmanager")


def allow(*resources):
    return [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
             "Resource": list(resources)}]


@test("botocore gets the current value, the previous one by stage, and any by version")
def _():
    with FakeAWS() as aws:
        first = aws.put_secret("rds!db-1234", "one")
        second = aws.put_secret("rds!db-1234", "two")
        get = client_of(aws).get_secret_value
        answer = get(SecretId="rds!db-1234")
        check_equal((answer["SecretString"], answer["VersionId"], answer["VersionStages"]),
                    ("two", second, ["AWSCURRENT"]))
        check_equal((answer["Name"], answer["ARN"]), ("rds!db-1234", aws.secret_arn("rds!db-1234")))
        check_equal(get(SecretId="rds!db-1234", VersionStage="AWSPREVIOUS")["SecretString"], "one")
        check_equal(get(SecretId="rds!db-1234", VersionId=first)["SecretString"], "one")
        check_equal(error_of(get, SecretId="rds!db-1234", VersionId=first,
                             VersionStage="AWSCURRENT")["Code"], "ResourceNotFoundException")
        aws.stage_secret("rds!db-1234", first, "TEST")
        check_equal(get(SecretId="rds!db-1234", VersionStage="TEST")["SecretString"], "one")


@test("a binary secret comes as bytes")
def _():
    with FakeAWS() as aws:
        aws.put_secret("binary", binary=base64.b64encode(b"\x00\xff").decode())
        answer = client_of(aws).get_secret_value(SecretId="binary")
        check_equal((answer["SecretBinary"], "SecretString" in answer), (b"\x00\xff", False))


@test("a secret is found by its ARN with the six characters and without, and not with others")
def _():
    with FakeAWS() as aws:
        aws.put_secret("prod/db", "x")
        arn = aws.secret_arn("prod/db")
        get = client_of(aws).get_secret_value
        for name in (arn, arn[:-7]):
            check_equal(get(SecretId=name)["ARN"], arn)
        for name in (arn[:-1], f"{arn[:-6]}000000", "prod/db-000000"):
            check_equal(error_of(get, SecretId=name)["Code"], "ResourceNotFoundException", name)


@test("another account's secret is found by its ARN only, and its key must be allowed")
def _():
    with FakeAWS() as aws:
        aws.put_secret("theirs", "x", account="444455556666", key_id="shared")
        aws.put_secret("locked", "x", account="444455556666")
        get = client_of(aws).get_secret_value
        check_equal(error_of(get, SecretId="theirs")["Code"], "ResourceNotFoundException")
        check_equal(get(SecretId=aws.secret_arn("theirs", "444455556666"))["SecretString"], "x")
        error = error_of(get, SecretId=aws.secret_arn("locked", "444455556666"))
        check_equal((error["Code"], error["Message"]),
                    ("AccessDeniedException", "Access to KMS is not allowed"))


@test("errors have AWS's codes, statuses and words")
def _():
    with FakeAWS() as aws:
        aws.put_secret("gone", "x")
        aws.delete_secret("gone")
        get = client_of(aws).get_secret_value
        cases = [
            ({"SecretId": "none"}, "ResourceNotFoundException", "can't find the specified secret."),
            ({"SecretId": "gone"}, "InvalidRequestException", "marked for deletion"),
            ({"SecretId": "a b"}, "ValidationException", "Invalid name"),
            ({"SecretId": "x", "VersionId": "v" * 65}, "ValidationException", "versionId"),
            ({"SecretId": "x" * 2049}, "ValidationException", "secretId"),
            ({"SecretId": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"},
             "ValidationException", "region"),
        ]
        for arguments, code, words in cases:
            error = error_of(get, **arguments)
            check_equal((error["Code"], error["Status"]), (code, 400), str(arguments)[:80])
            check_contains(error["Message"], words)


@test("a policy names the secret with its six characters, or wildcards in their place")
def _():
    with FakeAWS() as aws:
        aws.put_secret("prod/db", "x")
        arn = aws.secret_arn("prod/db")
        get = client_of(aws).get_secret_value
        for allowed in (arn, f"{arn[:-6]}??????", "*"):
            aws.set_policy(allow(allowed))
            check_equal(get(SecretId="prod/db")["SecretString"], "x", allowed)
        for denied in (arn[:-7], f"{arn[:-6]}?????", aws.secret_arn("prod/db").upper()):
            aws.set_policy(allow(denied))
            error = error_of(get, SecretId="prod/db")
            check_equal(error["Code"], "AccessDeniedException", denied)
            check_contains(error["Message"], "perform: secretsmanager:GetSecretValue on resource")


@test("a secret under a customer's key needs kms:Decrypt on it")
def _():
    with FakeAWS() as aws:
        aws.put_secret("prod/db", "x", key_id="customer")
        aws.set_policy(allow("*"))
        get = client_of(aws).get_secret_value
        check_equal(error_of(get, SecretId="prod/db")["Message"], "Access to KMS is not allowed")
        aws.set_policy(allow("*") + [{"Effect": "Allow", "Action": "kms:Decrypt",
                                      "Resource": "arn:aws:kms:*:*:key/customer"}])
        check_equal(get(SecretId="prod/db")["SecretString"], "x")


@test("a signature for ssm is none for secretsmanager")
def _():
    with FakeAWS() as aws:
        client = client_of(aws)
        client._request_signer._signing_name = "ssm"
        error = error_of(client.get_secret_value, SecretId="x")
        check_equal(error["Code"], "InvalidSignatureException")


def aws_secret(aws, *arguments):
    if not os.access(AWS, os.X_OK):
        raise Skip(f"{AWS} is not installed")
    return aws_command(aws, "get-secret-value", *arguments, service="secretsmanager")


@test("aws secretsmanager get-secret-value gets a value by name, ARN, stage and version")
def _():
    with FakeAWS() as aws:
        first = aws.put_secret("rds!db-1", "old")
        aws.put_secret("rds!db-1", 'ünïcode\n"quoted"')
        arn = aws.secret_arn("rds!db-1")
        for arguments, value in (
            (["rds!db-1"], 'ünïcode\n"quoted"'),
            ([arn, "--version-stage", "AWSPREVIOUS"], "old"),
            (["rds!db-1", "--version-id", first], "old"),
        ):
            done = aws_secret(aws, "--secret-id", *arguments)
            check_equal((done.returncode, done.stderr), (0, ""))
            check_equal(json.loads(done.stdout)["SecretString"], value)
        check_equal([(call.service, call.operation) for call in aws.calls],
                    [("secretsmanager", "GetSecretValue")] * 3)


@test("aws secretsmanager shows the error that AWS has")
def _():
    with FakeAWS() as aws:
        done = aws_secret(aws, "--secret-id", "none")
        check(done.returncode != 0, "it succeeded")
        check_contains(done.stderr, "An error occurred (ResourceNotFoundException) when calling the "
                                    "GetSecretValue operation")
        check_contains(done.stderr, "Secrets Manager can't find the specified secret.")


@test("a reference of Parameter Store reads the secret, by version and stage too")
def _():
    with FakeAWS() as aws:
        first = aws.put_secret("prod/db", "one")
        aws.put_secret("prod/db", "two")
        get = botocore_client(aws).get_parameter
        name = "/aws/reference/secretsmanager/prod/db"
        for selector, value in (("", "two"), (":AWSPREVIOUS", "one"), (f":{first}", "one")):
            found = get(Name=name + selector, WithDecryption=True)["Parameter"]
            check_equal((found["Value"], found["Name"]), (value, name))
        error = error_of(get, Name=f"{name}:NOSUCH", WithDecryption=True)
        check_equal(error["Code"], "ParameterNotFound")


@test("another account's parameter is found by its ARN only")
def _():
    with FakeAWS() as aws:
        aws.put("/theirs", "x", account="444455556666")
        get = botocore_client(aws).get_parameters
        arn = "arn:aws:ssm:us-east-2:444455556666:parameter/theirs"
        check_equal(get(Names=["/theirs"])["InvalidParameters"], ["/theirs"])
        found = get(Names=[arn], WithDecryption=True)["Parameters"][0]
        check_equal((found["Value"], found["ARN"]), ("x", arn))


@test("as a process it keeps secrets too")
def _():
    with RemoteFakeAWS.start() as aws:
        aws.put_secret("a", "x")
        check_equal(client_of(aws).get_secret_value(SecretId="a")["ARN"], aws.secret_arn("a"))


run()
