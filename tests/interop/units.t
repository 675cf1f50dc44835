#!/usr/bin/python3
"""The systemd units, as far as that can be told without a running systemd: what systemd-analyze(1)
says about them, and whether refreshing works inside what the service allows."""

import configparser
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "relocated", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from login_cloud import TWO, Cloud  # noqa: E402
from tap import Skip, check, check_equal, needs_root, run, test  # noqa: E402

FOLDER = helper.STAGE / "lib/systemd/system"
SERVICE, TIMER = FOLDER / "ssmenv-refresh.service", FOLDER / "ssmenv-refresh.timer"
TTL = 5 * 60  # the default, of which a host may take a fifth away
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def read(path):
    needs_root()
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(path.read_text())
    return unit


def tool(*words):
    if not shutil.which(words[0]):
        raise Skip(f"needs {words[0]}")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False,
                          env=ENVIRONMENT)
    check_equal(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def seconds(span):
    return int(re.search(r"μs: (\d+)", tool("systemd-analyze", "timespan", span)).group(1)) / 1e6


@test("systemd-analyze verify has nothing to say about them")
def _():
    needs_root()
    check_equal(tool("systemd-analyze", "verify", "--man=no", str(SERVICE), str(TIMER)), "")


@test("the service begins after the network is there, and nothing waits for it")
def _():
    unit = read(SERVICE)["Unit"]
    check_equal((unit["After"], unit["Wants"]), ("network-online.target",) * 2)
    check_equal(unit.get("Before"), None)
    check_equal(dict(read(SERVICE)["Install"]), {"WantedBy": "multi-user.target"})


@test("the timer comes again before values of the default ttl are old, with its delay and all")
def _():
    timer = read(TIMER)["Timer"]
    latest = sum(seconds(timer[key])
                 for key in ("OnUnitActiveSec", "RandomizedDelaySec", "AccuracySec"))
    check(0 < seconds(timer["RandomizedDelaySec"]), "no delay: hosts would refresh in step")
    check(latest < TTL - TTL / 5, f"{latest} s is too late")


@test("the service's capabilities suffice, also to make the folder, and the next login is warm")
def _():
    service = read(SERVICE)["Service"]
    kept = [name.removeprefix("CAP_").lower() for name in service["CapabilityBoundingSet"].split()]
    with Cloud() as cloud:
        cloud.configure(TWO)
        for _ in ("made", "there already"):
            tool("setpriv", "--no-new-privs", "--inh-caps=-all",
                 "--bounding-set=-all" + "".join(f",+{name}" for name in kept),
                 *service["ExecStart"].split())
        check_equal(cloud.call_count, 2)
        reply = helper.log_in()
        check_equal((reply.source, reply.warnings), ("cache", []))


@test("refreshing makes no system call that the service forbids")
def _():
    service = read(SERVICE)["Service"]
    groups = service["SystemCallFilter"].removeprefix("~").split()
    forbidden = {line.strip() for line in tool("systemd-analyze", "syscall-filter",
                                               *groups).splitlines() if line.startswith("    ")}
    check({"mount", "ptrace", "settimeofday"} <= forbidden, forbidden)
    with Cloud() as cloud:
        cloud.configure(TWO)
        tool("strace", "-f", "-o", "/mnt/trace", *service["ExecStart"].split())
        made = set(re.findall(r"^(?:\d+ +)?(\w+)\(", open("/mnt/trace").read(), re.MULTILINE))
        check({"setresuid", "connect", "flock"} <= made, made)
        check_equal(made & forbidden, set())


@test("what the service runs is what is installed")
def _():
    service = read(SERVICE)["Service"]
    check_equal(service["ExecStart"], f"{helper.STAGE}/sbin/ssmenv refresh")
    check_equal(service["ReadWritePaths"], str(helper.CACHE.parent))
    check("@" not in SERVICE.read_text().replace("~@", "").replace(" @", ""), "a mark is left over")


run()
