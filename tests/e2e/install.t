#!/usr/bin/python3 -B
"""make install does what packagers and people with a second copy expect."""

import os
import pathlib
import stat
import tempfile

from machine import ROOT, Machine, enter, run as run_program

enter()

from tap import (check, check_contains, check_equal, check_lacks, needs_root,  # noqa: E402
                 run, test)

import logins  # noqa: E402

OTHER = pathlib.Path("/mnt/other")

# Where Debian's zsh looks, if it is there; else where every other zsh does.
ZSH = "vendor-completions" if os.path.isdir("/usr/share/zsh/vendor-completions") else "site-functions"

# What a copy consists of, below its PREFIX /usr, with modes.
FILES = {
    "usr/sbin/ssmenv": 0o755,
    "usr/libexec/ssmenv/ssmenv-helper": 0o711,
    "usr/libexec/ssmenv/ssmenv-groups": 0o711,
    "usr/libexec/ssmenv/ssmenv-fetch": 0o711,
    "usr/lib/sysusers.d/ssmenv.conf": 0o644,
    "usr/lib/tmpfiles.d/ssmenv.conf": 0o644,
    "usr/lib/systemd/system/ssmenv-refresh.service": 0o644,
    "usr/lib/systemd/system/ssmenv-refresh.timer": 0o644,
    "usr/share/man/man8/pam_ssmenv.8": 0o644,
    "usr/share/man/man8/ssmenv.8": 0o644,
    "usr/share/man/man5/ssmenv.conf.5": 0o644,
    "usr/share/bash-completion/completions/ssmenv": 0o644,
    f"usr/share/zsh/{ZSH}/_ssmenv": 0o644,
    "usr/share/doc/pam_ssmenv/ssmenv.conf": 0o644,
    "usr/share/doc/pam_ssmenv/ssmenv.example": 0o644,
}


BUILD_SECONDS = 300


def make(*arguments):
    """make with the default BUILD: arguments must not change what is compiled into programs."""
    return run_program(["make", "-s", "-C", ROOT, *arguments], timeout=BUILD_SECONDS)


def modes(folder):
    """Every file below folder with its mode."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
            for path in folder.rglob("*") if not path.is_dir()}


def check_files(destination, module):
    check_equal(modes(destination), {**FILES, module: 0o644}, "installed files")


@test("With DESTDIR every file lands there: helpers unreadable (0711), ssmenv 0755, the rest 0644")
def _():
    with tempfile.TemporaryDirectory() as folder:
        destination = pathlib.Path(folder)
        make("install", f"DESTDIR={destination}", "SECUREDIR=/usr/lib/security")
        check_files(destination, "usr/lib/security/pam_ssmenv.so")
        check((destination / "etc/ssmenv/conf.d").is_dir(), "etc/ssmenv/conf.d")
        for path in destination.rglob("*"):
            check_equal((path.stat().st_uid, path.stat().st_gid), (os.geteuid(), os.getegid()),
                        f"owner of {path}")
            check_equal(path.stat().st_mode & 0o7022, 0, f"unwanted mode bits of {path}")


@test("Packagers move each folder on its own")
def _():
    with tempfile.TemporaryDirectory() as folder:
        destination = pathlib.Path(folder)
        make("install", f"DESTDIR={destination}", "SECUREDIR=/lib64/security", "MANDIR=/man",
             "DOCDIR=/doc", "SYSUSERSDIR=/sysusers", "TMPFILESDIR=/tmpfiles", "SBINDIR=/sbin",
             "UNITDIR=/units", "BASHCOMPDIR=/bash", "ZSHCOMPDIR=/zsh")
        check_equal(sorted(modes(destination)), [
            "bash/ssmenv", "doc/ssmenv.conf", "doc/ssmenv.example", "lib64/security/pam_ssmenv.so",
            "man/man5/ssmenv.conf.5", "man/man8/pam_ssmenv.8", "man/man8/ssmenv.8", "sbin/ssmenv",
            "sysusers/ssmenv.conf", "tmpfiles/ssmenv.conf", "units/ssmenv-refresh.service",
            "units/ssmenv-refresh.timer", "usr/libexec/ssmenv/ssmenv-fetch",
            "usr/libexec/ssmenv/ssmenv-groups", "usr/libexec/ssmenv/ssmenv-helper", "zsh/_ssmenv"], "installed files")


@test("uninstall removes what install brought and leaves the administrator's files")
def _():
    with tempfile.TemporaryDirectory() as folder:
        destination = pathlib.Path(folder)
        arguments = (f"DESTDIR={destination}", "SECUREDIR=/usr/lib/security")
        make("install", *arguments)
        own = destination / "etc/ssmenv/ssmenv.conf"
        own.write_text("# mine\n")
        make("install", *arguments)
        make("uninstall", *arguments)
        check_equal(sorted(modes(destination)), ["etc/ssmenv/ssmenv.conf"], "files left")
        check_equal(own.read_text(), "# mine\n", "the administrator's file")


@test("The installed templates name the copy's own account and folders")
def _():
    with tempfile.TemporaryDirectory() as folder:
        destination = pathlib.Path(folder)
        make("install", f"DESTDIR={destination}")
        sysusers = (destination / "usr/lib/sysusers.d/ssmenv.conf").read_text()
        check_contains(sysusers, "_ssmenv", "sysusers")
        tmpfiles = (destination / "usr/lib/tmpfiles.d/ssmenv.conf").read_text()
        check_contains(tmpfiles, "/run/ssmenv", "tmpfiles")
        check_contains(tmpfiles, "_ssmenv", "tmpfiles")
        check_lacks(tmpfiles, "@", "tmpfiles")


@test("A copy is built from a source tree that cannot be written, and touches nothing else")
def _():
    needs_root()
    build_other("DESTDIR=/mnt/destination")
    check_equal(set(path.relative_to("/mnt/destination").parts[:2]
                    for path in pathlib.Path("/mnt/destination").rglob("*") if path.is_file()),
                {("mnt", "other")}, "where the files are")


def build_other(*arguments):
    """Builds and installs below /mnt/other, while all of the machine but /mnt is read-only."""
    protected = ("mount -o remount,bind,ro / && mount --bind \"$0\" \"$0\" && "
                 "mount -o remount,bind,ro \"$0\" && "
                 "exec make -s -j2 -C \"$0\" install BUILD=/mnt/build PREFIX=/mnt/other \"$@\"")
    run_program(["unshare", "--mount", "sh", "-c", protected, ROOT, *arguments],
                timeout=BUILD_SECONDS, env={**os.environ, "TMPDIR": "/mnt"})


@test("A second copy with another PREFIX runs from there, beside the first")
def _():
    needs_root()
    build_other()
    machine = Machine()
    machine.add_user("deploy", 2001)
    machine.configure('[env]\nCOPY = "first"\n')
    second = OTHER / "etc/ssmenv/ssmenv.conf"
    second.write_text('[env]\nCOPY = "second"\n')
    second.chmod(0o640)
    os.chown(second, 0, 979)
    check_equal(logins.su("deploy").get("COPY"), "first", "COPY by the first copy")
    machine.pam_line(f"session required {OTHER}/lib/security/pam_ssmenv.so")
    check_equal(logins.su("deploy").get("COPY"), "second", "COPY by the second copy")


run()
