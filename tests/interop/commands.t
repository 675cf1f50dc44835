#!/usr/bin/python3 -B
"""What holds for every command of ssmenv: help, messages, exit codes, terminals."""

import os
import re
import sys

from commands import ENVIRONMENT, ROOT, command, configure, enter, needs_stage

enter()
sys.path.append(str(ROOT / "tests/e2e"))

from commands import PROGRAM  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

# What makes a command do something here, where nobody is reachable; the others need nothing.
ARGUMENTS = {"plan": ["--user=root", "--service=su"], "doctor": ["--timeout=1s"], "exec": ["true"],
             "rds-token": ["db.example.com:5432", "app"], "completion": ["bash"],
             "migrate": ["/dev/null"]}
CODES = {0, 1, 2, 3, 125, 126, 127}
PLAIN = '[aws]\nregion = us-east-2\n[env]\nDB_USER = "app"\n'
MISTAKE = '[env]\nDB_USER = "open\n'


def names():
    needs_stage()
    return re.findall(r"^  (\S+) {2,}", command("--help").stdout, re.M)


@test("--help and help list the commands, on standard output")
def _():
    for word in ("--help", "help"):
        done = command(word)
        check_equal((done.returncode, done.stderr), (0, ""), word)
        check(done.stdout.startswith("usage: ssmenv COMMAND"), done.stdout)
    check(len(names()) >= 8, names())


@test("without a command the same goes to standard error, and the exit status is 2")
def _():
    done = command()
    check_equal((done.returncode, done.stdout, done.stderr), (2, "", command("--help").stdout))


@test("--version is the version of the Makefile")
def _():
    needs_stage()
    version = re.search(r"^VERSION *[?:]?= *(\S+)$", (ROOT / "Makefile").read_text(), re.M)[1]
    done = command("--version")
    check_equal((done.returncode, done.stdout, done.stderr), (0, f"ssmenv {version}\n", ""))


@test("an unknown command is an error that suggests the nearest one, if one is near")
def _():
    for word, near in (("exce", "exec"), ("polciy", "policy"), ("Check", "check")):
        done = command(word)
        check_equal((done.returncode, done.stdout, done.stderr),
                    (2, "", f'ssmenv: there is no command "{word}"; did you mean {near}?\n'))
    done = command("frobnicate", "--help")
    check_equal((done.returncode, done.stdout, done.stderr),
                (2, "", 'ssmenv: there is no command "frobnicate"; ssmenv --help lists them\n'))


@test("every command has --help: usage, summary, options and an example, for anybody")
def _():
    for name in names():
        done = command(name, "--help", user=65534, group=65534)
        check_equal((done.returncode, done.stderr), (0, ""), name)
        lines = done.stdout.splitlines()
        check(re.match(rf"usage: ssmenv {name}( |$)", lines[0]), lines[0])
        check(re.match(rf"ssmenv {name}: [a-z].*\.$", lines[2]), lines[2])
        check_equal("Options:" in lines, "[OPTION...]" in lines[0], f"{name}: options")
        check_contains(done.stdout, f"\nExamples:\n  ", name)
        check_contains(done.stdout.partition("\nExamples:\n")[2], f"ssmenv {name}", name)
        for line in lines:
            check(len(line) <= 100, f"{name}: {len(line)} columns: {line}")


@test("every option's help is a line that begins small and has no full stop")
def _():
    for name in names():
        text = command(name, "--help").stdout.partition("\nOptions:\n")[2].partition("\nExamples:")[0]
        for line in text.splitlines():
            help_text = re.sub(r"^  --\S+(?: [^ ]+(?= {2}))? *|^ +", "", line)
            check(not help_text or not re.search(r"(?<!\.)\.$", help_text), line)


@test("wrong arguments end with 2 (exec: 125), say why and where to read on, on standard error")
def _():
    for name in names():
        for arguments in (["--no-such-option"], ["--help=yes"]):
            done = command(name, *arguments)
            check_equal((done.returncode, done.stdout), (125 if name == "exec" else 2, ""), name)
            message, usage, more = done.stderr.splitlines()
            check(message.startswith(f"ssmenv {name}: "), message)
            check(usage.startswith(f"usage: ssmenv {name}"), usage)
            check_equal(more, f"ssmenv {name} --help tells more.")


@test("whoever meets a mistake in the configuration fails, with a documented status")
def _():
    configure(MISTAKE)
    for name in names():
        done = command(name, *ARGUMENTS.get(name, []))
        check(done.returncode in CODES, f"{name} ended with {done.returncode}")
        if "ssmenv.conf:2:" in done.stdout + done.stderr:
            check(done.returncode != 0, f"{name} succeeded: {done.stdout} {done.stderr}")


@test("nothing is coloured in pipes, whatever TERM says")
def _():
    configure(MISTAKE)
    for name in names():
        done = command(name, *ARGUMENTS.get(name, []), environment={**ENVIRONMENT, "TERM": "xterm"})
        check("\x1b" not in done.stdout + done.stderr, f"{name}: {done}")


def on_terminal(name, *arguments, **variables):
    os.environ.pop("NO_COLOR", None)
    os.environ.update(variables)
    terminal = Terminal([PROGRAM, name, *arguments])
    terminal.end()
    os.environ.pop("NO_COLOR", None)
    return terminal.output.decode(errors="replace")


@test("a terminal gets no escape sequences where NO_COLOR is set or TERM is dumb")
def _():
    for name in names():
        for text, variables in ((PLAIN, {"TERM": "xterm", "NO_COLOR": "1"}), (MISTAKE, {"TERM": "dumb"})):
            configure(text)
            shown = on_terminal(name, *ARGUMENTS.get(name, []), **variables)
            check("\x1b" not in shown, f"{name} with {variables}: {shown!r}")


@test("another terminal gets colours from check and doctor, and an empty NO_COLOR does not count")
def _():
    configure(MISTAKE)
    for name in ("check", "doctor"):
        check_contains(on_terminal(name, TERM="xterm", NO_COLOR=""), "\x1b[31m", name)


run()
