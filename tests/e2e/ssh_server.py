"""A private sshd on 127.0.0.1 of the stage's own network, and ssh, scp and sftp that reach it."""

import contextlib
import os
import pathlib
import shutil
import subprocess

from logins import DUMP, Fifo, parse_environment
from machine import HOME, run
from terminal import Terminal

FOLDER = pathlib.Path("/mnt/ssh")
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server")

SERVER_CONFIG = """\
ListenAddress 127.0.0.1
Port 22
HostKey {folder}/host_key
PidFile none
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
UseDNS no
Subsystem sftp {folder}/sftp
"""

# sftp-server does not show its environment, so this runs before it.
SFTP_SUBSYSTEM = """\
#!/bin/sh
env -0 >"$HOME/sftp.environment"
exec {sftp_server}
"""

CLIENT_CONFIG = """\
Host *
    HostName 127.0.0.1
    IdentityFile {folder}/key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    BatchMode yes
    LogLevel ERROR
"""


class SshServer:
    """Made once per script: keys and sshd. Users are admitted with admit()."""

    def __init__(self, machine):
        self.log = machine.log
        FOLDER.mkdir(mode=0o755)
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        for key in ("host_key", "key"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", FOLDER / key])
        host_key = (FOLDER / "host_key.pub").read_text()
        (FOLDER / "known_hosts").write_text(f"127.0.0.1 {host_key}")
        sftp_server = next(path for path in SFTP_SERVERS if os.path.exists(path))
        for name, text in (("server", SERVER_CONFIG), ("client", CLIENT_CONFIG),
                           ("sftp", SFTP_SUBSYSTEM)):
            (FOLDER / name).write_text(text.format(folder=FOLDER, sftp_server=sftp_server))
        (FOLDER / "sftp").chmod(0o755)
        start = self.log.position()
        self._daemon = subprocess.Popen([shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D",
                                         "-f", str(FOLDER / "server")], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.log.wait_for("Server listening on 127.0.0.1", start)

    def admit(self, home):
        """Lets the test's key into the account with this home folder."""
        folder = home / ".ssh"
        folder.mkdir(mode=0o700)
        keys = folder / "authorized_keys"
        keys.write_text((FOLDER / "key.pub").read_text())
        for path in (folder, keys):
            os.chown(path, home.stat().st_uid, home.stat().st_gid)

    def client(self, program, *arguments):
        """A client's command line."""
        return [program, "-F", FOLDER / "client", *arguments]

    def command(self, user, *options):
        """ssh USER COMMAND: the environment that the command had."""
        return parse_environment(run(self.client("ssh", *options, f"{user}@stage", DUMP)))

    def transfer(self, user, argv):
        """An sftp or scp through the sftp subsystem: the environment that its server had."""
        environment = HOME / user / "sftp.environment"
        run(argv)
        try:
            return parse_environment(environment.read_bytes())
        finally:
            environment.unlink()

    @contextlib.contextmanager
    def connection(self, user):
        """One connection for several sessions: options for them."""
        options = ["-S", FOLDER / "control"]
        master = self.client("ssh", *options, "-M", "-N", "-f", f"{user}@stage")
        subprocess.run(master, check=True, timeout=60, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # it outlives this
        try:
            yield options
        finally:
            run(self.client("ssh", *options, "-O", "exit", f"{user}@stage"))

    def interactive(self, user):
        """ssh with a terminal and the login shell: the environment that the shell passes on."""
        fifo = Fifo(user)
        terminal = Terminal(self.client("ssh", "-tt", f"{user}@stage"))
        terminal.expect("$ ")
        terminal.type(f"env -0 >{fifo.path}; exit")
        environment = parse_environment(fifo.read())
        terminal.end()
        return environment

    def stop(self):
        self._daemon.terminate()
        self._daemon.wait()
