"""What the measurements run on: a stage of tests/stage, a FakeAWS in a process of its own, service files
and configurations, and the load programs of this folder.

A parameter /bench/001 holds "value of BENCH_001" and becomes the variable BENCH_001; the load programs
check that.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/fakeaws"), str(ROOT / "tests")]

from machine import CACHE, CONFIG, MODULE, PREFIX, Machine, aws_section, enter, write_for_helper  # noqa: E402,E501
from machine import CREDENTIALS, CREDENTIALS_FILE  # noqa: E402

PROGRAMS = ROOT / "build/relocated/tests"
EMPTY = PROGRAMS / "bench-empty"
CONFDIR = pathlib.Path("/mnt/bench.d")
PARAMETERS = 256

__all__ = ["CACHE", "CONFDIR", "EMPTY", "MODULE", "PREFIX", "PROGRAMS", "ROOT", "Stage", "enter",
           "is_root", "name_of", "value_of"]


def is_root():
    return os.geteuid() == 0


def name_of(number):
    return f"BENCH_{number:03}"


def go_first():
    """Everything from here on goes before the other programs of a busy machine: they make a login, which
    waits for another process, look slower than a program that waits for nothing. False where that is
    not allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    return True


@contextlib.contextmanager
def ordinary_priority():
    """What is started meanwhile competes as on any host; what runs already keeps its place."""
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, param)


def value_of(number):
    return f"value of {name_of(number)}"


class Stage:
    """There can be one only. aws: a RemoteFakeAWS."""

    def __init__(self):
        from fakeaws import RemoteFakeAWS
        self._state = pathlib.Path("/mnt/fakeaws")
        self._state.mkdir()
        self.aws = RemoteFakeAWS.start("--tls", "--state", str(self._state))
        self.machine = Machine()
        self.log = self.machine.log
        write_for_helper(CREDENTIALS, CREDENTIALS_FILE.format(aws=self.aws))
        for number in range(1, PARAMETERS + 1):
            self.aws.put(f"/bench/{number:03}", value_of(number))
        CONFDIR.mkdir()
        (CONFDIR / "other").write_text("session required pam_deny.so\n")

    def stop_aws(self):
        """Ends the FakeAWS and returns the port on which it spoke TLS."""
        port = int(self.aws.tls_endpoint.rpartition(":")[2])
        self.aws.close()
        return port

    def close(self):
        self.aws.close()

    def service(self, name, variables, cache="ttl = 1h", timeout="30s"):
        """A PAM service whose only session line is the module, with a configuration of its own; returns
        its name. timeout: what is measured shall not be cut off by it."""
        config = CONFIG.with_name(f"{name}.conf")
        lines = [f"{name_of(i)} = /bench/{i:03}" for i in range(1, variables + 1)]
        write_for_helper(config, "\n".join([aws_section(self.aws, tls=True), "[cache]", cache, "[env]",
                                            *lines, ""]))
        self.stack(name, f"session required {MODULE} config={config} timeout={timeout}")
        return name

    @staticmethod
    def stack(name, *lines):
        (CONFDIR / name).write_text("".join(line + "\n" for line in lines))

    @staticmethod
    def forget_values():
        """As after a reboot: nothing was ever fetched."""
        shutil.rmtree(CACHE, ignore_errors=True)

    def sources(self, position):
        """How many logins since position of the log got values from where: {"cache": 12, …}."""
        counts = {}
        for _, text in self.log.since(position, "pam_ssmenv("):
            source = next((word for word in ("fetched", "stale", "cache")
                           if f"({word}, " in text or f"({word} " in text), "none")
            counts[source] = counts.get(source, 0) + 1
        return counts


def load(program, *arguments):
    """The output of a program of this folder; it ends with 0 only when every login delivered."""
    command = [str(part) for part in (PROGRAMS / program, *arguments)]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, cwd="/",
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def pairs(rounds, *ways, options=()):
    """Seconds of each way in each round, as one list for each way. A way: ("login", service, variables)
    or ("program", variables, path, argument…)."""
    words = [word for way in ways for word in (*way, "--")][:-1]
    output = load("bench-pairs", CONFDIR, rounds, *options, *words)
    table = [[int(number) / 1e9 for number in line.split()] for line in output.splitlines()]
    return [list(column) for column in zip(*table)]

