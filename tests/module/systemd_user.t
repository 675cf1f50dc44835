#!/usr/bin/python3
"""The systemd manager of a user, and units with PAMName=: sessions of a service without a terminal,
through the stack that Debian's systemd has for them. No systemd runs here: this opens the session as
its manager does (pam_open_session as root, with PAM_SILENT), and what becomes of the environment then
is systemd's business."""

import os
import pathlib
import subprocess

import harness
from harness import PAM_SESSION_ERR, PAM_SUCCESS
from tap import Skip, check, check_contains, check_equal, test

harness.enter()

CONFIGURATION = harness.FOLDER.parent / "etc/ssmenv/ssmenv.conf"
STACKS = (pathlib.Path("/etc/pam.d/systemd-user"), pathlib.Path("/usr/lib/pam.d/systemd-user"))
SECTIONS = ('[env service=systemd-user user=daemon]\nDB_USER = "app"\nDB_PASS = "correct horse"\n'
            '[env service=sshd]\nNOT_HERE = "1"\n[env service=billing]\nDB_USER = "billing"\n')
BOTH = {"DB_USER": "app", "DB_PASS": "correct horse"}


def configure(text):
    harness.needs_stage()
    CONFIGURATION.write_text(text)
    os.chown(CONFIGURATION, 0, 979)
    CONFIGURATION.chmod(0o640)


def packaged_stack():
    for path in STACKS:
        if path.exists():
            return path.read_text()
    raise Skip("systemd has no PAM file here")


def open_session(service, stack, user="daemon"):
    """A session of a user through /etc/pam.d, which on the stage is a copy: result, variables, log."""
    pathlib.Path("/etc/pam.d", service).write_text(stack)
    folder = harness.FOLDER / service
    folder.mkdir(exist_ok=True)
    position = harness.LOG.position()
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                   "ASAN_OPTIONS": f"log_path={harness.SANITIZER_LOG}/host:detect_leaks=0"}
    done = subprocess.run([harness.BUILT / "tests/host", folder / "report", "/etc/pam.d", service,
                           f"module={harness.MODULE}", f"user={user}", "silent"],
                          env=environment, capture_output=True, timeout=60, cwd="/")
    check_equal((done.returncode, done.stderr), (0, b""), "host")
    outcome = harness.Outcome((folder / "report").read_text())
    outcome.log = harness.LOG.since(position, "pam_ssmenv(")
    harness._check_sanitizers()
    harness._check_log(outcome.log)
    return outcome


def line(arguments="", control="optional"):
    return f"\nsession {control} {harness.MODULE} {arguments}\n"


def ours(outcome):
    return {name: value for name, value in outcome.variables.items()
            if name.startswith(("DB_", "NOT_"))}


@test("with the module's line at its end, systemd-user's own stack gives a user's manager the variables")
def user_manager():
    configure(SECTIONS)
    outcome = open_session("systemd-user", packaged_stack() + line())
    check_equal((outcome.result, ours(outcome)), (PAM_SUCCESS, BOTH))
    check_equal(len(outcome.log), 1, outcome.log)
    check_contains(outcome.log[0][1], "pam_ssmenv(systemd-user:session): user daemon, service "
                                      "systemd-user: 2 variables set (")


@test("another user's manager starts without them, and without complaint")
def other_user():
    configure(SECTIONS)
    outcome = open_session("systemd-user", packaged_stack() + line(), user="bin")
    check_equal((outcome.result, ours(outcome)), (PAM_SUCCESS, {}))
    check_equal(outcome.log[0][0], "info")


@test("a mistake lets the manager start without variables, and refuses it with on_error=deny")
def mistake():
    configure('[env]\nDB_USER = "open\n')
    outcome = open_session("systemd-user", packaged_stack() + line())
    check_equal((outcome.result, ours(outcome)), (PAM_SUCCESS, {}))
    check_equal(outcome.messages, [], "messages to nobody")
    outcome = open_session("systemd-user", packaged_stack() + line("on_error=deny", "required"))
    check_equal((outcome.result, ours(outcome)), (PAM_SESSION_ERR, {}))


@test("a unit with PAMName= has a service of its own name")
def pam_name():
    configure(SECTIONS)
    outcome = open_session("billing", "account required pam_permit.so\n" + line())
    check_equal((outcome.result, ours(outcome)), (PAM_SUCCESS, {"DB_USER": "billing"}))
    check(all("billing" in text for _, text in outcome.log), outcome.log)


harness.run()
