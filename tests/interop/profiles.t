#!/usr/bin/python3
"""Our parser of ~/.aws files against botocore's, which is Python's RawConfigParser.

Files are random but the same in every run (SSMENV_PROFILES_SEED chooses others), many of them
broken. Where both differ on purpose nothing is compared: a comment after a value and blanks beside
the brackets of a section do not occur here, and files in which something occurs twice are left out;
profile_test.c has them.
"""

import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from configparser import DuplicateOptionError, DuplicateSectionError
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests")]

from botocore import __version__  # noqa: E402
from botocore.configloader import build_profile_map, raw_config_parse  # noqa: E402
from botocore.exceptions import ConfigParseError  # noqa: E402
from tap import check, check_equal, run, test  # noqa: E402

PROGRAM = ROOT / "build/sanitized/tests/profile-list"
SEED = os.environ.get("SSMENV_PROFILES_SEED", "1")
FILES = 1000

HEADERS = {
    "credentials": ["default", "ci", "two words", "Default", "DEFAULT", "profile x", "a=b", "ünï"],
    "config": ["default", "profile ci", 'profile "two words"', "profile a b", "profile 'q'",
               "profileci", "ci", "DEFAULT", "services s", "sso-session t", "profile default2"],
}
KEYS = ["region", "REGION2", "aws_access_key_id", "output", "s3", "a b", "x.y", "role_arn", "k%"]
VALUES = ["", "us-east-1", "a=b", "a:b", "a#b", "a;b", "%(x)s", "two words", "ü", "\"q\"",
          "[x]", "a,b ,c"]
BROKEN = ["no delimiter", "= value", ": value", "[unclosed", "]", "[]"]


class Maker:
    def __init__(self, seed, kind):
        self.random = random.Random(f"{SEED} {seed} {kind}")
        self.headers = self.random.sample(HEADERS[kind], self.random.randint(1, 4))

    def key_line(self, key, indent):
        delimiter = self.random.choice(["=", " = ", ":", "\t: ", " =\t"])
        return indent + key + delimiter + self.random.choice(VALUES) + self.random.choice(["", " "])

    def section(self, header):
        yield f"[{header}]"
        indent = self.random.choice(["", "", "", "  ", "\t"])
        for key in self.random.sample(KEYS, self.random.randint(0, 5)):
            if self.random.random() < 0.2:
                yield self.random.choice(["", "   ", "# comment = x", "  ; [comment]", "#[x"])
            yield self.key_line(key, indent)
            # botocore looks at what is below a key of [DEFAULT] in other sections only.
            while header != "DEFAULT" and self.random.random() < 0.15:
                yield indent + self.random.choice(
                    [" sub = 1", "  sub=1", "\t[sub]", " # comment", "   sub", " sub : 1"])

    def text(self):
        lines = [line for header in self.headers for line in self.section(header)]
        if self.random.random() < 0.2:
            lines.insert(self.random.randint(0, len(lines)), self.random.choice(BROKEN))
        return self.random.choice(["\n", "\n", "\r\n"]).join(lines) + self.random.choice(["", "\n"])


class OccursTwice(Exception):
    pass


def parse_with_botocore(kind, text):
    """None when botocore cannot read it."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        try:
            parsed = raw_config_parse(file.name)
        except ConfigParseError as error:
            if isinstance(error.kwargs["error"], (DuplicateOptionError, DuplicateSectionError)):
                raise OccursTwice from error
            return None
    profiles = build_profile_map(parsed)["profiles"] if kind == "config" else parsed
    return {name: {key: None if isinstance(value, dict) or "\n" in value else value
                   for key, value in keys.items()} for name, keys in profiles.items()}


def parse_with_ours(kind, texts):
    lines = "".join(json.dumps({"kind": kind, "text": text}) + "\n" for text in texts)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, check=False)
    check_equal((done.returncode, done.stderr), (0, ""), "how profile-list ended")
    parsed = [json.loads(line) for line in done.stdout.splitlines()]
    return [None if isinstance(one.get("error"), str) else one for one in parsed]


def make_files(kind):
    """Texts, and what botocore reads of each."""
    made = {}
    for seed in itertools.count():
        if len(made) == FILES:
            return made
        text = Maker(seed, kind).text()
        with contextlib.suppress(OccursTwice):
            made[text] = parse_with_botocore(kind, text)


def compare(kind):
    made = make_files(kind)
    unreadable = list(made.values()).count(None)
    check(FILES / 20 < unreadable < FILES / 2, f"{unreadable} files of {FILES} are unreadable")
    for (text, theirs), ours in zip(made.items(), parse_with_ours(kind, made), strict=True):
        check_equal(ours, theirs, f"what is read of {text!r}")


@test(f"{FILES} random credentials files are read, or refused, as by botocore {__version__}")
def _():
    compare("credentials")


@test(f"{FILES} random config files are read, or refused, as by botocore {__version__}")
def _():
    compare("config")


run()
