"""The system log of the stage: a socket at /dev/log whose lines a test can read.

A reader thread empties the socket, so that no program ever waits for a full queue. lines() and
since() are exact without a pause: they send a line of their own and wait until it has come through,
which puts everything that was sent before it in the list.
"""

import os
import re
import socket
import threading

_LINE = re.compile(rb"<(?P<priority>\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (?P<text>.*)", re.DOTALL)
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
WAIT_SECONDS = 30


class SystemLog:
    def __init__(self, path):
        self._path = path
        self._lines = []
        self._arrived = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            line = self._socket.recv(65536)
            with self._arrived:
                self._lines.append(line)
                self._arrived.notify_all()

    def wait_for(self, part, start=0):
        """Waits for a line that holds part, at or behind position start."""
        part = part.encode()
        with self._arrived:
            if not self._arrived.wait_for(
                    lambda: any(part in line for line in self._lines[start:]), WAIT_SECONDS):
                raise AssertionError(f"the log never held {part!r}: {self._lines[start:]!r}")

    def _settle(self):
        marker = f"<15>mark {os.urandom(8).hex()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(marker.encode(), self._path)
        self.wait_for(marker)

    def position(self):
        """Where the log stands now, for since()."""
        self._settle()
        with self._arrived:
            return len(self._lines)

    def since(self, position, part=""):
        """The lines after position that hold part, as (severity, text)."""
        self._settle()
        with self._arrived:
            lines = self._lines[position:]
        matches = (_LINE.fullmatch(line.rstrip(b"\n\0")) for line in lines)
        found = [(SEVERITIES[int(match["priority"]) & 7], match["text"].decode(errors="replace"))
                 for match in matches if match]
        return [(severity, text) for severity, text in found if part in text]

    def raw(self):
        """Every byte that was ever logged, for the search for secrets."""
        self._settle()
        with self._arrived:
            return b"\n".join(self._lines)
