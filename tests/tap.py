"""Tests in Python: a test is a function decorated with @test("a sentence that says what holds").

A failed check raises; the test is then "not ok" with both values, and the next one runs. run() prints
TAP (testanything.org) for prove(1) and ends the process.
"""

import os
import sys
import traceback

_tests = []


class Skip(Exception):
    """Raised with the reason why a test cannot run here."""


def test(name):
    def register(function):
        _tests.append((name, function))
        return function

    return register


def needs_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what} differs\n  actual:   {actual!r}\n  expected: {expected!r}")


def check_contains(text, part, what="text"):
    if part not in text:
        raise AssertionError(f"{what} lacks a part\n  actual: {text!r}\n  part:   {part!r}")


def check_lacks(text, part, what="text"):
    if part in text:
        raise AssertionError(f"{what} must not hold this\n  actual: {text!r}\n  part:   {part!r}")


def _comment(text):
    for line in text.splitlines():
        print(f"# {line}")


def run():
    print(f"1..{len(_tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(_tests, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except AssertionError as error:
            failed += 1
            place = traceback.extract_tb(error.__traceback__)
            _comment("\n".join(f"{frame.filename}:{frame.lineno}" for frame in place[1:]))
            _comment(str(error))
            print(f"not ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            _comment(traceback.format_exc())
            print(f"not ok {number} - {name}", flush=True)
    sys.stdout.flush()
    sys.exit(1 if failed else 0)
