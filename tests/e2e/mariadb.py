"""A MariaDB server of the stage's own, on 127.0.0.1:3306, without any account."""

import os
import pathlib
import shutil
import subprocess

from machine import account_id, run

FOLDER = pathlib.Path("/mnt/mariadb")
ACCOUNT = "nobody"  # any account will do that is not root
FOLDERS = "/usr/sbin:/usr/libexec:/usr/bin"


def program():
    """The server, or None where none is installed."""
    return shutil.which("mariadbd", path=FOLDERS)


class MariaDB:
    """Everything is on the stage's tmpfs. There are no tables of accounts: nobody gets further than
    the first words, which are all that is asked of it."""

    def __init__(self, *options):
        identity = {"user": account_id(ACCOUNT), "group": account_id(ACCOUNT), "extra_groups": []}
        if not FOLDER.exists():
            FOLDER.mkdir(mode=0o700)
            os.chown(FOLDER, account_id(ACCOUNT), account_id(ACCOUNT))
        self._server = subprocess.Popen(
            [program(), "--no-defaults", f"--datadir={FOLDER}", f"--socket={FOLDER}/socket",
             f"--pid-file={FOLDER}/pid", "--bind-address=127.0.0.1", "--port=3306", "--innodb=OFF",
             "--default-storage-engine=Aria", "--skip-grant-tables", "--skip-name-resolve",
             "--thread-handling=one-thread-per-connection", *options],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, **identity)
        said = []
        for line in self._server.stderr:
            said.append(line)
            if "ready for connections" in line:
                return
        raise AssertionError("MariaDB ended before it was ready: " + "".join(said[-10:]))

    @staticmethod
    def version():
        return run([program(), "--no-defaults", "--version"]).decode().split()[2].removesuffix(",")

    def stop(self):
        self._server.terminate()
        self._server.stderr.close()
        self._server.wait()
