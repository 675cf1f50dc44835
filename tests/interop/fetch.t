#!/usr/bin/python3
"""The real ssmenv-fetch, sanitized and behind its sandbox, against the strict fake: over http and TLS,
through every fault that the fake knows."""

import ctypes
import math
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from fakeaws import FakeAWS  # noqa: E402
from fetch_cases import CASES, allow, put_all  # noqa: E402
from fetch_cloud import FOLDER, KEEP, Cloud, cloud_test, credentials  # noqa: E402
from fetcher import (DENIED, FAILED, FOUND, MISSING, Fetcher, Lookup, children,  # noqa: E402
                     encode_request, frame, parameter, subtree)
from tap import (Skip, check, check_contains, check_equal, check_lacks, needs_root, run,  # noqa: E402
                 test)

IN_FLIGHT = 8  # helper/aws/call.c


def names(count, prefix="/n"):
    return [f"{prefix}/{number:03}" for number in range(count)]


def values_of(count, prefix="/n"):
    return {name: f"value of {name}" for name in names(count, prefix)}


def fetch_all(cloud, values, **how):
    put_all(cloud, values)
    result = cloud.fetcher().ask(*map(parameter, values), **how)
    check_equal([answer.value for answer in result.answers], list(values.values()))
    return result


def failure_of(cloud, *lookups, **how):
    """The one error text of lookups that all fail."""
    result = cloud.fetcher().ask(*(lookups or [parameter("/p")]), **how)
    check_equal(set(result.states), {FAILED}, "states")
    check_equal(len(set(result.errors)), 1, "number of error texts")
    return result.errors[0]


# --- the cases that hold for every server ---------------------------------------------------------

for case_name, case_function in CASES:
    cloud_test(f"http: {case_name}")(case_function)
for case_name, case_function in CASES[:6]:
    cloud_test(f"TLS: {case_name}", "tls")(case_function)


# --- number of calls ------------------------------------------------------------------------------

@test("N parameters take ceil(N/10) calls, several at a time")
def _():
    for count in (1, 10, 11, 100, 200):
        with Cloud() as cloud:
            fetch_all(cloud, values_of(count))
            check_equal(cloud.operations(), ["GetParameters"] * math.ceil(count / 10),
                        f"calls for {count} parameters")
            most = max(call.concurrency for call in cloud.aws.calls)
            check(most <= IN_FLIGHT, f"{most} calls at once")


@cloud_test("200 parameters take at most three times as long as 10")
def _(cloud):
    values = values_of(200)
    put_all(cloud, values)
    cloud.aws.fault(kind="delay", seconds=0.2)
    fetcher = cloud.fetcher()
    few = min(fetcher.ask(*map(parameter, list(values)[:10])).seconds for _ in range(3))
    many = min(fetcher.ask(*map(parameter, values)).seconds for _ in range(3))
    check(many <= 3 * few, f"{many:.3f} s for 200, {few:.3f} s for 10")


@cloud_test("eight calls are in flight, and no more")
def _(cloud):
    values = values_of(200)
    put_all(cloud, values)
    cloud.aws.fault(kind="hold")
    process = cloud.fetcher().begin(*map(parameter, values))
    cloud.aws.wait_for_calls(IN_FLIGHT, "GetParameters")
    cloud.aws.release()
    check_equal(set(Fetcher().finish(process).states), {FOUND})
    check_equal(max(call.concurrency for call in cloud.aws.calls), IN_FLIGHT, "calls at once")


@cloud_test("calls over TLS reuse connections", "tls")
def _(cloud):
    fetch_all(cloud, values_of(300))
    check(cloud.aws.connections <= IN_FLIGHT, f"{cloud.aws.connections} connections for 30 calls")


@cloud_test("a name is asked once, however many lookups want it")
def _(cloud):
    cloud.put("/json", '{"a": "1", "b": "2"}')
    cloud.put("/x", "x")
    lookups = [parameter("/json", "/a"), parameter("/x"), parameter("/json", "/b"),
               parameter("/json")] * 10
    result = cloud.fetcher().ask(*lookups)
    check_equal([answer.value for answer in result.answers],
                ["1", "x", "2", '{"a": "1", "b": "2"}'] * 10)
    check_equal([sorted(call.names) for call in cloud.aws.calls], [["/json", "/x"]])


@cloud_test("values are asked decrypted, a path without its last slash")
def _(cloud):
    cloud.fetcher().ask(parameter("/a"), children("/b/c/"), subtree("/"))
    requests = {call.names[0]: call.request for call in cloud.aws.calls}
    check_equal(requests["/a"], {"Names": ["/a"], "WithDecryption": True})
    check_equal((requests["/b/c"]["Recursive"], requests["/b/c"]["WithDecryption"]), (False, True))
    check_equal((requests["/"]["Recursive"], requests["/"]["WithDecryption"]), (True, True))


@cloud_test("a request without lookups makes no call")
def _(cloud):
    check_equal(cloud.fetcher().ask().answers, [])
    check_equal(cloud.aws.calls, [])


@cloud_test("as many lookups as a request may have are answered")
def _(cloud):
    fetch_all(cloud, values_of(1024))
    check_equal(len(cloud.aws.calls), 103)


# --- policies and keys ----------------------------------------------------------------------------

@cloud_test("one denied name of a batch is denied by itself, and the others are found")
def _(cloud):
    values = values_of(15)
    put_all(cloud, values)
    policy = allow("ssm:*") + [{"Effect": "Deny", "Action": "*",
                                "Resource": "arn:aws:ssm:*:*:parameter/n/007"}]
    result = cloud.fetcher(policy).ask(*map(parameter, values))
    check_equal(result.states, [DENIED if name == "/n/007" else FOUND for name in values])
    check_equal([answer.value for answer in result.answers if answer.state == FOUND],
                [value for name, value in values.items() if name != "/n/007"])
    check_equal(result.warnings, [])
    error = result.errors[7]
    check_contains(error, "AccessDeniedException for ssm:GetParameters on /n/007 (request ")
    check_contains(error, "arn:aws:ssm:us-east-2:*:parameter/n/007")
    check_equal(sorted(cloud.operations()), ["GetParameter"] + ["GetParameters"] * 12)


@cloud_test("where only ssm:GetParameter is granted, few calls are wasted")
def _(cloud):
    values = values_of(200)
    put_all(cloud, values)
    result = cloud.fetcher(allow("ssm:GetParameter")).ask(*map(parameter, values))
    check_equal([answer.value for answer in result.answers], list(values.values()))
    check_equal(cloud.operations().count("GetParameter"), 200)
    batches = cloud.operations().count("GetParameters")
    check(batches <= 3 * IN_FLIGHT, f"{batches} calls of GetParameters that were denied")


@cloud_test("where each action is granted for some names, every name is found")
def _(cloud):
    put_all(cloud, {**values_of(5, "/a"), **values_of(5, "/b")})
    policy = [{"Effect": "Allow", "Action": "ssm:GetParameters",
               "Resource": "arn:aws:ssm:*:*:parameter/a/*"},
              {"Effect": "Allow", "Action": "ssm:GetParameter",
               "Resource": "arn:aws:ssm:*:*:parameter/b/*"}]
    result = cloud.fetcher(policy).ask(*map(parameter, names(5, "/a") + names(5, "/b")))
    check_equal(set(result.states), {FOUND})


@cloud_test("a value whose KMS key is out of reach is denied by itself")
def _(cloud):
    put_all(cloud, values_of(3))
    cloud.aws.put("/n/001", "x", key_id="alias/customer")
    result = cloud.fetcher(allow("ssm:*")).ask(*map(parameter, names(3)))
    check_equal(result.states, [FOUND, DENIED, FOUND])
    check_contains(result.errors[1], "KMS key")
    check_lacks(result.errors[1], "policy lacks")


@test("what KMS refuses is denied by itself, however AWS words it")
def _():
    for kind, code in (("kms_denied", None), ("error", "InvalidKeyId"),
                       ("error", "KMSAccessDenied")):
        with Cloud() as cloud:
            put_all(cloud, values_of(3))
            cloud.aws.fault(kind=kind, names=["/n/001"], **({"code": code} if code else {}))
            result = cloud.fetcher().ask(*map(parameter, names(3)))
            check_equal(result.states, [FOUND, DENIED, FOUND], f"states for {code or kind}")
            check_contains(result.errors[1], "KMS key")


@cloud_test("a name that AWS does not take fails by itself")
def _(cloud):
    put_all(cloud, values_of(12))
    bad = ["/has blank", "ssmthing", "//", "no/slash", "a" * 2049, "/x:", "quote\"s", "/\x01"]
    result = cloud.fetcher().ask(*map(parameter, names(12)), *map(parameter, bad))
    check_equal(result.states[:12], [FOUND] * 12)
    check_equal(set(result.states[12:]) & {FOUND, DENIED}, set())
    check_contains(result.errors[12], "ValidationException for ssm:GetParameters on /has blank")


@cloud_test("an empty name and a path that is none fail by themselves, without a call")
def _(cloud):
    cloud.put("/a", "x")
    result = cloud.fetcher().ask(parameter(""), children("relative/"), children("/a"),
                                 parameter("/a"))
    check_equal(result.states, [FAILED, FAILED, FAILED, FOUND])
    check_equal([call.names for call in cloud.aws.calls], [["/a"]])


@cloud_test("an expired session token fails every lookup with one text that says what to do")
def _(cloud):
    cloud.aws.add_key("ASIAEXPIRED0000000000", "s", session_token="token", expired=True)
    result = cloud.fetcher_with("ASIAEXPIRED0000000000", "s", "token").ask(
        *map(parameter, names(100)), children("/x/"))
    check_equal(set(result.states), {FAILED})
    check_equal(len(set(result.errors)), 1)
    check_contains(result.errors[0], "ExpiredTokenException for ssm:GetParameters")
    check_contains(result.errors[0], "renew them, and check this machine's clock")
    check(len(cloud.aws.calls) <= IN_FLIGHT, f"{len(cloud.aws.calls)} calls with an expired token")


@cloud_test("a session token is sent and signed", "tls")
def _(cloud):
    cloud.aws.add_key("ASIATEMPORARY00000000", "s", session_token="tok+en/==")
    cloud.put("/a", "x")
    result = cloud.fetcher_with("ASIATEMPORARY00000000", "s", "tok+en/==").ask(parameter("/a"))
    check_equal(result.answers[0].value, "x")


@cloud_test("a clock that is off by an hour is corrected, and named")
def _(cloud):
    cloud.put("/p", "x")
    cloud.aws.set_clock(3600)
    result = cloud.fetcher().ask(parameter("/p"))
    check_equal(result.answers[0].value, "x")
    check_contains(result.warnings[-1], "this machine's clock is ")


@cloud_test("without credentials the text says where they were looked for")
def _(cloud):
    fetcher = cloud.fetcher().with_settings(credentials_file=f"{FOLDER}/none",
                                            config_file=f"{FOLDER}/none-either")
    result = fetcher.ask(parameter("/a"), parameter("/b"))
    check_equal(result.states, [FAILED, FAILED])
    check_contains(result.errors[0], "Unable to locate credentials")
    check_contains(result.errors[0], f"{FOLDER}/none")
    check_equal(cloud.aws.calls, [])


@cloud_test("an identity that cannot be used takes no other with it")
def _(cloud):
    cloud.put("/a", "x")
    good = cloud.fetcher()
    broken = [{**good.settings, "credentials_file": f"{FOLDER}/none"},
              {**good.settings, "max_attempts": "many"},
              {**good.settings, "role_arn": "arn:aws:iam::111122223333:role/params"},
              {**good.settings, "ca_bundle": f"{FOLDER}/no.pem"},
              {**good.settings, "endpoint_url": "not a url"},
              {key: value for key, value in good.settings.items() if key != "region"}]
    result = good.ask(*(parameter("/a", identity=number) for number in range(len(broken) + 1)),
                      identities=[good.settings, *broken])
    check_equal(result.states, [FOUND] + [FAILED] * len(broken))
    for error, part in zip(result.errors[1:], ["Unable to locate credentials", "max_attempts",
                                               "AccessDenied for sts:AssumeRole", "no.pem",
                                               "endpoint_url", "region"]):
        check_contains(error, part)


# --- retries --------------------------------------------------------------------------------------

@test("a fault that passes costs another attempt and nothing else")
def _():
    kinds = ["throttle", "internal_error", "service_unavailable", "truncated", "close", "reset",
             "garbage", "empty", "body", "connect_close", "connect_reset"]
    for kind in kinds:
        with Cloud() as cloud:
            cloud.aws.fault(kind=kind, times=1)
            fetch_all(cloud, values_of(3))
            calls = [call for call in cloud.aws.calls if call.operation]
            expected = 1 if kind.startswith("connect") else 2
            check_equal(len(calls), expected, f"calls after {kind}")


@cloud_test("each attempt is signed anew")
def _(cloud):
    cloud.aws.fault(kind="headers", base="throttle", times=1,
                    headers={"x-amz-retry-after": "1100"})
    fetch_all(cloud, values_of(1))
    first, second = cloud.aws.calls
    check(first.header("X-Amz-Date") != second.header("X-Amz-Date"), "the same date twice")
    check(first.header("Authorization") != second.header("Authorization"), "the same signature")


@cloud_test("throttled throughout, the text says so and how often it was tried")
def _(cloud):
    cloud.aws.fault(kind="throttle")
    error = failure_of(cloud, *map(parameter, names(5)))
    check_contains(error, "ThrottlingException for ssm:GetParameters (request ")
    check_contains(error, "AWS throttles these calls")
    check_equal(len(cloud.aws.calls), 3)


@cloud_test("max_attempts is obeyed")
def _(cloud):
    cloud.aws.fault(kind="internal_error")
    for attempts in ("1", "4"):
        cloud.aws.clear_calls()
        result = cloud.fetcher().with_settings(max_attempts=attempts).ask(parameter("/a"))
        check_equal(result.states, [FAILED])
        check_equal(len(cloud.aws.calls), int(attempts))


@cloud_test("a wait that would outlast the deadline is not waited for")
def _(cloud):
    cloud.aws.fault(kind="headers", base="throttle", headers={"Retry-After": "3600"})
    check_contains(failure_of(cloud), "ThrottlingException")
    check_equal(len(cloud.aws.calls), 1)


@cloud_test("what AWS refuses for good is asked once")
def _(cloud):
    cloud.aws.fault(kind="error", code="SomethingNewException")
    check_contains(failure_of(cloud), "SomethingNewException for ssm:GetParameters on /p")
    check_equal(len(cloud.aws.calls), 1)


@cloud_test("one batch that keeps failing takes no other with it")
def _(cloud):
    values = values_of(30)
    put_all(cloud, values)
    cloud.aws.fault(kind="internal_error", names=["/n/015"])
    result = cloud.fetcher().ask(*map(parameter, values))
    check_equal(result.states, [FOUND] * 10 + [FAILED] * 10 + [FOUND] * 10)
    check_contains(result.errors[15], "InternalServerError")


# --- answers that are none ------------------------------------------------------------------------

@test("an answer that is not AWS's fails with a text, never with a crash")
def _():
    cases = [
        ("service_unavailable", {}, "HTTP status 503 for ssm:GetParameters"),
        ("redirect", {}, "redirects are not followed"),
        ("body", {}, "not AWS's"),
        ("body", {"status": 407}, "HTTP status 407"),
        ("body", {"status": 403, "body": "<html>Forbidden</html>"}, "HTTP status 403"),
        ("garbage", {}, "not AWS's"),
        ("empty", {}, "not AWS's"),
        ("empty", {"status": 500}, "HTTP status 500"),
        ("document", {"document": []}, "not AWS's"),
        ("document", {"document": None}, "not AWS's"),
        ("document", {"document": {}}, "does not tell its value"),
        ("document", {"document": {"Parameters": 5}}, "does not tell its value"),
        ("document", {"document": {"Parameters": [5, None, {}, {"Name": 7}]}}, "does not tell"),
        ("document", {"document": {"Parameters": [{"Name": "/p", "Value": 7}]}}, "no text"),
        ("document", {"document": {"Parameters": [{"Name": "/q", "Value": "x"}]}}, "does not tell"),
        ("truncated", {}, "broke off"),
        ("wrong_length", {"by": 10}, "broke off"),
        ("wrong_length", {"by": -10}, "not AWS's"),
        ("close", {}, "without an answer"),
        ("reset", {}, "broke"),
        ("huge", {}, "sent more than"),
        ("huge", {"chunked": True}, "sent more than"),
    ]
    for kind, details, text in cases:
        with Cloud() as cloud:
            cloud.put("/p", "a value that is long enough to be cut")
            cloud.aws.fault(kind=kind, **details)
            check_contains(failure_of(cloud), text, f"error after {kind} {details}")


@cloud_test("a redirect is not followed, with a signature or without")
def _(cloud):
    with Cloud() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            cloud.aws.clear_faults()
            cloud.aws.fault(kind="redirect", status=status, location=elsewhere.aws.endpoint)
            check_contains(failure_of(cloud), f"HTTP status {status}")
        check_equal(elsewhere.aws.calls, [])


@cloud_test("an answer that is too large is not asked for again")
def _(cloud):
    cloud.aws.fault(kind="huge")
    failure_of(cloud)
    check_equal(len(cloud.aws.calls), 1)


class Canned:
    """Answers every connection with the same bytes."""

    def __init__(self, body):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.answer = (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
                       b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
        self.endpoint = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request or not request.endswith(b"}"):
                    request += connection.recv(65536)
                connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def canned(body, *lookups):
    with Cloud() as cloud, Canned(body) as server:
        return cloud.fetcher().with_settings(endpoint_url=server.endpoint).ask(*lookups)


@test("a value that no environment can hold fails by itself")
def _():
    limit = 64 * 1024
    good, most = b'{"Name":"/good","Value":"x"}', b'{"Name":"/most","Value":"%s"}' % (b"m" * limit)
    bad = {
        "NUL": (b'{"Name":"/bad","Value":"a\\u0000b"}', "NUL"),
        "invalid UTF-8": (b'{"Name":"/bad","Value":"a\xff\xfeb"}', "UTF-8"),
        "too long": (b'{"Name":"/bad","Value":"%s"}' % (b"b" * (limit + 1)), "65537 bytes"),
    }
    for what, (parameter_text, part) in bad.items():
        body = b'{"Parameters":[%s,%s,%s]}' % (good, parameter_text, most)
        result = canned(body, *map(parameter, ["/good", "/bad", "/most"]))
        check_equal(result.states, [FOUND, FAILED, FOUND], f"states with {what}")
        check_equal(len(result.answers[2].value), limit)
        check_contains(result.errors[1], f"/bad: ")
        check_contains(result.errors[1], part)


@test("an import leaves out what no environment can hold, with a warning that names it")
def _():
    body = (b'{"Parameters":[{"Name":"/i/nul","Value":"a\\u0000b"},{"Name":"/i/good","Value":"x"},'
            b'{"Name":"/elsewhere","Value":"x"},{"Name":"/i/deep/er","Value":"x"},'
            b'{"Name":"/i/good","Value":"again"}]}')
    result = canned(body, children("/i/"))
    check_equal(result.answers[0].values, {"/i/good": "x"})
    check_equal(len(result.warnings), 1)
    check_contains(result.warnings[0], "/i/nul is left out")


@test("a value is matched by name and selector, or not at all")
def _():
    def parameters(*items):
        return ('{"Parameters":[%s]}' % ",".join(items)).encode()

    plain = '{"Name":"/p","Value":"plain","Version":5}'
    third = '{"Name":"/p","Selector":":3","Value":"third","Version":3}'
    label = '{"Name":"/p","Selector":":prod","Value":"label","Version":3}'
    result = canned(parameters(label, third, plain), *map(parameter, ["/p", "/p:3", "/p:prod"]))
    check_equal([answer.value for answer in result.answers], ["plain", "third", "label"])
    result = canned(parameters('{"Name":"/p","Selector":":4","Value":"x"}'), parameter("/p:3"))
    check_equal(result.states, [FAILED])


# --- pages ----------------------------------------------------------------------------------------

@cloud_test("pages follow the token, whatever their size")
def _(cloud):
    values = values_of(30)
    put_all(cloud, values)
    cloud.aws.set_page_size(3)
    cloud.aws.fault("GetParametersByPath", kind="empty_page", times=4, after=2)
    check_equal(cloud.fetcher().ask(children("/n/")).answers[0].values, values)


@cloud_test("a token that repeats ends the import with an error")
def _(cloud):
    put_all(cloud, values_of(30))
    cloud.aws.fault("GetParametersByPath", kind="repeated_token")
    check_contains(failure_of(cloud, children("/n/")), "repeats the same page")
    check(len(cloud.aws.calls) <= 3, f"{len(cloud.aws.calls)} calls")


@cloud_test("an import has its limits")
def _(cloud):
    put_all(cloud, values_of(1024))
    check_equal(len(cloud.fetcher().ask(children("/n/")).answers[0].values), 1024)
    cloud.put("/n/one-too-many", "x")
    check_contains(failure_of(cloud, children("/n/")), "more parameters than an import may have")


@cloud_test("an import that fails on its second page gives nothing")
def _(cloud):
    put_all(cloud, values_of(30))
    cloud.aws.fault("GetParametersByPath", kind="internal_error", after=1)
    result = cloud.fetcher().ask(children("/n/"))
    check_equal((result.states, result.answers[0].entries), ([FAILED], []))


@cloud_test("imports and parameters fail each by themselves")
def _(cloud):
    put_all(cloud, {**values_of(3, "/a"), **values_of(3, "/b")})
    policy = allow("ssm:*") + [{"Effect": "Deny", "Action": "ssm:GetParametersByPath",
                                "Resource": "arn:aws:ssm:*:*:parameter/b"}]
    result = cloud.fetcher(policy).ask(children("/b/"), children("/a/"), parameter("/b/001"))
    check_equal(result.states, [DENIED, FOUND, FOUND])


# --- ARNs -----------------------------------------------------------------------------------------

@cloud_test("an ARN names a parameter, beside its plain name too")
def _(cloud):
    put_all(cloud, values_of(3))
    cloud.put("/n/001", "second")
    arn = "arn:aws:ssm:us-east-2:111122223333:parameter"
    asked = [f"{arn}/n/000", "/n/000", f"{arn}/n/001:1", f"{arn}/n/none", "/n/002"]
    result = cloud.fetcher().ask(*map(parameter, asked))
    check_equal(result.states, [FOUND, FOUND, FOUND, MISSING, FOUND])
    check_equal([answer.value for answer in result.answers if answer.state == FOUND],
                ["value of /n/000", "value of /n/000", "value of /n/001", "value of /n/002"])


@cloud_test("an ARN without a region fails by itself")
def _(cloud):
    cloud.put("/a", "x")
    result = cloud.fetcher().ask(parameter("arn:aws:ssm"), parameter("/a"),
                                 parameter("arn:aws:ssm:not a region:1:parameter/x"))
    check_equal(result.states, [FAILED, FOUND, FAILED])


# --- time -----------------------------------------------------------------------------------------

TIMEOUT_MS = 1500


def late_failure(cloud, *lookups, **settings):
    """An answer that comes although AWS's does not, before the deadline that was given."""
    fetcher = cloud.fetcher().with_settings(**settings)
    begun = fetcher.ask(milliseconds=TIMEOUT_MS).seconds  # starting and ending, nothing asked
    result = fetcher.ask(*(lookups or [parameter("/p")]), milliseconds=TIMEOUT_MS)
    check_equal(set(result.states), {FAILED})
    check(result.seconds < TIMEOUT_MS / 1000 + begun, f"{result.seconds:.2f} s, {begun:.2f} to start")
    return result.errors[0]


@test("when time ends, the text says what was waited for")
def _():
    for kind, text in (("hang", "time ended while waiting for the answer of 127.0.0.1:"),
                       ("hang_body", "time ended while waiting for the rest of the answer of 127."),
                       ("slow", "time ended while waiting for the rest of the answer of 127.")):
        with Cloud() as cloud:
            cloud.aws.fault(kind=kind)
            check_contains(late_failure(cloud), text, f"error after {kind}")
    with Cloud("tls") as cloud:
        cloud.aws.fault(kind="connect_hang")
        check_contains(late_failure(cloud), "time ended during the TLS handshake with localhost:")


@cloud_test("a host that does not answer is named")
def _(cloud):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(4):  # more connections than the backlog takes: the next SYN is dropped
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(full.getsockname())
            waiting.append(connection)
        port = full.getsockname()[1]
        error = late_failure(cloud, endpoint_url=f"http://127.0.0.1:{port}")
        check_contains(error, f"time ended while connecting to 127.0.0.1:{port}")
        for connection in waiting:
            connection.close()


@cloud_test("what was answered before time ended is delivered")
def _(cloud):
    values = values_of(30)
    put_all(cloud, values)
    cloud.aws.fault(kind="hang", names=["/n/015"])
    result = cloud.fetcher().ask(*map(parameter, values), milliseconds=TIMEOUT_MS)
    check_equal(result.states, [FOUND] * 10 + [FAILED] * 10 + [FOUND] * 10)


@cloud_test("a name that was refused before time ended says so")
def _(cloud):
    cloud.aws.fault(kind="throttle", times=1)
    cloud.aws.fault(kind="hang")
    error = late_failure(cloud)
    check_contains(error, "time ended while waiting")
    check_contains(error, "ThrottlingException")


@cloud_test("without any time there is still an answer for each lookup")
def _(cloud):
    result = cloud.fetcher().ask(*map(parameter, names(30)), children("/x/"), milliseconds=0)
    check_equal(set(result.states), {FAILED})
    check_contains(result.errors[0], "time ended")


# --- TLS, names, connections ----------------------------------------------------------------------

@test("a certificate that is not right is refused before anything is sent")
def _():
    for kind, text in (("untrusted", "is not trusted"), ("wrong_name", "for another host name"),
                       ("expired", "has expired: check this machine's clock"),
                       ("tls1.1", "TLS 1.2 or newer")):
        with Cloud() as cloud:
            fetcher = cloud.fetcher().with_settings(
                endpoint_url=cloud.aws.tls_endpoint_with(kind), ca_bundle=KEEP.ca_file)
            result = fetcher.ask(*map(parameter, names(30)))
            check_equal(set(result.states), {FAILED})
            check_equal(len(set(result.errors)), 1)
            check_contains(result.errors[0], text)
            check_equal(cloud.aws.calls, [])


@cloud_test("TLS 1.1 is refused also where OpenSSL's configuration allows it")
def _(cloud):
    path = f"{FOLDER}/openssl.cnf"
    with open(path, "w") as file:
        file.write("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n"
                   "[lax]\nMinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n")
    fetcher = cloud.fetcher().with_settings(
        endpoint_url=cloud.aws.tls_endpoint_with("tls1.1"), ca_bundle=KEEP.ca_file)
    result = fetcher.ask(parameter("/a"), environment={"PATH": "/usr/bin", "OPENSSL_CONF": path})
    check_contains(result.errors[0], "TLS 1.2 or newer")


@cloud_test("a good certificate of a CA that is not named is refused", "tls")
def _(cloud):
    result = cloud.fetcher().with_settings(ca_bundle=None).ask(parameter("/a"))
    check_contains(result.errors[0], "name its CA with ca_bundle")
    check_equal(cloud.aws.calls, [])


@cloud_test("a ca_bundle that is no certificate is named")
def _(cloud):
    path = f"{FOLDER}/garbage.pem"
    with open(path, "w") as bundle:
        bundle.write("garbage\n")
    result = cloud.fetcher().with_settings(endpoint_url=KEEP.tls_endpoint, ca_bundle=path).ask(
        parameter("/a"))
    check_contains(result.errors[0], "check ca_bundle")


@cloud_test("nobody at the endpoint's port is named")
def _(cloud):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    result = cloud.fetcher().with_settings(endpoint_url=f"http://127.0.0.1:{port}").ask(
        *map(parameter, names(100)))
    check_equal(len(set(result.errors)), 1)
    check_contains(result.errors[0], f"no connection to 127.0.0.1:{port}")


@cloud_test("an endpoint without TLS that is not on this machine is not asked")
def _(cloud):
    for url in ("http://10.0.0.1:1", "http://example.invalid"):
        result = cloud.fetcher().with_settings(endpoint_url=url).ask(parameter("/a"))
        check_equal(result.states, [FAILED])
        check_contains(result.errors[0], "http")


@cloud_test("proxies and other variables of the environment change nothing")
def _(cloud):
    cloud.put("/a", "x")
    environment = {"PATH": "/usr/bin", **{name: "http://127.0.0.1:1" for name in
                   ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
                    "all_proxy", "AWS_ENDPOINT_URL")}, "AWS_ACCESS_KEY_ID": "AKIAOTHER",
                   "AWS_SECRET_ACCESS_KEY": "other", "AWS_REGION": "eu-west-1", "HOME": FOLDER}
    check_equal(cloud.fetcher().ask(parameter("/a"), environment=environment).answers[0].value, "x")


# --- names, in a network of our own ---------------------------------------------------------------

class NameServer:
    """DNS on 127.0.0.1:53 of the stage: 127.0.0.1 for names in known, NXDOMAIN for others; silent
    where told so."""

    def __init__(self, known=(), silent=False):
        needs_root()
        self.known, self.silent, self.asked = known, silent, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.resolver = f"{FOLDER}/resolv.conf"
        with open(self.resolver, "w") as resolver:
            resolver.write("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", self.resolver, "/etc/resolv.conf"], check=True)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            query, address = self.socket.recvfrom(4096)
            if not query:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, wants_v4 = ".".join(labels), query[at + 1:at + 3] == b"\0\1"
            self.asked.append(name)
            known = name in self.known
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if known and wants_v4 else b""
            head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + (
                b"\0\1" if answer else b"\0\0") + b"\0\0\0\0"
            if not self.silent:
                self.socket.sendto(head + query[12:at + 5] + answer, address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


@test("the default endpoint is resolved through DNS and reached with TLS on port 443")
def _():
    host = "ssm.us-east-2.amazonaws.com"
    with NameServer({host}), FakeAWS(tls=True, names=[host], tls_port=443) as aws:
        os.chmod(aws.ca_file, 0o644)
        aws.put("/a", "x")
        fetcher = Fetcher(region="us-east-2", ca_bundle=aws.ca_file,
                          credentials_file=credentials(aws.access_key_id, aws.secret_access_key))
        check_equal(fetcher.ask(parameter("/a")).answers[0].value, "x")
        check(aws.calls[0].tls, "not over TLS")


@cloud_test("an ARN's region picks the endpoint, and a name that is not there is named")
def _(cloud):
    with NameServer() as server:
        fetcher = cloud.fetcher().with_settings(endpoint_url=None)
        result = fetcher.ask(parameter("arn:aws:ssm:eu-west-1:111122223333:parameter/a"),
                             parameter("/a"))
        check_contains(result.errors[0],
                       "the name ssm.eu-west-1.amazonaws.com cannot be resolved")
        check_contains(result.errors[1],
                       "the name ssm.us-east-2.amazonaws.com cannot be resolved")
        check_equal(set(server.asked),
                    {"ssm.eu-west-1.amazonaws.com", "ssm.us-east-2.amazonaws.com"})


@cloud_test("many calls resolve their host once")
def _(cloud):
    with NameServer({"fake.example"}) as server, FakeAWS(
            tls=True, names=["fake.example"], tls_port=443) as aws:
        put_all(aws, values_of(100))
        fetcher = cloud.fetcher().with_settings(endpoint_url="https://fake.example",
                                                ca_bundle=aws.ca_file)
        check_equal(set(fetcher.ask(*map(parameter, names(100))).states), {FOUND})
        check(len(server.asked) <= 2, f"{len(server.asked)} questions")  # A and AAAA


@cloud_test("a name server that is silent does not hold the answer back")
def _(cloud):
    with NameServer(silent=True):
        error = late_failure(cloud, endpoint_url="https://fake.example")
        check_contains(error, "time ended while resolving the name fake.example")


# --- the process ----------------------------------------------------------------------------------

def held(cloud):
    """A process that waits for AWS, with everything that it will ever have in memory."""
    cloud.put("/p", "the secret value")
    cloud.aws.fault(kind="hold")
    process = cloud.fetcher().begin(parameter("/p"))
    cloud.aws.wait_for_calls(1, "GetParameters")
    return process


def proc(process, name):
    with open(f"/proc/{process.pid}/{name}", "rb") as file:
        return file.read()


@cloud_test("no secret is in the arguments, the environment or on stderr")
def _(cloud):
    process = held(cloud)
    seen = proc(process, "cmdline")
    if os.geteuid() == 0:  # not dumpable: its own user cannot look
        seen += proc(process, "environ")
    cloud.aws.release()
    result = Fetcher().finish(process)  # checks that stderr is empty
    check_equal(result.answers[0].value, "the secret value")
    for secret in (cloud.aws.secret_access_key, cloud.aws.access_key_id, "the secret value"):
        check_lacks(seen.decode(errors="replace"), secret)


@test("no error and no warning holds a secret")
def _():
    for kind in ("throttle", "access_denied", "kms_denied", "invalid_signature", "garbage", "body",
                 "unrecognized_client", "truncated", "huge"):
        with Cloud() as cloud:
            cloud.put("/p", "the secret value")
            cloud.aws.fault(kind=kind, message="MESSAGE", body="MESSAGE")
            result = cloud.fetcher().ask(parameter("/p"), parameter("/p", "/member"), children("/"))
            for text in result.errors + result.warnings:
                for secret in (cloud.aws.secret_access_key, "the secret value", "MESSAGE",
                               "not authorized"):
                    check_lacks(text, secret)


@cloud_test("the sandbox is closed before the network is touched")
def _(cloud):
    process = held(cloud)
    status = dict(line.split(":\t", 1) for line in
                  proc(process, "status").decode().splitlines() if ":\t" in line)
    limits = proc(process, "limits").decode()
    owner = os.stat(f"/proc/{process.pid}/mem").st_uid
    descriptors = os.listdir(f"/proc/{process.pid}/fd") if os.geteuid() == 0 else ["0", "1", "2"]
    cloud.aws.release()
    Fetcher().finish(process)
    check_equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
    check_equal(status["CapEff"].strip("0"), "", "capabilities")
    for line in limits.splitlines():
        if line.startswith(("Max core file size", "Max file size")):
            check_equal(line.split()[-3:-1], ["0", "0"], line)
    check_equal(owner, 0, "owner of its memory, root where it is not dumpable")
    check(len(descriptors) < 16, f"descriptors: {descriptors}")


# Numbers of landlock_create_ruleset, prctl and seccomp.
CALLS = {"x86_64": (444, 157, 317), "aarch64": (444, 167, 277)}


def older_kernel(seccomp):
    """Makes the calling process and what it runs find a kernel without Landlock, and without
    seccomp (filters) unless told otherwise."""
    landlock_call, prctl_call, seccomp_call = CALLS[os.uname().machine]
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    allow, not_supported, invalid = 0x7fff0000, 0x00050000 | 95, 0x00050000 | 22
    set_seccomp, no_new_privs, filter_mode = 22, 38, 2
    program = [(load, 0, 0, 0), (equal, 0, 1, landlock_call), (give, 0, 0, not_supported)]
    if not seccomp:
        program += [(equal, 0, 1, seccomp_call), (give, 0, 0, invalid),
                    (equal, 0, 3, prctl_call), (load, 0, 0, 16), (equal, 0, 1, set_seccomp),
                    (give, 0, 0, invalid)]
    program += [(give, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(no_new_privs, 1, 0, 0, 0) or
            libc.prctl(set_seccomp, filter_mode, ctypes.create_string_buffer(header), 0, 0)):
        os._exit(99)


@cloud_test("a kernel with less to offer is used as far as it goes, one with nothing is named")
def _(cloud):
    if os.uname().machine not in CALLS:
        raise Skip(f"the numbers of system calls of {os.uname().machine} are not known")
    cloud.put("/p", "x")
    for seccomp in (True, False):
        result = cloud.fetcher().ask(parameter("/p"), before=lambda: older_kernel(seccomp))
        check_equal(result.answers[0].value, "x")
        check_equal([warning[:53] for warning in result.warnings],
                    [] if seccomp else ["this kernel offers neither Landlock nor seccomp: ssme"])


@cloud_test("modules of the name service are loaded before the sandbox closes")
def _(cloud):
    needs_root()
    module = "/usr/lib/x86_64-linux-gnu/libnss_hesiod.so.2"  # in libc6, and seldom configured
    if not os.path.exists(module):
        raise Skip(f"{module} is not installed")
    switch = f"{FOLDER}/nsswitch.conf"
    with open(switch, "w") as file:
        file.write("passwd: files\nhosts: files [NOTFOUND=continue] hesiod dns\n")
    subprocess.run(["mount", "--bind", switch, "/etc/nsswitch.conf"], check=True)
    try:
        process = held(cloud)
        maps = proc(process, "maps").decode()
        cloud.aws.release()
        Fetcher().finish(process)
    finally:
        subprocess.run(["umount", "/etc/nsswitch.conf"], check=True)
    check_contains(maps, "libnss_hesiod")


@cloud_test("it refuses to run as root")
def _(cloud):
    needs_root()
    fetcher = cloud.fetcher()
    fetcher.user = {}
    process = fetcher.begin(parameter("/a"))
    output, errors = process.communicate()
    check_equal((process.returncode, output), (1, b""))
    check_contains(errors.decode(), "refusing to work as root")
    check_equal(cloud.aws.calls, [])


@cloud_test("it does not start without its parent")
def _(cloud):
    for arguments in ([], ["--parent=1x"], ["--parent="], ["--parent=0"], ["--parent=-1"],
                      ["--parent=999999"], [f"--parent={os.getpid()}", "more"]):
        process = cloud.fetcher().start(arguments=arguments)
        output, errors = process.communicate(encode_request(1000, [{}], []))
        check_equal((process.returncode, output), (1, b""), f"end with {arguments}")
        check_contains(errors.decode(), "ssmenv-fetch: ")


@cloud_test("it ends with its parent")
def _(cloud):
    cloud.aws.fault(kind="hold")
    read_end, write_end = os.pipe()
    middle = os.fork()
    if middle == 0:
        process = cloud.fetcher().begin(parameter("/p"))
        os.write(write_end, b"%d\n" % process.pid)
        signal.pause()
    fetch = int(os.read(read_end, 32))
    cloud.aws.wait_for_calls(1, "GetParameters")
    descriptor = os.pidfd_open(fetch)
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    ready, _, _ = select.select([descriptor], [], [], 10)
    check_equal(ready, [descriptor], "ended descriptors")
    for end in (descriptor, read_end, write_end):
        os.close(end)


@cloud_test("a damaged request ends it with an error and without a result")
def _(cloud):
    good = encode_request(1000, [{}], [parameter("/a")])
    cases = [b"", good[:5], good[:-1], good + b"x", b"X" + good[1:], frame(1, b""), frame(2, b""),
             frame(3, good[12:]), good[:8] + b"\xff\xff\xff\xff" + good[12:],
             encode_request(1000, [{}], [Lookup(9, "/a")]),
             encode_request(1000, [{}], [parameter("/a", identity=1)]),
             encode_request(1000, [{}], [parameter("/a", "no-pointer")]),
             encode_request(1000, [{}], [parameter("/a\0b")])]
    for case in cases:
        process = cloud.fetcher().start()
        output, errors = process.communicate(case)
        check_equal((process.returncode, output), (1, b""), f"end after {case[:40]!r}")
        check_contains(errors.decode(), "ssmenv-fetch: ")
        check_lacks(errors.decode(), "Sanitizer")


@cloud_test("a reader that goes away is no crash")
def _(cloud):
    process = held(cloud)
    process.stdout.close()
    process.stdout = None
    cloud.aws.release()
    check_equal(process.wait(timeout=20), 1)
    check_lacks(process.stderr.read().decode(), "Sanitizer")
    process.stderr.close()


@cloud_test("a result larger than a pipe is written whole")
def _(cloud):
    values = {name: "v" * 4096 for name in names(200)}
    result = fetch_all(cloud, values)
    check(len(result.raw) > 800000, f"{len(result.raw)} bytes")


try:
    run()
finally:
    KEEP.close()
    subprocess.run(["rm", "-rf", FOLDER], check=True)
