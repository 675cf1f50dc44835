#!/usr/bin/python3
"""Verifies the verifier: a request that was signed right is accepted, and one in which anything
that a signature covers was changed is refused, in AWS's words."""

import datetime
import hashlib
import json
import random
import socket
import sys
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from aws_clients import (
    RawRequest,
    Signer,
    connect,
    exchange,
    read_to_end,
    ssm_request,
)  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from fakeaws.iam import Key  # noqa: E402
from fakeaws.sigv4 import verify  # noqa: E402
from fakeaws.wire import AWSError, Request  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

TOKEN = "AQoDYXdzEPT//////////wEXAMPLE+tok=="
NAMES = {"Names": ["/app/db"], "WithDecryption": True}


class Setting:
    """A fake with one parameter and a temporary key, and a request to it, not yet signed."""

    def __enter__(self):
        self.aws = FakeAWS()
        self.aws.put("/app/db", "value")
        self.aws.add_key("ASIATEMPORARY0000000", "temporary secret", TOKEN)
        self.aws.add_key("AKIAOTHER00000000000", "other secret")
        self.host = self.aws.endpoint.removeprefix("http://")
        self.signer = Signer("ASIATEMPORARY0000000", "temporary secret", TOKEN)
        return self

    def __exit__(self, *_):
        self.aws.close()

    def request(self, *more, document=NAMES, operation="GetParameters"):
        return ssm_request(self.host, operation, document, *more)

    def signed(self, *more):
        return self.signer.sign(self.request(*more))

    def send(self, request):
        return exchange(self.aws.endpoint, request.encoded())


def check_refused(reply, code, text=""):
    check_equal((reply.status, reply.code), (400, code), f"answer ({reply.message})")
    check_contains(reply.message, text, "AWS's message")
    check_equal(reply.headers["content-type"], "application/x-amz-json-1.1", "content type")
    check_equal(len(reply.headers["x-amzn-requestid"]), 36, "length of the request id")


def change_authorization(old, new):
    return lambda request: request.with_header(
        "Authorization", request.header("Authorization").replace(old, new)
    )


def other_day(request):
    return change_authorization(f"/{request.header('X-Amz-Date')[:8]}/", "/20150830/")(request)


def one_second_later(request):
    date = request.header("X-Amz-Date")
    digit = "1" if date[14] == "0" else "0"
    return request.with_header("X-Amz-Date", date[:14] + digit + date[15:])


def flip_signature(request):
    text = request.header("Authorization")
    return request.with_header("Authorization", text[:-1] + ("0" if text[-1] != "0" else "1"))


def swap_repeated_header(request):
    values = iter(["second", "first"])
    return request.replace(
        headers=tuple(
            (name, next(values) if name == "X-Amz-Meta-Twice" else value)
            for name, value in request.headers
        )
    )


MISMATCH = ("InvalidSignatureException", "does not match the signature you provided")
BAD_TOKEN = (
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
)

MUTATIONS = {
    "another method": (lambda r: r.replace(method="PUT"), *MISMATCH),
    "another path": (lambda r: r.replace(target="/x"), *MISMATCH),
    "a path that means the same": (lambda r: r.replace(target="/%2F"), *MISMATCH),
    "a query added": (lambda r: r.replace(target="/?x=1"), *MISMATCH),
    "another value of a signed header": (
        lambda r: r.with_header("X-Amz-Target", "AmazonSSM.GetParameter"),
        *MISMATCH,
    ),
    "the blanks taken out of a header's value": (
        lambda r: r.with_header("X-Amz-Meta-Blanks", "ab"),
        *MISMATCH,
    ),
    "the values of a repeated header swapped": (swap_repeated_header, *MISMATCH),
    "another host": (
        lambda r: r.with_header("Host", "localhost:" + r.header("Host").split(":")[1]),
        *MISMATCH,
    ),
    "another body": (lambda r: r.replace(body=r.body.replace(b"/app/db", b"/app/dc")), *MISMATCH),
    "a blank added to the body": (lambda r: r.replace(body=r.body + b" "), *MISMATCH),
    "another second": (one_second_later, *MISMATCH),
    "another signature": (flip_signature, *MISMATCH),
    "the signature in upper case": (
        lambda r: r.with_header(
            "Authorization",
            r.header("Authorization")[:-64] + r.header("Authorization")[-64:].upper(),
        ),
        *MISMATCH,
    ),
    "an unknown key id": (
        change_authorization("ASIATEMPORARY0000000", "AKIAUNKNOWN000000000"),
        *BAD_TOKEN,
    ),
    "another session token": (
        lambda r: r.with_header("X-Amz-Security-Token", TOKEN + "="),
        *BAD_TOKEN,
    ),
    "no session token": (lambda r: r.without_header("X-Amz-Security-Token"), *BAD_TOKEN),
    "another day in the scope": (
        other_day,
        "InvalidSignatureException",
        "Date in Credential scope",
    ),
    "another region": (
        change_authorization("/us-east-2/", "/us-east-1/"),
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'us-east-1'.",
    ),
    "another service": (
        change_authorization("/ssm/", "/sts/"),
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'ssm'.",
    ),
    "another end of the scope": (
        change_authorization("/aws4_request", "/aws5_request"),
        "InvalidSignatureException",
        "valid terminator",
    ),
    "another algorithm": (
        change_authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        "IncompleteSignatureException",
        "Unsupported algorithm",
    ),
    "SignedHeaders out of order": (
        change_authorization("content-type;host", "host;content-type"),
        "InvalidSignatureException",
        "SignedHeaders must be",
    ),
    "SignedHeaders shortened by the target": (
        change_authorization(";x-amz-target", ""),
        "InvalidSignatureException",
        "not signed: x-amz-target",
    ),
    "SignedHeaders shortened by the host": (
        change_authorization(";host", ""),
        "InvalidSignatureException",
        "'Host' or ':authority'",
    ),
    "SignedHeaders longer than what was sent": (
        change_authorization("SignedHeaders=content-type", "SignedHeaders=accept;content-type"),
        "InvalidSignatureException",
        "not sent: accept",
    ),
    "an unsigned x-amz-* header added": (
        lambda r: r.replace(headers=r.headers + (("X-Amz-Extra", "1"),)),
        "InvalidSignatureException",
        "not signed: x-amz-extra",
    ),
    "the target sent twice": (
        lambda r: r.replace(headers=r.headers + (("X-Amz-Target", "AmazonSSM.GetParameter"),)),
        "InvalidSignatureException",
        "sent more than once",
    ),
    "no credential": (
        change_authorization("Credential=", "Kredential="),
        "IncompleteSignatureException",
        "requires 'Credential'",
    ),
    "no Authorization": (
        lambda r: r.without_header("Authorization"),
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    "no date": (
        lambda r: r.without_header("X-Amz-Date"),
        "IncompleteSignatureException",
        "Date must be in ISO-8601",
    ),
}


@test("a request of an independent signer, with a session token, is accepted")
def accepted():
    with Setting() as setting:
        reply = setting.send(setting.signed())
        check_equal(reply.status, 200, "status")
        check_equal(reply.document["Parameters"][0]["Value"], "value")


@test("what a signature does not cover may change: header order and case, blanks around values")
def uncovered():
    with Setting() as setting:
        signed = setting.signed(("X-Amz-Meta-Blanks", "a  b"))
        for request in (
            signed.replace(headers=signed.headers[::-1]),
            signed.replace(headers=tuple((n.upper(), v) for n, v in signed.headers)),
            signed.with_header("X-Amz-Meta-Blanks", "  a b \t "),
            signed.replace(headers=signed.headers + (("User-Agent", "unsigned"),)),
        ):
            check_equal(setting.send(request).status, 200, "status")


for what, (mutate, code, text) in MUTATIONS.items():

    @test(f"a signed request is refused with {what}")
    def refused(mutate=mutate, code=code, text=text):
        with Setting() as setting:
            signed = setting.signed(
                ("X-Amz-Meta-Blanks", "a b"),
                ("X-Amz-Meta-Twice", "first"),
                ("X-Amz-Meta-Twice", "second"),
            )
            check_equal(setting.send(signed).status, 200, "status before the change")
            changed = mutate(signed)
            check(changed != signed, "the mutation changed nothing")
            check_refused(setting.send(changed), code, text)
            check_equal(setting.aws.calls[-1].key_id, "", "key id in the log of a refused call")


@test("another key's secret does not do for a key id")
def other_secret():
    with Setting() as setting:
        signer = Signer("AKIAOTHER00000000000", "temporary secret")
        check_refused(setting.send(signer.sign(setting.request())), *MISMATCH)


@test("a session token sent with a key that has none is refused")
def superfluous_token():
    with Setting() as setting:
        signer = Signer("AKIAOTHER00000000000", "other secret", TOKEN)
        check_refused(setting.send(signer.sign(setting.request())), *BAD_TOKEN)


@test("a key marked as expired gets ExpiredTokenException")
def expired_key():
    with Setting() as setting:
        setting.aws.add_key("ASIATEMPORARY0000000", "temporary secret", TOKEN, expired=True)
        check_refused(setting.send(setting.signed()), "ExpiredTokenException", "is expired")


@test("a header that names the body's hash has to be right")
def payload_header():
    with Setting() as setting:
        for value in ("0" * 64, "UNSIGNED-PAYLOAD"):
            check_refused(
                setting.send(setting.signed(("X-Amz-Content-Sha256", value))),
                "InvalidSignatureException",
                "is not the hash",
            )
        right = hashlib.sha256(json.dumps(NAMES).encode()).hexdigest()
        check_equal(
            setting.send(setting.signed(("X-Amz-Content-Sha256", right))).status, 200, "status"
        )


@test("a date is accepted for just under five minutes in each direction, and no longer")
def dates():
    with Setting() as setting:
        now = datetime.datetime.now(datetime.timezone.utc)
        for seconds, text, reckoning in (
            (-270, None, None),
            (270, None, None),
            (-310, "Signature expired: ", "Z - 5 min.)"),
            (330, "Signature not yet current: ", "Z + 5 min.)"),
        ):
            when = now + datetime.timedelta(seconds=seconds)
            reply = setting.send(setting.signer.sign(setting.request(), when))
            if text is None:
                check_equal(reply.status, 200, f"status {seconds} seconds off")
            else:
                check_refused(reply, "InvalidSignatureException", text)
                check_contains(reply.message, reckoning, "AWS's message")


@test("a clock that the test sets decides what is stale, and shows in Date")
def clock():
    with Setting() as setting:
        setting.aws.set_clock(3600)
        reply = setting.send(setting.signed())
        check_refused(reply, "InvalidSignatureException", "Signature expired: ")
        ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3600)
        check_equal(reply.headers["date"][:16], ahead.strftime("%a, %d %b %Y"), "Date's day")
        check_equal(
            setting.send(setting.signer.sign(setting.request(), ahead)).status, 200, "status"
        )


@test("a request whose host header is of nobody here is misdirected, however well it is signed")
def misdirected():
    with Setting() as setting:
        request = setting.signer.sign(
            ssm_request("ssm.us-east-2.amazonaws.com", "GetParameters", NAMES)
        )
        check_equal(setting.send(request).status, 421, "status")


@test("a rightly signed request for another method or path is an unknown operation")
def wrong_place():
    with Setting() as setting:
        for change in ({"method": "PUT"}, {"target": "/x"}):
            request = setting.signer.sign(setting.request().replace(**change))
            check_refused(setting.send(request), "UnknownOperationException")


@test("two golden requests, signed elsewhere, are accepted as they are and refused one bit off")
def golden():
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    now = datetime.datetime(2015, 8, 30, 12, 36, tzinfo=datetime.timezone.utc).timestamp()
    for token, signature in (
        (None, "502ee12ad407e9ffb4c9b562f2fede480695f63facec5d6479cd1fd3db0c8f35"),
        (TOKEN, "313c264e8e75871223acaf0952da9e5c6eeaca79a44901932b8b0216e5438095"),
    ):
        names = [
            "content-type",
            "host",
            "x-amz-date",
            *(["x-amz-security-token"] if token else []),
            "x-amz-target",
        ]
        headers = (
            ("Host", "ssm.us-east-1.amazonaws.com"),
            ("X-Amz-Date", "20150830T123600Z"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", "AmazonSSM.GetParameters"),
            *([("X-Amz-Security-Token", token)] if token else []),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/ssm/"
                f"aws4_request, SignedHeaders={';'.join(names)}, Signature={signature}",
            ),
        )
        keys = {"AKIDEXAMPLE": Key("AKIDEXAMPLE", secret, token)}
        body = b'{"Names":["/app/db"],"WithDecryption":true}'
        request = Request("POST", "/", headers, body, 1, False)
        check_equal(verify(request, keys, "us-east-1", "ssm", now).access_key_id, "AKIDEXAMPLE")
        check_equal(
            code_of(Request("POST", "/", headers, body + b"\n", 1, False), keys, now),
            "InvalidSignatureException",
        )


def code_of(request, keys, now, region="us-east-1"):
    try:
        verify(request, keys, region, "ssm", now)
    except AWSError as error:
        return error.code
    return None


@test(
    "500 random requests of the independent signer are accepted, and each refused after one change"
)
def random_requests():
    random.seed(20150830)
    now = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
    key = Key("AKIARANDOM0000000000", "random secret +/=")
    signer = Signer(key.access_key_id, key.secret, region="eu-west-1")
    for number in range(500):
        signed = signer.sign(random_request(), now)
        request = Request(signed.method, signed.target, signed.headers, signed.body, 1, False)
        for changed, expected in (
            (request, None),
            (mutate_once(request), "InvalidSignatureException"),
        ):
            check_equal(
                code_of(changed, {key.access_key_id: key}, now.timestamp(), "eu-west-1"),
                expected,
                f"verdict on request {number}: {changed}",
            )


def random_text(alphabet, longest):
    return "".join(random.choice(alphabet) for _ in range(random.randint(1, longest)))


def random_request():
    words = "abcXYZ019-._~"
    quoted = [urllib.parse.quote(random_text(words + " /:ü€", 6), safe="") for _ in range(6)]
    query = "&".join(f"{quoted[i]}={quoted[i + 3]}" for i in range(random.randint(0, 3)))
    path = "/" + "/".join(f"p{word}" for word in quoted[: random.randint(0, 3)])
    extra = [(random_text("AbcZ", 3) + str(i), random_text('a  ,"=ü€ ', 12)) for i in range(3)]
    headers = [("Host", "h"), *extra]
    random.shuffle(headers)
    return RawRequest(
        random.choice(["GET", "POST"]),
        path + ("?" + query if query else ""),
        tuple(headers),
        random.choice([b"", random_text("{}ü\n ", 40).encode()]),
    )


def mutate_once(request):
    values = dict(
        method=request.method,
        target=request.target,
        headers=request.headers,
        body=request.body,
        connection=1,
        tls=False,
    )
    which = random.choice(["method", "target", "headers", "body"])
    values[which] = {
        "method": "DELETE",
        "target": request.target + ("&y=2" if "?" in request.target else "?y=2"),
        "headers": tuple(
            (name, "other" if name == "Host" else value) for name, value in request.headers
        ),
        "body": request.body + b"x",
    }[which]
    return Request(**values)


@test("requests that no client library would send are refused without harm")
def malformed():
    with Setting() as setting:
        good = setting.signed().encoded()
        for what, data, status in (
            (
                "a chunked body",
                good.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX: "),
                411,
            ),
            ("no length", good.replace(b"Content-Length: ", b"X: "), 411),
            ("a negative length", good.replace(b"Content-Length: ", b"Content-Length: -"), 411),
            (
                "two mebibytes",
                good.replace(b"Content-Length: ", b"Content-Length: 2097152\r\nX: "),
                413,
            ),
            ("no host", good.replace(b"Host: ", b"X: "), 421),
            ("a header that is not UTF-8", good.replace(b"Host: ", b"X: \xff\r\nHost: "), 400),
            ("another protocol", b"HELLO 1 2 3\r\n\r\n", 400),
        ):
            check_contains(
                first_line(data, setting.aws.endpoint), f" {status} ", f"answer to {what}"
            )
        check_equal(setting.send(setting.signed()).status, 200, "status afterwards")


def first_line(data, endpoint):
    with connect(endpoint) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return read_to_end(connection).decode("latin-1").partition("\r\n")[0]


run()
