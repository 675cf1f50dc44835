#!/usr/bin/python3 -B
"""ssmenv doctor between this host and AWS: each thing that can be wrong is made so once, and what the
doctor says about it is compared."""

import os
import re
import shutil
import subprocess

from doctor import (ENVIRONMENT, Filter, PROGRAM, check_in_order, configure, doctor, doctor_json,
                    run_doctor)
from doctor_aws import ACCOUNT, PAIR, aws, host

from aws_clients import AWS  # noqa: E402
from machine import CONFIG, CREDENTIALS, CREDENTIALS_FILE, DISABLED, PREFIX, write_for_helper  # noqa: E402
from name_server import NameServer  # noqa: E402
from tap import Skip, check, check_contains, check_equal, check_lacks, needs_root, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

STEPS = ("region", "endpoints", "clock", "credentials", "caller", "parameters")
KEY = "AKIAIOSFODNN7EXAMPLE"


# --- all is well ---


@test("where all is well each step says what it found, in order, and the exit code is 0")
def _():
    configure(aws(), PAIR)
    report = doctor()
    report.says("account", "ok", "works as _ssmenv, as a login's helper does")
    report.says("configuration", "ok", f"{CONFIG}: 1 section, 2 different parameters and secrets")
    report.says("region", "ok", "us-east-2, from [aws] region")
    for service in ("ssm", "sts"):
        report.says(f"endpoint {service}", "ok", f"https://{host()}/: DNS N ms, TCP to 127.0.0.1 N ms, "
                                                 "TLS N ms")
    check(re.fullmatch(r"clock: within \d+ s of AWS's", report.one("clock").text), report.stdout)
    check_equal(report.one("clock").status, "ok")
    credentials = report.says("credentials", "ok", f"access key {KEY} of {CREDENTIALS}:2; "
                                                   "they do not expire")
    check_equal(credentials.advice, ["tried [aws] web_identity_token_file: not set"])
    report.says("caller", "ok", f"account {ACCOUNT}, arn:aws:iam::{ACCOUNT}:user/fake")
    report.says("DB_USER", "ok", "found (String, version 1)")
    report.says("/prod/db/password", "ok", "found (SecureString, version 2)")
    check_in_order(report, "account", "configuration", "region", "endpoint ssm", "clock",
                   "credentials", "caller", "DB_USER", "/prod/db/password")
    check_equal((report.code, report.verdict), (0, "All is well (10 are well)"))


@test("--json says the same to programs")
def _():
    configure(aws(), "[env]\nGONE = /prod/gone\n")
    code, document = doctor_json()
    check_equal((code, document["verdict"]["status"]), (1, "bad"))
    checks = {each["check"]: each for each in document["checks"]}
    check_equal(checks["region"], {"check": "region", "section": "aws", "status": "ok",
                                   "text": "us-east-2, from [aws] region"})
    check_equal(("section" in checks["account"], checks["/prod/gone"]["status"]), (False, "bad"))
    check_contains(checks["/prod/gone"]["advice"][1], "aws ssm put-parameter")


@test("colours are for a terminal, and not where NO_COLOR is set")
def _():
    configure(aws(), PAIR)
    check_lacks(run_doctor().stdout, b"\033[")
    for extra, expected in (({}, True), ({"NO_COLOR": "1"}, False)):
        shown = terminal_output(extra)
        check_equal("\033[32mok     \033[0m" in shown, expected, f"green in {shown!r}")


def terminal_output(extra):
    """What a person sees: standard output and error are one terminal."""
    words = [f"{key}={value}" for key, value in {**ENVIRONMENT, **extra}.items()]
    shown = Terminal(["/usr/bin/env", "-i", *words, str(PROGRAM), "doctor"])
    shown.end()
    return shown.output.decode()


@test("on a terminal it says what it is waiting for")
def _():
    configure(aws(), PAIR)
    check_contains(terminal_output({}), "asking for 2 parameters and secrets ...")


@test("wrong arguments end with 2, before anything is tried")
def _():
    for arguments, text in ((["--timeout", "5"], "--timeout: expected a time from 100ms to 5m"),
                            (["--db", "db.example.com"], "--db: expected HOST:PORT"),
                            (["--db", "a b:1"], "--db: expected HOST:PORT"),
                            (["extra"], "extra is one argument too many")):
        done = run_doctor(*arguments)
        check_equal((done.returncode, done.stdout), (2, b""), f"{arguments}")
        check_contains(done.stderr.decode(), text)


# --- host and configuration ---


@test("without root it says as whom it works, and what it cannot read")
def _():
    configure(aws(), PAIR)
    report = doctor(user=65534, group=65534, extra_groups=[])
    account = report.says("account", "warning", "works as nobody: what only root and _ssmenv may "
                                                "read cannot be read")
    check_equal(account.advice, ["to see what a login's helper sees, run it as root"])
    check_equal((report.one("configuration").status, report.code), ("bad", 1))
    check_contains(report.one("configuration").text, str(CONFIG))


@test("a module that is switched off is told")
def _():
    configure(aws(), PAIR)
    DISABLED.touch()
    try:
        report = doctor()
    finally:
        DISABLED.unlink()
    switch = report.says("switch", "warning", f"{DISABLED} is there: the module is switched off, and "
                                              "no login gets variables")
    check_equal(switch.advice, [f"rm {DISABLED} switches it on again"])


@test("started by root it reads what _ssmenv may read, and nothing else")
def _():
    configure(aws(), PAIR)
    os.chown(CREDENTIALS, 0, 0)
    report = doctor()
    check_equal((report.one("credentials").status, report.code), ("bad", 1))
    check_contains(report.one("credentials").text, f"{CREDENTIALS}: not readable for _ssmenv: run chgrp")


@test("a configuration that cannot be used is told line by line, and the rest is not tried")
def _():
    configure(aws(), "[env]\nDB_USER = DB_USER\nPATH = /x\n[cache]\nttll = 5m\n")
    report = doctor()
    texts = [each.text for each in report.of("configuration")]
    check_equal(len(texts), 2, f"mistakes {texts}")
    check_contains(texts[1], f"{CONFIG}:10:1: [cache] has no key ttll; did you mean ttl?")
    for step in (*STEPS, "database"):
        report.says(step, "not tried", "not tried, because the configuration cannot be used")
    check_equal((report.code, report.verdict), (
        1, "Something is wrong: mend what stands first (2 are wrong, 1 is well, 7 were not tried)"))


@test("a configuration without sections is a warning, and what it says of AWS is tried")
def _():
    configure(aws(), "")
    report = doctor()
    report.says("configuration", "warning", f"{CONFIG}: 0 sections, 0 different parameters and "
                                            "secrets")
    check_equal((report.one("credentials").status, report.code), ("ok", 0))


@test("a relative --config is found from where the command was started")
def _():
    configure(aws(), PAIR)
    report = doctor("--config", "ssmenv.conf", cwd=CONFIG.parent)
    check_equal(report.one("configuration").status, "ok")


@test("settings that are broken are told, and their identity is not tried")
def _():
    configure(aws(), PAIR, ca_bundle="/mnt/none.pem")
    report = doctor()
    check_contains(report.one("settings").text, "[aws] ca_bundle: /mnt/none.pem")
    for step in STEPS:
        report.says(step, "not tried", "not tried, because the section's settings are wrong")


# --- region ---


@test("a region of the profile is told with file and line")
def _():
    configure(aws(), PAIR, region=None)
    write_for_helper(PREFIX / "etc/ssmenv/config", "[default]\n\nregion = us-east-2\n")
    try:
        doctor().says("region", "ok", f"us-east-2, from {PREFIX}/etc/ssmenv/config:3")
    finally:
        (PREFIX / "etc/ssmenv/config").unlink()


@test("the instance's own region and role are told")
def _():
    with aws().metadata() as metadata:
        configure(aws(), PAIR, region=None, credentials=False,
                  ec2_metadata_service_endpoint=metadata.url)
        report = doctor()
        report.says("region", "ok", "us-east-2, from the instance's metadata service")
        credentials = report.one("credentials")
        check(re.fullmatch(f"credentials: access key {metadata.session.access_key_id} of the EC2 "
                           "instance's role; they last for another (359|360) minutes",
                           credentials.text), f"{credentials.text}")
        check_equal(credentials.advice, [
            "tried [aws] web_identity_token_file: not set",
            f"tried {CREDENTIALS}: No such file or directory",
            f"tried {PREFIX}/etc/ssmenv/config: No such file or directory",
            "tried [aws] container_credentials_relative_uri and container_credentials_full_uri: "
            "not set"])


@test("without a region nothing is asked that needs one")
def _():
    configure(aws(), PAIR, region=None)
    report = doctor()
    check_equal(report.one("region").status, "bad")
    check_contains(report.one("region").text, "no region is configured: tried [aws] region: not set;")
    report.says("endpoint sts", "not tried", "not tried, because there is no region")
    report.says("clock", "not tried", "not tried, because no endpoint was reached")
    check_equal(report.one("credentials").status, "ok")
    report.says("caller", "not tried", "not tried, because there is no region")
    report.says("parameters", "not tried", "not tried, because there is no region (2 would be asked "
                                           "for there)")


@test("ARNs need no other region than their own")
def _():
    configure(aws(), f"[env]\nA = arn:aws:ssm:us-east-2:{ACCOUNT}:parameter/prod/app/level\n",
              region=None)
    report = doctor()
    check_equal((report.one("region").status, report.code), ("warning", 0))
    check_equal(report.one("endpoint ssm in us-east-2").status, "ok")
    report.says(f"arn:aws:ssm:us-east-2:{ACCOUNT}:parameter/prod/app/level", "ok",
                "found (SecureString, version 1)")


# --- endpoints ---


def check_cut_off(report):
    """What an endpoint out of reach leaves to say."""
    report.says("clock", "not tried", "not tried, because no endpoint was reached")
    check_equal(report.one("credentials").status, "ok")
    report.says("caller", "not tried", "not tried, because STS cannot be reached")
    check_equal(report.one("parameters").status, "not tried")
    check_equal(report.code, 1)


@test("an endpoint that nothing listens at is told once, and what needs it is not tried")
def _():
    configure(aws(), PAIR, endpoint_url="https://localhost:9")
    report = doctor()
    report.says("endpoint ssm", "bad",
                "https://localhost:9/: no connection to localhost:9: check routes, security groups and "
                "VPC endpoints; before: DNS N ms")
    report.says("parameters", "not tried", "not tried, because localhost:9 cannot be reached "
                                           "(2 would be asked for there)")
    check_cut_off(report)


@test("an endpoint whose name does not resolve is told as that")
def _():
    needs_root()
    with NameServer("/mnt"):
        configure(aws(), PAIR, endpoint_url="https://ssm.nowhere.example")
        report = doctor()
        report.says("endpoint ssm", "bad",
                    "https://ssm.nowhere.example/: the name ssm.nowhere.example cannot be resolved: "
                    "check the region and this machine's DNS")
        check_cut_off(report)


@test("a name server that is silent costs no more than the time that each step has")
def _():
    needs_root()
    with NameServer("/mnt", silent=True):
        configure(aws(), PAIR, endpoint_url="https://ssm.nowhere.example")
        report = doctor("--timeout", "400ms")
        report.says("endpoint ssm", "bad",
                    "https://ssm.nowhere.example/: time ended while resolving the name "
                    "ssm.nowhere.example: check this machine's DNS")
        check_cut_off(report)


@test("an endpoint whose certificate is not trusted is told as that")
def _():
    configure(aws(), PAIR, endpoint_url=aws().tls_endpoint_with("untrusted"))
    report = doctor()
    check_contains(report.one("endpoint ssm").text, "is not trusted")
    check_contains(report.one("endpoint ssm").text, "; before: DNS N ms, TCP to 127.0.0.1")
    check_cut_off(report)


@test("an endpoint that packets never come back from costs no more than the time that each step has")
def _():
    configure(aws(), PAIR)
    if shutil.which("nft") is None:
        raise Skip("nftables is not installed")
    with Filter(host().rpartition(":")[2]):
        report = doctor("--timeout", "400ms")
    report.says("endpoint ssm", "bad",
                f"https://{host()}/: time ended while connecting to {host()}: check routes, security "
                "groups and VPC endpoints; before: DNS N ms")
    check_cut_off(report)


# --- clock ---


@test("a clock that is off is a warning, and bad where AWS refuses what it signs")
def _():
    for offset, status, text in ((-60, "warning", "60 s ahead of AWS's"),
                                 (60, "warning", "60 s behind AWS's"),
                                 (900, "bad", "900 s behind AWS's: AWS refuses what is signed with "
                                              "it; each fetch has to correct it first")):
        configure(aws(), PAIR)
        aws().set_clock(offset)
        report = doctor()
        clock = report.one("clock")
        exact = [text.replace(str(abs(offset)), str(abs(offset) + slip)) for slip in (-1, 0, 1)]
        check(clock.status == status and clock.text.removeprefix("clock: ") in exact,
              f"{clock!r} is none of {exact}")
        check_equal(clock.advice, ["set the clock, and check chronyd or systemd-timesyncd"])
        check_equal(report.statuses("DB_USER", "/prod/db/password"), ["ok", "ok"])
    aws().set_clock(0)


# --- credentials ---


@test("where nobody has credentials each provider's answer is told, and nothing is asked without")
def _():
    configure(aws(), PAIR, credentials=False)
    report = doctor()
    text = report.one("credentials").text
    check_contains(text, "Unable to locate credentials: tried [aws] web_identity_token_file: not set;")
    check_contains(text, "the metadata service at http://127.0.0.1:9 cannot be reached")
    report.says("caller", "not tried", "not tried, because there are no credentials")
    report.says("parameters", "not tried", "not tried, because there are no credentials "
                                           "(2 would be asked for)")


@test("a key that AWS does not know is told once, not once for each parameter")
def _():
    configure(aws(), PAIR)
    write_for_helper(CREDENTIALS, CREDENTIALS_FILE.format(aws=aws()).replace(KEY, "AKIAUNKNOWN"))
    report = doctor()
    check_equal(report.one("caller").status, "warning")
    check_contains(report.one("caller").text, "InvalidClientTokenId for sts:GetCallerIdentity")
    check_equal(report.one("DB_USER and 1 more").status, "bad")
    check_contains(report.one("DB_USER and 1 more").text,
                   "UnrecognizedClientException for ssm:GetParameters")


@test("STS that denies is a warning with the reason")
def _():
    configure(aws(), PAIR)
    aws().fault("GetCallerIdentity", kind="error", code="AccessDenied", message="no", status=403)
    report = doctor()
    check_equal(report.one("caller").status, "warning")
    check_contains(report.one("caller").text,
                   "AWS does not say who we are: AccessDenied for sts:GetCallerIdentity")
    check_equal(report.code, 0)


@test("STS out of reach costs who we are, and nothing else")
def _():
    configure(aws(), PAIR, endpoint_url_sts="https://localhost:9")
    report = doctor()
    check_equal(report.statuses("endpoint ssm", "endpoint sts", "clock", "credentials"),
                ["ok", "bad", "ok", "ok"])
    report.says("caller", "not tried", "not tried, because STS cannot be reached")
    check_equal(report.statuses("DB_USER", "/prod/db/password"), ["ok", "ok"])


@test("an answer of STS that says nothing is a warning")
def _():
    configure(aws(), PAIR)
    aws().fault("GetCallerIdentity", kind="body", body="<GetCallerIdentityResponse/>",
                content_type="text/xml")
    report = doctor()
    report.says("caller", "warning", "AWS does not say who we are: "
                                     f"{host()}: its answer does not tell account and ARN")
    check_equal(report.code, 0)


@test("AWS's own client is told the same of who it is")
def _():
    if not os.path.exists(AWS):
        raise Skip("the aws command line is not installed")
    configure(aws(), PAIR)
    told = subprocess.run([AWS, "sts", "get-caller-identity", "--endpoint-url", aws().endpoint,
                           "--output", "text", "--query", "[Account, Arn]"], text=True, check=True,
                          capture_output=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": aws().access_key_id,
                               "AWS_SECRET_ACCESS_KEY": aws().secret_access_key,
                               "AWS_DEFAULT_REGION": "us-east-2"}).stdout.split()
    doctor().says("caller", "ok", f"account {told[0]}, {told[1]}")


run()
