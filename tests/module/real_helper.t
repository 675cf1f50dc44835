#!/usr/bin/python3
"""The module with ssmenv-helper itself, which gives up root and reads a configuration of constants."""

import os
import pathlib

import harness
from harness import NOBODY, PAM_SESSION_ERR, PAM_SUCCESS, check_log_line, open_session
from tap import Skip, check_equal, test

harness.enter()

CONFIGURATION = harness.FOLDER.parent / "etc/ssmenv/ssmenv.conf"


def log_in(text, *options, mode=0o640, **line):
    """A login with this configuration; None: there is no such file."""
    harness.needs_stage()
    CONFIGURATION.unlink(missing_ok=True)
    if text is not None:
        CONFIGURATION.write_text(text)
        os.chown(CONFIGURATION, 0, 979)
        CONFIGURATION.chmod(mode)
    return open_session("real", *options, real=True, **line)


@test("an image without a configuration logs in without variables and without complaint")
def no_configuration():
    outcome = log_in(None)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "info", "0 variables set (")


@test("constants of the configuration are in the environment")
def constants():
    outcome = log_in('[env]\nDB_PORT = "5432"\n[env user=nobody-else]\nDB_HOST = "x"\n')
    check_equal(outcome.variables, {"DB_PORT": "5432"})
    check_log_line(outcome, "info", "1 variable set (")


@test("a mistake in the configuration is logged with its place, and on_error decides")
def mistake():
    text = '[env]\nDB_PORT = "5432"\nDB_USER = "open\n'
    outcome = log_in(text)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "warning", "no variables set (", f"{CONFIGURATION}:3:")
    outcome = log_in(text, "user=daemon", arguments="on_error=deny")
    check_equal(outcome.result, PAM_SESSION_ERR)


@test("a configuration that others may write is refused")
def writable():
    outcome = log_in('[env]\nDB_PORT = "5432"\n', mode=0o666)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "warning", str(CONFIGURATION))


@test("awkward hosts, root and not, get their variables from the real helper too")
def awkward_hosts():
    for options in (("no-standard-descriptors",), ("block-all", "sigchld=ignored"),
                    ("sigchld=reaping", "idle-thread"), ("descriptors=16",), ("processes=1",),
                    (f"uid={NOBODY}",), ("file-size=1",)):
        outcome = log_in('[env]\nDB_PORT = "5432"\n', *options, mode=0o644)
        check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {"DB_PORT": "5432"}), options)


def may_go_first():
    """Containers often take from root the right to (CAP_SYS_NICE)."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, own - 1)
    except PermissionError:
        return False
    os.setpriority(os.PRIO_PROCESS, 0, own)
    return True


@test("what fetches for a login goes before other sessions, and the login's own does not")
def goes_first():
    harness.needs_stage()
    group = pathlib.Path("/proc/self/autogroup")
    if not group.exists():
        raise Skip("this kernel does not group processes by session")
    if not may_go_first():
        raise Skip("this root may not raise a priority (CAP_SYS_NICE)")
    seen = harness.FOLDER / "priority"
    seen.touch()
    seen.chmod(0o666)
    look = harness.FOLDER / "look"
    look.write_text(f"#!/bin/sh\ncat /proc/self/autogroup >{seen}\n")
    look.chmod(0o755)
    profile = harness.FOLDER / "profile"
    profile.write_text(f"[default]\ncredential_process = {look}\n")
    before = group.read_text()
    log_in(f"[aws]\nregion = us-east-2\nconfig_file = {profile}\n[env]\nDB_USER = /app/user\n")
    check_equal((seen.read_text().split()[1:], group.read_text()), (["nice", "-20"], before))


harness.run()
