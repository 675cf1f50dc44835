#!/usr/bin/python3
"""botocore, AWS's own client, reads each answer and each error of the fake as it reads AWS's."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from botocore.exceptions import ClientError  # noqa: E402

from aws_clients import botocore_client, error_of  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

ARN = "arn:aws:ssm:us-east-2:111122223333:parameter"


# --- values ----------------------------------------------------------------------------


@test("GetParameters answers in another order than it was asked in, with selectors and their colon")
def order_and_selectors():
    with FakeAWS() as aws:
        for value, labels in (("one", ["prod"]), ("two", []), ("three", ["next"])):
            aws.put("/app/key", value, labels=labels)
        names = ["/app/key:1", "/app/key:prod", "/app/key:next", "/app/key"]
        result = botocore_client(aws).get_parameters(Names=names, WithDecryption=True)
        check_equal(
            [
                (p["Name"] + p.get("Selector", ""), p["Value"], p["Version"])
                for p in result["Parameters"]
            ],
            [
                ("/app/key", "three", 3),
                ("/app/key:next", "three", 3),
                ("/app/key:prod", "one", 1),
                ("/app/key:1", "one", 1),
            ],
            "answer",
        )


@test("a label moves to another version")
def label_moves():
    with FakeAWS() as aws:
        aws.put("x", "one", labels=["prod"])
        aws.put("x", "two")
        aws.label("x", 2, "prod")
        result = botocore_client(aws).get_parameter(Name="x:prod", WithDecryption=True)
        check_equal(result["Parameter"]["Value"], "two")


@test("a parameter asked for by its ARN answers with its plain name")
def by_arn():
    with FakeAWS() as aws:
        aws.put("/app/key", "slash")
        aws.put("PLAIN", "plain")
        client = botocore_client(aws)
        result = client.get_parameters(
            Names=[f"{ARN}/app/key", f"{ARN}/app/key:1", f"{ARN}/PLAIN"], WithDecryption=True
        )
        check_equal(
            [(p["Name"], p.get("Selector"), p["Value"]) for p in result["Parameters"]],
            [("PLAIN", None, "plain"), ("/app/key", ":1", "slash"), ("/app/key", None, "slash")],
            "answer",
        )
        check_equal(
            {p["ARN"] for p in result["Parameters"]}, {f"{ARN}/PLAIN", f"{ARN}/app/key"}, "ARNs"
        )
        check_equal(
            client.get_parameters(Names=[f"{ARN}/no"])["InvalidParameters"],
            [f"{ARN}/no"],
            "invalid names",
        )


@test("blanks at a name's ends are nothing, names that differ only by selector are two")
def blanks():
    with FakeAWS() as aws:
        aws.put("x", "value")
        result = botocore_client(aws).get_parameters(
            Names=["  x ", "x:1", " no"], WithDecryption=True
        )
        check_equal([p["Name"] for p in result["Parameters"]], ["x", "x"], "names")
        check_equal(result["InvalidParameters"], ["no"], "invalid names")


@test("versions and labels that do not exist are invalid, not an error, in GetParameters")
def invalid_selectors():
    with FakeAWS() as aws:
        aws.put("x", "value")
        result = botocore_client(aws).get_parameters(Names=["x:7", "x:nolabel"])
        check_equal(
            (result["Parameters"], sorted(result["InvalidParameters"])), ([], ["x:7", "x:nolabel"])
        )


@test("without WithDecryption a SecureString is ciphertext, a String is its text")
def ciphertext():
    with FakeAWS() as aws:
        aws.put("secret", "s3cret")
        aws.put("plain", "text", "String")
        aws.put("list", "a,b", "StringList")
        found = {
            p["Name"]: p["Value"]
            for p in botocore_client(aws).get_parameters(Names=["secret", "plain", "list"])[
                "Parameters"
            ]
        }
        check_lacks(found["secret"], "s3cret", "ciphertext")
        check(found["secret"].startswith("AQIC"), "the ciphertext does not look like one of KMS")
        check_equal((found["plain"], found["list"]), ("text", "a,b"), "other values")


@test("a secret of Secrets Manager is read by its reference, with decryption only")
def secret_reference():
    with FakeAWS() as aws:
        aws.put_secret("prod/db", '{"username":"app"}')
        client = botocore_client(aws)
        name = "/aws/reference/secretsmanager/prod/db"
        result = client.get_parameters(Names=[name, name + "x"], WithDecryption=True)
        check_equal([p["Value"] for p in result["Parameters"]], ['{"username":"app"}'], "values")
        check_equal(result["InvalidParameters"], [name + "x"], "invalid names")
        error = error_of(client.get_parameter, Name=name)
        check_equal(error["Code"], "ValidationException", "code")
        error = error_of(client.get_parameter, Name=name + "x", WithDecryption=True)
        check_equal(error["Code"], "ParameterNotFound", "code")


# --- paging ----------------------------------------------------------------------------


def paged(aws, **arguments):
    pages = list(botocore_client(aws).get_paginator("get_parameters_by_path").paginate(**arguments))
    return [[p["Name"] for p in page["Parameters"]] for page in pages]


@test("one level, or all below a path: never what only begins with the same letters")
def levels():
    with FakeAWS() as aws:
        for name in ("/app/a", "/app/b/c", "/apple", "/app", "plain"):
            aws.put(name, "value")
        check_equal(paged(aws, Path="/app"), [["/app/a"]], "one level")
        check_equal(
            paged(aws, Path="/app/", Recursive=True), [["/app/a", "/app/b/c"]], "all levels"
        )
        check_equal(paged(aws, Path="/"), [["/app", "/apple", "plain"]], "top")
        check_equal(paged(aws, Path="/none"), [[]], "nothing")


@test("botocore's paginator sees every parameter once, through short and empty pages")
def pages():
    with FakeAWS() as aws:
        names = [f"/app/n{number:02}" for number in range(25)]
        for name in names:
            aws.put(name, "value")
        check_equal([len(page) for page in paged(aws, Path="/app")], [10, 10, 5], "sizes")
        aws.set_page_size(7)
        aws.fault("GetParametersByPath", kind="empty_page", times=2, after=1)
        found = paged(aws, Path="/app", PaginationConfig={"PageSize": 9})
        check_equal([len(page) for page in found], [7, 0, 0, 7, 7, 4], "sizes with empty pages")
        check_equal(sum(found, []), names, "names")


@test("a page token of another request, or none of ours, is InvalidNextToken")
def foreign_token():
    with FakeAWS() as aws:
        for name in ("/a/x", "/a/y", "/b/x", "/b/y"):
            aws.put(name, "value")
        client = botocore_client(aws)
        token = client.get_parameters_by_path(Path="/a", MaxResults=1)["NextToken"]
        for arguments in (
            {"Path": "/b", "NextToken": token},
            {"Path": "/a", "NextToken": "x" * 8},
            {"Path": "/a", "NextToken": token, "WithDecryption": True},
        ):
            error = error_of(client.get_parameters_by_path, **arguments)
            check_equal(error["Code"], "InvalidNextToken", f"code for {arguments}")


@test("botocore's paginator notices a token that comes again")
def repeated_token():
    with FakeAWS() as aws:
        aws.put("/app/x", "value")
        aws.fault(kind="repeated_token")
        try:
            paged(aws, Path="/app")
        except Exception as error:
            check_equal(type(error).__name__, "PaginationError", "exception")
        else:
            check(False, "the paginator ended")
        check_equal(len(aws.calls), 2, "calls")


# --- errors ----------------------------------------------------------------------------


TEN = [f"n{number}" for number in range(10)]

# Operation, request, code, class of the exception (ClientError: the model has none), message.
REFUSALS = [
    ("get_parameter", {"Name": "no"}, "ParameterNotFound", "ParameterNotFound", ""),
    (
        "get_parameter",
        {"Name": "x:7"},
        "ParameterVersionNotFound",
        "ParameterVersionNotFound",
        "could not find version 7 of x",
    ),
    ("get_parameter_history", {"Name": "no"}, "ParameterNotFound", "ParameterNotFound", ""),
    ("delete_parameter", {"Name": "no"}, "ParameterNotFound", "ParameterNotFound", ""),
    (
        "get_parameters",
        {"Names": TEN + ["x"]},
        "ValidationException",
        "ClientError",
        "Member must have length less than or equal to 10",
    ),
    (
        "get_parameters",
        {"Names": ["x", "x"]},
        "ValidationException",
        "ClientError",
        "Duplicate names",
    ),
    (
        "get_parameters",
        {"Names": ["x", " x"]},
        "ValidationException",
        "ClientError",
        "Duplicate names",
    ),
    (
        "get_parameters",
        {"Names": ["x", "inner blank"]},
        "ValidationException",
        "ClientError",
        "Parameter name: can't be prefixed",
    ),
    (
        "get_parameter",
        {"Name": "/ssm-x/y"},
        "ValidationException",
        "ClientError",
        'prefixed with "ssm"',
    ),
    ("get_parameter", {"Name": "/a//b"}, "ValidationException", "ClientError", "Parameter name"),
    ("get_parameter", {"Name": "a/b"}, "ValidationException", "ClientError", "fully qualified"),
    ("get_parameter", {"Name": "x:"}, "ValidationException", "ClientError", "selector"),
    ("get_parameter", {"Name": "x:" + "l" * 128}, "ValidationException", "ClientError", "Selector"),
    (
        "get_parameter",
        {"Name": "n" * 2049},
        "ValidationException",
        "ClientError",
        "Member must have length less than or equal to 2048",
    ),
    (
        "get_parameter",
        {"Name": "/a" * 16},
        "HierarchyLevelLimitExceededException",
        "HierarchyLevelLimitExceededException",
        "maximum of 15",
    ),
    (
        "get_parameter",
        {"Name": ARN.replace("us-east-2", "us-east-1") + "/x"},
        "ValidationException",
        "ClientError",
        "region",
    ),
    (
        "get_parameters_by_path",
        {"Path": "app"},
        "ValidationException",
        "ClientError",
        "forward slash",
    ),
    (
        "get_parameters_by_path",
        {"Path": "/", "MaxResults": 11},
        "ValidationException",
        "ClientError",
        "'maxResults'",
    ),
    (
        "get_parameters_by_path",
        {"Path": "/", "NextToken": "x"},
        "InvalidNextToken",
        "InvalidNextToken",
        "token isn't valid",
    ),
    (
        "put_parameter",
        {"Name": "x", "Value": "v"},
        "ParameterAlreadyExists",
        "ParameterAlreadyExists",
        "already exists",
    ),
    (
        "put_parameter",
        {"Name": "y", "Value": "v" * 4097, "Type": "String"},
        "ValidationException",
        "ClientError",
        "4096",
    ),
    (
        "put_parameter",
        {"Name": "/aws/x", "Value": "v", "Type": "String"},
        "AccessDeniedException",
        "ClientError",
        "reserved",
    ),
]


@test("botocore raises the right exception for each mistake in a request")
def refusals():
    with FakeAWS() as aws:
        aws.put("x", "value")
        client = botocore_client(aws)
        for operation, request, code, kind, message in REFUSALS:
            error = error_of(getattr(client, operation), **request)
            where = f"{operation} {str(request)[:80]}"
            check_equal((error["Code"], error["Class"], error["Status"]), (code, kind, 400), where)
            check_contains(error["Message"], message, where)
            check_equal(len(error["RequestId"]), 36, f"length of the request id: {where}")


# Kind of fault, its details, code, class, status.
FAULTS = [
    ("throttle", {}, "ThrottlingException", "ClientError", 400),
    ("internal_error", {}, "InternalServerError", "InternalServerError", 500),
    ("service_unavailable", {}, "503", "ClientError", 503),
    ("access_denied", {}, "AccessDeniedException", "ClientError", 400),
    ("kms_denied", {}, "AccessDeniedException", "ClientError", 400),
    ("unrecognized_client", {}, "UnrecognizedClientException", "ClientError", 400),
    ("invalid_signature", {}, "InvalidSignatureException", "ClientError", 400),
    ("expired_token", {}, "ExpiredTokenException", "ClientError", 400),
    ("redirect", {}, "307", "ClientError", 307),
    ("error", {"code": "InvalidKeyId", "message": "disabled"}, "InvalidKeyId", "InvalidKeyId", 400),
    (
        "error",
        {"code": "com.example#ParameterNotFound"},
        "ParameterNotFound",
        "ParameterNotFound",
        400,
    ),
    ("error", {"code": "LimitExceeded", "status": 429}, "LimitExceeded", "ClientError", 429),
]


@test("botocore raises the right exception for each injected refusal")
def injected_refusals():
    with FakeAWS() as aws:
        aws.put("x", "value")
        client = botocore_client(aws)
        for kind, details, code, name, status in FAULTS:
            aws.clear_faults()
            aws.fault("GetParameter", kind=kind, **details)
            error = error_of(client.get_parameter, Name="x")
            check_equal(
                (error["Code"], error["Class"], error["Status"]), (code, name, status), kind
            )
            check_equal((aws.calls[-1].fault, aws.calls[-1].status), (kind, status), "log")


# --- policies --------------------------------------------------------------------------


def allow(action, *resources):
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def deny(action, *resources):
    return {**allow(action, *resources), "Effect": "Deny"}


@test("one denied name fails the whole GetParameters call, naming action and resource")
def denied_batch():
    with FakeAWS() as aws:
        for name in ("/app/a", "/app/b", "/other"):
            aws.put(name, "value")
        aws.set_policy([allow("ssm:GetParameters", f"{ARN}/app/*")])
        client = botocore_client(aws)
        check_equal(
            len(client.get_parameters(Names=["/app/a", "/app/b"])["Parameters"]), 2, "allowed"
        )
        error = error_of(client.get_parameters, Names=["/app/a", "/other", "/app/b"])
        check_equal(error["Code"], "AccessDeniedException", "code")
        check_equal(
            error["Message"],
            "User: arn:aws:iam::111122223333:user/fake is not authorized to perform: "
            f"ssm:GetParameters on resource: {ARN}/other because no identity-based policy allows "
            "the ssm:GetParameters action",
            "message",
        )


@test("a denied name is denied whether it exists or not, and by selector and ARN too")
def denied_forms():
    with FakeAWS() as aws:
        aws.put("/other", "value")
        aws.set_policy(allow("ssm:GetParameter*", f"{ARN}/app/*"))
        client = botocore_client(aws)
        for name in ("/other", "/other:1", f"{ARN}/other", "/missing"):
            check_equal(
                error_of(client.get_parameter, Name=name)["Code"], "AccessDeniedException", name
            )
        error = error_of(client.get_parameter, Name="not a name")
        check_contains(
            error["Message"], "on resource: arn:aws:ssm:us-east-2:111122223333:* because"
        )


@test("a policy with ssm:GetParameter alone allows that and nothing else")
def single_action():
    with FakeAWS() as aws:
        aws.put("x", "value")
        aws.set_policy(allow("ssm:getparameter", "*"))
        client = botocore_client(aws)
        check_equal(
            client.get_parameter(Name="x", WithDecryption=True)["Parameter"]["Value"], "value"
        )
        for operation, request in (
            ("get_parameters", {"Names": ["x"]}),
            ("get_parameters_by_path", {"Path": "/"}),
        ):
            check_equal(
                error_of(getattr(client, operation), **request)["Code"], "AccessDeniedException"
            )


@test("GetParametersByPath is authorised on the path as written, also for what is denied by name")
def path_policy():
    with FakeAWS() as aws:
        aws.put("/app/a", "value")
        aws.put("/app/b/c", "value")
        aws.set_policy([allow("ssm:*", f"{ARN}/app"), deny("ssm:GetParameter", f"{ARN}/app/b/*")])
        client = botocore_client(aws)
        result = client.get_parameters_by_path(Path="/app", Recursive=True)
        check_equal([p["Name"] for p in result["Parameters"]], ["/app/a", "/app/b/c"], "names")
        error = error_of(client.get_parameters_by_path, Path="/app/")
        check_contains(error["Message"], f"ssm:GetParametersByPath on resource: {ARN}/app/ because")


@test("an explicit deny wins over an allow, and says so; * and ? match, nothing else does")
def explicit_deny():
    with FakeAWS() as aws:
        for name in ("/app/a1", "/app/a12", "/app/secret"):
            aws.put(name, "value")
        aws.set_policy(
            {
                "Version": "2012-10-17",
                "Statement": [
                    allow(["ssm:GetParameter"], f"{ARN}/app/a?", f"{ARN}/app/s*"),
                    deny("*", f"{ARN}/app/secret"),
                ],
            }
        )
        client = botocore_client(aws)
        check_equal(client.get_parameter(Name="/app/a1")["Parameter"]["Name"], "/app/a1")
        check_contains(
            error_of(client.get_parameter, Name="/app/a12")["Message"], "no identity-based"
        )
        check_contains(
            error_of(client.get_parameter, Name="/app/secret")["Message"],
            "with an explicit deny in an identity-based policy",
        )


@test("a parameter under a customer key needs kms:Decrypt, and only to be decrypted")
def customer_key():
    with FakeAWS() as aws:
        aws.put("x", "value", key_id="11111111-2222-4333-8444-555555555555")
        aws.set_policy(allow("ssm:*", "*"))
        client = botocore_client(aws)
        check_equal(client.get_parameter(Name="x")["Parameter"]["Name"], "x", "undecrypted")
        error = error_of(client.get_parameters, Names=["x"], WithDecryption=True)
        check_contains(
            error["Message"],
            "perform: kms:Decrypt on resource: arn:aws:kms:us-east-2:"
            "111122223333:key/11111111-2222-4333-8444-555555555555",
        )
        aws.set_policy([allow("ssm:*", "*"), allow("kms:Decrypt", "arn:aws:kms:*")])
        check_equal(
            client.get_parameter(Name="x", WithDecryption=True)["Parameter"]["Value"], "value"
        )


@test("a secret's reference needs secretsmanager:GetSecretValue too")
def secret_policy():
    with FakeAWS() as aws:
        aws.put_secret("prod/db", "value")
        aws.set_policy(allow("ssm:*", "*"))
        error = error_of(
            botocore_client(aws).get_parameter,
            WithDecryption=True,
            Name="/aws/reference/secretsmanager/prod/db",
        )
        check_contains(
            error["Message"],
            "secretsmanager:GetSecretValue on resource: "
            "arn:aws:secretsmanager:us-east-2:111122223333:secret:prod/db-",
        )


@test("a condition holds for the address and endpoint of a call, and for what calls by itself")
def conditions():
    with FakeAWS() as aws:
        aws.put("/p", "x", key_id="customer")
        from_here = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}
        through = {"StringEquals": {"kms:ViaService": "ssm.us-east-2.amazonaws.com"}}
        read = {**allow("ssm:GetParameters", "*"), "Condition": from_here}
        decrypt = {**allow("kms:Decrypt", "*"), "Condition": through}

        def answer(policy, **origin):
            aws.set_policy(policy)
            aws.set_origin(**origin)
            result = botocore_client(aws).get_parameters
            try:
                return result(Names=["/p"], WithDecryption=True)["Parameters"][0]["Value"]
            except ClientError as error:
                return error.response["Error"]["Code"]

        check_equal(answer([read, decrypt], address="203.0.113.9"), "x")
        check_equal(answer([read, decrypt], address="2001:db8::9"), "x")
        check_equal(answer([read, decrypt], address="198.51.100.1"), "AccessDeniedException")
        check_equal(answer([read, decrypt], endpoint="vpce-1"), "AccessDeniedException")
        bound = {**allow("kms:Decrypt", "*"), "Condition": from_here}
        check_equal(answer([read, bound], address="203.0.113.9"), "AccessDeniedException")


@test("a policy with something that is not modelled is refused when it is attached")
def unknown_policy():
    with FakeAWS() as aws:
        for statement in (
            {**allow("*", "*"), "Condition": {}},
            {**allow("*", "*"), "Condition": {"StringLike": {"aws:SourceIp": "*"}}},
            {**allow("*", "*"), "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
            {"Effect": "Allow", "Action": "*"},
            {**allow("*", "*"), "Effect": "allow"},
        ):
            try:
                aws.set_policy([statement])
            except ValueError:
                continue
            check(False, f"accepted: {statement}")


run()
