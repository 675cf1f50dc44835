#!/usr/bin/python3
"""ssmenv plan, sanitized: what it says a login would get is what the login then gets."""

import grp
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
from helper import CONFIG  # noqa: E402
from login_cloud import SECRET, TWO, Cloud  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, needs_root, run, test  # noqa: E402

FIRST = 7  # the line where the sections of Cloud.configure() begin
SECRETS = ("s3cret", "second line", "literal")


def plan(*arguments, user="daemon", service="sshd", code=0, **options):
    done = subprocess.run([helper.STAGE / "sbin/ssmenv", "plan", f"--user={user}",
                           f"--service={service}", *arguments], capture_output=True, text=True,
                          timeout=60, check=False, env={"PATH": "/usr/bin:/bin"}, **options)
    check_equal(done.returncode, code, done.stderr)
    if "--show-values" not in arguments:
        for secret in SECRETS:
            check_lacks(done.stdout + done.stderr, secret)
    return done.stdout if code == 0 else done.stderr


def told(*arguments, **options):
    return json.loads(plan("--json", *arguments, **options))


def states(**options):
    return {item["name"]: item["state"] for item in told(**options)["variables"]}


def section(number=0, **options):
    return told(**options)["sections"][number]


# --- sections ---

@test("a section without criteria matches every login")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nA = "literal"\n')
        check_contains(plan(), f"{CONFIG}:{FIRST}: matches\n    every login\n"
                       "    nothing of it is fetched\n")


@test("each criterion is told with the pattern that decided, and its place")
def _():
    with Cloud() as cloud:
        group = grp.getgrgid(1).gr_name
        cloud.configure(f'[env user=x,dae* service=sshd group={group}]\nA = "1"\n')
        lines = plan().splitlines()
        check_equal(lines[:4], [f"{CONFIG}:{FIRST}: matches",
                                f"    user daemon holds: dae* ({CONFIG}:{FIRST}:13)",
                                f"    service sshd holds: sshd ({CONFIG}:{FIRST}:26)",
                                f"    group holds: {group} ({CONFIG}:{FIRST}:37)"])


@test("what does not hold is told: no pattern matches, a ! shuts out, and what was not looked at")
def _():
    with Cloud() as cloud:
        cloud.configure('[env user=x,y group=daemon]\nA = "1"\n[env user=!d*,root]\nB = "1"\n'
                        '[env service=!su,!cron]\nC = "1"\n[env group=nosuchgroup]\nD = "1"\n')
        text = plan()
        for part in (f"{CONFIG}:7: does not match\n    user daemon does not hold: none of x,y "
                     f"({CONFIG}:7:11)\n    group is not looked at: another criterion",
                     f"{CONFIG}:9: does not match\n    user daemon does not hold: !d* ({CONFIG}:9:11)",
                     f"{CONFIG}:11: matches\n    service sshd holds: none of !su,!cron ({CONFIG}:11:14)",
                     f"{CONFIG}:13: does not match\n    group does not hold: none of nosuchgroup"):
            check_contains(text, part)
        check_equal([(item["line"], item["matches"]) for item in told()["sections"]],
                    [(7, False), (9, False), (11, True), (13, False)])
        check_equal(section(1)["user"], {"holds": False, "pattern": "d*", "veto": True, "line": 9,
                                         "column": 11})
        check_equal(section(0)["group"], {"holds": None, "pattern": None})


@test("a login that no section is for gets nothing, and is told so")
def _():
    with Cloud() as cloud:
        cloud.configure('[env user=nosuchuser]\nA = "1"\n')
        check_contains(plan(), "\nNo section brings daemon variables by sshd.\n")
        check_equal(told()["variables"], [])


# --- the cache ---

@test("before a login nothing is known but constants, and nobody is asked")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + 'HOST = "literal"\n[env]\nPORT = "5432"\n')
        text = plan()
        check_contains(text, "asked as [aws], region us-east-2, endpoint_url https://")
        check_contains(text, "    not cached; a login fetches it\n")
        check_contains(text, f"DB_USER               after the fetch  {CONFIG}:8: parameter DB_USER\n")
        check_contains(text, f"PORT                  ********         {CONFIG}:12: text\n")
        check_equal(states(), {"DB_USER": "after the fetch", "DB_PASS": "after the fetch",
                               "HOST": "after the fetch", "PORT": "set"})
        check_equal(cloud.call_count, 0, "calls")


@test("after a login it is cached: how old, and when it is fetched anew")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 1h")
        helper.log_in()
        found = section()
        check_equal((found["cache"], found["identity"], found["region"]), ("fresh", None, "us-east-2"))
        check(found["age_seconds"] < 600 and 2000 < found["fetch_in_seconds"] <= 3600, found)
        check_contains(plan(), "    cached, ")
        check_contains(plan(), " old; a login fetches it anew in ")
        check_contains(plan(), f"DB_PASS               ********         {CONFIG}:9: parameter /prod/db/pa")
        check_equal(states(), {"DB_USER": "set", "DB_PASS": "set"})
        check_equal(cloud.call_count, 1, "calls")


@test("what is past its ttl is due, and says that it still serves where AWS is away")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 0")
        helper.log_in()
        check_equal(section()["cache"], "due")
        check_contains(plan(), "a login fetches it anew, and uses this where AWS is away")
        check_equal(states(), {"DB_USER": "after the fetch", "DB_PASS": "after the fetch"})


@test("after a failed fetch the values of before are used, and the reason is told")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 0\nretry_after = 1h")
        helper.log_in()
        cloud.aws.fault(kind="service_unavailable")
        check_equal(helper.log_in().source, "stale")
        found = section()
        check_equal(found["cache"], "stale")
        check_contains(found["reason"], "503")
        check_contains(plan(), "old and used, as the last fetch failed; the next one in 59m")
        check_equal(states(), {"DB_USER": "set", "DB_PASS": "set"})


@test("after a failed first fetch the login is without, as the next one will be for a while")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="retry_after = 1h")
        cloud.aws.fault(kind="service_unavailable")
        check_equal(helper.log_in().variables, {})
        check_equal(section()["cache"], "failed")
        check_equal(states(), {"DB_USER": "left out", "DB_PASS": "left out"})
        check_contains(plan(), f"error: {CONFIG}:8:11: DB_USER: ")


@test("what may be absent and is, is not set; what does not exist leaves its set out, with the reason")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nA = /none || unset\nB = /none || DB_USER\n[env]\nC = /none\nD = DB_USER\n')
        helper.log_in(user="daemon")
        check_equal(states(), {"A": "unset", "B": "set", "C": "left out", "D": "left out"})
        text = plan()
        check_contains(text, f"{CONFIG}:8: parameter /none (does not exist), else unset\n")
        check_contains(text, f"{CONFIG}:9: parameter /none (does not exist), else parameter DB_USER\n")
        check_contains(text, f"error: {CONFIG}:11:5: C: parameter /none does not exist\n")


@test("what was looked at is as it was: no use is recorded, no lock taken, nothing made")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        for file in helper.CACHE.iterdir():
            os.utime(file, (1, 1))
        before = sorted((file.name, file.stat().st_size) for file in helper.CACHE.iterdir())
        plan()
        cloud.configure(TWO.replace("DB_USER = DB_USER\n", ""))
        plan()
        check_equal({file.stat().st_mtime for file in helper.CACHE.iterdir()}, {1.0})
        check_equal(sorted((file.name, file.stat().st_size) for file in helper.CACHE.iterdir()), before)


# --- who owns a name ---

@test("an overridden line is told with the line that has the name")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nA = "literal"\nB = "x${A}"\n[env user=daemon]\nA = DB_USER\n')
        text = plan()
        check_contains(text, f"A of {CONFIG}:8 is overridden by {CONFIG}:11, and a text needs it all")
        check_contains(text, f"text with A ({CONFIG}:8)\n")
        found = {(item["name"], item["line"]): item["state"] for item in told()["variables"]}
        check_equal(found, {("A", 8): "overridden", ("B", 9): "set", ("A", 11): "after the fetch"})


@test("a text that names what is not fetched yet waits for it, and so does all of its set")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nA = DB_USER\n[env]\nB = "x${A}"\nC = "1"\n[env]\nD = "1"\n')
        check_equal(states(), {"A": "after the fetch", "B": "after the fetch",
                               "C": "after the fetch", "D": "set"})
        helper.log_in(user="daemon")
        check_equal(set(states().values()), {"set"})


@test("an import is known after the fetch, then each variable it brings with its line")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/app/log-level", "s3cret")
        cloud.aws.put("/app/path", "s3cret")
        cloud.configure('[env]\nAPP_* = /app/*\n[env]\nX_* = /app/**\nX_PATH = "1"\n')
        check_equal(states(), {"APP_*": "after the fetch", "X_*": "after the fetch",
                               "X_PATH": "after the fetch"})
        check_contains(plan(), f"{CONFIG}:8: each parameter right below /app/\n")
        helper.log_in(user="daemon")
        found = {item["name"]: (item["line"], item["state"]) for item in told()["variables"]}
        check_equal(found, {"APP_LOG_LEVEL": (8, "set"), "APP_PATH": (8, "set"),
                            "X_LOG_LEVEL": (10, "set"), "X_PATH": (11, "set")})
        check_contains(plan(), f"X_LOG_LEVEL           ********         {CONFIG}:10: each parameter below")


@test("the user stands in the names, and an unfit user fails the set with the reason")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nMINE = /users/%u/token\n[env]\nA = "1"\n')
        check_contains(plan(), "parameter /users/daemon/token\n")
        done = subprocess.run([helper.STAGE / "sbin/ssmenv", "plan", "--user", "A B", "--service", "x"],
                              capture_output=True, text=True, check=True, env={})
        check_contains(done.stdout, f"MINE                  left out         {CONFIG}:8: ")
        check_contains(done.stdout, f"error: {CONFIG}:8:8: MINE: %u: the user's name cannot be part")
        check_contains(done.stderr, "warning: this machine knows no user A B")


@test("secrets, members, versions and a second identity are told as they are asked for")
def _():
    with Cloud() as cloud:
        cloud.configure("[aws central]\nregion = eu-west-1\nprofile = other\n"
                        "[env aws=central]\nA = /a:3#x\nB = secret:b#/c\n")
        text = plan()
        check_contains(text, "asked as [aws central], region eu-west-1, profile other\n")
        check_contains(text, "parameter /a:3#/x\n")
        check_contains(text, "secret b#/c\n")
        check_equal(section()["identity"], "central")
        cloud.configure("[env]\nA = /a\n", region="us-east-2")
        helper.configure("[env]\nA = /a\n")
        check_contains(plan(), "asked as [aws], region of the profile, else of the instance\n")


@test("plan and login agree, for users, services and groups in turn")
def _():
    with Cloud() as cloud:
        group = grp.getgrgid(2).gr_name
        cloud.configure(f'[env user=daemon]\nA = DB_USER\n[env service=!sshd]\nB = "1"\nA = "2"\n'
                        f'[env group={group}]\nC = DB_USER\n[env user=b*,!bin]\nD = "1"\n', cache="ttl = 1h")
        for user in ("daemon", "bin", "backup"):
            for service in ("sshd", "cron"):
                got = helper.log_in(user=user, service=service).variables
                found = told("--show-values", user=user, service=service)["variables"]
                check_equal({item["name"]: item["value"] for item in found
                             if item["state"] == "set"}, got, f"{user} by {service}")


@test("groups that cannot be found out are a problem that plan shows")
def _():
    with Cloud() as cloud:
        cloud.configure('[env]\nA = "1"\n[env group=dba]\nB = "2"\n')
        program = helper.PROGRAM.parent / "ssmenv-groups"
        program.rename(f"{program}.away")
        try:
            text, problems = plan(), told()["problems"]
        finally:
            os.rename(f"{program}.away", program)
        unknown = "the groups of daemon cannot be found out, and no section with group= counts"
        check_contains(text, unknown)
        check(any(unknown in problem for problem in problems), problems)


# --- values and who may see them ---

@test("root is shown the values that are known with --show-values, on one line each")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        text = plan("--show-values")
        check_contains(text, '\n                      "app"\n')
        check_contains(text, '\n                      "s3cret & \\"quoted\\"\\nsecond line"\n')
        values = {item["name"]: item["value"] for item in told("--show-values")["variables"]}
        check_equal(values, {"DB_USER": "app", "DB_PASS": SECRET})


@test("nobody else is shown values, and nobody else may look into the cache")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}

        def as_nobody(*arguments):
            return subprocess.run([helper.STAGE / "sbin/ssmenv", "plan", "--user=daemon",
                                   "--service=sshd", *arguments], capture_output=True, text=True,
                                  check=False, env={}, **nobody)

        done = as_nobody("--show-values")
        check_equal((done.returncode, done.stdout), (1, ""))
        check_contains(done.stderr, "run it as root")
        done = as_nobody()
        check_equal(done.returncode, 0)
        check_contains(done.stdout, "after the fetch")
        check_contains(done.stdout, f"warning: no cache: {helper.CACHE}: Permission denied")


@test("a configuration with a mistake is an error with its place, and nothing is planned")
def _():
    with Cloud() as cloud:
        cloud.configure("[env]\nA = \n")
        check_contains(plan(code=1), f"ssmenv plan: {CONFIG}:8:5: expected")


@test("without user or service the usage is told, with exit status 2")
def _():
    needs_root()
    for arguments in ([], ["--user", "x"], ["--service", "x"], ["--user", "x", "--service", "y", "z"]):
        done = subprocess.run([helper.STAGE / "sbin/ssmenv", "plan", *arguments], capture_output=True,
                              text=True, check=False, env={})
        check_equal((done.returncode, done.stdout), (2, ""), str(arguments))
        check_contains(done.stderr, "usage: ssmenv plan")


run()
