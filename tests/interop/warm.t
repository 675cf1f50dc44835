#!/usr/bin/python3
"""What a login costs that finds everything in the cache, seen by strace(1): no process but
ssmenv-helper, no lock, no network, no file written."""

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

TRACE = "/mnt/trace"
# Of 2 sets with 3 lookups; each further set opens, reads and closes one store and sets one time.
CALLS_MAX = 90
LOADER_CALLS_MAX = 30


def is_static():
    """Whether the helper could be: then it is."""
    if shutil.which("musl-gcc"):
        return True
    done = subprocess.run(["cc", "-fPIE", "-static-pie", "-x", "c", "-o", "/dev/null", "-"], check=False,
                          capture_output=True, input=b"int main(void) { return 0; }")
    return done.returncode == 0


def traced(**login):
    """Every system call of a login, [(name, rest of the line)]."""
    if not shutil.which("strace"):
        raise Skip("needs strace")
    needs_root()
    # The helper lives no longer than its parent: that is strace, which takes the shell's place.
    arguments = [item for item in map(str, helper.arguments(**login)) if "--parent" not in item]
    script = f'exec strace -f -o {TRACE} "$0" "$@" --parent=$$'
    done = subprocess.run(["sh", "-c", script, *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin"})
    lines = open(TRACE).read().splitlines()
    return (helper.decode(done.stdout),
            re.findall(r"^(?:\d+ +)?(\w+)\((.*)$", "\n".join(lines), re.MULTILINE))


def opened(calls):
    return [re.match(r'[^"]*"([^"]*)"', rest).group(1) for name, rest in calls
            if name in ("open", "openat")]


def warm_login():
    with Cloud() as cloud:
        cloud.aws.put("/third", "3")
        cloud.configure(TWO + "[env]\nTHIRD = /third\n")
        helper.log_in()
        reply, calls = traced(timeout_ms=60000)
        check_equal((reply.outcome, reply.source, len(reply.variables)), ("complete", "cache", 3))
        check_equal(cloud.call_count, 1)
        return calls


@test("strace sees what it is about: a cold login locks, starts the fetcher and loads libcurl")
def _():
    with Cloud() as cloud:
        cloud.configure(TWO)
        reply, calls = traced(timeout_ms=60000)
        check_equal(reply.source, "fetched")
        names = {name for name, _ in calls}
        check({"flock", "execve", "connect"} <= names, names)
        check(names & {"clone", "clone3", "vfork", "fork"}, names)
        check(any("libcurl" in path for path in opened(calls)), "no libcurl")


@test("a warm login starts no process and takes no lock")
def _():
    calls = warm_login()
    check_equal([name for name, _ in calls if name == "execve"], ["execve"])
    names = {name for name, _ in calls}
    check_equal(names & {"clone", "clone3", "fork", "vfork", "flock", "setitimer"}, set())


@test("a warm login goes nowhere")
def _():
    calls = warm_login()
    check_equal({name for name, _ in calls} & {"socket", "connect"}, set())


@test("a warm login loads no library")
def _():
    if not is_static():
        raise Skip("the C library cannot be linked statically here, so the helper is not")
    check_equal([path for path in opened(warm_login()) if ".so" in path], [])


@test("the helper is loaded at random addresses, without a loader, and nothing in it can be written and run")
def _():
    done = subprocess.run(["readelf", "-hlW", helper.PROGRAM], check=True, capture_output=True, text=True)
    headers = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    check(["Type:", "DYN"] in [words[:2] for words in headers], done.stdout)
    segments = {words[0] for words in headers}
    check_equal("INTERP" in segments, not is_static(), done.stdout)
    check("GNU_RELRO" in segments, done.stdout)
    check_equal([words for words in headers if "RWE" in words], [], "segments")


@test("a warm login opens the configuration and one file for each set, and writes none")
def _():
    calls = warm_login()
    cache = str(helper.CACHE)
    writing = [rest for name, rest in calls if name in ("open", "openat")
               and re.search("O_WRONLY|O_RDWR|O_CREAT", rest)]
    check_equal(writing, [])
    check_equal(len([path for path in opened(calls) if re.fullmatch("[0-9a-f]{16}", path)]), 2)
    check_equal(opened(calls).count(cache), 2, "openings of the folder")  # as root, and after
    check_equal({name for name, _ in calls} & {"rename", "renameat", "renameat2", "unlinkat"}, set())


@test(f"a warm login makes at most {CALLS_MAX} system calls, {LOADER_CALLS_MAX} more with a dynamic loader")
def _():
    calls = warm_login()
    check(len(calls) <= CALLS_MAX + (0 if is_static() else LOADER_CALLS_MAX),
          f"{len(calls)}: {[name for name, _ in calls]}")


run()
