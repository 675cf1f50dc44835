#!/usr/bin/python3
"""What the cache does when AWS cannot answer, and when its own folder cannot be used: real helper and
fetcher, sanitized, against the strict fake."""

import contextlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from login_cloud import SECRET, TWO, Cloud  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

BOTH = {"DB_USER": "app", "DB_PASS": SECRET}
# Nothing of this says that a parameter is gone or forbidden.
AWAY = {
    "expired credentials": {"kind": "expired_token"},
    "an unknown key": {"kind": "unrecognized_client"},
    "a wrong signature": {"kind": "invalid_signature"},
    "a wrong clock": {"kind": "error", "code": "RequestTimeTooSkewed", "message": "Signature expired"},
    "throttling": {"kind": "throttle"},
    "an inner error": {"kind": "internal_error"},
    "a proxy's page": {"kind": "body", "status": 403},
    "a connection that breaks": {"kind": "reset"},
    "half an answer": {"kind": "truncated"},
}


def stale(what):
    reply = helper.log_in()
    check_equal((reply.outcome, reply.source, reply.error), ("complete", "stale", ""), what)
    check_equal(reply.variables, BOTH, what)
    check(reply.warnings, f"{what}: the log does not say why")


def fetched(cloud, message):
    """A login that has no cache gets everything, from AWS, and says why."""
    before = cloud.call_count
    reply = helper.log_in()
    check_equal((reply.outcome, reply.source, reply.variables), ("complete", "fetched", BOTH))
    check_contains(" ".join(reply.warnings), message)
    check_equal(cloud.call_count, before + 1)


@contextlib.contextmanager
def mounted(options):
    helper.CACHE.mkdir(mode=0o700, exist_ok=True)
    owner = f"mode=0700,uid={helper.ACCOUNT},gid={helper.ACCOUNT}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{owner},{options}", "tmpfs", helper.CACHE],
                   check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", helper.CACHE], check=True)


for name, fault in AWAY.items():
    @test(f"{name} is no verdict: values are served stale, and nothing is purged")
    def _(name=name, fault=fault):
        with Cloud() as cloud:
            cloud.configure(TWO, cache="ttl = 0\nretry_after = 0")
            helper.log_in()
            cloud.aws.fault(**fault)
            stale(name)
            stale(f"{name}, once more")
            cloud.aws.clear_faults()
            check_equal(helper.log_in().source, "fetched")


@test("credentials that cannot be had are no verdict either")
def _():
    with Cloud() as cloud, cloud.aws.metadata() as metadata:
        helper.CREDENTIALS.unlink()
        cloud.configure(f"ec2_metadata_service_endpoint = {metadata.url}\n" + TWO,
                        cache="ttl = 0\nretry_after = 0\n[aws]")
        check_equal(helper.log_in().variables, BOTH)
        for kept in helper.CACHE.glob("*.identity"):
            kept.unlink()
        metadata.fault(status=404)
        stale("no metadata service")


@test("a read-only folder costs a fetch, and the log says why")
def _():
    with Cloud() as cloud, mounted("ro"):
        cloud.configure(TWO)
        fetched(cloud, "Read-only file system")


@test("a folder that became read-only serves what is fresh in it, and fetches the rest")
def _():
    with Cloud() as cloud, mounted("rw"):
        cloud.configure(TWO)
        helper.log_in()
        subprocess.run(["mount", "-o", "remount,ro", helper.CACHE], check=True)
        reply = helper.log_in()
        check_equal((reply.source, reply.warnings), ("cache", []))
        cloud.configure(TWO, cache="ttl = 0")
        fetched(cloud, "Read-only file system")


@test("a folder without room for another file costs a fetch, and the log says why")
def _():
    with Cloud() as cloud, mounted("nr_inodes=1"):
        cloud.configure(TWO)
        fetched(cloud, "No space left on device")


@test("a full file system costs a fetch, and the log says why")
def _():
    with Cloud() as cloud, mounted("size=4k"):
        cloud.configure(TWO)
        (helper.CACHE / "full").write_bytes(bytes(4096))
        fetched(cloud, "No space left on device")


@test("a folder of somebody else is not touched, and the log says whose it is")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.CACHE.mkdir(mode=0o700)
        os.chown(helper.CACHE, 12345, 12345)
        fetched(cloud, f"{helper.CACHE} belongs to uid 12345")
        check_equal(list(helper.CACHE.iterdir()), [])


@test("a FIFO or a file in the folder's place costs a fetch, and the log says why")
def _():
    for make in (os.mkfifo, lambda path: path.write_text("")):
        with Cloud() as cloud:
            cloud.configure(TWO)
            make(helper.CACHE)
            try:
                fetched(cloud, f"{helper.CACHE} is no folder")
            finally:
                helper.CACHE.unlink()


@test("a missing folder is made")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        check_equal(helper.log_in().warnings, [])
        check_equal(helper.log_in().source, "cache")


@test("a FIFO, a symlink and a folder in the place of a store or lock cost a fetch, with a line each")
def _():
    makers = {"FIFO": os.mkfifo, "link": lambda path: path.symlink_to("/etc/passwd"),
              "folder": lambda path: path.mkdir()}
    with Cloud() as cloud:
        cloud.configure(TWO)
        helper.log_in()
        name, = [file.name for file in helper.CACHE.iterdir() if "." not in file.name]
        for suffix in ("", ".lock"):
            for kind, make in makers.items():
                shutil.rmtree(helper.CACHE)
                helper.CACHE.mkdir(mode=0o700)
                make(helper.CACHE / f"{name}{suffix}")
                fetched(cloud, "cached values")
                check_equal(os.stat("/etc/passwd").st_uid, 0, kind)


run()
