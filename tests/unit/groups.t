#!/usr/bin/python3
"""Which groups a login's user is in, asked from the system's databases on a stage of its own."""

import contextlib
import os
import pwd
import struct
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

if "SSMENV_STAGE" not in os.environ:
    os.execv(ROOT / "tests/stage", ["stage", "sanitized", sys.executable, *sys.argv])

from tap import Skip, check_contains, check_equal, needs_root, run, test  # noqa: E402

PROGRAM = ROOT / "build/sanitized/tests/group-member"


def answer(user, *patterns, milliseconds=30000):
    """yes or no for each pattern, and what went wrong."""
    needs_root()
    done = subprocess.run([PROGRAM, user, str(milliseconds), *patterns], capture_output=True, text=True,
                          timeout=60)
    check_equal((done.returncode, done.stderr), (0, ""), "end of group-member")
    *answers, error = done.stdout.splitlines()
    return answers, error


def member(user, *patterns):
    answers, error = answer(user, *patterns)
    check_equal(error, "", "error")
    return answers


def add_accounts():
    needs_root()
    with open("/etc/passwd", "a") as passwd, open("/etc/group", "a") as group:
        passwd.write("ada:x:5001:6001::/nonexistent:/bin/sh\n")
        group.write("engineers:x:6001:\ndba:x:6002:bob,ada\nOps:x:6003:bob\n")
        group.write("domain users:x:6004:ada\n")
        for number in range(200):
            group.write(f"team-{number}:x:{7000 + number}:ada\n")


@contextlib.contextmanager
def in_place_of(path, other):
    subprocess.run(["mount", "--bind", other, path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@contextlib.contextmanager
def databases(text):
    """/etc/nsswitch.conf with another text for a while."""
    needs_root()
    if not os.path.exists("/etc/nsswitch.conf"):
        raise Skip("no /etc/nsswitch.conf to replace")
    other = Path("/mnt/etc/nsswitch.conf")
    other.write_text(text)
    with in_place_of("/etc/nsswitch.conf", other):
        yield


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


@test("a pattern that stands twice is asked for once, as many different ones as there may be")
def many_patterns():
    check_equal(member("ada", "dba", "none", "dba"), ["yes", "no", "yes"])
    most = [f"team-{number}" for number in range(4096)]
    check_equal(member("ada", *most), ["yes"] * 200 + ["no"] * (4096 - 200))
    answers, error = answer("ada", *most, "dba")
    check_equal(set(answers), {"no"})
    check_contains(error, "the configuration has more than 4096 patterns of group=")


@test("a directory that does not answer in time lets nobody in, and is named")
def silent_directory():
    needs_root()
    os.mkfifo("/mnt/silent")
    with in_place_of("/etc/group", "/mnt/silent"):
        answers, error = answer("ada", "dba", "engineers", milliseconds=300)
    check_equal((answers, error),
                (["no", "no"], "the groups of ada cannot be found out, and no section with group= counts "
                               "(try: getent initgroups ada): ssmenv-groups: no time left"))
    check_equal(processes("ssmenv-groups"), [])


@test("without ssmenv-groups, or with one that anybody can write, nobody is in a group")
def not_installed():
    needs_root()
    program = Path("/mnt/ssmenv/libexec/ssmenv/ssmenv-groups")
    program.chmod(0o757)
    answers, error = answer("root", "root")
    check_equal(answers, ["no"])
    check_contains(error, f"{program} is not a file that only root can write")
    program.rename(program.with_name("away"))
    answers, error = answer("root", "root")
    check_equal(answers, ["no"])
    check_contains(error, f"{program}: No such file or directory")
    program.with_name("away").rename(program)
    program.chmod(0o711)
    check_equal(member("root", "root"), ["yes"])


@test("an answer that is none lets nobody in")
def no_answer():
    needs_root()
    program = Path("/mnt/ssmenv/libexec/ssmenv/ssmenv-groups")
    program.rename(program.with_name("away"))
    for payload, complaint in (
            (frame(5, struct.pack(">HBB", 2, 1, 2)), "it gave no clear answer"),
            (frame(5, struct.pack(">HBBB", 2, 1, 1, 1)), "it gave no clear answer"),
            (frame(5, struct.pack(">HB", 2, 1)), "it gave no clear answer"),
            (frame(5, struct.pack(">HBBB", 3, 1, 1, 1)), "it answered another question"),
            (frame(5, struct.pack(">HB", 1, 1)), "it answered another question"),
            (frame(3, struct.pack(">HBB", 2, 1, 1)), "sent no frame of version 1"),
            (frame(5, struct.pack(">HBB", 2, 1, 1)) + b"x", "sent more than one frame"),
            (frame(5, struct.pack(">HBB", 2, 1, 1))[:-1], "ended after 3 of 4 bytes")):
        said = "".join(f"\\{byte:03o}" for byte in payload)
        program.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '{said}'\n")
        program.chmod(0o755)
        answers, error = answer("ada", "dba", "none")
        check_equal(answers, ["no", "no"], complaint)
        check_contains(error, f"ssmenv-groups: {complaint}")
    program.write_text("#!/bin/sh\ncat >/dev/null\nprintf 'SSME\\1\\5\\0\\0\\0\\0\\0\\4\\0\\2\\1\\0'\n")
    check_equal(answer("ada", "dba", "none"), (["yes", "no"], ""))
    program.with_name("away").rename(program)


def frame(kind, payload):
    return b"SSME" + struct.pack(">BBHI", 1, kind, 0, len(payload)) + payload


def text(data):
    return struct.pack(">I", len(data)) + data


ONE = text(b"root") + struct.pack(">H", 1) + text(b"root")


@test("what is no question gets no answer")
def no_question():
    needs_root()
    for kind, payload, complaint in (
            (4, ONE + b"x", "sent no question about groups"),
            (4, ONE[:-1], "sent no question about groups"),
            (4, text(b"root") + struct.pack(">H", 4097) + text(b"g") * 4097, "sent no question about groups"),
            (4, text(b"r" * 257) + struct.pack(">H", 0), "sent no question about groups"),
            (4, text(b"root") + struct.pack(">H", 1) + text(b"ro\0t"), "sent no question about groups"),
            (2, ONE, "sent no frame of version 1")):
        status, output, errors = groups_program(frame(kind, payload))
        check_equal((status, output, errors), (1, b"", f"ssmenv-groups: {complaint}\n".encode()))
    check_equal(groups_program(frame(4, ONE))[:2], (0, frame(5, struct.pack(">HB", 1, 1))))


@test("it never works as root, and not for nobody")
def not_as_root():
    needs_root()
    check_contains(groups_program(frame(4, ONE), user="root")[2], b"refusing to work as root")
    check_contains(groups_program(frame(4, ONE), parent="1")[2], b"the process that asked has ended")
    check_contains(groups_program(frame(4, ONE), parent="x")[2], b"usage: ssmenv-groups --parent=PID")


def groups_program(question, user="nobody", parent=str(os.getpid())):
    done = subprocess.run(["/mnt/ssmenv/libexec/ssmenv/ssmenv-groups", f"--parent={parent}"],
                          input=question, capture_output=True, timeout=60, user=user, group=user_group(user),
                          extra_groups=[], check=False)
    return done.returncode, done.stdout, done.stderr


def user_group(user):
    return pwd.getpwnam(user).pw_gid


def processes(name):
    return [entry.name for entry in Path("/proc").glob("[0-9]*")
            if (entry / "comm").exists() and (entry / "comm").read_text().strip() == name]


run()
