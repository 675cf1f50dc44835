#!/usr/bin/python3
"""Which groups a login's user is in, asked from the system's databases on a stage of its own."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

if "SSMENV_STAGE" not in os.environ:
    os.execv(ROOT / "tests/stage", ["stage", "sanitized", sys.executable, *sys.argv])

from tap import Skip, check_equal, needs_root, run, test  # noqa: E402

PROGRAM = ROOT / "build/sanitized/tests/group-member"


def member(user, *patterns):
    done = subprocess.run([PROGRAM, user, *patterns], capture_output=True, text=True, timeout=60)
    check_equal((done.returncode, done.stderr), (0, ""), "end of group-member")
    return done.stdout.split()


def add_accounts():
    needs_root()
    with open("/etc/passwd", "a") as passwd, open("/etc/group", "a") as group:
        passwd.write("ada:x:5001:6001::/nonexistent:/bin/sh\n")
        group.write("engineers:x:6001:\ndba:x:6002:bob,ada\nOps:x:6003:bob\n")
        group.write("domain users:x:6004:ada\n")
        for number in range(200):
            group.write(f"team-{number}:x:{7000 + number}:ada\n")


@contextlib.contextmanager
def databases(text):
    """/etc/nsswitch.conf with another text for a while."""
    needs_root()
    if not os.path.exists("/etc/nsswitch.conf"):
        raise Skip("no /etc/nsswitch.conf to replace")
    other = Path("/mnt/etc/nsswitch.conf")
    other.write_text(text)
    subprocess.run(["mount", "--bind", other, "/etc/nsswitch.conf"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "/etc/nsswitch.conf"], check=True)


@test("a user is in the primary and in the supplementary groups, and in no other")
def memberships():
    add_accounts()
    check_equal(member("ada", "engineers", "dba", "Ops", "ops", "none", "root"),
                ["yes", "yes", "no", "no", "no", "no"])


@test("* and ? match names of groups")
def patterns():
    needs_root()
    check_equal(member("ada", "eng*", "db?", "O*", "?", "*users", "*"),
                ["yes", "yes", "no", "no", "yes", "yes"])


@test("a user of two hundred groups is in each of them")
def many_groups():
    needs_root()
    check_equal(member("ada", "team-0", "team-199", "team-200", "team-*"),
                ["yes", "yes", "no", "yes"])


@test("a name with a blank is a group's name as any other")
def blanks():
    needs_root()
    check_equal(member("ada", "domain users", "domain"), ["yes", "no"])


@test("a user that nobody knows is in no group")
def unknown_user():
    check_equal(member("nobody-of-this-name", "*", "root"), ["no", "no"])


@test("with the directory away nobody is in a group")
def no_directory():
    with databases("passwd: files\ngroup: no_such_source\n"):
        check_equal(member("ada", "dba", "engineers", "*"), ["no", "no", "no"])
    with databases("passwd: no_such_source\ngroup: files\n"):
        check_equal(member("ada", "dba", "engineers", "*"), ["no", "no", "no"])
    check_equal(member("ada", "dba"), ["yes"])


run()
