#!/usr/bin/python3
"""ssmenv rds-token against botocore's generate_db_auth_token: the same token, at the same time."""

import datetime
import os
import random
import string
import subprocess
import sys
import unittest.mock
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import botocore.auth  # noqa: E402
import botocore.session  # noqa: E402
from tap import Skip, check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

STAGE = os.environ["SSMENV_STAGE"]
PROGRAM = f"{STAGE}/sbin/ssmenv"
CONFIG = f"{STAGE}/etc/ssmenv/ssmenv.conf"
CREDENTIALS = f"{STAGE}/etc/ssmenv/credentials"
TOKENS = 240
SESSION = botocore.session.Session()


def needs_stage():
    if not STAGE:
        raise Skip("needs root")


def write(path, text, mode=0o640):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chown(path, 0, 979)
    os.chmod(path, mode)


def configure(region="us-east-2", token=None, **profiles):
    needs_stage()
    write(CONFIG, f"[aws]\nregion = {region}\n" if region else "")
    keys = {"default": ("AKIDDEFAULT", "default+/secret"), **profiles}
    write(CREDENTIALS, "".join(
        f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        + (f"aws_session_token = {token}\n" if token else "")
        for name, (key, secret) in keys.items()))


def command(*arguments, **options):
    needs_stage()
    return subprocess.run([PROGRAM, "rds-token", *arguments], capture_output=True, text=True,
                          timeout=60, check=False, env={"PATH": "/usr/bin:/bin"}, **options)


def token_of(*arguments):
    done = command(*arguments)
    check_equal((done.returncode, done.stderr), (0, ""), f"end of rds-token {arguments}")
    check_equal(done.stdout.count("\n"), 1, "lines")
    return done.stdout[:-1]


def expected(token, endpoint, user, region, key, secret, session_token=None):
    """botocore's token at the time that ours says."""
    fields = urllib.parse.parse_qs(token.partition("?")[2])
    when = datetime.datetime.strptime(fields["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return when

    client = SESSION.create_client("rds", region_name=region, aws_access_key_id=key,
                                   aws_secret_access_key=secret, aws_session_token=session_token)
    host, _, port = endpoint.rpartition(":")
    with unittest.mock.patch.object(botocore.auth.datetime, "datetime", Clock):
        return client.generate_db_auth_token(host, int(port), user), when


def fields_of(token):
    endpoint, _, query = token.partition("/?")
    return endpoint, sorted(query.split("&")), query.rpartition("&")[2].partition("=")[0]


def check_same(token, *of):
    theirs, when = expected(token, *of)
    check_equal(fields_of(token), fields_of(theirs), f"token for {of}")
    age = (datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - when).total_seconds()
    check(-2 < age < 120, f"signed {age} s ago")


def generated(generator, session_token):
    """Arguments of a token, and whose keys sign it."""
    letters = string.ascii_letters + string.digits
    host = "".join(generator.choices(letters + "-", k=generator.randint(1, 60))).strip("-") or "h"
    user = "".join(generator.choices(letters + " _-.~@/+=&%?#:'\"é日😀", k=generator.randint(1, 40)))
    region = generator.choice(["us-east-2", "eu-central-1", "us-gov-west-1", "cn-north-1"])
    key = ("AKIA" + "".join(generator.choices(string.ascii_uppercase, k=16)),
           "".join(generator.choices(letters + "+/", k=40)))
    port = generator.choice([3306, 5432, generator.randint(1, 65535)])
    endpoint = f"{host}.{region}.rds.amazonaws.com:{port}"
    return endpoint, user, region, *key, session_token


@test(f"{TOKENS} generated tokens equal botocore's, with a session token and without")
def _():
    generator = random.Random(12)
    for number in range(TOKENS):
        session = "".join(generator.choices(string.ascii_letters + "+/=", k=300))
        of = generated(generator, session if number % 2 else None)
        endpoint, user, region, key, secret, session_token = of
        configure(token=session_token, default=(key, secret))
        check_same(token_of(f"--region={region}", "--", endpoint, user), *of)


@test("a host in capitals is printed as given and signed in small letters")
def _():
    configure()
    token = token_of("PROD.Example.com:5432", "app")
    check(token.startswith("PROD.Example.com:5432/?"), token[:40])
    lower = token_of("prod.example.com:5432", "app")
    check_same(token, "PROD.Example.com:5432", "app", "us-east-2", "AKIDDEFAULT", "default+/secret")
    check_same(lower, "prod.example.com:5432", "app", "us-east-2", "AKIDDEFAULT", "default+/secret")


@test("region and profile are those of ssmenv.conf, unless an option says otherwise")
def _():
    configure(other=("AKIDOTHER", "other"))
    write(CONFIG, "[aws]\nregion = eu-west-1\nprofile = other\n")
    at = ("db.example.com:5432", "app")
    check_same(token_of(*at), *at, "eu-west-1", "AKIDOTHER", "other")
    check_same(token_of(*at, "--region", "us-west-2"), *at, "us-west-2", "AKIDOTHER", "other")
    check_same(token_of("--profile", "default", *at), *at, "eu-west-1", "AKIDDEFAULT",
               "default+/secret")
    write(f"{STAGE}/etc/other.conf", "[aws]\nregion = sa-east-1\n")
    check_same(token_of(*at, "--config", f"{STAGE}/etc/other.conf"), *at, "sa-east-1",
               "AKIDDEFAULT", "default+/secret")


@test("what cannot be used is named, with exit status 1 and nothing on standard output")
def _():
    at = ("db.example.com:5432", "app")

    def refused(text, *arguments):
        done = command(*(arguments or at))
        check_equal((done.returncode, done.stdout), (1, ""), text)
        check_contains(done.stderr, text)
        check_lacks(done.stderr, "default+/secret")

    configure()
    for endpoint in ("db.example.com", "db.example.com:", ":5432", "db:0", "db:65536", "db:54a",
                     "a/b:5432", "a b:5432", "::1:5432", "db:000001"):
        refused("expected HOST:PORT", endpoint, "app")
    refused("the database user is empty", "db:5432", "")
    write(CONFIG, "[aws]\nregin = us-east-2\n")
    refused(f"{CONFIG}:2:1: [aws] has no key regin; did you mean region?")
    configure()
    os.chmod(CONFIG, 0o666)
    refused(CONFIG)
    configure()
    os.chmod(CREDENTIALS, 0o644)
    refused(CREDENTIALS)
    configure()
    refused("none", *at, "--profile", "none")


@test("wrong arguments are told with the usage, and exit status 2")
def _():
    for arguments in ([], ["db:5432"], ["db:5432", "app", "more"], ["db:5432", "app", "--regoin", "x"],
                      ["db:5432", "app", "--region"], ["db:5432", "app", "--region", "a/b"]):
        done = command(*arguments)
        check_equal((done.returncode, done.stdout), (2, ""), str(arguments))
        check_contains(done.stderr, "usage: ssmenv rds-token [OPTION...] HOST:PORT USER")
    done = subprocess.run([PROGRAM, "rds-tokn"], capture_output=True, text=True, check=False)
    check_equal(done.returncode, 2)
    check_contains(subprocess.run([PROGRAM, "--help"], capture_output=True, text=True,
                                  check=True).stdout, "rds-token")


@test("whoever cannot read the credentials is told to be root")
def _():
    configure()
    done = command("db:5432", "app", user="nobody", group="nogroup", extra_groups=[])
    check_equal((done.returncode, done.stdout), (1, ""))
    check_contains(done.stderr, "run it as root")


@test("a token that cannot be written is an error")
def _():
    configure()
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "rds-token", "db:5432", "app"], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    check_equal(done.returncode, 1)
    check_contains(done.stderr, "standard output cannot be written")


@test("the manual is clean and shows psql")
def _():
    done = subprocess.run(["mandoc", "-T", "lint", f"{ROOT}/helper/cli/ssmenv.8"],
                          capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if "STYLE: referenced manual" not in line]
    check_equal(lines, [], "mandoc")
    with open(f"{ROOT}/helper/cli/ssmenv.8") as file:
        check_contains(file.read(), "PGPASSWORD=$(ssmenv rds-token")


run()
