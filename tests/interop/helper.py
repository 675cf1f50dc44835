"""Runs the real ssmenv-helper as the module does, as root on the stage, and decodes its reply.

The reply's frame is described in include/ssmenv/wire.h; it is written down here a second time.
"""

import os
import pathlib
import struct
import subprocess
from dataclasses import dataclass

STAGE = pathlib.Path(os.environ.get("SSMENV_STAGE") or "/nonexistent")
PROGRAM = STAGE / "libexec/ssmenv/ssmenv-helper"
CONFIG = STAGE / "etc/ssmenv/ssmenv.conf"
CREDENTIALS = STAGE / "etc/ssmenv/credentials"
CACHE = STAGE / "run"
ACCOUNT = 979  # of _ssmenv, as tests/stage makes it
OUTCOMES = {0: "complete", 1: "partial", 2: "failed"}
SOURCES = {0: "none", 1: "cache", 2: "fetched", 3: "stale"}


@dataclass
class Reply:
    outcome: str
    source: str
    stale_seconds: int
    error: str
    warnings: list[str]
    variables: dict[str, str]


class _Reader:
    def __init__(self, data):
        self.data = data

    def take(self, length):
        if len(self.data) < length:
            raise AssertionError(f"the reply is truncated: {self.data!r}")
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(code)))[0]

    def text(self):
        return self.take(self.number("I")).decode("utf-8", "surrogateescape")


def decode(data):
    reader = _Reader(data)
    magic, version, kind, zero, length = struct.unpack(">4sBBHI", reader.take(12))
    if (magic, version, kind, zero, length) != (b"SSME", 1, 1, 0, len(reader.data)):
        raise AssertionError(f"no reply: {data[:40]!r}")
    reply = Reply(OUTCOMES[reader.number("B")], SOURCES[reader.number("B")], reader.number("I"),
                  reader.text(), [], {})
    reply.warnings = [reader.text() for _ in range(reader.number("H"))]
    reply.variables = {reader.text(): reader.text() for _ in range(reader.number("H"))}
    if reader.data:
        raise AssertionError("the reply has bytes left over")
    return reply


def arguments(user="deploy", service="sshd", config=CONFIG, timeout_ms=20000, become=True):
    given = ["--uid=%d" % ACCOUNT, "--gid=%d" % ACCOUNT] if become else []
    return [PROGRAM, f"--user={user}", f"--service={service}", f"--config={config}",
            f"--timeout-ms={timeout_ms}", f"--parent={os.getpid()}", *given]


def start(**options):
    return subprocess.Popen(arguments(**options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, start_new_session=True,
                            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})


def finish(process):
    output, errors = process.communicate(timeout=60)
    if errors:
        raise AssertionError(f"the helper wrote to stderr: {errors.decode()}")
    return decode(output)


def log_in(**options):
    return finish(start(**options))


def configure(text, path=CONFIG):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)


def write_credentials(access_key_id, secret, path=CREDENTIALS):
    path.write_text(f"[default]\naws_access_key_id = {access_key_id}\n"
                    f"aws_secret_access_key = {secret}\n")
    os.chown(path, 0, ACCOUNT)
    path.chmod(0o640)
