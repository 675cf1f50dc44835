#!/usr/bin/python3
"""The manual and the sample of ssmenv.conf say what the programs understand."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402

MANUAL = ROOT / "helper/config/ssmenv.conf.5"
SAMPLE = ROOT / "config/ssmenv.conf"
PROGRAM = ROOT / "build/sanitized/tests/config-check"


def load(text):
    """What config-check says about a configuration: its mistakes, and the keys of [aws]."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([PROGRAM, file.name], capture_output=True, text=True, timeout=60)
    check(done.returncode in (0, 1) and not done.stderr, done.stderr)
    return done.returncode, done.stdout.replace(file.name, "FILE").splitlines()


def keys(section):
    """The keys in the table of helper/config/settings.c."""
    source = (ROOT / "helper/config/settings.c").read_text()
    table = source.split(f"settings_of_{section} =", 1)[1].split("};", 1)[0]
    return re.findall(r'\{"(\w+)", &type_', table)


@test("mandoc has nothing to say about the manual, but for pages that are not installed")
def lint():
    if not shutil.which("mandoc"):
        raise Skip("mandoc is not installed")
    said = subprocess.run(["mandoc", "-T", "lint", MANUAL], capture_output=True, text=True)
    lines = (said.stdout + said.stderr).splitlines()
    other = ("referenced manual not found", "outdated mandoc.db")
    check_equal([line for line in lines if not any(part in line for part in other)], [])


@test("every example of the manual is a configuration without mistakes")
def examples():
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", MANUAL.read_text(), re.M | re.S)
    check(len(blocks) >= 4, "examples are missing")
    for block in blocks:
        status, said = load(block.replace("\\(rs", "\\"))
        check_equal((status, [line for line in said if line.startswith("FILE")]), (0, []), block)


@test("the manual describes every key")
def described_keys():
    text = MANUAL.read_text()
    check(len(keys("aws")) >= 14 and len(keys("cache")) >= 4, "the tables were not found")
    for key in keys("aws") + keys("cache"):
        check(re.search(rf"^\.It Cm (.* , )?{key}( ,|$)", text, re.M), f"{key} is not described")


@test("the sample as it is installed configures nothing")
def sample_is_silent():
    for line in SAMPLE.read_text().splitlines():
        check(line == "" or line.startswith("#"), line)
    check_equal(load(SAMPLE.read_text()), (0, []))


@test("the sample with its comments taken away is a configuration without mistakes")
def sample_uncommented():
    text = re.sub(r"^#(?=[^ \n])", "", SAMPLE.read_text(), flags=re.M)
    check_contains(text, "\n[env]\nDB_USER = ")
    status, said = load(text)
    check_equal((status, [line for line in said if line.startswith("FILE")]), (0, []))
    roles = {"role_arn", "external_id", "role_session_name", "web_identity_token_file"}
    check_equal(said, [f"aws {key}" for key in keys("aws") if key not in roles], "keys of [aws]")
    for key in keys("cache"):
        check_contains(text, f"\n{key} = ")


run()
