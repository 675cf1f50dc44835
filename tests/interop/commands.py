"""Runs ssmenv on the stage, with a configuration of constants, and with other helpers in its place."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGE = pathlib.Path(os.environ.get("SSMENV_STAGE") or "/nonexistent")
PROGRAM = STAGE / "sbin/ssmenv"
HELPER = STAGE / "libexec/ssmenv/ssmenv-helper"
CONFIG = STAGE / "etc/ssmenv/ssmenv.conf"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
_calls = 0

sys.path[:0] = [str(ROOT / "tests")]

from tap import Skip, check, check_equal  # noqa: E402


def enter():
    """Runs this script again on a stage; without root it goes on, and its tests skip."""
    if "SSMENV_STAGE" not in os.environ:
        stage = str(ROOT / "tests/stage")
        os.execv(stage, [stage, "sanitized", sys.executable, "-B", *map(os.path.abspath, sys.argv)])


def needs_stage():
    if not os.environ["SSMENV_STAGE"]:
        raise Skip("needs root")


def configure(text):
    """As an administrator would leave it; bytes or text. None: there is no configuration."""
    needs_stage()
    CONFIG.unlink(missing_ok=True)
    if text is not None:
        CONFIG.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.chown(CONFIG, 0, 979)
        CONFIG.chmod(0o640)


def start(*arguments, environment=None, **options):
    needs_stage()
    return subprocess.Popen([str(argument) for argument in (PROGRAM, *arguments)],
                            env=ENVIRONMENT if environment is None else environment, **options)


def command(*arguments, stdin=subprocess.DEVNULL, **options):
    """Runs ssmenv to its end; output as text, undecodable bytes as surrogates."""
    process = start(*arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    encoding="utf-8", errors="surrogateescape", **options)
    output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def output_of(*arguments, **options):
    """Of a command that has to succeed in silence."""
    done = command(*arguments, **options)
    check_equal((done.returncode, done.stderr), (0, ""), f"end of {arguments}")
    return done.stdout


def refused(*arguments, status, message, output="", **options):
    """A command that has to fail like this, with nothing on standard output."""
    done = command(*arguments, **options)
    check_equal((done.returncode, done.stdout), (status, output), f"end of {arguments}: {done.stderr}")
    check(message in done.stderr, f"{message!r} expected: {done.stderr!r}")
    return done.stderr


@contextlib.contextmanager
def other_helper(name, behaviour):
    """Another program in the place of ssmenv-helper; yields the --config that tells it what to do."""
    global _calls
    needs_stage()
    _calls += 1
    folder = STAGE / f"call{_calls}"
    folder.mkdir()
    folder.chmod(0o777)
    kept = HELPER.with_suffix(".kept")
    HELPER.rename(kept)
    shutil.copy(ROOT / "build/sanitized/tests" / name, HELPER)
    HELPER.chmod(0o755)
    try:
        yield folder / behaviour
    finally:
        kept.rename(HELPER)
        check_equal([path.read_text() for path in (STAGE / "log").iterdir()], [], "sanitizer reports")
