#!/usr/bin/python3
"""The real ssmenv-fetch through every fault that the fake knows: retries, answers that are none, time
that ends."""

import os
import socket
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from fetch_cases import put_all  # noqa: E402
from fetch_cloud import (Cloud, cloud_test, failure_of, fetch_all, late_failure,  # noqa: E402
                         names, patience, run_clouds, values_of)
from fetcher import FAILED, FOUND, children, parameter  # noqa: E402
from tap import check, check_contains, check_equal, test  # noqa: E402

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


# What AWS's SDKs call throttling and transient (SDKs and Tools Reference Guide, "Retry behavior"; the
# list is that of botocore's standard mode), and InternalServerError, which Parameter Store documents.
AGAIN = ["Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
         "TooManyRequestsException", "ProvisionedThroughputExceededException",
         "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
         "LimitExceededException", "RequestThrottled", "SlowDown", "EC2ThrottledException",
         "PriorRequestNotComplete", "RequestTimeout", "RequestTimeoutException",
         "InternalServerError"]
STATUSES = [429, 500, 502, 503, 504, 509]


def batches_with(cloud, times):
    """A batch of ten for each code and status; each fails so many times."""
    values = values_of(10 * (len(AGAIN) + len(STATUSES)))
    put_all(cloud, values)
    faults = [{"kind": "error", "code": code} for code in AGAIN]
    faults += [{"kind": "body", "status": status} for status in STATUSES]
    firsts = list(values)[::10]
    for first, fault in zip(firsts, faults):
        cloud.aws.fault(names=[first], times=times, **fault)
    return values, firsts


@cloud_test("each code and status of throttling and of passing faults has three attempts")
def _(cloud):
    values, firsts = batches_with(cloud, times=2)
    result = cloud.fetcher().ask(*map(parameter, values))
    check_equal([answer.state for answer in result.answers], [FOUND] * len(values))
    for first, fault in zip(firsts, AGAIN + STATUSES):
        calls = [call for call in cloud.aws.calls if first in call.names]
        check_equal([call.status == 200 for call in calls], [False, False, True], fault)


@cloud_test("there is no fourth attempt")
def _(cloud):
    values, firsts = batches_with(cloud, times=3)
    result = cloud.fetcher().ask(*map(parameter, values))
    check_equal([answer.state for answer in result.answers], [FAILED] * len(values))
    check_equal(len(cloud.aws.calls), 3 * len(firsts))


@test("the wait that AWS asks for is kept")
def _():
    for header, text in (("Retry-After", "1"), ("x-amz-retry-after", "1000")):
        with Cloud() as cloud:
            cloud.aws.fault(kind="headers", base="internal_error", times=1, headers={header: text})
            fetch_all(cloud, values_of(1))
            first, second = cloud.aws.calls
            waited = second.time - first.time
            check(waited >= 0.99, f"{waited} s after {header}: {text}")  # a fault's own is 0.05 s


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
        ("body", {"status": 407}, "HTTP status 407"),
        ("body", {"status": 403, "body": "<html>Forbidden</html>"}, "HTTP status 403"),
        ("empty", {"status": 500}, "HTTP status 500"),
        ("document", {"document": []}, "not AWS's"),
        ("document", {"document": None}, "not AWS's"),
        ("document", {"document": {}}, "does not tell its value"),
        ("document", {"document": {"Parameters": 5}}, "does not tell its value"),
        ("document", {"document": {"Parameters": [5, None, {}, {"Name": 7}]}}, "does not tell"),
        ("document", {"document": {"Parameters": [{"Name": "/p", "Value": 7}]}}, "no text"),
        ("document", {"document": {"Parameters": [{"Name": "/q", "Value": "x"}]}}, "does not tell"),
        ("wrong_length", {"by": 10}, "broke off"),
        ("wrong_length", {"by": -10}, "not AWS's"),
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


# --- time -----------------------------------------------------------------------------------------

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
    fetcher = cloud.fetcher()
    result = fetcher.ask(*map(parameter, values), milliseconds=patience(fetcher)[0])
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


run_clouds()
