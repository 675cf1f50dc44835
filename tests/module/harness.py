"""Opens sessions through libpam with the module and a helper that misbehaves to order.

A test script calls enter() first. As root it then runs on the stage, with the sanitized module
installed there, the log in hand and everything else private; without root it uses the module where it
was built, and what needs root or the log says so.

open_session() runs the program `host` once and checks what must hold after every login, whatever the
helper did: the host is as it was before (signals, descriptors, children …), no process of the helper's
is left, no sanitizer complained, no value is in the log, and it took no longer than its deadline.
"""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILT = REPOSITORY / "build/sanitized"
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "tests/e2e")]

import tap  # noqa: E402
from system_log import SystemLog  # noqa: E402

PAM_SUCCESS = 0
PAM_SESSION_ERR = 14
SECRETS = ("correct horse", "second line", "vvvvvvvv")
NOBODY = 65534
SLACK_MS = 100
# A run can only be late because of other programs on this machine, never early: the best counts.
ATTEMPTS = 3
WAIT_SECONDS = 60

ROOT = os.geteuid() == 0
LOG = None
FOLDER = None
MODULE = None
HELPER = None
SANITIZER_LOG = None
_calls = 0


def enter():
    """Continues on the stage if that is possible, and prepares the folders."""
    global LOG, FOLDER, MODULE, HELPER, SANITIZER_LOG
    if ROOT and "SSMENV_STAGE" not in os.environ:
        os.execv(REPOSITORY / "tests/stage", ["stage", "sanitized", *map(os.path.abspath, sys.argv)])
    if ROOT:
        stage = pathlib.Path(os.environ["SSMENV_STAGE"])
        LOG = SystemLog("/dev/log")
        MODULE = stage / "lib/security/pam_ssmenv.so"
        FOLDER = stage / "module"
        FOLDER.mkdir()
        SANITIZER_LOG = stage / "log"
        SANITIZER_LOG.mkdir(exist_ok=True)
    else:
        MODULE = BUILT / "pam_ssmenv.so"
        FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="ssmenv-module-"))
        SANITIZER_LOG = FOLDER / "log"
        SANITIZER_LOG.mkdir()
    SANITIZER_LOG.chmod(0o1777)
    for name in ("calls", "pam.d", "helper"):
        (FOLDER / name).mkdir()
        (FOLDER / name).chmod(0o755)
    for name in ("fake-helper", "observing-helper"):
        shutil.copy(BUILT / "tests" / name, FOLDER / "helper" / name)
        (FOLDER / "helper" / name).chmod(0o755)
    HELPER = FOLDER / "helper/fake-helper"
    (FOLDER / "pam.d/other").write_text("session required pam_deny.so\nauth required pam_deny.so\n")


def run():
    try:
        tap.run()
    finally:
        if not ROOT:
            shutil.rmtree(FOLDER)


def needs_stage():
    if not ROOT:
        raise tap.Skip("needs root: a private mount namespace, and the log in it")


class Session:
    """What came of one pam_open_session."""

    def __init__(self):
        self.result = None
        self.closed = None
        self.elapsed = None
        self.variables = {}
        self.messages = []


class Outcome(Session):
    """What came of one run of the host; with two threads, of the first session, and of the second."""

    def __init__(self, report):
        super().__init__()
        self.changed = []
        self.caught = self.reaped = self.found = 0
        self.second = Session()
        self.log = []
        self.processes = []
        self.details = report
        session = self
        for line in report.splitlines():
            key, _, value = line.partition(" ")
            if key == "variable":
                name, _, text = bytes.fromhex(value).partition(b"=")
                session.variables[name.decode()] = text.decode(errors="backslashreplace")
            elif key == "message":
                session.messages.append(bytes.fromhex(value).decode())
            elif key == "changed":
                self.changed.append(value)
            elif key in ("result", "closed", "elapsed"):
                setattr(session, key, int(value))
                session = self.second if key == "elapsed" else session
            elif key in ("caught", "reaped", "found"):
                setattr(self, key, int(value))


def _new_call(behaviour):
    """A folder of its own for one run, and the --config that names the behaviour."""
    global _calls
    _calls += 1
    folder = FOLDER / "calls" / str(_calls)
    folder.mkdir()
    folder.chmod(0o777)
    return folder, folder / behaviour


def service_line(call, arguments="", control="required", timeout="10s", helper=None, real=False):
    """real: with the module's own helper and configuration, as administrators write the line."""
    ours = "" if real else f"config={call} helper={helper or HELPER}"
    return f"session {control} {MODULE} {ours} timeout={timeout} {arguments}\n"


def _ended(process):
    """Waits for a process to be gone, or dead. False when it goes on living."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return select.select([descriptor], [], [], 5)[0] != []
    finally:
        os.close(descriptor)


def _processes(call):
    try:
        return [int(line) for line in open(f"{call}.pids")]
    except FileNotFoundError:
        return []


def _check_sanitizers():
    reports = list(SANITIZER_LOG.iterdir())
    text = "\n".join(f"{path.name}:\n{path.read_text(errors='replace')}" for path in reports)
    for path in reports:
        path.unlink()
    tap.check(not reports, f"a sanitizer complained\n{text}")


def _check_log(lines):
    for secret in SECRETS:
        for _, text in lines:
            tap.check_lacks(text, secret, "the log")
    for _, text in lines:
        tap.check(text.isascii() and text.isprintable(), f"the log has an unprintable: {text!r}")
        tap.check(len(text) < 2200, f"the log line is {len(text)} bytes long")


def _run_host(call, service, options):
    report = call.parent / "report"
    # LeakSanitizer needs a process of its own.
    leaks = int(not any(option.startswith("processes=") for option in options))
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "SECRET_OF_HOST": "x",
                   "ASAN_OPTIONS": f"log_path={SANITIZER_LOG}/host:detect_leaks={leaks}:"
                                   "fast_unwind_on_malloc=0",
                   "UBSAN_OPTIONS": f"log_path={SANITIZER_LOG}/host:print_stacktrace=1"}
    command = [BUILT / "tests/host", report, FOLDER / "pam.d", service, f"module={MODULE}", *options]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=WAIT_SECONDS, cwd="/")
    if done.returncode != 0:
        _check_sanitizers()
        raise AssertionError(f"host ended with {done.returncode}: {done.stderr.decode()}")
    return Outcome(report.read_text())


def _open_session_once(behaviour, options, stack, second_behaviour, prepare, surviving, may_change,
                       **line):
    folder, call = _new_call(behaviour)
    service = "test"
    (FOLDER / "pam.d" / service).write_text((stack or "{module}").format(
        module=service_line(call, **line)))
    if second_behaviour:
        (FOLDER / "pam.d" / (service + "-2")).write_text(
            service_line(folder / second_behaviour, **line))
    if prepare:
        prepare(call)
    position = LOG.position() if LOG else 0
    outcome = _run_host(call, service, [option.format(call=call) for option in options])
    outcome.processes = _processes(call)
    for process in outcome.processes[:1] if surviving else outcome.processes:
        tap.check(_ended(process), f"process {process} is still alive")
    for process in outcome.processes[1:] if surviving else ():
        os.kill(process, signal.SIGKILL)
        tap.check(_ended(process), f"process {process} cannot be ended")
    _check_sanitizers()
    tap.check_equal([what for what in outcome.changed if what not in may_change], [],
                    "what the module changed in the host\n" + outcome.details)
    if LOG:
        outcome.log = [(severity, text.partition("pam_ssmenv(test:session): ")[2])
                       for severity, text in LOG.since(position, "pam_ssmenv(")]
        _check_log(outcome.log)
    return outcome


def open_session(behaviour, *options, stack=None, second_behaviour=None, prepare=None,
                 surviving=False, may_change=(), **line):
    """One login. options: the host's; line: what service_line() takes; stack surrounds that line, which
    is its "{module}", with others. surviving: children that left
    the helper's group may live on, and are ended here."""
    limit = _milliseconds(line.get("timeout", "10s")) + SLACK_MS
    late = []
    while len(late) < ATTEMPTS:
        outcome = _open_session_once(behaviour, options, stack, second_behaviour, prepare, surviving,
                                     may_change, **line)
        if max(outcome.elapsed, outcome.second.elapsed or 0) <= limit:
            return outcome
        late.append(outcome.elapsed)
    raise AssertionError(f"took {late} ms, allowed are {limit}")


def _milliseconds(duration):
    return int(duration[:-2]) if duration.endswith("ms") else 1000 * int(duration[:-1])


def check_log_line(outcome, severity, *parts):
    """Exactly one line was logged, of this severity and with these parts. Without root, nothing can be
    looked at."""
    if not LOG:
        return
    tap.check_equal([line[0] for line in outcome.log], [severity], f"severities of {outcome.log}")
    for part in parts:
        tap.check_contains(outcome.log[0][1], part, "the log line")
