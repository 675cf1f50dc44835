#!/usr/bin/python3
"""The fake as others run it: against Debian's aws command line, over TLS, and as a process."""

import json
import os
import signal
import socket
import ssl
import sys
import tempfile
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from aws_clients import (  # noqa: E402
    AWS,
    Signer,
    aws_command,
    botocore_client,
    connect,
    error_of,
    parse_reply,
    ssm_request,
)
from botocore.exceptions import SSLError  # noqa: E402
from fakeaws import FakeAWS, RemoteFakeAWS  # noqa: E402
from tap import Skip, check, check_contains, check_equal, check_lacks, run, test  # noqa: E402


# --- the aws command line ------------------------------------------------------------------------


def aws_json(aws, *arguments, **options):
    if not os.access(AWS, os.X_OK):
        raise Skip(f"{AWS} is not installed")
    done = aws_command(aws, *arguments, **options)
    check_equal((done.returncode, done.stderr), (0, ""), f"end of aws ssm {arguments[0]}")
    return json.loads(done.stdout)


def aws_error(aws, *arguments, **options):
    if not os.access(AWS, os.X_OK):
        raise Skip(f"{AWS} is not installed")
    done = aws_command(aws, *arguments, **options)
    check(done.returncode != 0, f"aws ssm {arguments[0]} succeeded: {done.stdout}")
    return done.stderr


@test("aws ssm get-parameter gets a value over http, in one signed call")
def cli_get_parameter():
    with FakeAWS() as aws:
        aws.put("DB_USER", "app")
        result = aws_json(aws, "get-parameter", "--name", "DB_USER", "--with-decryption")
        check_equal((result["Parameter"]["Name"], result["Parameter"]["Value"]), ("DB_USER", "app"))
        check_equal(
            [(call.operation, call.names, call.key_id, call.status) for call in aws.calls],
            [("GetParameter", ["DB_USER"], aws.access_key_id, 200)],
            "calls",
        )


@test("aws ssm get-parameters gets values over TLS with --ca-bundle, and names the invalid ones")
def cli_get_parameters():
    with FakeAWS(tls=True) as aws:
        aws.put("/prod/db/user", "app", "String")
        aws.put("/prod/db/password", 'ünïcode\n"quoted"')
        result = aws_json(
            aws,
            "get-parameters",
            "--names",
            "/prod/db/password",
            "/prod/db/user",
            "/no",
            "--with-decryption",
            "--ca-bundle",
            aws.ca_file,
            endpoint=aws.tls_endpoint,
        )
        check_equal(
            {p["Name"]: p["Value"] for p in result["Parameters"]},
            {"/prod/db/user": "app", "/prod/db/password": 'ünïcode\n"quoted"'},
            "values",
        )
        check_equal(result["InvalidParameters"], ["/no"], "invalid names")
        check(aws.calls[0].tls, "the call was made without TLS")


@test("aws ssm get-parameters-by-path follows every page, over TLS with AWS_CA_BUNDLE")
def cli_by_path():
    with FakeAWS(tls=True) as aws:
        for number in range(5):
            aws.put(f"/app/n{number}", str(number))
        aws.set_page_size(2)
        result = aws_json(
            aws,
            "get-parameters-by-path",
            "--path",
            "/app",
            "--with-decryption",
            endpoint=aws.tls_endpoint,
            AWS_CA_BUNDLE=aws.ca_file,
        )
        check_equal([p["Value"] for p in result["Parameters"]], list("01234"), "values")
        check_equal(len(aws.calls_of("GetParametersByPath")), 3, "number of calls")


@test("aws refuses the TLS endpoint without its authority, and no request is made")
def cli_untrusted():
    with FakeAWS(tls=True) as aws:
        text = aws_error(aws, "get-parameter", "--name", "x", endpoint=aws.tls_endpoint)
        check_contains(text, "SSL validation failed")
        check_equal(
            (len(aws.calls), aws.handshakes_failed > 0), (0, True), "calls, failed handshakes"
        )


@test("aws ssm put-parameter writes, refuses to overwrite, overwrites; history has both versions")
def cli_put():
    with FakeAWS() as aws:
        put = ("put-parameter", "--name", "/app/key", "--type", "SecureString", "--value")
        check_equal(aws_json(aws, *put, "one"), {"Version": 1, "Tier": "Standard"}, "first answer")
        check_contains(aws_error(aws, *put, "two"), "(ParameterAlreadyExists)")
        check_equal(aws_json(aws, *put, "two", "--overwrite")["Version"], 2, "version")
        result = aws_json(aws, "get-parameter-history", "--name", "/app/key", "--with-decryption")
        check_equal(
            [(p["Version"], p["Value"]) for p in result["Parameters"]],
            [(1, "one"), (2, "two")],
            "history",
        )


@test("aws ssm describe-parameters lists names without values")
def cli_describe():
    with FakeAWS() as aws:
        aws.put("/app/key", "v4lue")
        result = aws_json(aws, "describe-parameters")
        check_equal([p["Name"] for p in result["Parameters"]], ["/app/key"], "names")
        check_lacks(json.dumps(result), "v4lue", "description")


@test("aws with a wrong secret gets InvalidSignatureException")
def cli_wrong_secret():
    with FakeAWS() as aws:
        text = aws_error(aws, "get-parameter", "--name", "x", AWS_SECRET_ACCESS_KEY="wrong")
        check_contains(
            text, "An error occurred (InvalidSignatureException) when calling the GetParameter"
        )


@test("aws with a clock an hour behind is told that the signature expired")
def cli_stale():
    with FakeAWS() as aws:
        aws.set_clock(3600)
        text = aws_error(aws, "get-parameter", "--name", "x")
        check_contains(text, "(InvalidSignatureException)")
        check_contains(text, "Signature expired: ")


@test("aws with temporary keys works, and with another session token it does not")
def cli_token():
    with FakeAWS() as aws:
        aws.put("x", "value")
        aws.add_key("ASIATEMPORARY0000000", "temporary", "token==")
        keys = {"AWS_ACCESS_KEY_ID": "ASIATEMPORARY0000000", "AWS_SECRET_ACCESS_KEY": "temporary"}
        get = ("get-parameter", "--name", "x", "--with-decryption")
        aws_json(aws, *get, AWS_SESSION_TOKEN="token==", **keys)
        check_contains(
            aws_error(aws, *get, AWS_SESSION_TOKEN="other", **keys), "(UnrecognizedClientException)"
        )


# --- TLS -----------------------------------------------------------------------------------------


@test("botocore refuses certificates that are untrusted, expired or for another name, and TLS 1.1")
def bad_certificates():
    with FakeAWS(tls=True) as aws:
        aws.put("x", "value")
        check_equal(
            botocore_client(aws, aws.tls_endpoint).get_parameter(Name="x")["Parameter"]["Name"],
            "x",
            "name with the good certificate",
        )
        for kind in ("untrusted", "expired", "wrong_name", "tls1.1"):
            try:
                botocore_client(aws, aws.tls_endpoint_with(kind)).get_parameter(Name="x")
            except SSLError:
                continue
            check(False, f"accepted: {kind}")
        check_equal(len(aws.calls), 1, "calls")


@test("the TLS server does speak TLS 1.1 where it says so")
def old_tls():
    with FakeAWS() as aws:
        port = int(aws.tls_endpoint_with("tls1.1").rpartition(":")[2])
        context = ssl.create_default_context(cafile=aws.ca_file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with context.wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"
        ) as connection:
            check_equal(connection.version(), "TLSv1.1", "version")


# --- as a process --------------------------------------------------------------------------------


@test("as a process it serves, is controlled over HTTP with the same methods, and ends on SIGTERM")
def process():
    with RemoteFakeAWS.start("--tls", "--region", "eu-west-1", "--parameter", "A=b=c") as aws:
        check_equal(
            (aws.region, aws.put("B", "two", labels=["l"])), ("eu-west-1", 1), "region, version"
        )
        client = botocore_client(aws, aws.tls_endpoint)
        found = client.get_parameters(Names=["A", "B:l"], WithDecryption=True)["Parameters"]
        check_equal({p["Name"]: p["Value"] for p in found}, {"A": "b=c", "B": "two"}, "values")
        call = aws.wait_for_calls(1, "GetParameters")[0]
        check_equal(
            (call.names, call.header("x-amz-target")), (["A", "B:l"], "AmazonSSM.GetParameters")
        )
        aws.fault("GetParameter", kind="throttle", times=1)
        check_equal(error_of(client.get_parameter, Name="A")["Code"], "ThrottlingException")
        check_equal(client.get_parameter(Name="A")["Parameter"]["Name"], "A")
        aws.clear_calls()
        check_equal((aws.calls, aws.calls_of("GetParameter")), ([], []), "calls")
        process = aws._process
    check_equal(process.returncode, 0, "exit status")
    check(not Path(aws.ca_file).exists(), "the certificates are still there")


@test("it leaves its settings in a ready file and its certificates in a kept folder")
def ready_file_and_state():
    with tempfile.TemporaryDirectory(prefix="fakeaws-test-") as folder:
        ready = os.path.join(folder, "ready")
        state = os.path.join(folder, "state")
        os.mkdir(state)
        arguments = ("--tls-port", "0", "--ready-file", ready, "--state", state)
        for _ in range(2):
            with RemoteFakeAWS.start(*arguments, "--account", "444455556666") as aws:
                settings = json.loads(Path(ready).read_text())
                check_equal(settings["tls_endpoint"], aws.tls_endpoint, "endpoint")
                check_equal(settings["account"], "444455556666", "account")
                authority = Path(state, "ca.pem").read_bytes()
            check(authority == Path(state, "ca.pem").read_bytes(), "the authority was not kept")
        modes = {
            name: os.stat(os.path.join(state, name)).st_mode & 0o777 for name in os.listdir(state)
        }
        check_equal((modes["ca.pem"], modes["ca.key"], modes["good.key"]), (0o644, 0o600, 0o600))


@test("a port that was asked for is used, and SIGINT ends it as SIGTERM does")
def port_and_interrupt():
    aws, port = start_on_free_port()
    with aws:
        check_equal(aws.endpoint, f"http://127.0.0.1:{port}", "endpoint")
        aws._process.send_signal(signal.SIGINT)
        check_equal(aws._process.wait(60), 0, "exit status")


def start_on_free_port():
    """Somebody else may take a port between its being found free and its being used."""
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        try:
            return RemoteFakeAWS.start("--port", str(port)), port
        except RuntimeError:
            continue
    raise AssertionError("no port could be had five times in a row")


@test("it answers to a further name, which its certificate holds")
def further_name():
    name = "ssm.us-east-2.amazonaws.com"
    with FakeAWS(tls=True, names=[name]) as aws:
        aws.put("x", "value")
        host = f"{name}:{aws.tls_endpoint.rpartition(':')[2]}"
        signer = Signer(aws.access_key_id, aws.secret_access_key)
        request = signer.sign(ssm_request(host, "GetParameter", {"Name": "x"}))
        context = ssl.create_default_context(cafile=aws.ca_file)
        with context.wrap_socket(connect(aws.tls_endpoint), server_hostname=name) as connection:
            connection.sendall(request.encoded())
            check_equal(parse_reply(connection.recv(65536)).status, 200, "status")


@test("a mistake in a control call is an exception here, of the same kind there and in process")
def control_mistakes():
    with RemoteFakeAWS.start() as remote, FakeAWS() as local:
        for aws in (remote, local):
            for kind, call in (
                (ValueError, lambda: aws.fault(kind="bogus")),
                (TypeError, lambda: aws.put()),
                (TimeoutError, lambda: aws.wait_for_calls(1, timeout=0.01)),
                (AttributeError, lambda: aws.bogus),
            ):
                try:
                    call()
                except kind:
                    continue
                check(False, f"no {kind.__name__}")


run()
