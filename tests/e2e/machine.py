"""The stage as a small machine: accounts, PAM services, system log, what runs on it.

tests/stage makes the namespaces; everything written here lies in them and is gone with them. A test
script calls enter() first and then uses one Machine.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/fakeaws")]

from system_log import SystemLog  # noqa: E402

PREFIX = pathlib.Path("/mnt/ssmenv")
MODULE = PREFIX / "lib/security/pam_ssmenv.so"
CONFIG = PREFIX / "etc/ssmenv/ssmenv.conf"
DISABLED = PREFIX / "etc/ssmenv/disabled"
CREDENTIALS = PREFIX / "etc/ssmenv/credentials"
CACHE = PREFIX / "run"
HOME = pathlib.Path("/mnt/home")
MACHINES_PAM = pathlib.Path("/mnt/pam.d")  # the machine's own service files, as they were
HELPER_USER = "_ssmenv"
PAM_SERVICES = ("sshd", "su", "su-l", "sudo", "sudo-i", "cron", "login")

# The least for accounts that have proved who they are: by a key, or to root, who calls su.
PAM_STACK = """\
auth     sufficient pam_rootok.so
auth     required   pam_unix.so
account  required   pam_unix.so
session  required   pam_unix.so
"""


def enter():
    """Runs this script again on a stage; without root it goes on, and its tests skip."""
    if "SSMENV_STAGE" not in os.environ:
        stage = str(ROOT / "tests/stage")
        os.execv(stage, [stage, "relocated", sys.executable, "-B", *sys.argv])


CREDENTIALS_FILE = """\
[default]
aws_access_key_id = {aws.access_key_id}
aws_secret_access_key = {aws.secret_access_key}
"""


def aws_section(aws, tls=False):
    """What leads the helpers to a FakeAWS; the private CA is known to nobody else."""
    lines = ["[aws]", f"region = {aws.region}",
             f"endpoint_url = {aws.tls_endpoint if tls else aws.endpoint}"]
    return "\n".join([*lines, *([f"ca_bundle = {aws.ca_file}"] if tls else [])]) + "\n"


class Machine:
    """What a test needs of the stage. There can be one only."""

    def __init__(self):
        self.log = SystemLog("/dev/log")
        HOME.mkdir(mode=0o755)
        shutil.copytree("/etc/pam.d", MACHINES_PAM)
        pathlib.Path("/etc/sudoers").write_text("ALL ALL=(ALL:ALL) NOPASSWD: ALL\n")
        self.pam_line(f"session required {MODULE}")

    def add_user(self, name, uid, groups=()):
        """An account with a home folder, no password and a shell, in these supplementary groups."""
        home = HOME / name
        with open("/etc/passwd", "a", encoding="utf-8") as passwd:
            passwd.write(f"{name}:x:{uid}:{uid}:{name}:{home}:/bin/sh\n")
        with open("/etc/shadow", "a", encoding="utf-8") as shadow:
            shadow.write(f"{name}:*:19000::::::\n")
        with open("/etc/group", "a", encoding="utf-8") as group:
            group.write(f"{name}:x:{uid}:\n")
            for number, other in enumerate(groups):
                group.write(f"{other}:x:{uid + 500 + number}:{name}\n")
        home.mkdir(mode=0o700)
        os.chown(home, uid, uid)
        return home

    def pam_line(self, *lines, services=PAM_SERVICES):
        """Gives these services the plain stack and the given lines at its end."""
        for service in services:
            stack = PAM_STACK + "".join(line + "\n" for line in lines)
            pathlib.Path("/etc/pam.d", service).write_text(stack)

    def configure(self, text, aws=None, tls=False):
        """Writes ssmenv.conf, as an administrator would leave it behind, and empties the cache.

        With a FakeAWS, [aws] leads to it, over TLS or plain HTTP, and its keys are the credentials.
        """
        if aws is not None:
            text = aws_section(aws, tls) + text
            write_for_helper(CREDENTIALS, CREDENTIALS_FILE.format(aws=aws))
        write_for_helper(CONFIG, text)
        self.forget_values()

    def forget_values(self):
        """As after a reboot: nothing was ever fetched."""
        shutil.rmtree(CACHE, ignore_errors=True)

    def leftovers(self):
        """Processes of the helper's account and helpers that nobody has waited for."""
        uid = account_id(HELPER_USER)
        return [process for process in processes()
                if process["uid"] == uid or process["name"].startswith("ssmenv")]


def write_for_helper(path, text):
    path.write_text(text)
    os.chown(path, 0, account_id(HELPER_USER))
    path.chmod(0o640)


def account_id(name):
    for line in pathlib.Path("/etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2])
    raise KeyError(name)


def processes():
    """What /proc tells of every process: pid, name, state, uid, command line."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":\t", 1) for line in
                          (folder / "status").read_text().splitlines() if ":\t" in line)
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append({"pid": int(folder.name), "name": status["Name"], "state": status["State"],
                      "uid": int(status["Uid"].split()[0]), "command": command.decode(errors="replace")})
    return found


def attempt(argv, timeout=60, **options):
    """Runs a program to its end, whatever that is; output as bytes. timeout: seconds."""
    return subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          check=False, **options)


def run(argv, **options):
    """Runs a program that has to succeed; its output as bytes."""
    done = attempt(argv, **options)
    if done.returncode != 0:
        raise AssertionError(f"{argv} ended with {done.returncode}: "
                             f"{done.stdout[-2000:]!r} {done.stderr[-2000:]!r}")
    return done.stdout
