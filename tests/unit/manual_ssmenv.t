#!/usr/bin/python3 -B
"""The manuals say what the programs understand, and mandoc can read them."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from tap import Skip, check, check_equal, run, test  # noqa: E402

PROGRAM = ROOT / "build/ssmenv"
MANUALS = {name: (ROOT / name).read_text() for name in
           ("helper/cli/ssmenv.8", "helper/config/ssmenv.conf.5", "pam_module/pam_ssmenv.8")}
MANUAL = MANUALS["helper/cli/ssmenv.8"]


def output(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


COMMANDS = re.findall(r"^  (\S+) {2,}", output("--help"), re.M)


def options_of(command):
    text = output(command, "--help").partition("\nOptions:\n")[2].partition("\nExamples:\n")[0]
    return re.findall(r"^  (--\S+)", text, re.M)


def section(command):
    """What the manual has below .Ss for a command."""
    found = re.search(rf"^\.Ss {re.escape(command)}\n(.*?)(?=^\.S[sh] )", MANUAL, re.M | re.S)
    check(found, f"{command} has no .Ss of its own")
    return found[1]


def synopsis(command):
    text = MANUAL.partition(".Sh SYNOPSIS\n")[2].partition(".Sh ")[0]
    found = re.search(rf"^\.Nm\n\.Cm {re.escape(command)}\n(.*?)(?=^\.Nm|\Z)", text, re.M | re.S)
    check(found, f"{command} is not in the synopsis")
    return found[1]


def options_in(lines):
    return ["-" + name for line in lines for name in re.findall(r"Fl (-[a-z-]+)", line)]


for manual in MANUALS:
    @test(f"mandoc has nothing to say about {manual}, but for pages that are not installed")
    def _(manual=manual):
        if not shutil.which("mandoc"):
            raise Skip("mandoc is not installed")
        said = subprocess.run(["mandoc", "-T", "lint", ROOT / manual], capture_output=True, text=True)
        other = ("referenced manual not found", "outdated mandoc.db")
        check_equal([line for line in (said.stdout + said.stderr).splitlines()
                     if not any(part in line for part in other)], [])

    @test(f"{manual} has its sections in their order, with examples")
    def _(manual=manual):
        sections = re.findall(r"^\.Sh (.*)$", MANUALS[manual], re.M)
        order = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "MODULE TYPES PROVIDED", "RETURN CODES",
                 "FILES", "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS", "SEE ALSO", "NOTES"]
        check_equal([name for name in order if name in sections],
                    [name for name in sections if name in order], "order")
        for needed in ("NAME", "DESCRIPTION", "FILES", "EXAMPLES", "SEE ALSO"):
            check(needed in sections, f"{needed} is missing")


@test("the manual has a section for every command, and for nothing else")
def _():
    text = MANUAL.partition(".Sh DESCRIPTION\n")[2].partition("\n.Sh ")[0]
    check_equal(sorted(re.findall(r"^\.Ss (.*)$", text, re.M)), sorted(COMMANDS))


for command in COMMANDS:
    @test(f"{command}: the manual describes every option, and nothing else")
    def _(command=command):
        items = [line for line in section(command).splitlines() if line.startswith(".It ")]
        check_equal(sorted(set(options_in(items))), sorted(options_of(command)))

    @test(f"{command}: the synopsis has every option, and nothing else")
    def _(command=command):
        # Without the two dashes that end the options.
        check_equal(sorted(set(options_in(synopsis(command).splitlines())) - {"--"}),
                    sorted(options_of(command)))


run()
