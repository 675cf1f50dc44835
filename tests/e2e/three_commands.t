#!/usr/bin/python3 -B
"""From a .bashrc with the two lines of the usual tutorial to a login that has both variables, in three
commands: migrate, check, doctor. AWS has its own names here, and an authority that the system trusts."""

import os
import pathlib
import subprocess

from machine import CONFIG, CREDENTIALS, PREFIX, account_id, attempt, enter, run as run_program

enter()

import logins  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from machine import Machine  # noqa: E402
from ssh_server import SshServer  # noqa: E402
from tap import check_contains, check_equal, check_lacks, needs_root, run, test  # noqa: E402

PROGRAM = PREFIX / "sbin/ssmenv"
DROPIN = CONFIG.parent / "conf.d/50-migrated.conf"
HOSTS = ("ssm.us-east-2.amazonaws.com", "sts.us-east-2.amazonaws.com")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
PASSWORD = "p@ss word"
TUTORIAL = """\
export DB_USER=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_USER' --query 'Parameter.Value')
export DB_PASS=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_PASS' --query 'Parameter.Value')
"""


def replace(path, text):
    """Another text in the place of a file of the machine's; for this stage only."""
    copy = pathlib.Path("/mnt", os.path.basename(path))
    copy.write_text(text)
    run_program(["mount", "--bind", copy, path])


def write(path, text, uid, mode=0o644):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    for one in (path.parent, path):
        os.chown(one, uid, uid)


class Host:
    """An instance as the tutorial leaves it, but for the module's line in the PAM files."""

    def __init__(self):
        needs_root()
        self.aws = FakeAWS("us-east-2", tls=True, tls_port=443, names=HOSTS)
        for name, value in (("DB_USER", "app"), ("DB_PASS", PASSWORD)):
            self.aws.put(name, value, type="String")
        replace("/etc/hosts", " ".join(["127.0.0.1", "localhost", os.uname().nodename, *HOSTS]) + "\n")
        replace(AUTHORITIES, pathlib.Path(AUTHORITIES).read_text() +
                pathlib.Path(self.aws.ca_file).read_text())
        self.machine = Machine()
        self.home = self.machine.add_user("deploy", 2001)
        write(self.home / ".bashrc", TUTORIAL, 2001)
        write(self.home / ".aws/credentials",
              f"[default]\naws_access_key_id = {self.aws.access_key_id}\n"
              f"aws_secret_access_key = {self.aws.secret_access_key}\n", 2001, 0o600)
        self.sshd = SshServer(self.machine)
        self.sshd.admit(self.home)

    def as_deploy(self, command):
        """What the administrator types, in a shell of deploy's; secrets are not printed."""
        done = attempt(["su", "deploy", "-c", command])
        said = (done.stdout + done.stderr).decode()
        for secret in (self.aws.secret_access_key, PASSWORD):
            check_lacks(said, secret)
        check_equal(done.returncode, 0, f"status of {command}: {said}")
        return said


@test("migrate --apply --credentials, check and doctor: then an ssh login has both variables")
def _():
    host = Host()
    check_lacks(host.sshd.command("deploy"), "DB_USER", "the environment before")
    said = host.as_deploy(f"sudo {PROGRAM} migrate --apply --credentials")
    check_contains(said, f"wrote {DROPIN}")
    check_contains(said, f"commented out in {host.home}/.bashrc")
    check_equal(DROPIN.read_text().partition("\n\n")[2],
                f"[aws]\nregion = us-east-2\n\n# {host.home}/.bashrc\n[env user=deploy]\n"
                "DB_USER = DB_USER\nDB_PASS = DB_PASS\n")
    status = CREDENTIALS.stat()
    check_equal((status.st_uid, status.st_gid, status.st_mode & 0o777),
                (0, account_id("_ssmenv"), 0o640))
    host.as_deploy(f"sudo {PROGRAM} check")
    said = host.as_deploy(f"sudo {PROGRAM} doctor --user deploy --service sshd")
    for part in ("DB_USER: found (String, version 1)", "DB_PASS: found", "All is well"):
        check_contains(said, part, "doctor")
    environment = host.sshd.command("deploy")
    check_equal((environment.get("DB_USER"), environment.get("DB_PASS")), ("app", PASSWORD))
    shell = logins.su("deploy")
    check_equal((shell.get("DB_USER"), shell.get("DB_PASS")), ("app", PASSWORD), "su -")
    host.aws.clear_calls()
    done = subprocess.run(["bash", "-c", f". {host.home}/.bashrc"], capture_output=True, check=True)
    check_equal((done.stdout, done.stderr, host.aws.calls), (b"", b"", []), "the .bashrc that is left")
    host.sshd.stop()
    host.aws.close()


run()
