#!/usr/bin/python3
"""The real ssmenv-helper and ssmenv-fetch, sanitized, one login after the other, against the strict
fake: what comes from the cache, what is fetched, what happens when AWS is away."""

import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from login_cloud import SECRET, TWO, Cloud  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

def no_value_in(text):
    for secret in (SECRET, "s3cret", "second line"):
        check_lacks(text, secret, "a message")


@test("the first login fetches with one call, the second needs none")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        reply = helper.log_in()
        check_equal((reply.outcome, reply.source, reply.error, reply.warnings),
                    ("complete", "fetched", "", []))
        check_equal(reply.variables, {"DB_USER": "app", "DB_PASS": SECRET})
        reply = helper.log_in()
        check_equal((reply.outcome, reply.source), ("complete", "cache"))
        check_equal(reply.variables, {"DB_USER": "app", "DB_PASS": SECRET})
        check_equal(cloud.call_count, 1)


@test("the cache is _ssmenv's alone")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        folder = helper.CACHE.stat()
        check_equal((folder.st_uid, folder.st_gid, folder.st_mode & 0o7777),
                    (helper.ACCOUNT, helper.ACCOUNT, 0o700))
        files = list(helper.CACHE.iterdir())
        check(files, "nothing was kept")
        for file in files:
            check_equal((file.stat().st_uid, file.stat().st_mode & 0o7777), (helper.ACCOUNT, 0o600))


@test("twenty logins at once make one call")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        logins = [helper.start(timeout_ms=60000) for _ in range(20)]
        for login in logins:
            check_equal(helper.finish(login).variables, {"DB_USER": "app", "DB_PASS": SECRET})
        check_equal(cloud.call_count, 1)


@test("different logins share what their sections share")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/users/dba/token", "t1")
        cloud.configure(TWO + "[env user=dba]\nMINE = /users/%u/token\n")
        helper.log_in()
        reply = helper.log_in(user="dba")
        check_equal(reply.variables, {"DB_USER": "app", "DB_PASS": SECRET, "MINE": "t1"})
        check_equal([list(call.names) for call in cloud.aws.calls][1], ["/users/dba/token"])


@test("while AWS is away stale values are served and say so, and one login in retry_after tries")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 0")
        helper.log_in()
        cloud.aws.fault(kind="service_unavailable")
        before = cloud.call_count
        reply = helper.log_in()
        check_equal((reply.outcome, reply.source), ("complete", "stale"))
        check_equal(reply.variables["DB_PASS"], SECRET)
        check(any("503" in warning for warning in reply.warnings), reply.warnings)
        attempts = cloud.call_count - before
        check(attempts >= 1, "nobody tried")
        for _ in range(3):
            check_equal(helper.log_in().source, "stale")
        check_equal(cloud.call_count - before, attempts, "calls after the first failed login")


@test("an endpoint that never answers ends before the module's deadline, with its name and phase")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        cloud.aws.fault(kind="hang")
        reply = helper.log_in(timeout_ms=4000)
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, "localhost")
        check_contains(reply.error, "answer")


@test("a set that fails takes no other with it")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "[env service=sshd]\nAPI_KEY = /prod/api/key\nOTHER = DB_USER\n")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables),
                    ("partial", {"DB_USER": "app", "DB_PASS": SECRET}))
        check_contains(reply.error, f"{helper.CONFIG}:")
        check_contains(reply.error, "/prod/api/key")


@test("a denied parameter is named with the action and the resource that the policy lacks")
def _():
    with Cloud() as cloud:
        cloud.aws.set_policy([{"Effect": "Allow", "Action": "ssm:*", "Resource": "*/DB_USER"}])
        cloud.configure(TWO)
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, "AccessDeniedException")
        check_contains(reply.error, ":parameter/prod/db/password")
        check_contains(reply.error, "request ")


@test("a parameter that AWS no longer has is purged at once")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO, cache="ttl = 0\nretry_after = 0")
        helper.log_in()
        cloud.aws.delete("/prod/db/password")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, "/prod/db/password does not exist")
        cloud.aws.fault(kind="service_unavailable")
        check_equal(helper.log_in().variables, {})
        check(all(SECRET.encode() not in file.read_bytes() for file in helper.CACHE.iterdir()),
              "the value is still in memory")


@test("a changed region, profile or credentials file never finds the old values")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        helper.write_credentials(cloud.aws.access_key_id, cloud.aws.secret_access_key)
        check_equal(helper.log_in().source, "fetched")
        check_equal(helper.log_in().source, "cache")
        cloud.configure(TWO, region="us-west-2")
        check(helper.log_in().source != "cache", "another region came from the cache")


@test("a comment that changes costs no fetch")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        cloud.configure("# rotated every night\n" + TWO)
        check_equal(helper.log_in().source, "cache")


@test("every mistake of the configuration is reported with its place, and nothing is set")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "PATH = \"/tmp\"\nBAD = \"\\q\"\n")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, f"{helper.CONFIG}:10:1: ")
        check_contains(reply.error, f"{helper.CONFIG}:11:8: ")
        check_equal(cloud.call_count, 0)


@test("no configuration at all configures nothing and is no error")
def _():
    with Cloud():
        helper.CONFIG.unlink(missing_ok=True)
        reply = helper.log_in()
        check_equal((reply.outcome, reply.source, reply.variables, reply.error),
                    ("complete", "none", {}, ""))


@test("a configuration named elsewhere has to be there")
def _():
    with Cloud():
        reply = helper.log_in(config="/mnt/nowhere.conf")
        check_equal(reply.outcome, "failed")
        check_contains(reply.error, "/mnt/nowhere.conf")


@test("without credentials the error says what was tried where")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.CREDENTIALS.unlink()
        reply = helper.log_in()
        check_contains(reply.error, "Unable to locate credentials")
        check_contains(reply.error, str(helper.CREDENTIALS))


@test("groups come from the system, and only members get a group's section")
def _():
    with Cloud() as cloud:
        with open("/etc/group", "a") as groups:
            groups.write("dba:x:54321:deploy\n")
        cloud.configure(TWO + "[env group=db*]\nROLE = \"dba\"\n")
        check_equal(helper.log_in(user="deploy").variables.get("ROLE"), None)
        with open("/etc/passwd", "a") as accounts:
            accounts.write("deploy:x:54322:54322::/:/bin/sh\n")
        check_equal(helper.log_in(user="deploy").variables.get("ROLE"), "dba")
        check_equal(helper.log_in(user="root").variables.get("ROLE"), None)


@test("a directory that does not answer costs the sections for groups, and half of the time at most")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "[env group=db*]\nROLE = \"dba\"\n[env user=!root group=dba]\nR = \"r\"\n")
        os.mkfifo("/mnt/silent")
        os.system("mount --bind /mnt/silent /etc/group")
        try:
            start = time.monotonic()
            reply = helper.log_in(user="deploy", timeout_ms=3000)
            took = time.monotonic() - start
        finally:
            os.system("umount /etc/group")
        check_equal((reply.outcome, sorted(reply.variables)), ("partial", ["DB_PASS", "DB_USER"]))
        check_contains(reply.error, "the groups of deploy cannot be found out, and no section with group= "
                                    "counts (try: getent initgroups deploy): ssmenv-groups: no time left")
        check(took < 3, f"{took} s for a login of 3")


@test("nobody asks for groups where no section names one for this login")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO + "[env user=!root group=dba]\nROLE = \"dba\"\n")
        program = helper.PROGRAM.parent / "ssmenv-groups"
        program.rename(f"{program}.away")
        try:
            check_equal(helper.log_in(user="root").outcome, "complete")
            check_contains(helper.log_in(user="deploy").error, "ssmenv-groups: No such file or directory")
        finally:
            os.rename(f"{program}.away", program)


@test("as root it refuses to work without an account to become")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        reply = helper.log_in(become=False)
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, "refusing to work as root")


@test("a cache folder that cannot be used costs a fetch, and the log says why")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.CACHE.symlink_to("/tmp")
        try:
            for calls in (1, 2):
                reply = helper.log_in()
                check_equal((reply.outcome, reply.source), ("complete", "fetched"))
                check_contains(" ".join(reply.warnings), str(helper.CACHE))
                check_equal(cloud.call_count, calls)
        finally:
            helper.CACHE.unlink()


@test("a full cache folder costs a fetch, leaves no half file, and the log says why")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/prod/big", "x" * 4096)
        cloud.configure("[env]\n" + "".join(f"V{i} = /prod/big\n" for i in range(1, 9)))
        helper.CACHE.mkdir(exist_ok=True)
        check_equal(os.system(f"mount -t tmpfs -o size=4k,mode=0700,uid={helper.ACCOUNT},"
                              f"gid={helper.ACCOUNT} tmpfs {helper.CACHE}"), 0)
        try:
            reply = helper.log_in()
            check_equal((reply.outcome, len(reply.variables)), ("complete", 8))
            check_contains(" ".join(reply.warnings), "cannot be kept: No space left")
            check(not any(file.name.endswith(".new") for file in helper.CACHE.iterdir()), "half a file")
        finally:
            os.system(f"umount {helper.CACHE}")


@test("a fetcher that is missing is named")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        fetcher = helper.PROGRAM.parent / "ssmenv-fetch"
        fetcher.rename(f"{fetcher}.away")
        try:
            check_contains(helper.log_in().error, "ssmenv-fetch: No such file or directory")
        finally:
            os.rename(f"{fetcher}.away", fetcher)


@test("no message holds a value, whatever fails")
def _():
    with Cloud() as cloud:
        cloud.aws.put("/prod/db/password", SECRET)
        cloud.configure("[env]\nA = /prod/db/password#member\nB = /prod/db/password:99\n"
                        f"C = \"${{A}}\"\n[env]\nD = /prod/db/password\nE = /nowhere\n")
        reply = helper.log_in()
        check_equal(reply.variables, {})
        check_contains(reply.error, "/prod/db/password")
        no_value_in(reply.error + " ".join(reply.warnings))


run()
