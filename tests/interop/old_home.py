"""A user's home with old start-up files, on the stage, and ssmenv migrate at work in it."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

from tap import Skip, check_equal

STAGE = os.environ.get("SSMENV_STAGE")
FOLDER = pathlib.Path(STAGE or "/nonexistent")
PROGRAM = FOLDER / "sbin/ssmenv"
ETC = FOLDER / "etc/ssmenv"
CONFIG = ETC / "ssmenv.conf"
DROPIN = ETC / "conf.d/50-migrated.conf"
CREDENTIALS = ETC / "credentials"
ACCOUNT = 979  # of _ssmenv, as tests/stage makes it

TUTORIAL = """\
export DB_USER=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_USER' --query 'Parameter.Value')
export DB_PASS=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_PASS' --query 'Parameter.Value')
"""
TUTORIAL_CONFIG = """\
[aws]
region = us-east-2

# {path}
[env user={user}]
DB_USER = DB_USER
DB_PASS = DB_PASS
"""
HEADER = "# Taken over from shell start-up files by ssmenv migrate.\n\n"
LONG_AGO = 1577880000  # 2020

# Never to be seen in any output.
SECRETS = ("AKIDOFALICE", "s3cret/of+alice", "AKIDOFPROD", "s3cret/of+prod")
KEYS = f"""\
[default]
aws_access_key_id = {SECRETS[0]}
aws_secret_access_key = {SECRETS[1]}

[prod]
aws_access_key_id={SECRETS[2]}
aws_secret_access_key={SECRETS[3]}

[unused]
aws_access_key_id = AKIDUNUSED
aws_secret_access_key = unused
"""


class Home:
    """One user's; the system's files are empty folders, and nothing is configured."""

    def __init__(self, user="alice", uid=2001):
        if not STAGE:
            raise Skip("needs root")
        self.user, self.uid = user, uid
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="home-", dir="/mnt"))
        os.chown(self.folder, uid, uid)
        self.folder.chmod(0o755)
        passwd = pathlib.Path("/etc/passwd")
        lines = [line for line in passwd.read_text().splitlines()
                 if not line.startswith(f"{user}:")]
        passwd.write_text("\n".join([*lines, f"{user}:x:{uid}:{uid}::{self.folder}:/bin/sh"]) + "\n")
        for path in (CONFIG, CREDENTIALS):
            path.unlink(missing_ok=True)
        for path in (ETC / "conf.d").glob("*"):
            path.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.chown(path.parent, self.uid, self.uid)
        os.chown(path, self.uid, self.uid)
        path.chmod(mode)  # after chown(2), which clears a setuid bit
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    def migrate(self, *arguments, code=0, **options):
        """The end of ssmenv migrate --user USER …; whatever it prints holds no key."""
        options = {"env": {"PATH": "/usr/bin:/bin"}, "stdin": subprocess.DEVNULL, **options}
        done = subprocess.run([PROGRAM, "migrate", "--user", self.user, *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False, **options)
        for secret in SECRETS:
            if secret in done.stdout + done.stderr:
                raise AssertionError(f"a key was printed: {done.stdout}{done.stderr}")
        check_equal(done.returncode, code, f"status of migrate {arguments}: {done.stderr}")
        return done


def tree(*folders):
    """Every file below, with all that matters about it: bytes, mode, owner, and of files the time."""
    found = {}
    for folder in (ETC, *folders):
        for path in sorted(pathlib.Path(folder).rglob("*")):
            status = path.lstat()
            known = [oct(status.st_mode), status.st_uid, status.st_gid]
            if stat.S_ISREG(status.st_mode):
                known += [status.st_mtime_ns, status.st_nlink, path.read_bytes()]
            found[str(path)] = known
    return found


def check_unchanged(before, *folders):
    after = tree(*folders)
    for path in sorted({*before, *after}):
        check_equal(after.get(path), before.get(path), path)
