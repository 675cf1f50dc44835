"""A PostgreSQL server of the stage's own, on 127.0.0.1:5432, that one password opens."""

import glob
import os
import pathlib
import signal
import subprocess

from machine import account_id, run

FOLDER = pathlib.Path("/mnt/postgres")
ACCOUNT = "nobody"  # any account will do that is not root
PROGRAMS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/bin")


def programs():
    """The folder of the newest initdb, or None where no server is installed."""
    found = [path for pattern in PROGRAMS for path in sorted(glob.glob(f"{pattern}/initdb"))]
    return pathlib.Path(found[-1]).parent if found else None


class Postgres:
    """Starts with one role and one database app; everything is on the stage's tmpfs."""

    def __init__(self, role, password):
        identity = {"user": account_id(ACCOUNT), "group": account_id(ACCOUNT), "extra_groups": []}
        FOLDER.mkdir(mode=0o700)
        os.chown(FOLDER, account_id(ACCOUNT), account_id(ACCOUNT))
        password_file = FOLDER / "password"
        password_file.write_text(password + "\n")
        os.chown(password_file, account_id(ACCOUNT), account_id(ACCOUNT))
        run([programs() / "initdb", "-D", FOLDER / "data", "-U", role, "--pwfile", password_file,
             "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"],
            cwd="/", **identity)
        self._server = subprocess.Popen(
            [programs() / "postgres", "-D", FOLDER / "data", "-c", "listen_addresses=127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "logging_collector=off"],
            cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **identity)
        self._wait_until_ready()

    def _wait_until_ready(self):
        for line in self._server.stderr:
            if "database system is ready to accept connections" in line:
                return
        raise AssertionError("PostgreSQL ended before it was ready")

    def reconfigure(self, settings, authentication):
        """Lines of postgresql.conf and of pg_hba.conf in the place of those that hold now."""
        (FOLDER / "data/postgresql.auto.conf").write_text(settings)
        (FOLDER / "data/pg_hba.conf").write_text(authentication)
        self._server.send_signal(signal.SIGHUP)
        for line in self._server.stderr:
            if "reloading configuration files" in line:
                return
        raise AssertionError("PostgreSQL ended instead of reading its configuration again")

    def stop(self):
        self._server.terminate()
        self._server.stderr.close()
        self._server.wait()
