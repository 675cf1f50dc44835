#!/usr/bin/python3
"""What the real ssmenv-fetch, sanitized and behind its sandbox, asks the strict fake for, and what it
answers: number of calls, policies, keys, pages, ARNs."""

import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from fetch_cases import CASES, allow, put_all  # noqa: E402
from fetch_cloud import (FOLDER, Cloud, cloud_test, credentials, failure_of, fetch_all,  # noqa: E402
                         names, run_clouds, values_of)
from fetcher import (DENIED, FAILED, FOUND, MISSING, Fetcher, children, parameter,  # noqa: E402
                     subtree)
from tap import check, check_contains, check_equal, test  # noqa: E402

IN_FLIGHT = 8  # helper/aws/call.c


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


@cloud_test("an expired session token fails every lookup with one text, after few calls")
def _(cloud):
    cloud.aws.add_key("ASIAEXPIRED0000000000", "s", session_token="token", expired=True)
    result = cloud.fetcher_with("ASIAEXPIRED0000000000", "s", "token").ask(
        *map(parameter, names(100)), children("/x/"))
    check_equal(set(result.states), {FAILED})
    check_equal(len(set(result.errors)), 1)
    check(len(cloud.aws.calls) <= IN_FLIGHT, f"{len(cloud.aws.calls)} calls with an expired token")


@cloud_test("a session token is sent and signed", "tls")
def _(cloud):
    cloud.aws.add_key("ASIATEMPORARY00000000", "s", session_token="tok+en/==")
    cloud.put("/a", "x")
    result = cloud.fetcher_with("ASIATEMPORARY00000000", "s", "tok+en/==").ask(parameter("/a"))
    check_equal(result.answers[0].value, "x")


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


run_clouds()
