#!/usr/bin/python3
"""ssmenv refresh and purge, sanitized, between logins by the real helper: what is fetched, what is
warm afterwards, what is forgotten."""

import os
import pathlib
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from login_cloud import SECRET, TWO, Cloud  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

# The sections of Cloud.configure() begin in this line.
FIRST = 7


def ssmenv(*arguments):
    return subprocess.run([helper.STAGE / "sbin/ssmenv", *arguments], capture_output=True, text=True,
                          timeout=120, check=False, env={"PATH": "/usr/bin:/bin"})


def refresh(*arguments, code=0):
    done = ssmenv("refresh", *arguments)
    check_equal((done.returncode, done.stdout), (code, ""), done.stderr)
    check_lacks(done.stderr, "s3cret")
    return done.stderr


def stores():
    return [file for file in helper.CACHE.iterdir() if "." not in file.name]


def warm(**login):
    reply = helper.log_in(**login)
    check_equal((reply.outcome, reply.source), ("complete", "cache"))
    return reply.variables


@test("after a refresh on a cold machine the first login is warm")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        check_equal(refresh(), "")
        check_equal(cloud.call_count, 1)
        check_equal(warm(), {"DB_USER": "app", "DB_PASS": SECRET})
        check_equal(cloud.call_count, 1)


@test("after a refresh logins that match one more section are warm, also where it overrides lines")
def _():
    with Cloud() as cloud:
        for name in "abc":
            cloud.aws.put(f"/{name}", name)
        cloud.configure(TWO + "[env user=deploy]\nDB_USER = /a\n[env service=cron]\nJOB = /b\n"
                        "[env group=root]\nADMIN = /c\n")
        refresh()
        calls = cloud.call_count
        check_equal(warm(user="alice"), {"DB_USER": "app", "DB_PASS": SECRET})
        check_equal(warm(user="deploy"), {"DB_USER": "a", "DB_PASS": SECRET})
        check_equal(warm(user="alice", service="cron")["JOB"], "b")
        check_equal(warm(user="root")["ADMIN"], "c")
        check_equal(cloud.call_count, calls)


@test("a combination of sections that no section names alone is renewed once a login has used it")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/a", "a")
        cloud.aws.put("/b", "b")
        cloud.configure("[env user=deploy]\nX = DB_USER\nY = /a\n[env service=cron]\nX = /b\n")
        refresh()
        check_equal(helper.log_in(user="deploy", service="cron").source, "fetched")
        cloud.aws.put("/a", "new")
        refresh()
        check_equal(warm(user="deploy", service="cron"), {"X": "b", "Y": "new"})


@test("fresh values are fetched anew all the same, and the next login has them")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        cloud.aws.put("DB_USER", "rotated")
        check_equal(warm()["DB_USER"], "app")
        refresh()
        check_equal(warm()["DB_USER"], "rotated")


@test("sets of single users are renewed once their users have used them, and not before")
def _():
    with Cloud() as cloud:
        for user in ("jane", "joe"):
            cloud.aws.put(f"/users/{user}/token", user)
        cloud.configure(TWO + "[env]\nMINE = /users/%u/token\n")
        refresh()
        check_equal(cloud.names_since(0), ["/prod/db/password", "DB_USER"])
        helper.log_in(user="jane")
        calls = cloud.call_count
        cloud.aws.put("/users/jane/token", "new")
        refresh()
        check_equal(cloud.names_since(calls), ["/prod/db/password", "/users/jane/token", "DB_USER"])
        check_equal(warm(user="jane")["MINE"], "new")


@test("a user's set that no login has used for an hour is not renewed; one that was used again is")
def _():
    with Cloud() as cloud:
        for user in ("jane", "joe"):
            cloud.aws.put(f"/users/{user}/token", user)
        cloud.configure("[env]\nMINE = /users/%u/token\n")
        for user in ("jane", "joe"):
            helper.log_in(user=user)
        for lock in helper.CACHE.glob("*.lock"):
            os.utime(lock, (1, 1))
        warm(user="joe")
        calls = cloud.call_count
        refresh()
        check_equal(cloud.names_since(calls), ["/users/joe/token"])
        warm(user="jane")


@test("verdicts are forgotten: what was missing and is there now is found")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "[env]\nLATE = /late\n")
        check_equal(helper.log_in().outcome, "partial")
        cloud.aws.put("/late", "now")
        check_equal(helper.log_in().variables.get("LATE"), None)
        refresh()
        check_equal(warm()["LATE"], "now")


@test("a failure a moment ago does not keep a refresh from trying")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        cloud.aws.fault(kind="service_unavailable")
        check_equal(helper.log_in().outcome, "failed")
        cloud.aws.clear_faults()
        check_equal(helper.log_in().outcome, "failed")
        refresh()
        warm()


@test("what cannot be renewed is named with its section and the reason, and old values stay")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/other", "x")
        cloud.configure(TWO + "[env user=dba]\nOTHER = /other\n")
        refresh()
        cloud.aws.set_policy([{"Effect": "Allow", "Action": "ssm:*", "Resource": "*/DB_USER"},
                              {"Effect": "Allow", "Action": "ssm:*", "Resource": "*/prod/*"}])
        errors = refresh(code=1)
        check_contains(errors, f"ssmenv refresh: {helper.CONFIG}:{FIRST + 3}: ")
        check_contains(errors, ":parameter/other")
        check_lacks(errors, f"{helper.CONFIG}:{FIRST}:")
        cloud.aws.fault(kind="service_unavailable")
        check_contains(refresh(code=1), f"{helper.CONFIG}:{FIRST}: ")
        check_equal(warm()["DB_PASS"], SECRET)


@test("--verbose names what was renewed and what does not exist")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "[env]\nMAYBE = /nowhere || unset\n")
        errors = refresh("--verbose")
        check_contains(errors, f"{helper.CONFIG}:{FIRST}: renewed\n")
        check_contains(errors, f"{helper.CONFIG}:{FIRST + 3}: ")
        check_contains(errors, "/nowhere does not exist")


@test("sets that the configuration does not describe any more are forgotten")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        cloud.configure("[env]\nDB_USER = DB_USER\n")
        refresh()
        check_equal(len(stores()), 1)
        check(all(b"s3cret" not in file.read_bytes() for file in stores()), "the value is there")
        cloud.configure("")
        refresh()
        check_equal(list(helper.CACHE.iterdir()), [])


@test("a hundred parameters go with each batch, in one call for ten")
def _():
    with Cloud() as cloud:
        sections = ""
        for i in range(30):
            cloud.aws.put(f"/many/{i}", str(i))
        for section in range(15):
            sections += f"[env service=s{section}]\n"
            sections += "".join(f"V{i} = /many/{(i + section) % 30}\n" for i in range(20))
        cloud.configure(sections)
        refresh()
        check_equal(cloud.call_count, 9)
        for section in range(15):
            warm(service=f"s{section}")


@test("a refresh takes part in the one fetch per host: logins that come meanwhile share it")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        cloud.aws.fault(kind="hold", times=1)
        refreshing = subprocess.Popen([helper.STAGE / "sbin/ssmenv", "refresh"])
        cloud.aws.wait_for_calls(1)
        logins = [helper.start() for _ in range(3)]
        cloud.aws.release()
        for login in logins:
            check_equal(helper.finish(login).variables["DB_PASS"], SECRET)
        check_equal(refreshing.wait(60), 0)
        check_equal(cloud.call_count, 1)


@test("a refresh goes on when the shell that began it has ended")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        cloud.aws.fault(kind="hold", times=1)
        shell = subprocess.Popen(["sh", "-c", '"$0" refresh >/dev/null 2>&1 & read -r line',
                                  helper.STAGE / "sbin/ssmenv"], stdin=subprocess.PIPE)
        cloud.aws.wait_for_calls(1)
        shell.communicate(b"\n", timeout=60)
        login = helper.start()
        cloud.aws.release()
        check_equal(helper.finish(login).variables["DB_PASS"], SECRET)
        check_equal(cloud.call_count, 1)


@test("a refresh gives up at its deadline and says so")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        cloud.aws.fault(kind="hang")
        check_contains(refresh("--timeout", "1s", code=1), f"{helper.CONFIG}:{FIRST}: ")
        check_equal(ssmenv("refresh", "--timeout", "soon").returncode, 2)


@test("a configuration with a mistake renews nothing and forgets nothing")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        calls = cloud.call_count
        cloud.configure(TWO + "BAD\n")
        check_contains(refresh(code=1), f"{helper.CONFIG}:{FIRST + 3}:")
        check_equal((cloud.call_count, len(stores())), (calls, 1))


@test("whoever refreshes is _ssmenv, and nothing in the cache is anybody else's")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        refresh()
        for path in [helper.CACHE, *helper.CACHE.iterdir()]:
            check_equal((path.stat().st_uid, path.stat().st_mode & 0o77), (helper.ACCOUNT, 0))


@test("purge forgets everything, and the next login fetches")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        pathlib.Path(helper.CACHE / "left over by another version").write_text("x")
        done = ssmenv("purge", "--verbose")
        check_equal((done.returncode, done.stderr), (0, "ssmenv purge: 1 set forgotten\n"))
        check_equal(list(helper.CACHE.iterdir()), [])
        check_equal(helper.log_in().source, "fetched")


run()
