#!/usr/bin/python3
"""usage: sigv4_cases.py FOLDER

Writes a Signature Version 4 test suite in the format of the one that AWS publishes: the same 38
case names, both forms. The requests are ours, made from what the names say; what is to come out is
made by independent_signer.py, whose signatures sigv4.t compares with those of AWS's own signers.
"""

import datetime
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from independent_signer import Request, presigned, sign  # noqa: E402

HOST = "service.example.com"
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "9kZrTqXw2vLpYb7NcGm4HsJd8FuEa1RiVo6KtQxB"
TOKEN = "FwoGZXIvYXdzEXAMPLE//" + "q1W2e3R4t5Y6u7I8o9P0" * 8 + "+token=="
TIME = datetime.datetime(2024, 2, 29, 23, 59, 58)
EXPIRES = 3600
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Case:
    """A request as it is written down, and how it is to be signed."""

    def __init__(self, name, target="/", headers=(), body="", normalise=True, sign_body=False,
                 token=None, omit_token=False):
        self.name = name
        self.method = name.partition("-")[0].upper()
        self.target = target
        self.headers = [f"Host:{HOST}", *headers]
        self.body = body
        self.normalise = normalise
        self.sign_body = sign_body
        self.token = token
        self.omit_token = omit_token

    def text(self):
        head = [f"{self.method} {self.target} HTTP/1.1", *self.headers]
        return "\n".join(head) + "\n" + ("\n" + self.body if self.body else "")

    def context(self):
        credentials = {"access_key_id": KEY, "secret_access_key": SECRET}
        if self.token:
            credentials["token"] = self.token
        context = {"credentials": credentials, "expiration_in_seconds": EXPIRES,
                   "normalize": self.normalise, "region": "us-east-1", "service": "service",
                   "sign_body": self.sign_body, "timestamp": f"{TIME.isoformat()}Z"}
        if self.token:
            context["omit_session_token"] = self.omit_token
        return context

    def request(self, form):
        """What is signed of it."""
        path, _, query = self.target.partition("?")
        headers = [tuple(part.strip() for part in " ".join(line.split("\n")).split(":", 1))
                   for line in self.headers]
        if self.sign_body and form == "header":
            headers.append(("x-amz-content-sha256", hashlib.sha256(self.body.encode()).hexdigest()))
        request = Request(self.method, path, query, tuple(headers), self.body.encode(), KEY, SECRET,
                          None if self.omit_token else self.token, "us-east-1", "service", TIME,
                          self.normalise)
        return presigned(request, EXPIRES) if form == "query" else request

    def signed_text(self, form, signed):
        if form == "query":
            query = signed.query
            if self.omit_token:
                token = sign(replace(self.request(form), token=self.token)).query
                query += "&" + token[token.index("X-Amz-Security-Token"):].partition("&")[0]
            head = [f"{self.method} {self.target.partition('?')[0]}?{query} HTTP/1.1", *self.headers]
        else:
            head = [f"{self.method} {self.target} HTTP/1.1", *self.headers]
            if self.token:
                head.append(f"X-Amz-Security-Token:{self.token}")
            head += [f"X-Amz-Date:{TIME.strftime('%Y%m%dT%H%M%SZ')}"]
            head += [f"{name}:{value}" for name, value in self.request(form).headers
                     if name == "x-amz-content-sha256"]
            head.append(f"Authorization:{signed.authorization}")
        return "\n".join(head) + "\n\n" + self.body


def _both(name, target):
    return [Case(f"{name}-normalized", target), Case(f"{name}-unnormalized", target, normalise=False)]


FORM = "application/x-www-form-urlencoded"
CASES = [
    Case("get-header-key-duplicate", headers=["Colour:red", "Colour:green", "Colour:red", "A:1"]),
    Case("get-header-value-multiline", headers=["Verse:one\n  two\n\t three", "Z:4"]),
    Case("get-header-value-order", headers=["Colour:d", "Colour:a", "Colour:c", "Colour:b"]),
    Case("get-header-value-trim", headers=["Plain:   much    room  ", 'Quoted: "in   quotes   too"']),
    *_both("get-relative", "/up/.."),
    *_both("get-relative-relative", "/up/further/../.."),
    *_both("get-slash-dot-slash", "/./"),
    *_both("get-slash", "//"),
    *_both("get-slash-pointless-dot", "/./file"),
    *_both("get-slashes", "//file//"),
    *_both("get-space", "/with a blank/"),
    Case("get-unreserved", f"/{UNRESERVED}"),
    Case("get-utf8", "/größe/ሴ"),
    Case("get-vanilla"),
    Case("get-vanilla-empty-query-key", "/?Empty"),
    Case("get-vanilla-query", "/?One=1"),
    Case("get-vanilla-query-order-encoded", "/?b-1=three&b=two&%C3%A9=one&B=zero"),
    Case("get-vanilla-query-order-key-case", "/?b=2&B=1&a=3&A=4"),
    Case("get-vanilla-query-unreserved", f"/?{UNRESERVED}={UNRESERVED}"),
    Case("get-vanilla-utf8-query", "/?größe=ሴ"),
    Case("get-vanilla-with-session-token", token=TOKEN),
    Case("post-header-key-case", headers=["MiXeD-cAsE:value"]),
    Case("post-header-key-sort", headers=["Zebra:1", "apple:2", "Apple-pie:3", "banana:4"]),
    Case("post-header-value-case", headers=["Colour:ReD"]),
    Case("post-sts-header-after", token=TOKEN, omit_token=True),
    Case("post-sts-header-before", token=TOKEN),
    Case("post-vanilla"),
    Case("post-vanilla-empty-query-value", "/?One="),
    Case("post-vanilla-query", "/?One=1"),
    Case("post-x-www-form-urlencoded", body="One=1&Two=zwei", sign_body=True,
         headers=[f"Content-Type:{FORM}", "Content-Length:14"]),
    Case("post-x-www-form-urlencoded-parameters", body="One=1&Two=zwei", sign_body=True,
         headers=[f"Content-Type:{FORM}; charset=utf-8", "Content-Length:14"]),
]


def write(folder):
    for case in CASES:
        place = Path(folder, case.name)
        place.mkdir(parents=True)
        (place / "request.txt").write_text(case.text())
        (place / "context.json").write_text(json.dumps(case.context(), indent=4))
        for form in ("header", "query"):
            signed = sign(case.request(form))
            for what, text in [("canonical-request", signed.canonical_request),
                               ("string-to-sign", signed.string_to_sign),
                               ("signature", signed.signature),
                               ("signed-request", case.signed_text(form, signed))]:
                (place / f"{form}-{what}.txt").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
