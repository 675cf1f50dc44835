#!/usr/bin/python3 -B
"""The stage and the demo on it leave the machine as it was, however they end."""

import contextlib
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

from machine import ROOT
from tap import Skip, check, check_contains, check_equal, check_lacks, needs_root, run, test

STAGE = ROOT / "tests/stage"
DEMO = ROOT / "tests/e2e/demo"
WAIT_SECONDS = 60
# A shell that runs this in the background has SIGINT ignored, and what we start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@contextlib.contextmanager
def started(*argv):
    """A program in its own process group, whose output ends when its last process has ended."""
    process = subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        yield process
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def read_until(process, mark):
    """The output up to mark, or up to its end where mark is None."""
    output = b""
    deadline = time.monotonic() + WAIT_SECONDS
    while mark is None or mark.encode() not in output:
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        check(ready, f"still waiting for {mark or 'the end'} after {output!r}")
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            check(mark is None, f"the output ended without {mark!r}: {output!r}")
            break
        output += data
    return output.decode()


def machine_state():
    """What only an administrator changes: mounts, accounts, services."""
    files = [pathlib.Path("/etc", name) for name in (
        "passwd", "group", "shadow", "sudoers", "crontab", "environment")]
    files += sorted(pathlib.Path("/etc/pam.d").glob("*"))
    return {"hostname": os.uname().nodename,
            "mounts": pathlib.Path("/proc/self/mounts").read_text(),
            "ssmenv": os.path.exists("/etc/ssmenv"), "/mnt": sorted(os.listdir("/mnt")),
            "files": {str(path): path.read_bytes() for path in files if path.is_file()}}


# Files that logins write, and folders of the stage.
TRACKS = ("/var/log/wtmp", "/var/log/btmp", "/run/utmp", "/run/mark", "/dev/mark", "/dev/shm/mark",
          "/var/spool/cron/mark", "/etc/cron.d/mark", "/etc/sudoers.d/mark", "/var/mail/mark",
          "/var/lib/sudo/mark", "/mnt/mark", "/etc/passwd", "/etc/shadow", "/etc/sudoers",
          "/etc/pam.d/sshd")


@test("Whatever a command does on the stage, the machine has never seen it")
def _():
    needs_root()
    before = machine_state()
    mark = os.urandom(16).hex()
    vandal = f"for file; do echo {mark} >>$file; done; rm -f /etc/pam.d/su; hostname {mark}"
    subprocess.run([STAGE, "relocated", "sh", "-ec", vandal, "sh", *TRACKS], check=True,
                   stdin=subprocess.DEVNULL)
    check_equal(machine_state(), before, "the machine")
    for track in map(pathlib.Path, TRACKS):
        if track.exists():
            check_lacks(track.read_bytes(), mark.encode(), str(track))


@test("What a command leaves running on the stage ends with it, and its exit status comes back")
def _():
    needs_root()
    command = "sleep 1000 & setsid sleep 1000 & exit 7"
    with started(STAGE, "relocated", "sh", "-c", command) as process:
        read_until(process, None)
        check_equal(process.wait(), 7, "exit status")


def register_end(name):
    @test(f"A stage that gets {name} takes everything on it along")
    def _():
        needs_root()
        loop = "trap '' TERM INT HUP; setsid sleep 1000 & echo ready; while :; do sleep 1000; done"
        with started(STAGE, "relocated", "sh", "-c", loop) as process:
            read_until(process, "ready")
            process.send_signal(getattr(signal, name))
            read_until(process, None)


for signal_name in ("SIGTERM", "SIGHUP", "SIGKILL"):
    register_end(signal_name)


@test("Without root the command runs where it is, and knows that there is no stage")
def _():
    argv = [STAGE, "relocated", "sh", "-c", "echo \"[${SSMENV_STAGE-unset}]\""]
    check_equal(unprivileged(argv).stdout, "[]\n", "SSMENV_STAGE")


def unprivileged(argv):
    """Runs argv as somebody who is not root."""
    if os.geteuid() == 0:
        argv = [*NOBODY, *argv]
        if subprocess.run([*NOBODY, "test", "-r", STAGE], check=False).returncode != 0:
            raise Skip("other users cannot read this checkout")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=WAIT_SECONDS)


@test("Without root each test of real logins is skipped with its reason")
def _():
    done = unprivileged([ROOT / "tests/e2e/psql.t"])
    check_equal(done.returncode, 0, f"exit status: {done.stdout} {done.stderr}")
    lines = done.stdout.splitlines()[1:]
    check(lines and all(line.endswith("# SKIP needs root") for line in lines), f"{lines!r}")


# --- the demo ------------------------------------------------------------------------------------


@test("The demo shows both variables, the log line and how much faster the login is")
def _():
    needs_root()
    before = machine_state()
    with started(DEMO) as process:
        output = read_until(process, None)
        check_equal(process.wait(), 0, f"exit status: {output}")
    for part in ("DB_USER=app_prod", "DB_PASS=p@ss \"w0rd\" & $HOME/\u00fcn\u00efc\u00f8de \u2713",
                 "user deploy, service sshd: 2 variables set (fetched, ", "pam_ssmenv, first login",
                 "0 calls to AWS"):
        check_contains(output, part, "output")
    if os.access("/usr/bin/aws", os.X_OK):
        check_contains(output, " times faster than the aws lines", "output")
    check_equal(machine_state(), before, "the machine")


@test("The demo ends with a failure when a variable does not arrive")
def _():
    needs_root()
    with tempfile.TemporaryDirectory() as folder:
        broken = pathlib.Path(folder, "ssmenv-fetch")
        shutil.copy("/bin/false", broken)
        script = ("mount --bind \"$0\" \"$1\" && exec \"$2\"")
        with started("unshare", "--mount", "sh", "-c", script, broken,
                     ROOT / "build/relocated/ssmenv-fetch", DEMO) as process:
            output = read_until(process, None)
            check(process.wait() != 0, f"exit status 0: {output}")
        check_contains(output, "no variables set", "output")
        check_contains(output, "did not arrive", "output")
        check_lacks(output, "times faster", "output")


@test("The demo that is interrupted from the keyboard says so and leaves nothing running")
def _():
    needs_root()
    before = machine_state()
    with started(DEMO) as process:
        read_until(process, "The system log says")
        os.killpg(process.pid, signal.SIGINT)
        check_contains(read_until(process, None), "Interrupted", "output")
        check(process.wait() != 0, "exit status 0")
    check_equal(machine_state(), before, "the machine")


@test("The demo says that it needs root")
def _():
    done = unprivileged([DEMO])
    check(done.returncode != 0, "exit status 0")
    check_contains(done.stderr, "needs root", "what it says")


run()
