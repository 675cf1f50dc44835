"""Real logins, each of which hands back the environment that its session had.

Sessions print their environment with env -0, so that a value arrives byte for byte. A login through
a terminal writes it to a FIFO instead, because terminals change line ends.
"""

import contextlib
import os
import pathlib
import select
import subprocess

from machine import HOME, run
from terminal import Terminal

DUMP = "exec env -0"
WAIT_MILLISECONDS = 30000


def parse_environment(dump):
    """env -0's output as a dictionary of texts."""
    entries = (entry.split(b"=", 1) for entry in dump.split(b"\0") if entry)
    return {name.decode(): value.decode() for name, value in entries}


class Fifo:
    """Where a session writes to and the test reads from, in the home of the session's user."""

    def __init__(self, user):
        home = HOME / user
        self.path = home / f"fifo.{os.urandom(4).hex()}"
        os.mkfifo(self.path, 0o600)
        os.chown(self.path, home.stat().st_uid, home.stat().st_gid)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self):
        """All that the first writer wrote."""
        data = b""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN | select.POLLHUP)
        while True:
            if not poll.poll(WAIT_MILLISECONDS):
                raise AssertionError(f"nobody wrote to {self.path}")
            part = os.read(self._reader, 65536)
            if not part:
                os.close(self._reader)
                return data
            data += part


def su(user, login=True, command=DUMP):
    """su or su - of root to user."""
    argv = ["su", *(["-"] if login else []), user, "-c", command]
    return parse_environment(run(argv))


def sudo(*options):
    """sudo of root with these options."""
    return parse_environment(run(["sudo", *options, "env", "-0"]))


def login(user):
    """login(1) on a terminal, as getty starts it for somebody who proved who he is."""
    fifo = Fifo(user)
    terminal = Terminal(["login", "-f", user])
    terminal.expect("$ ")
    terminal.type(f"env -0 >{fifo.path}; exit")
    environment = parse_environment(fifo.read())
    terminal.end()
    return environment


@contextlib.contextmanager
def cron_daemon(user, job):
    """A cron daemon of its own with one @reboot job of user.

    @reboot jobs run when the daemon starts, so nobody waits for the next minute.
    """
    spool = pathlib.Path("/var/spool/cron/crontabs")
    spool.mkdir(parents=True, exist_ok=True)
    spool.chmod(0o1730)
    table = spool / user
    table.write_text(f"@reboot {job}\n")
    table.chmod(0o600)
    os.chown(table, (HOME / user).stat().st_uid, 0)
    pathlib.Path("/run/crond.reboot").unlink(missing_ok=True)  # Debian's "since this boot" mark
    daemon = subprocess.Popen(["cron", "-f"], stderr=subprocess.DEVNULL)
    try:
        yield daemon
    finally:
        daemon.terminate()
        daemon.wait()
        table.unlink()


def cron(user):
    """The environment of a cron job."""
    fifo = Fifo(user)
    with cron_daemon(user, f"env -0 >{fifo.path}"):
        return parse_environment(fifo.read())
