"""A program on a pseudo-terminal of its own session, as a person at a terminal has it."""

import os
import pty
import select
import time

WAIT_SECONDS = 30


class Terminal:
    """Starts argv; type() sends keys, expect() waits for output, end() for the program's end."""

    def __init__(self, argv):
        self.output = b""
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            try:
                os.execvp(argv[0], [str(part) for part in argv])
            finally:
                os._exit(127)

    def _read(self, deadline):
        """Adds what came to output; False at the end of the output."""
        readable, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not readable:
            raise AssertionError(f"the terminal fell silent after {self.output!r}")
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody holds the other side any more
            return False
        self.output += data
        return data != b""

    def expect(self, text):
        """Waits until the output holds text; forgets the output up to its end, returns what was before."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text.encode() not in self.output:
            if not self._read(deadline):
                raise AssertionError(f"the program ended before {text!r}: {self.output!r}")
        before, self.output = self.output.split(text.encode(), 1)
        return before.decode(errors="replace")

    def press(self, keys):
        os.write(self._master, keys.encode())

    def type(self, line):
        self.press(line + "\n")

    def end(self):
        """Reads to the end; the program's exit status."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._read(deadline):
            pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._master)
        return os.waitstatus_to_exitcode(status)
