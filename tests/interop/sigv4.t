#!/usr/bin/python3
"""Our signer against AWS's own, botocore and aws-c-auth, and our runner of AWS's test suite.

Requests are random but the same in every run (SSMENV_SIGV4_SEED chooses others). What they leave
out, because the signers disagree about it: blanks beyond ASCII in header values (botocore folds
them) and headers of the connection, of which each signer leaves out a different list.
"""

import calendar
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/interop")]

from aws_signers import (  # noqa: E402
    AWSCRT,
    BOTOCORE,
    awscrt,
    botocore_can,
    sign_with_awscrt,
    sign_with_botocore,
)
from independent_signer import sign  # noqa: E402
from random_requests import Maker  # noqa: E402
from sigv4_cases import CASES, write  # noqa: E402
from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402

PROGRAMS = ROOT / "build/sanitized/tests"
SEED = os.environ.get("SSMENV_SIGV4_SEED", "2015-08-30")
HEADER_FORM = 1000
PRESIGNED = 500


def make(count, **how):
    maker = Maker(random.Random(f"{SEED} {sorted(how.items())}"))
    return [maker.make(**how) for _ in range(count)]


def to_json(request):
    return json.dumps({
        "method": request.method, "path": request.path, "query": request.query,
        "headers": request.headers, "body": request.body.decode(), "normalise": request.normalise,
        "region": request.region, "service": request.service,
        "time": calendar.timegm(request.time.timetuple()), "key": request.key,
        "secret": request.secret, "token": request.token, "expires": request.expires})


def sign_with_ours(requests):
    lines = "".join(to_json(request) + "\n" for request in requests)
    answers = subprocess.run([PROGRAMS / "sigv4-sign"], input=lines, capture_output=True, text=True,
                             check=False)
    check_equal((answers.returncode, answers.stderr), (0, ""), "how sigv4-sign ended")
    return [json.loads(line) for line in answers.stdout.splitlines()]


def added(query):
    return sorted(part for part in query.split("&") if part.startswith("X-Amz-"))


def compare_with_botocore(made):
    ours = sign_with_ours([one.request for one in made])
    check_equal(len(ours), len(made), "number of answers")
    for one, our in zip(made, ours):
        check_equal(our.get("error"), None, f"error for {one.request}")
        theirs = sign_with_botocore(one.request, one.encoded_query)
        for what in ("canonical_request", "string_to_sign", "signature"):
            check_equal(our[what], getattr(theirs, what), f"{what} of {one.request}")
        if one.request.expires is None:
            check_equal(our["authorization"], theirs.authorization, "Authorization")
        else:
            check_equal(added(our["query"]), added(theirs.query), "added parameters")


def compare_with_awscrt(made):
    if awscrt is None:
        raise Skip("awscrt (Debian: python3-awscrt, which awscli needs) cannot be imported")
    for one, our in zip(made, sign_with_ours([one.request for one in made])):
        check_equal(our.get("error"), None, f"error for {one.request}")
        check_equal(our["signature"], sign_with_awscrt(one.request), f"signature of {one.request}")


@test(f"{HEADER_FORM} random requests are signed as {BOTOCORE} signs them")
def _():
    compare_with_botocore(make(HEADER_FORM))


@test(f"{PRESIGNED} random requests are presigned as {BOTOCORE} presigns them")
def _():
    compare_with_botocore(make(PRESIGNED, presigned=True, body=False, repeat=False))


@test(f"{PRESIGNED} random requests are signed as {AWSCRT} signs them, paths as they are")
def _():
    compare_with_awscrt(make(PRESIGNED, normalise=False))


@test(f"{PRESIGNED} random requests with bodies are presigned as {AWSCRT} presigns them")
def _():
    compare_with_awscrt(make(PRESIGNED, presigned=True))


def run_suite(folder):
    """Returns the exit status and the lines of TAP that are no comment."""
    done = subprocess.run([PROGRAMS / "sigv4-suite", folder], capture_output=True, text=True,
                          check=False)
    check_equal(done.stderr, "", "what sigv4-suite wrote to standard error")
    return done.returncode, [line for line in done.stdout.splitlines() if not line.startswith("#")]


class Suite:
    """A folder with the suite of our own cases."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sigv4-suite."))
        write(self.folder)
        return self.folder

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


@test(f"the 38 cases of AWS's suite, made anew: expected signatures, both forms, are {AWSCRT}'s")
def _():
    if awscrt is None:
        raise Skip("awscrt (Debian: python3-awscrt, which awscli needs) cannot be imported")
    check_equal(len(CASES), 38, "number of cases")
    for case in CASES:
        for form in ("header", "query"):
            request = case.request(form)
            if form == "header":
                signature = sign_with_awscrt(without_content_sha256(request))
            else:
                signature = sign_with_awscrt(request)
            expected = sign(without_content_sha256(request) if form == "header" else request)
            check_equal(expected.signature, signature, f"{case.name}, {form} form")


def without_content_sha256(request):
    """aws-c-auth makes that header itself, and refuses it from others."""
    return replace(request, headers=tuple((name, value) for name, value in request.headers
                                          if name != "x-amz-content-sha256"))


@test(f"… and {BOTOCORE}'s, where it can express the case")
def _():
    compared = 0
    for case in CASES:
        for form in ("header", "query"):
            request = case.request(form)
            if not botocore_can(request):
                continue
            encoded = case_query_encoded(request.query)
            check_equal(sign(request).canonical_request,
                        sign_with_botocore(request, encoded).canonical_request,
                        f"{case.name}, {form} form")
            check_equal(sign(request).signature, sign_with_botocore(request, encoded).signature,
                        f"{case.name}, {form} form")
            compared += 1
    check_equal(compared, 60, "number of cases that botocore can express")


def case_query_encoded(query):
    return quote(query, safe="-._~&=%")


@test("sigv4-suite passes these 38 cases in both forms")
def _():
    with Suite() as folder:
        status, lines = run_suite(folder)
    check_equal(lines[-1], "1..76", "plan")
    check_equal([line for line in lines[:-1] if not line.startswith("ok ") or "SKIP" in line], [],
                "lines that are no success")
    check_equal((status, len(lines)), (0, 77), "status and number of lines")
    check("ok 1 - get-header-key-duplicate, header form" in lines, "a line names case and form")


@test("sigv4-suite notices any expected file that differs or is missing")
def _():
    with Suite() as folder:
        case = folder / "post-x-www-form-urlencoded"
        for path in sorted(case.glob("*-*.txt")):
            right = path.read_text()
            form = path.name.partition("-")[0]
            for wrong in (right.replace("1", "2"), "", None):
                if wrong is None:
                    path.unlink()
                else:
                    path.write_text(wrong)
                status, lines = run_suite(case)
                failed = [line for line in lines if line.startswith("not ok")]
                if wrong is None and path.name.endswith("-signature.txt"):
                    check_equal(status, 0, f"status without {path.name}")
                    check_contains("\n".join(lines), f"SKIP the case has no {path.name}")
                else:
                    check_equal((status, len(failed)), (1, 1), f"failures with wrong {path.name}")
                    check_contains(failed[0], f", {form} form")
            path.write_text(right)


@test("sigv4-suite notices a broken request or context")
def _():
    with Suite() as folder:
        case = folder / "get-vanilla"
        for name, wrong in [("request.txt", "GET /"), ("request.txt", "GET / HTTP/1.1\nno header\n"),
                            ("request.txt", "GET / HTTP/1.1\n"), ("context.json", "{}"),
                            ("context.json", "")]:
            right = (case / name).read_text()
            (case / name).write_text(wrong)
            status, lines = run_suite(case)
            check_equal((status, len(lines)), (1, 3), f"status and lines with {wrong!r}")
            check(all(line.startswith("not ok") for line in lines[:2]), f"failures with {wrong!r}")
            (case / name).write_text(right)


@test("sigv4-suite says so when a folder holds no case")
def _():
    with tempfile.TemporaryDirectory() as folder:
        status, lines = run_suite(folder)
    check_equal(status, 1, "status")
    check_contains(lines[0], "Bail out!")


run()
