"""Runs the real ssmenv-fetch: one request in, one result out, as ssmenv-helper does it.

    fetcher = Fetcher(settings={"endpoint_url": aws.endpoint, …})
    result = fetcher.ask(parameter("/prod/db"), children("/prod/app/"))
    result.answers[0].state, result.answers[0].values

The frames are described in include/ssmenv/wire.h and helper/common/exchange.h; they are written down
here a second time, independently.
"""

import os
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field

PARAMETER, CHILDREN, SUBTREE, SECRET = 1, 2, 3, 4
FOUND, MISSING, DENIED, FAILED = "FOUND", "MISSING", "DENIED", "FAILED"
STATES = {1: FOUND, 2: MISSING, 3: DENIED, 4: FAILED}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Lookup:
    kind: int
    name: str
    member: str = ""
    identity: int = 0


def parameter(name, member="", identity=0):
    return Lookup(PARAMETER, name, member, identity)


def secret(name, member="", identity=0):
    return Lookup(SECRET, name, member, identity)


def children(path, identity=0):
    return Lookup(CHILDREN, path, "", identity)


def subtree(path, identity=0):
    return Lookup(SUBTREE, path, "", identity)


@dataclass
class Answer:
    state: str
    error: str
    entries: list[tuple[str, str]]

    @property
    def value(self):
        if self.state != FOUND or len(self.entries) != 1:
            raise AssertionError(f"no single value: {self.state} {self.error!r} "
                                 f"{[name for name, _ in self.entries]}")
        return self.entries[0][1]

    @property
    def values(self):
        if self.state != FOUND:
            raise AssertionError(f"nothing found: {self.state} {self.error!r}")
        return dict(self.entries)


@dataclass
class Keepsake:
    """What was learnt of an identity, in the order of the wire."""

    life: int
    origin: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    region: str = ""
    instance_id: str = ""

    def encode(self):
        texts = [self.origin, self.access_key_id, self.secret_access_key, self.session_token,
                 self.region, self.instance_id]
        return struct.pack(">I", self.life) + b"".join(map(text, texts if self.life else []))


NOTHING = Keepsake(0)
LESSONS = {0: "none", 1: "keep", 2: "forget"}


@dataclass
class Identity:
    """Settings of a section, under its name, with what was kept of it."""

    settings: dict[str, str]
    section: str = "aws"
    kept: Keepsake = field(default_factory=lambda: NOTHING)


@dataclass
class Result:
    answers: list[Answer]
    warnings: list[str]
    learnt: list[tuple[str, Keepsake]] = field(default_factory=list)
    stderr: str = ""
    seconds: float = 0.0
    raw: bytes = b""

    @property
    def states(self):
        return [answer.state for answer in self.answers]

    @property
    def errors(self):
        return [answer.error for answer in self.answers]


def text(value):
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return struct.pack(">I", len(data)) + data


def frame(kind, payload):
    return b"SSME" + struct.pack(">BBHI", 1, kind, 0, len(payload)) + payload


def encode_request(milliseconds, identities, lookups):
    deadline = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000 + milliseconds
    payload = struct.pack(">QH", deadline, len(identities))
    for identity in identities:
        if not isinstance(identity, Identity):
            identity = Identity(identity)
        payload += text(identity.section) + struct.pack(">H", len(identity.settings))
        for key, value in identity.settings.items():
            payload += text(key) + text(value)
        payload += identity.kept.encode()
    payload += struct.pack(">H", len(lookups))
    for lookup in lookups:
        payload += struct.pack(">BH", lookup.kind, lookup.identity)
        payload += text(lookup.name) + text(lookup.member)
    return frame(2, payload)


class _Reader:
    def __init__(self, data):
        self.data = data

    def take(self, length):
        if len(self.data) < length:
            raise AssertionError("the result is truncated")
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(code)))[0]

    def text(self):
        return self.take(self.number("I")).decode("utf-8", "surrogateescape")


def decode_keepsake(reader):
    life = reader.number("I")
    return Keepsake(life, *[reader.text() for _ in range(6)]) if life else NOTHING


def decode_result(data):
    reader = _Reader(data)
    magic, version, kind, zero, length = struct.unpack(">4sBBHI", reader.take(12))
    if (magic, version, kind, zero, length) != (b"SSME", 1, 3, 0, len(data) - 12):
        raise AssertionError(f"no result frame: {data[:12]!r}")
    answers = []
    for _ in range(reader.number("H")):
        state, error = STATES[reader.number("B")], reader.text()
        answers.append(Answer(state, error, [(reader.text(), reader.text())
                                             for _ in range(reader.number("H"))]))
    warnings = [reader.text() for _ in range(reader.number("H"))]
    learnt = [(LESSONS[reader.number("B")], decode_keepsake(reader))
              for _ in range(reader.number("H"))]
    if reader.data:
        raise AssertionError("bytes behind the result")
    return Result(answers, warnings, learnt)


class Fetcher:
    """The program of the stage, run as _ssmenv; without root the one that was built, as oneself."""

    def __init__(self, **settings):
        stage = os.environ.get("SSMENV_STAGE")
        # As the helper says on a host that is not root: files may be one's own.
        self.settings = settings if stage else {**settings, "trust_uid": str(os.getuid())}
        self.program = (f"{stage}/libexec/ssmenv/ssmenv-fetch" if stage else
                        os.path.join(HERE, "../../build/sanitized/ssmenv-fetch"))
        self.user = {"user": "_ssmenv", "group": "_ssmenv", "extra_groups": []} if stage else {}

    def with_settings(self, **settings):
        merged = {**self.settings, **settings}
        return Fetcher(**{key: value for key, value in merged.items() if value is not None})

    def start(self, stdin=subprocess.PIPE, arguments=None, environment=ENVIRONMENT, before=None):
        """before: called in the new process, as its user, before the program."""
        if arguments is None:
            arguments = [f"--parent={os.getpid()}"]
        return subprocess.Popen([self.program, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=environment, preexec_fn=before,
                                **self.user)

    def begin(self, *lookups, milliseconds=20000, identities=None, environment=ENVIRONMENT,
              before=None):
        """Starts it and sends the request; finish() takes the result."""
        process = self.start(environment=environment, before=before)
        process.stdin.write(encode_request(milliseconds, identities or [self.settings], lookups))
        process.stdin.close()
        process.stdin = None
        return process

    def finish(self, process):
        output, errors = process.communicate(timeout=60)
        if process.returncode != 0:
            raise AssertionError(f"ssmenv-fetch ended with {process.returncode}: "
                                 f"{errors.decode(errors='replace')}")
        result = decode_result(output)
        result.stderr = errors.decode(errors="replace")
        result.raw = output
        if result.stderr:
            raise AssertionError(f"ssmenv-fetch wrote to stderr: {result.stderr}")
        return result

    def ask(self, *lookups, **how):
        begun = time.monotonic()
        result = self.finish(self.begin(*lookups, **how))
        result.seconds = time.monotonic() - begun
        if len(result.answers) != len(lookups):
            raise AssertionError(f"{len(result.answers)} answers to {len(lookups)} lookups")
        return result
