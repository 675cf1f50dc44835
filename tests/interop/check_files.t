#!/usr/bin/python3
"""ssmenv check of files that are not in their place yet (Ansible, repositories), and of images."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import shutil  # noqa: E402
import subprocess  # noqa: E402

from check_host import (CONFIG, DROP_INS, GOOD, LINE, MODULE, PROGRAM, STAGE, append,  # noqa: E402
                        findings, ssmenv, whole, write)
from tap import check, check_contains, check_equal, needs_root, run, test  # noqa: E402

IMAGE = "/mnt/image"


def judge(path, *arguments):
    found, code = findings(*arguments, path)
    return [item[:2] for item in found], code, " ".join(item[2] for item in found)


# --- files ---

@test("A file is judged as a drop-in: a good one is good, whoever owns it and whatever its name")
def _():
    needs_root()
    for name in ("10-app.conf", ".source.conf", "source", "tmpab12"):
        whole()
        path = write(f"/tmp/ssmenv-check/{name}", "[env]\nX = /x\n", 0o666, 65534)
        done = ssmenv("check", path)
        check_equal((done.returncode, done.stdout), (0, "good: nothing is wrong\n"))
    shutil.rmtree("/tmp/ssmenv-check")


@test("A file's mistakes are told with its own path")
def _():
    needs_root()
    whole()
    path = write("/mnt/new", "[env]\nX = \n[env user=nosuchuser]\n")
    check_equal(judge(path)[:2], ([("error", "/mnt/new:2:5")], 2))
    path = write("/mnt/new", "[env user=nosuchuser service=cron]\nX = /x\n")
    check_equal(judge(path)[:2], ([("warning", "/mnt/new:1:11"), ("warning", "/mnt/new:1:30")], 0))
    check_equal(judge(path, "--strict")[1], 1)


@test("A file may use what the configuration has, and takes part in its overrides")
def _():
    needs_root()
    whole()
    append(CONFIG, '[let]\nSTAGE = "prod"\n')
    path = write("/mnt/new", '[env]\nX = /%{STAGE}/x\nY = "${DB_USER}"\n')
    check_equal(judge(path), ([], 0, ""))
    path = write("/mnt/new", "[env user=root]\nDB_PASS = /root/password\n")
    found, code, text = judge(path)
    check_equal((found, code), ([("warning", "/mnt/new:2:1")], 0))
    check_contains(text, f"DB_USER of {CONFIG}:5 is not")


@test("What was wrong before is no fault of the file, what the file breaks elsewhere is")
def _():
    needs_root()
    whole()
    write(f"{DROP_INS}/10-a.conf", '[let]\nSTAGE = "prod"\n')
    write(f"{DROP_INS}/20-b.conf", "[env]\nX = /%{STAGE}/x\nY = \n")
    path = write("/mnt/new", "# nothing\n")
    found, code, text = judge(path)
    check_equal((found, code), ([("note", f"{DROP_INS}/20-b.conf:3:5")], 0))
    check_contains(text, "so it is already, whatever becomes of FILE")
    found, code, text = judge(path, "--as", "10-a.conf")
    check_equal((sorted(found), code), ([("error", f"{DROP_INS}/20-b.conf:2:6"),
                                         ("note", f"{DROP_INS}/20-b.conf:3:5")], 2))


@test("With --as a file stands in the place of a drop-in that is there")
def _():
    needs_root()
    whole()
    write(f"{DROP_INS}/50-app.conf", "[env user=root]\nDB_USER = /a\nDB_PASS = /b\n")
    path = write("/mnt/new", "[env user=root]\nDB_USER = /a\n")
    check_equal(judge(path, "--as", "50-app.conf")[0], [("warning", "/mnt/new:2:1")])
    path = write("/mnt/50-app.conf", "[env user=root]\nDB_USER = /c\nDB_PASS = /d\n")
    check_equal(judge(path), ([], 0, ""), "by its own name")


@test("With --as ssmenv.conf a file stands in the place of the configuration itself")
def _():
    needs_root()
    whole()
    write(CONFIG, "[env]\nX = \n")
    path = write("/mnt/new", GOOD)
    check_equal(judge(path, "--as", "ssmenv.conf"), ([], 0, ""))


@test("A repository's files are judged together, in their order, without being installed")
def _():
    needs_root()
    whole()
    files = [write("/mnt/repository/ssmenv.conf", GOOD),
             write("/mnt/repository/conf.d/10-let.conf", '[let]\nSTAGE = "test"\n'),
             write("/mnt/repository/conf.d/20-app.conf", '[env]\nX = "${DB_USER}"\nY = /%{STAGE}/y\n')]
    check_equal(findings(*reversed(files)), ([], 0))
    found, code = findings(files[0], "--config", "/none/ssmenv.conf", files[2])
    check_equal(([item[:2] for item in found], code), ([("error", f"{files[2]}:3:6")], 2))


@test("Two files of one name cannot be judged together, and a file that cannot be read is an error")
def _():
    needs_root()
    whole()
    files = [write(f"/mnt/{folder}/a.conf", "# nothing\n") for folder in ("one", "two")]
    found, code = findings(*files)
    check_equal(([item[:2] for item in found], code), ([("error", files[1])], 2))
    check_contains(found[0][2], f"same name as {files[0]}")
    found, code = findings("/none")
    check_equal((found, code), ([("error", "", "/none: No such file or directory")], 2))


@test("Nothing but the configuration is judged with a file")
def _():
    needs_root()
    whole()
    shutil.move(MODULE, f"{MODULE}.copy")
    write(f"{STAGE}/etc/ssmenv/disabled", "")
    try:
        check_equal(judge(write("/mnt/new", "# nothing\n")), ([], 0, ""))
        check_equal(findings()[1], 2, "without a file")
    finally:
        shutil.move(f"{MODULE}.copy", MODULE)


@test("It is Ansible's validate: the exit status decides, and nothing is written")
def _():
    needs_root()
    whole()
    source = write("/mnt/ansible/.source.conf", "[env]\nX = /x\n", 0o600)
    validate = f"{PROGRAM} check --as 50-app.conf %s"
    check_equal(subprocess.run((validate % source).split(), capture_output=True,
                               check=False).returncode, 0)
    write(source, "[env]\nX == /x\n", 0o600)
    done = subprocess.run((validate % source).split(), capture_output=True, text=True, check=False)
    check_equal(done.returncode, 2)
    check(done.stdout.startswith(f"error: {source}:2:"), done.stdout)
    check_equal(os.listdir("/mnt/ansible") + os.listdir(DROP_INS), [".source.conf"])


# --- images ---

def image():
    """A folder that holds what the README's steps leave in an image."""
    shutil.rmtree(IMAGE, ignore_errors=True)
    write(f"{IMAGE}{CONFIG}", GOOD, 0o640, 0, 123)
    write(f"{IMAGE}/etc/passwd", "root:x:0:0::/:/bin/sh\n_ssmenv:x:123:123::/:/usr/sbin/nologin\n")
    write(f"{IMAGE}/etc/group", "root:x:0:\n_ssmenv:x:123:\n")
    write(f"{IMAGE}/etc/pam.d/sshd", f"session required pam_permit.so\n{LINE}")
    write(f"{IMAGE}/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
    write(f"{IMAGE}/etc/ssh/sshd_config.d/10.conf", "UsePAM yes\n")
    write(f"{IMAGE}{MODULE}", "")
    for name in ("ssmenv-helper", "ssmenv-groups", "ssmenv-fetch"):
        write(f"{IMAGE}{STAGE}/libexec/ssmenv/{name}", "", 0o711)
    subprocess.run(["find", IMAGE, "-type", "d", "-exec", "chmod", "0755", "{}", "+"], check=True)


def image_findings(*arguments):
    found, code = findings("--root", IMAGE, *arguments)
    return [item[:2] for item in found], code, " ".join(item[2] for item in found)


@test("An image is looked at from its own root, with its own accounts")
def _():
    needs_root()
    image()
    check_equal(image_findings("--strict"), ([], 0, ""))
    os.chmod(f"{IMAGE}{CONFIG}", 0o600)
    check_equal(image_findings()[:2], ([("error", CONFIG)], 2), "unreadable for uid 123")


@test("In an image links are the image's own")
def _():
    needs_root()
    image()
    os.rename(f"{IMAGE}/etc/pam.d/sshd", f"{IMAGE}/etc/pam.d/password-auth")
    os.symlink("/etc/pam.d/password-auth", f"{IMAGE}/etc/pam.d/sshd")
    check_equal(image_findings(), ([], 0, ""))


@test("Whom an image does not know may come later: that is a note")
def _():
    needs_root()
    image()
    append(f"{IMAGE}{CONFIG}", "[env user=ec2-user,root group=wheel service=cron]\nX = /x\n")
    found, code, text = image_findings("--strict")
    check_equal((found, code), ([("note", f"{CONFIG}:8:11"), ("note", f"{CONFIG}:8:31"),
                                 ("note", f"{CONFIG}:8:45")], 0))
    check_contains(text, "there is no user ec2-user in the image")


@test("An image without the account is an error")
def _():
    needs_root()
    image()
    write(f"{IMAGE}/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    found, code, text = image_findings()
    check_equal((found, code), ([("error", "/etc/passwd")], 2))


@test("An image that holds fetched values is an error")
def _():
    needs_root()
    image()
    write(f"{IMAGE}{STAGE}/run/0123456789abcdef", "secret", 0o600, 123, 123)
    os.chmod(f"{IMAGE}{STAGE}/run", 0o700)
    os.chown(f"{IMAGE}{STAGE}/run", 123, 123)
    found, code, text = image_findings()
    check_equal((found, code), ([("error", f"{STAGE}/run")], 2))
    check_contains(text, "holds fetched values")


@test("Only root can look into an image, and it has to be there")
def _():
    needs_root()
    image()
    done = ssmenv("check", "--root", IMAGE, user="nobody")
    check_equal((done.returncode, done.stdout), (2, ""))
    check_contains(done.stderr, "run it as root")
    done = ssmenv("check", "--root", "/none")
    check_equal((done.returncode, done.stdout), (2, ""))
    check_contains(done.stderr, "/none cannot be entered: No such file or directory")


run()
