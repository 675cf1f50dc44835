"""ssmenv doctor on a stage of its own, beside a fake AWS; what it printed, check by check."""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
if "SSMENV_STAGE" not in os.environ:
    STAGE = str(ROOT / "tests/stage")
    os.execv(STAGE, [STAGE, "sanitized", sys.executable, "-B", *sys.argv])
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/fakeaws"), str(ROOT / "tests/interop")]

from machine import (CONFIG, CREDENTIALS, CREDENTIALS_FILE, PREFIX, attempt,  # noqa: E402
                     write_for_helper)
from tap import check, check_equal, check_lacks, needs_root  # noqa: E402

PROGRAM = PREFIX / "sbin/ssmenv"
SANITIZER = PREFIX / "log"
SECRET = "s3cret-V4lue"  # of every parameter that is not about a host or a port
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TERM": "xterm"}
MARKS = {"ok     ": "ok", "warning": "warning", "bad    ": "bad", "-      ": "not tried"}
TIMES = re.compile(r"\d+(\.\d+)? ms")
ADVICE = " " * 9


class Check:
    """One line of the report, and the advice below it. Times are N."""

    def __init__(self, mark, rest, section):
        self.status = MARKS[mark]
        self.text = TIMES.sub("N ms", rest)
        self.section = section
        self.advice = []

    def __repr__(self):
        return f"{self.status}: {self.text}"


class Report:
    def __init__(self, done):
        self.code, self.stdout = done.returncode, done.stdout.decode()
        self.checks, section = [], None
        lines = self.stdout.splitlines()
        self.verdict = lines[-1] if lines else ""
        for line in lines[:-1]:
            if line.startswith("["):
                section = line[1:-1]
            elif line.startswith(ADVICE):
                self.checks[-1].advice.append(line.removeprefix(ADVICE))
            elif line:
                check_equal(line[7:9], "  ", f"what stands behind the mark of {line!r}")
                self.checks.append(Check(line[:7], line[9:], section))

    def of(self, name):
        """The checks of this name."""
        return [each for each in self.checks if each.text.startswith(f"{name}: ")]

    def one(self, name):
        found = self.of(name)
        check_equal(len(found), 1, f"checks of {name} in\n{self.stdout}\n")
        return found[0]

    def says(self, name, status, text, section=None):
        """The one check of this name has this status and this text, all of it."""
        found = [each for each in self.of(name) if section in (None, each.section)]
        check_equal([(each.status, each.text.removeprefix(f"{name}: ")) for each in found],
                    [(status, text)], f"{name} in\n{self.stdout}\n")
        return found[0]

    def statuses(self, *names):
        return [self.one(name).status for name in names]


def run_doctor(*arguments, **options):
    """The command's end. Whatever it prints, no value is among it."""
    needs_root()
    done = attempt([PROGRAM, "doctor", *arguments], env=options.pop("env", ENVIRONMENT), **options)
    check_lacks(done.stdout.decode(), SECRET, "what the doctor prints")
    check_equal([path.read_text() for path in SANITIZER.iterdir()], [], "sanitizer reports")
    return done


def doctor(*arguments, **options):
    done = run_doctor(*arguments, **options)
    check_equal(done.stderr, b"", "standard error")
    return Report(done)


def doctor_json(*arguments, **options):
    done = run_doctor("--json", *arguments, **options)
    return done.returncode, json.loads(done.stdout)


def configure(aws, text, credentials=True, **settings):
    """[aws] leads to the fake over TLS; a setting that is None is left out."""
    needs_root()
    lines = {"region": aws.region, "endpoint_url": aws.tls_endpoint, "ca_bundle": aws.ca_file,
             "ec2_metadata_service_endpoint": "http://127.0.0.1:9", **settings}
    written = [f"{key} = {value}\n" for key, value in lines.items() if value is not None]
    write_for_helper(CONFIG, "[aws]\n" + "".join(written) + text)
    CREDENTIALS.unlink(missing_ok=True)
    if credentials:
        write_for_helper(CREDENTIALS, CREDENTIALS_FILE.format(aws=aws))
    aws.clear_faults()
    aws.set_clock(0)
    aws.set_policy(None)


class Filter:
    """nftables that drops what goes to a port, as a security group does."""

    def __init__(self, port):
        self.port = port

    @staticmethod
    def command(*words):
        subprocess.run(["nft", *words], check=True)

    def __enter__(self):
        self.command("add", "table", "inet", "doctor")
        self.command("add", "chain", "inet", "doctor", "input",
                     "{ type filter hook input priority 0; }")
        self.command("add", "rule", "inet", "doctor", "input", "tcp", "dport", str(self.port),
                     "drop")

    def __exit__(self, *_):
        self.command("delete", "table", "inet", "doctor")


def check_in_order(report, *names):
    """These checks stand in this order."""
    places = [next((i for i, each in enumerate(report.checks) if each.text.startswith(name)), None)
              for name in names]
    check(None not in places and places == sorted(places),
          f"order of {names} in\n{report.stdout}: {places}")
