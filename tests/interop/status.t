#!/usr/bin/python3
"""ssmenv status, sanitized: what it says about sets that were fetched, failed, or are old."""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from login_cloud import TWO, Cloud  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

# The sections of Cloud.configure() begin in this line.
FIRST = 7


def status(*arguments, code=0):
    done = subprocess.run([helper.STAGE / "sbin/ssmenv", "status", *arguments], capture_output=True,
                          text=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin"})
    check_equal(done.returncode, code, done.stderr)
    check_lacks(done.stdout + done.stderr, "s3cret")
    return done.stdout if code == 0 else done.stderr


def sets():
    return json.loads(status("--json"))


@test("what was not fetched yet is listed, with the section that will ask for it")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        found, = sets()
        check_equal(found["sections"], [{"file": str(helper.CONFIG), "line": FIRST}])
        check_equal((found["age_seconds"], found["fetch_in_seconds"], found["last_attempt"]),
                    (None, 0, "none"))
        check_equal([item["state"] for item in found["parameters"]], [None, None])
        check_contains(status(), f"-          next login  -           {helper.CONFIG}:{FIRST}\n")


@test("--config is looked for from the folder where the command was given")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        folder = os.getcwd()
        os.chdir(helper.CONFIG.parent)
        found, = json.loads(status("--json", "--config", helper.CONFIG.name))
        os.chdir(folder)
        check_equal(found["sections"], [{"file": str(helper.CONFIG), "line": FIRST}])


@test("a fetched set has an age, and is fetched again within ttl, a fifth earlier at most")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 1h")
        helper.log_in()
        found, = sets()
        check(0 <= found["age_seconds"] < 600, found)
        check(2000 < found["fetch_in_seconds"] <= 3600, found)
        check_equal((found["last_attempt"], found["last_error"], found["usable_while_away"]),
                    ("succeeded", None, True))
        check_equal([(item["name"], item["state"]) for item in found["parameters"]],
                    [("DB_USER", "found"), ("/prod/db/password", "found")])


@test("looking changes nothing: it is no use by a login, and asks nobody")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        for file in helper.CACHE.iterdir():
            os.utime(file, (1, 1))
        check(sets()[0]["unused_seconds"] > 10**9, "used")
        check_equal({file.stat().st_mtime for file in helper.CACHE.iterdir()}, {1.0})
        check_equal(cloud.call_count, 1)


@test("a failure is there with AWS's words and the values that stay usable")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 0\nretry_after = 1h")
        helper.log_in()
        cloud.aws.fault(kind="service_unavailable")
        helper.log_in()
        found, = sets()
        check_equal((found["last_attempt"], found["usable_while_away"]), ("failed", True))
        check_contains(found["last_error"], "503")
        check(0 < found["fetch_in_seconds"] <= 3600, found)
        check_contains(status(), "503")


@test("what is missing or denied says so below its set")
def _():
    with Cloud() as cloud:
        cloud.aws.set_policy([{"Effect": "Allow", "Action": "ssm:*", "Resource": "*/DB_USER"},
                              {"Effect": "Allow", "Action": "ssm:*", "Resource": "*/nowhere"}])
        cloud.configure(TWO + "[env]\nLATE = /nowhere\n")
        helper.log_in()
        first, second = sets()
        check_equal([item["state"] for item in first["parameters"]], ["found", "denied"])
        check_equal([item["state"] for item in second["parameters"]], ["missing"])
        check_contains(status(), ":parameter/prod/db/password")
        check_contains(status(), "/nowhere does not exist")


@test("identity and user are told")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/users/jane/token", "x")
        section = helper.CONFIG
        cloud.configure(f"[aws central]\nregion = us-east-2\nendpoint_url = {cloud.endpoint}\n"
                        "[env aws=central]\nMINE = /users/%u/token\n")
        helper.log_in(user="jane")
        found, = sets()
        check_equal((found["identity"], found["user"]), ("central", "jane"))
        check_contains(status(), f"central     {section}:{FIRST + 3} for jane\n")


@test("a set that the configuration no longer describes is there until the next refresh")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        cloud.configure("")
        check_equal([item["sections"] for item in sets()], [[]])
        check_contains(status(), "no section\n    The next refresh forgets it.\n")


@test("nothing to fetch is no error, and no list either; a broken configuration is an error")
def _():
    with Cloud() as cloud:
        cloud.configure("[env]\nA = \"constant\"\n")
        check_equal(sets(), [])
        check_equal(status(), "Nothing that would have to be fetched is configured.\n")
        cloud.configure("[env]\nBAD\n")
        check_contains(status(code=1), f"{helper.CONFIG}:{FIRST + 1}:")


run()
