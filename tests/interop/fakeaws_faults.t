#!/usr/bin/python3
"""Every kind of fault does on the wire what its name says and meets the calls it was meant for, and
the call log tells what happened."""

import datetime
import select
import ssl
import sys
import threading
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from aws_clients import (  # noqa: E402
    Signer,
    connect,
    exchange,
    parse_reply,
    read_to_end,
    ssm_request,
)
from fakeaws import FakeAWS, RemoteFakeAWS  # noqa: E402
from fakeaws.faults import CONNECTION_KINDS, KINDS  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

VALUE = "the value of the parameter"
COVERED = set()


class Setting:
    def __enter__(self):
        self.aws = FakeAWS()
        self.aws.put("x", VALUE)
        self.aws.put("y", "other")
        return self

    def __exit__(self, *_):
        self.aws.close()

    def request(self, operation="GetParameter", document=None):
        """A signed request, as bytes."""
        document = {"Name": "x", "WithDecryption": True} if document is None else document
        host = self.aws.endpoint.removeprefix("http://")
        signer = Signer(self.aws.access_key_id, self.aws.secret_access_key)
        return signer.sign(ssm_request(host, operation, document)).encoded()

    def ask(self, *arguments):
        return exchange(self.aws.endpoint, self.request(*arguments))

    def bytes_after_fault(self, kind, **details):
        """All that the server sends for one request under this fault, then the end or a reset."""
        self.aws.fault(kind=kind, **details)
        COVERED.add(kind)
        with connect(self.aws.endpoint) as connection:
            connection.sendall(self.request())
            return read_to_end(connection)


def value_of(reply):
    return reply.document["Parameter"]["Value"]


# --- replies -------------------------------------------------------------------------------------

# Kind, details, status, what the body holds, a header and its value.
REPLIES = [
    ("throttle", {}, 400, b'"ThrottlingException", "message": "Rate exceeded"', None),
    ("internal_error", {}, 500, b'"InternalServerError"', None),
    ("service_unavailable", {}, 503, b"<html>", ("content-type", "text/html")),
    (
        "access_denied",
        {},
        400,
        b"perform: ssm:GetParameter on resource: "
        b"arn:aws:ssm:us-east-2:111122223333:parameter/x because no identity-based policy",
        None,
    ),
    ("kms_denied", {}, 400, b"(Service: AWSKMS; Status Code: 400;", None),
    ("unrecognized_client", {}, 400, b'"UnrecognizedClientException"', None),
    ("invalid_signature", {}, 400, b'"InvalidSignatureException"', None),
    ("expired_token", {}, 400, b'"ExpiredTokenException"', None),
    (
        "error",
        {"code": "Odd", "message": "m", "status": 418},
        418,
        b'{"__type": "Odd", "message": "m"}',
        None,
    ),
    (
        "redirect",
        {"location": "http://127.0.0.1:1/"},
        307,
        b"",
        ("location", "http://127.0.0.1:1/"),
    ),
    ("redirect", {"status": 302}, 302, b"", ("location", "http://127.0.0.1:9/")),
    ("body", {}, 200, b"<html><body>Please log in.", ("content-type", "text/html")),
    (
        "body",
        {"body": "{", "content_type": "application/x-amz-json-1.1", "status": 400},
        400,
        b"{",
        ("content-type", "application/x-amz-json-1.1"),
    ),
    ("document", {"document": {"Parameter": 5}}, 200, b'{"Parameter": 5}', None),
    ("garbage", {}, 200, bytes(range(256)), ("content-type", "application/x-amz-json-1.1")),
    ("empty", {}, 200, b"", ("content-length", "0")),
    ("headers", {"headers": {"X-Odd": "1"}}, 200, VALUE.encode(), ("x-odd", "1")),
    (
        "headers",
        {"base": "throttle", "headers": {"Retry-After": "3", "x-amz-retry-after": "1500"}},
        400,
        b"ThrottlingException",
        ("x-amz-retry-after", "1500"),
    ),
    ("delay", {"seconds": 0.01}, 200, VALUE.encode(), None),
    ("slow", {"interval": 0}, 200, VALUE.encode(), None),
]


@test("faults that answer something else have their status, body and headers")
def replies():
    with Setting() as setting:
        for kind, details, status, part, header in REPLIES:
            setting.aws.clear_faults()
            setting.aws.fault(kind=kind, **details)
            COVERED.add(kind)
            reply = setting.ask()
            check_equal(reply.status, status, f"status of {kind}")
            check_contains(reply.body, part, f"body of {kind}")
            check_equal(len(reply.body), int(reply.headers["content-length"]), f"length of {kind}")
            if header:
                check_equal(reply.headers.get(header[0]), header[1], f"header of {kind}")


@test("a skewed Date is the only thing that differs")
def skewed_date():
    with Setting() as setting:
        setting.aws.fault(kind="date", seconds=-7200)
        COVERED.add("date")
        reply = setting.ask()
        offset = parsedate_to_datetime(reply.headers["date"]) - datetime.datetime.now(
            datetime.timezone.utc
        )
        check(abs(offset.total_seconds() + 7200) < 60, f"the date is {offset} off")
        check_equal(value_of(reply), VALUE)


@test("an empty page keeps the place, a repeated token begins again")
def pages():
    with Setting() as setting:
        setting.aws.fault(kind="empty_page", times=1)
        setting.aws.fault(kind="repeated_token")
        COVERED.update({"empty_page", "repeated_token"})
        query = {"Path": "/", "MaxResults": 1}
        first = setting.ask("GetParametersByPath", query).document
        check_equal(first["Parameters"], [], "empty page")
        query["NextToken"] = first["NextToken"]
        second = setting.ask("GetParametersByPath", query).document
        check_equal([p["Name"] for p in second["Parameters"]], ["x"], "next page")
        check_equal(second["NextToken"], query["NextToken"], "token")


# --- deliveries ----------------------------------------------------------------------------------


@test("slow sends one byte at a time")
def slow():
    with Setting() as setting:
        setting.aws.fault(kind="slow", interval=60)
        with connect(setting.aws.endpoint) as connection:
            connection.sendall(setting.request())
            check_equal(connection.recv(65536), b"H", "first read")
            check_equal(
                select.select([connection], [], [], 0.2)[0], [], "what is readable afterwards"
            )


@test("truncated ends in the body's middle, or where the test says")
def truncated():
    for details, kept in (({}, None), ({"keep": 0}, 0), ({"keep": 7}, 7)):
        with Setting() as setting:
            reply = parse_reply(setting.bytes_after_fault("truncated", **details))
            length = int(reply.headers["content-length"])
            check_equal(len(reply.body), length // 2 if kept is None else kept, "bytes of the body")


@test("wrong_length announces more or fewer bytes than come")
def wrong_length():
    for details, difference in (({}, 10), ({"by": -3}, -3)):
        with Setting() as setting:
            reply = parse_reply(setting.bytes_after_fault("wrong_length", **details))
            check_equal(
                int(reply.headers["content-length"]), len(reply.body) + difference, "length"
            )
            check_equal(value_of(reply), VALUE, "value")


@test("huge sends as much as it says, or chunks without saying")
def huge():
    with Setting() as setting:
        reply = parse_reply(setting.bytes_after_fault("huge", bytes=3_000_000, times=1))
        check_equal((len(reply.body), reply.headers["content-length"]), (3_000_000, "3000000"))
        check(reply.body.startswith(b'{"Parameters":[]'), "the body does not look like an answer")
    with Setting() as setting:
        reply = parse_reply(setting.bytes_after_fault("huge", bytes=1_000_000, chunked=True))
        check_equal(reply.headers.get("transfer-encoding"), "chunked", "encoding")
        check("content-length" not in reply.headers and len(reply.body) > 1_000_000, "length")


@test("huge stops when the client does")
def huge_abandoned():
    with Setting() as setting:
        setting.aws.fault(kind="huge", bytes=10**15, times=1)
        with connect(setting.aws.endpoint) as connection:
            connection.sendall(setting.request())
            check(connection.recv(1000) != b"", "nothing came")
        check_equal(setting.ask().status, 200, "status of the next call")


@test("close sends nothing, reset sends RST")
def close_and_reset():
    with Setting() as setting:
        check_equal(setting.bytes_after_fault("close", times=1), b"", "bytes")
        try:
            setting.bytes_after_fault("reset")
        except ConnectionResetError:
            return
        check(False, "no reset")


def nothing_comes(setting, what):
    with connect(setting.aws.endpoint) as connection:
        connection.sendall(setting.request())
        if what == "hang":
            call = setting.aws.wait_for_calls(1)[0]
            check_equal(call.status, None, "status in the log")
        return select.select([connection], [], [], 0.3)[0] == []


@test("hang takes the request and never answers")
def hang():
    with Setting() as setting:
        setting.aws.fault(kind="hang")
        COVERED.add("hang")
        check(nothing_comes(setting, "hang"), "something came")


@test("hang_body sends the head and nothing more")
def hang_body():
    with Setting() as setting:
        setting.aws.fault(kind="hang_body")
        COVERED.add("hang_body")
        with connect(setting.aws.endpoint) as connection:
            connection.sendall(setting.request())
            received = connection.recv(65536)
            check_equal((received[:15], received[-4:]), (b"HTTP/1.1 200 OK", b"\r\n\r\n"), "head")
            check_equal(
                select.select([connection], [], [], 0.2)[0], [], "what is readable afterwards"
            )


@test("connections hang, end or are reset before their first byte, and no call is logged")
def connection_faults():
    with Setting() as setting:
        setting.aws.fault(kind="connect_hang", times=1)
        setting.aws.fault(kind="connect_close", times=1)
        setting.aws.fault(kind="connect_reset", times=1)
        COVERED.update(CONNECTION_KINDS)
        check(nothing_comes(setting, "connect_hang"), "something came")
        for _ in range(2):
            try:
                with connect(setting.aws.endpoint) as connection:
                    check_equal(read_to_end(connection), b"", "bytes")
            except ConnectionResetError:
                pass
        check_equal((setting.aws.calls, setting.aws.connections), ([], 0), "calls and connections")
        check_equal(setting.ask().status, 200, "status of the next call")


@test("a TLS handshake that never ends can be had")
def tls_hang():
    with FakeAWS(tls=True) as aws:
        aws.fault(kind="connect_hang")
        with connect(aws.tls_endpoint) as connection:
            connection.sendall(b"\x16\x03\x01")
            check_equal(select.select([connection], [], [], 0.2)[0], [], "what is readable")


@test("held calls are answered when the test releases them, and were under way together")
def hold():
    with Setting() as setting:
        setting.aws.fault(kind="hold")
        COVERED.add("hold")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(setting.ask())) for _ in range(3)]
        for thread in threads:
            thread.start()
        calls = setting.aws.wait_for_calls(3, "GetParameter")
        check_equal(([call.status for call in calls], answers), ([None] * 3, []), "before")
        setting.aws.release()
        for thread in threads:
            thread.join()
        check_equal([value_of(reply) for reply in answers], [VALUE] * 3, "values")
        check_equal(sorted(call.concurrency for call in calls), [1, 2, 3], "concurrency")


@test("no kind of fault is without a test here")
def every_kind():
    check_equal(COVERED, {*KINDS, *CONNECTION_KINDS}, "kinds")


# --- which calls ---------------------------------------------------------------------------------


@test("a fault passes `after` calls, meets `times` calls and is over then")
def after_and_times():
    with Setting() as setting:
        setting.aws.fault("GetParameter", kind="throttle", times=2, after=1)
        check_equal([setting.ask().status for _ in range(5)], [200, 400, 400, 200, 200], "statuses")
        check_equal(
            [call.fault for call in setting.aws.calls], ["", "throttle", "throttle", "", ""]
        )


@test("a fault concerns its operation and its names only; the first that fits is taken")
def which_calls():
    with Setting() as setting:
        setting.aws.fault("GetParameters", kind="throttle")
        setting.aws.fault(kind="access_denied", names=["y"])
        setting.aws.fault(kind="internal_error", times=1)
        for operation, document, status, part in (
            ("GetParameters", {"Names": ["y"]}, 400, b"ThrottlingException"),
            ("GetParameter", {"Name": "y:1"}, 400, b"parameter/y because"),
            ("GetParameter", {"Name": "x"}, 500, b"InternalServerError"),
            ("GetParameter", {"Name": "x"}, 200, b'"x"'),
        ):
            reply = setting.ask(operation, document)
            check_equal(reply.status, status, f"status of {operation} {document}")
            check_contains(reply.body, part, f"body of {operation} {document}")
        setting.aws.clear_faults()
        check_equal(
            setting.ask("GetParameters", {"Names": ["y"]}).status, 200, "status after clearing"
        )


@test("a wrong signature is refused as such, whatever fault is in force")
def signature_first():
    with Setting() as setting:
        setting.aws.fault(kind="hang")
        request = setting.request().replace(b'"x"', b'"y"')
        check_equal(
            exchange(setting.aws.endpoint, request).code, "InvalidSignatureException", "code"
        )


@test("under a fault that refuses, nothing is executed; under one that spoils the answer, it is")
def executed():
    with Setting() as setting:
        document = {"Name": "new", "Value": "v", "Type": "String"}
        setting.aws.fault("PutParameter", kind="throttle", times=1)
        setting.ask("PutParameter", document)
        check_equal(
            setting.ask("GetParameter", {"Name": "new"}).status, 400, "status after throttle"
        )
        setting.aws.fault("PutParameter", kind="close")
        with connect(setting.aws.endpoint) as connection:
            connection.sendall(setting.request("PutParameter", document))
            read_to_end(connection)
        check_equal(setting.ask("GetParameter", {"Name": "new"}).status, 200, "status after close")


# --- the log -------------------------------------------------------------------------------------


@test("the log has every request that arrived, with what became of it")
def log():
    with Setting() as setting:
        setting.ask("GetParameters", {"Names": ["x", "none"]})
        setting.ask("GetParameter", {"Name": "none"})
        exchange(setting.aws.endpoint, setting.request()[:-1] + b" ")
        exchange(setting.aws.endpoint, setting.request().replace(b"GetParameter", b"GetNothing"))
        check_equal(
            [
                (call.number, call.operation, call.names, call.status, call.code)
                for call in setting.aws.calls
            ],
            [
                (1, "GetParameters", ["x", "none"], 200, ""),
                (2, "GetParameter", ["none"], 400, "ParameterNotFound"),
                (3, "GetParameter", [], 400, "InvalidSignatureException"),
                (4, "", [], 400, "UnknownOperationException"),
            ],
            "log",
        )
        check_contains(setting.aws.calls[2].reason, "does not match the signature you provided")
        check_equal(len(setting.aws.calls_of("GetParameter")), 2, "calls of GetParameter")
        setting.aws.clear_calls()
        setting.ask()
        check_equal([call.number for call in setting.aws.calls], [1], "numbers after clearing")


@test("connections that are kept and new ones can be told apart")
def connections():
    with Setting() as setting:
        with connect(setting.aws.endpoint) as connection:
            for _ in range(2):
                connection.sendall(setting.request())
                while not connection.recv(65536).endswith(b"}"):
                    pass
        setting.ask()
        numbers = [call.connection for call in setting.aws.calls]
        check_equal((numbers[0] == numbers[1], numbers[1] == numbers[2]), (True, False), "kept")
        check_equal(setting.aws.connections, 2, "connections")


@test("a process that is told to end does so while calls hang and are held")
def ends():
    with RemoteFakeAWS.start("--parameter", "x=y") as aws:
        aws.fault(kind="hang", times=1)
        aws.fault(kind="hold")
        host = aws.endpoint.removeprefix("http://")
        signer = Signer(aws.access_key_id, aws.secret_access_key)
        request = signer.sign(ssm_request(host, "GetParameter", {"Name": "x"})).encoded()
        connections = [connect(aws.endpoint) for _ in range(2)]
        for connection in connections:
            connection.sendall(request)
        aws.wait_for_calls(2, "GetParameter")
    for connection in connections:
        with connection:
            read_until_closed(connection)


def read_until_closed(connection):
    try:
        read_to_end(connection)
    except ConnectionResetError:
        pass


# --- serialisation -------------------------------------------------------------------------------


@test("a body that is no JSON object, or not one of this operation, is a SerializationException")
def serialisation():
    with Setting() as setting:
        for body in (
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"Name": "x",}',
            b'{"Name": "\xff"}',
            b'{"Name": "x", "Name": "y"}',
            b'{"Name": NaN}',
            b'{"Name": 5}',
            b'{"Name": ["x"]}',
            b'{"name": "x"}',
            b'{"Name": "x", "WithDecription": true}',
            b'{"Name": "x", "WithDecryption": "true"}',
            b'{"Name": "x", "WithDecryption": 1}',
        ):
            reply = setting.ask("GetParameter", body)
            check_equal(
                (reply.status, reply.code), (400, "SerializationException"), f"answer to {body}"
            )
        reply = setting.ask("GetParameters", {"Names": ["x", 5]})
        check_equal(reply.code, "SerializationException", "answer to a number among the names")


@test("a member that must be there and is not is a ValidationException")
def missing_member():
    with Setting() as setting:
        for operation, document in (
            ("GetParameter", {}),
            ("GetParameters", {"Names": []}),
            ("GetParametersByPath", {"Recursive": True}),
        ):
            check_equal(setting.ask(operation, document).code, "ValidationException", operation)


@test("another content type is answered in XML, an unknown target in JSON")
def content_type_and_target():
    with Setting() as setting:
        host = setting.aws.endpoint.removeprefix("http://")
        signer = Signer(setting.aws.access_key_id, setting.aws.secret_access_key)
        request = ssm_request(host, "GetParameter", {"Name": "x"})
        for kind in ("application/json", "application/x-amz-json-1.0", "text/plain"):
            signed = signer.sign(request.with_header("Content-Type", kind))
            reply = exchange(setting.aws.endpoint, signed.encoded())
            check_equal((reply.status, reply.body), (404, b"<UnknownOperationException/>\n"), kind)
        for target in (
            "AmazonSSM.GetNothing",
            "AmazonSSM",
            "GetParameter",
            "Amazonssm.GetParameter",
            "",
        ):
            signed = signer.sign(request.with_header("X-Amz-Target", target))
            reply = exchange(setting.aws.endpoint, signed.encoded())
            check_equal((reply.status, reply.code), (400, "UnknownOperationException"), target)


@test("the control interface is on the http endpoint only, and says what it does not know")
def control():
    with FakeAWS(tls=True) as aws:
        request = b"POST /_control/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        reply = exchange(aws.endpoint, request)
        check_equal((reply.status, reply.document["error"]), (400, "AttributeError"), "over http")
        context = ssl.create_default_context(cafile=aws.ca_file)
        with context.wrap_socket(
            connect(aws.tls_endpoint), server_hostname="localhost"
        ) as connection:
            connection.sendall(request)
            check_equal(parse_reply(connection.recv(65536)).status, 421, "status over TLS")


run()
