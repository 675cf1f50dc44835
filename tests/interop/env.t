#!/usr/bin/python3 -B
"""ssmenv env: which variables it prints, where, and what it refuses."""

import os
import subprocess
import sys

from commands import (ROOT, STAGE, command, configure, enter, needs_stage, other_helper, output_of,
                      refused)

enter()
sys.path.append(str(ROOT / "tests/e2e"))

from tap import check_contains, check_equal, check_lacks, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

SECRET = "correct horse"
PLAIN = f'[env]\nDB_USER = "app"\nDB_PASS = "{SECRET}"\nEMPTY = ""\n'
HALF = ('[aws]\nregion = us-east-2\nendpoint_url = http://127.0.0.1:1\n[env]\nDB_USER = "app"\n'
        "[env]\nDB_PASS = /db/password\n")
PRINTED = f"export DB_USER='app'\nexport DB_PASS='{SECRET}'\nexport EMPTY=''\n"
SHOW = "--show-values"


def on_terminal(*arguments):
    """Exit status and all that the terminal shows."""
    needs_stage()
    os.environ["TERM"] = "xterm"
    terminal = Terminal([STAGE / "sbin/ssmenv", "env", *arguments])
    status = terminal.end()
    return status, terminal.output.decode()


@test("all variables are printed to a pipe, as a shell evaluates them")
def _():
    configure(PLAIN)
    check_equal(output_of("env"), PRINTED)
    check_equal(output_of("env", "--format", "shell", SHOW), PRINTED)


@test("the named ones are printed in the order of the names")
def _():
    configure(PLAIN)
    check_equal(output_of("env", "EMPTY", "DB_USER", "--format=null"), "EMPTY=\0DB_USER=app\0")
    check_equal(output_of("env", "--format=json", "DB_USER"), '{\n  "DB_USER": "app"\n}\n')


@test("each format is its own")
def _():
    configure('[env]\nA = "x y"\n')
    check_equal([output_of("env", f"--format={name}") for name in
                 ("shell", "dotenv", "json", "null", "systemd")],
                ["export A='x y'\n", 'A="x y"\n', '{\n  "A": "x y"\n}\n', "A=x y\0", 'A="x y"\n'])


@test("a name that is not set is an error, and then nothing is printed")
def _():
    configure(PLAIN)
    message = refused("env", "DB_USER", "DB_PORT", "db_pass", "DB", status=1, message="DB_PORT is not set\n")
    check_equal(message, "ssmenv env: DB_PORT is not set\nssmenv env: db_pass is not set\n"
                         "ssmenv env: DB is not set\n")


@test("user and service select the sections, and --config the file")
def _():
    configure('[env user=daemon service=backup]\nA = "1"\n')
    check_equal(output_of("env", "--user=daemon", "--service", "backup"), "export A='1'\n")
    refused("env", status=1, message="has no variables for user root, service ssmenv\n")
    refused("env", "--on-error=ignore", "A", status=1, message="A is not set")
    refused("env", "--config=/nonexistent.conf", status=1, message="/nonexistent.conf")
    refused("env", "--user=nobody-here", status=1, message="there is no user nobody-here\n")


@test("half of the variables are not printed, unless they are named or --on-error=ignore is given")
def _():
    configure(HALF)
    message = refused("env", "--timeout=2s", status=1, message="DB_PASS")
    check_contains(message, "nothing is printed; --on-error=ignore prints what could be had")
    for arguments in (["DB_USER"], ["--on-error=ignore"]):
        done = command("env", "--timeout=2s", *arguments)
        check_equal((done.returncode, done.stdout), (0, "export DB_USER='app'\n"))
        check_contains(done.stderr, "DB_PASS")
    refused("env", "--timeout=2s", "DB_USER", "DB_PASS", status=1, message="DB_PASS is not set")


@test("a value that the format cannot hold is an error that names the variable")
def _():
    configure(b'[env]\nDB_USER = "app"\nDB_PASS = "horse\xff"\n')
    check_equal(output_of("env", "--format=null"), "DB_USER=app\0DB_PASS=horse\udcff\0")
    refused("env", "--format=json", status=1, message="the value of DB_PASS is not UTF-8")


@test("on a terminal names are shown and values are not, in nothing that can be evaluated")
def _():
    configure(PLAIN)
    status, shown = on_terminal()
    check_equal(status, 0)
    check_lacks(shown, SECRET)
    check_lacks(shown, "=")
    check_equal([line.split() for line in shown.splitlines()[:3]],
                [["DB_USER", "(set)"], ["DB_PASS", "(set)"], ["EMPTY", "(empty)"]])
    check_contains(shown, "on a terminal, values are shown only with --show-values")


@test("on a terminal values are shown with --show-values; a format without it is refused")
def _():
    configure(PLAIN)
    status, shown = on_terminal(SHOW)
    check_equal((status, shown.replace("\r\n", "\n")), (0, PRINTED))
    status, shown = on_terminal("--format=json")
    check_equal(status, 2)
    check_contains(shown, "on a terminal, --format needs --show-values")
    check_lacks(shown, SECRET)


@test("standard output that cannot be written is an error")
def _():
    configure(PLAIN)
    with open("/dev/full", "w") as full:
        done = subprocess.run([STAGE / "sbin/ssmenv", "env"], stdout=full, stderr=subprocess.PIPE,
                              text=True)
    check_equal(done.returncode, 1)
    check_contains(done.stderr, "standard output cannot be written: No space left on device")


@test("whoever is not root is told to be root")
def _():
    configure(PLAIN)
    refused("env", user=65534, group=65534, status=1,
            message="ssmenv env: only root can hand on variables: run it as root\n")


@test("wrong arguments end with 2 and say what is right")
def _():
    needs_stage()
    refused("env", "--format=xml", status=2, message="--format is one of shell|dotenv|json|null|systemd")
    refused("env", "--timeout=1h", status=2, message="--timeout is from 100ms to 60s")
    refused("env", "--pristine", status=2, message="there is no option --pristine")


@test("a helper that lies gets nothing printed")
def _():
    for behaviour in ("ld-preload", "twice", "garbage", "failed-with-variables"):
        with other_helper("fake-helper", behaviour) as config:
            refused("env", f"--config={config}", "--timeout=1s", status=1, message="ssmenv env: ")
            done = command("env", f"--config={config}", "--timeout=1s", "--on-error=ignore")
        check_equal(done.stdout, "", behaviour)


run()
