#!/usr/bin/python3
"""Whoever owns a home tries to lead root's ssmenv migrate astray there; and what fails on the way
leaves everything as it was."""

import os
import pathlib
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from old_home import (CREDENTIALS, DROPIN, KEYS, TUTORIAL, Home, check_unchanged, tree)  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

TARGET = pathlib.Path("/mnt/target")  # what the attacker cannot write to


def target():
    TARGET.write_text(TUTORIAL)
    TARGET.chmod(0o600)
    return TARGET


def left_alone(home, text, code=0, arguments=()):
    """Nothing is moved, and the message says why."""
    before = tree(home.folder)
    of_target = TARGET.read_bytes() if TARGET.exists() else None
    done = home.migrate("--apply", *arguments, code=code)
    check_contains(done.stderr, text)
    check_unchanged(before, home.folder)
    check_equal(TARGET.read_bytes() if TARGET.exists() else None, of_target, "the target")


def of(home, path):
    os.chown(path, home.uid, home.uid, follow_symlinks=False)
    return path


# --- tricks ---

@test("a symbolic link to a file of root's is not followed")
def _():
    with Home() as home:
        (home.folder / ".bashrc").symlink_to(target())
        of(home, home.folder / ".bashrc")
        left_alone(home, ".bashrc is a symbolic link", 3)
        left_alone(home, ".bashrc is a symbolic link", 1, arguments=[home.folder / ".bashrc"])


@test("a folder that is a symbolic link is not followed")
def _():
    with Home() as home:
        root_home = pathlib.Path("/mnt/root-home")
        root_home.mkdir()
        (root_home / "rc").write_text(TUTORIAL)
        (home.folder / "dotfiles").symlink_to(root_home)
        of(home, home.folder / "dotfiles")
        left_alone(home, "leads over a symbolic link", 1,
                   arguments=[home.folder / "dotfiles/rc"])
        (root_home / "rc").unlink()
        root_home.rmdir()


@test("a hard link to somebody else's file is left alone, and so is one to the user's own")
def _():
    with Home() as home:
        os.link(target(), home.folder / ".bashrc")
        left_alone(home, "its folder belongs to uid 2001", 1)
        (home.folder / ".bashrc").unlink()
        path = home.write(".bashrc", TUTORIAL)
        os.link(path, home.folder / "other")
        left_alone(home, "has a second name", 1)


@test("a file of root's in a user's folder is left alone")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL)
        os.chown(path, 0, 0)
        left_alone(home, "its folder belongs to uid 2001", 1)


@test("a file of another user's is left alone")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL)
        os.chown(path, 2002, 2002)
        left_alone(home, "belongs to uid 2002", 1)


@test("a file of root's in a folder that others may write to is left alone")
def _():
    with Home() as home:
        folder = pathlib.Path("/mnt/shared")
        folder.mkdir()
        folder.chmod(0o777)
        (folder / "x.sh").write_text(TUTORIAL)
        done = subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", "--apply", folder / "x.sh"],
                              capture_output=True, text=True, check=False)
        check_equal(done.returncode, 1)
        check_contains(done.stderr, "others may write to its folder")
        check(not DROPIN.exists(), "a drop-in was written")
        (folder / "x.sh").unlink()
        folder.rmdir()


@test("a FIFO, a socket, a device and a folder do not hold anybody up")
def _():
    with Home() as home:
        path = home.folder / ".bashrc"
        for make, remove in ((os.mkfifo, os.unlink), (os.mkdir, os.rmdir),
                             (lambda name: os.mknod(name, 0o20666, os.makedev(1, 5)), os.unlink)):
            make(path)
            left_alone(home, "is not a regular file", 3)
            remove(path)


@test("an endless file is refused")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL + "#" * (256 * 1024))
        left_alone(home, "is larger than 262144 bytes", 1, arguments=[home.folder / ".bashrc"])


@test("keys are not taken through links out of the home")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        root_aws = pathlib.Path("/mnt/root-aws")
        root_aws.mkdir()
        (root_aws / "credentials").write_text(KEYS)
        (home.folder / ".aws").symlink_to(root_aws)
        left_alone(home, "symbolic link", 1, arguments=["--credentials"])
        (home.folder / ".aws").unlink()
        (home.folder / ".aws").mkdir()
        (home.folder / ".aws/credentials").symlink_to(root_aws / "credentials")
        left_alone(home, "symbolic link", 1, arguments=["--credentials"])
        (home.folder / ".aws/credentials").unlink()
        path = home.write(".aws/credentials", KEYS)
        os.chown(path, 2002, 2002)
        left_alone(home, "belongs to uid 2002", 1, arguments=["--credentials"])
        (root_aws / "credentials").unlink()
        root_aws.rmdir()


@test("a backup's name that is taken, by a link of root's too, is left to what has it")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL)
        (home.folder / ".bashrc.before-ssmenv").symlink_to(target())
        home.migrate("--apply")
        check_equal(TARGET.read_text(), TUTORIAL)
        check((home.folder / ".bashrc.before-ssmenv").is_symlink(), "the link was replaced")
        check_equal((home.folder / ".bashrc.before-ssmenv.2").read_text(), TUTORIAL)
        check_lacks(path.read_text(), "\nexport")


@test("a setuid bit does not come along")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL, mode=0o4755)
        home.migrate("--apply")
        check_equal(path.stat().st_mode & 0o7777, 0o755)


class Swapper(threading.Thread):
    """The attacker: swaps the file and a link to the target as fast as possible."""

    def __init__(self, home):
        super().__init__()
        self.home, self.stopped, self.swaps = home, threading.Event(), 0

    def run(self):
        path = self.home.folder / ".bashrc"
        spare, link = self.home.folder / "spare", self.home.folder / "link"
        while not self.stopped.is_set():
            for file in self.home.folder.glob(".bashrc.before*"):
                file.unlink(missing_ok=True)
            spare.write_text(TUTORIAL)
            os.chown(spare, self.home.uid, self.home.uid)
            os.rename(spare, path)
            link.symlink_to(TARGET)
            os.rename(link, path)
            self.swaps += 1


@test("a file that is swapped for a link while migrate works never changes what the link leads to")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        target()
        before = TARGET.stat()
        swapper = Swapper(home)
        swapper.start()
        try:
            for _ in range(25):
                DROPIN.unlink(missing_ok=True)
                subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", "--user", "alice", "--apply"],
                               capture_output=True, timeout=60, check=False)
        finally:
            swapper.stopped.set()
            swapper.join()
        after = TARGET.stat()
        check(swapper.swaps > 25, f"{swapper.swaps} swaps")
        check_equal(TARGET.read_text(), TUTORIAL)
        check_equal((after.st_ino, after.st_uid, after.st_mode, after.st_mtime_ns),
                    (before.st_ino, before.st_uid, before.st_mode, before.st_mtime_ns))
        check_equal([entry.name for entry in home.folder.iterdir() if entry.lstat().st_uid == 0
                     and not entry.is_symlink()], [], "files of root in the home")


# --- failures ---

def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


@test("when one file cannot be replaced, those before it and everything of root's are put back")
def _():
    with Home() as home:
        home.write(".profile", TUTORIAL)
        last = home.write(".zshrc", "export Z=$(aws --region us-east-2 --output text ssm "
                                    "get-parameter --name /z --query Parameter.Value)\n")
        home.write(".aws/credentials", KEYS, mode=0o600)
        mount("--bind", last, last)
        try:
            left_alone(home, ".zshrc: no backup can be made", 1, arguments=["--credentials"])
        finally:
            subprocess.run(["umount", last], check=True)
        check(not DROPIN.exists() and not CREDENTIALS.exists(), "something was left")
        home.migrate("--apply", "--credentials")


@test("an older drop-in and older keys are put back, too")
def _():
    with Home() as home:
        home.write(".profile", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        home.migrate("--apply", "--credentials")
        last = home.write(".zshrc", "export Z=$(aws --region us-east-2 --output text --profile prod "
                                    "ssm get-parameter --name /z --query Parameter.Value)\n")
        mount("--bind", last, last)
        try:
            left_alone(home, ".zshrc: no backup can be made", 1, arguments=["--credentials"])
        finally:
            subprocess.run(["umount", last], check=True)


@test("a home that is read-only leaves everything as it was")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        mount("--bind", home.folder, home.folder)
        mount("-o", "remount,bind,ro", home.folder)
        try:
            left_alone(home, "a new file cannot be made beside it: Read-only file system", 1)
        finally:
            subprocess.run(["umount", home.folder], check=True)


@test("without the account of the helpers keys are not installed, and nothing else is changed")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        passwd = pathlib.Path("/etc/passwd")
        text = passwd.read_text()
        passwd.write_text("".join(line for line in text.splitlines(True)
                                  if not line.startswith("_ssmenv:")))
        try:
            left_alone(home, "there is no account _ssmenv: systemd-sysusers makes it", 1,
                       arguments=["--credentials"])
        finally:
            passwd.write_text(text)


run()
