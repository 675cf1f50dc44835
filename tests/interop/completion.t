#!/usr/bin/python3 -B
"""bash and zsh complete the command lines of ssmenv, from what its own tables say."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]

from tap import Skip, check, check_equal, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

PROGRAM = ROOT / "build/ssmenv"
FOLDER = tempfile.mkdtemp(prefix="ssmenv-completion-")
BASH_COMPLETION = pathlib.Path("/usr/share/bash-completion/bash_completion")
FILES = ("file one", "file-two.conf", "folder")


def output(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def prepare():
    for shell in ("bash", "zsh"):
        pathlib.Path(FOLDER, "_ssmenv" if shell == "zsh" else "script").write_text(
            output("completion", shell))
    pathlib.Path(FOLDER, "work").mkdir()
    for name in FILES[:2]:
        pathlib.Path(FOLDER, "work", name).touch()
    pathlib.Path(FOLDER, "work", FILES[2]).mkdir()


def commands():
    return re.findall(r"^  (\S+) {2,}", output("--help"), re.M)


def options_of(command):
    """Each option with what it takes, None for a flag."""
    text = output(command, "--help").partition("\nOptions:\n")[2].partition("\nExamples:\n")[0]
    return dict(re.findall(r"^  (--\S+)(?: (\S+))?", text, re.M))


# --- bash ----------------------------------------------------------------------------------------


def offered(*words, more=False):
    """What bash offers in the place of the last word. more: with bash-completion's functions."""
    if more and not BASH_COMPLETION.exists():
        raise Skip("bash-completion is not installed")
    script = (f". {BASH_COMPLETION}; " if more else "") + (
        '. ../script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; '
        'COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; _ssmenv "$1" "${@: -1}" "${@: -2:1}"; '
        'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", "ssmenv", *words], text=True,
                          capture_output=True, cwd=f"{FOLDER}/work", timeout=60)
    check_equal((done.returncode, done.stderr), (0, ""), f"bash completing {words}")
    return [line for line in done.stdout.splitlines() if line]


@test("bash: ssmenv <TAB> lists every command")
def _():
    check_equal(offered(""), [*commands(), "--help", "--version"])
    check_equal(offered("e"), [name for name in commands() if name.startswith("e")])
    check_equal(offered("--v"), ["--version"])


@test("bash: every command's options are listed behind --")
def _():
    for command in commands():
        check_equal(offered(command, "--"), [*options_of(command), "--help"], command)


@test("bash: every option's value is completed by what it is")
def _():
    users = [line.split(":")[0] for line in open("/etc/passwd")]
    for command in commands():
        for option, argument in options_of(command).items():
            expected = ([] if argument not in ("FILE", "DIR", "USER") and "|" not in argument else
                        argument.split("|") if "|" in argument else
                        users if argument == "USER" else
                        [name for name in FILES if argument == "FILE" or name == "folder"])
            if not argument:
                continue
            for words in ((option, ""), (option, "="), (option, "=", "")):
                found = offered(command, *words)
                check_equal(sorted(set(found)), sorted(set(expected)), f"{command} {words}")


@test("bash: a value's beginning counts, in both shapes")
def _():
    check_equal(offered("env", "--format", "s"), ["shell", "systemd"])
    check_equal(offered("env", "--format", "=", "j"), ["json"])
    check_equal(offered("check", "--config", "fi"), ["file one", "file-two.conf"])
    check_equal(offered("exec", "--user", "roo"), ["root"])


@test("bash: operands are files, choices or nothing, as the usage has them")
def _():
    check_equal(sorted(offered("check", "")), sorted(FILES))
    check_equal(offered("check", "--strict", "--config", "x", "fold"), ["folder"])
    check_equal(offered("completion", ""), ["bash", "zsh"])
    check_equal(offered("rds-token", ""), [])
    check_equal(offered("env", "--", "--"), [])


@test("bash: behind ssmenv exec stands a command, and what follows is that command's line")
def _():
    check("printf" in offered("exec", "--user", "root", "print"), "commands")
    check("printf" in offered("exec", "--pristine", "--", "print"), "commands")
    check_equal(offered("exec", "cat", "--us"), [])
    check_equal(offered("exec", "--user", "=", "root", "cat", "file"), ["file one", "file-two.conf"])
    check("--help" in offered("exec", "--user=root", "ssmenv", "check", "--", more=True) or
          offered("exec", "ssmenv", "completion", "z", more=True) == ["zsh"], "the other line")


@test("bash: an interactive shell completes with the tabulator key")
def _():
    os.environ.update(TERM="dumb", PATH=f"{PROGRAM.parent}:{os.environ['PATH']}", PS1="ready$ ",
                      HISTFILE="/dev/null")
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"])
    terminal.type('bind "set show-all-if-ambiguous on"; bind "set page-completions off"; '
                  'eval "$(ssmenv completion bash)"; echo pre""pared')
    terminal.expect("prepared\r\nready$ ")
    terminal.press("ssmenv \t")
    shown = terminal.expect("ready$ ssmenv ")
    check_equal(sorted(shown.split()[1:]), sorted([*commands(), "--help", "--version"]))
    terminal.press("env --form\t")
    terminal.expect("env --format ")
    terminal.press("\x15exit\r")
    terminal.end()


# --- zsh -----------------------------------------------------------------------------------------

ZSH = """
fpath=($FOLDER $fpath)
autoload -Uz compinit
compinit -u -d $FOLDER/dump
zstyle ':completion:*' completer _complete
zstyle ':completion:*' verbose no
zstyle ':completion:*:users' users $(cut -d: -f1 /etc/passwd)
setopt no_beep
LISTMAX=10000
PROMPT= RPROMPT=
bindkey '^I' list-choices
print pre""pared
"""
# What zsh's line editor shows below the line: from "clear to the end" to "up N lines" (ECMA-48).
LIST = re.compile(r"\r\n\x1b\[J(.*?)\x1b\[\d*A", re.S)
LISTENING = "\x1b[?2004h"  # the line editor is there: bracketed paste


class ZshShell:
    def __init__(self):
        if not shutil.which("zsh"):
            raise Skip("there is no zsh")
        pathlib.Path(FOLDER, "prepare").write_text(ZSH)
        os.environ.update(TERM="xterm", FOLDER=FOLDER)
        self._terminal = Terminal(["zsh", "-f", "-i"])
        self._terminal.type(f"cd {FOLDER}/work; stty columns 200; source ../prepare")
        self._terminal.expect("prepared\r\n")
        self._terminal.expect(LISTENING)
        self._number = 0

    def offered(self, line):
        """What zsh offers at the end of the line."""
        self._number += 1
        self._terminal.press(line + "\t\x15")
        self._terminal.type(f"print done{self._number}")
        shown = LIST.search(self._terminal.expect(f"done{self._number}\r\n"))
        self._terminal.expect(LISTENING)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown[1] if shown else "").split()

    def end(self):
        self._terminal.type("exit")
        self._terminal.end()


@test("zsh: commands, options, choices, files, users and other commands are offered")
def _():
    shell = ZshShell()
    check_equal(sorted(shell.offered("ssmenv ")), sorted([*commands(), "--help", "--version"]))
    for command in commands():
        check_equal(sorted(shell.offered(f"ssmenv {command} --")),
                    sorted([*options_of(command), "--help"]), command)
    check_equal(shell.offered("ssmenv env --format="), "dotenv json null shell systemd".split())
    check_equal(shell.offered("ssmenv env --format s"), "shell systemd".split())
    check_equal(shell.offered("ssmenv completion "), ["bash", "zsh"])
    check_equal(shell.offered("ssmenv check "), ["file\\", "one", "file-two.conf", "folder/"], "files")
    check("root" in shell.offered("ssmenv exec --user "), "users")
    check("printf" in shell.offered("ssmenv exec --user root printf"), "commands")
    check("printf" in shell.offered("ssmenv exec --pristine -- printf"), "commands behind --")
    check_equal(shell.offered("ssmenv exec ssmenv completion "), ["bash", "zsh"], "the other line")
    shell.end()


@test("zsh: the script may be evaluated too")
def _():
    if not shutil.which("zsh"):
        raise Skip("there is no zsh")
    script = 'autoload -Uz compinit; compinit -u -D; eval "$(cat $1)"; print $_comps[ssmenv]'
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", f"{FOLDER}/_ssmenv"],
                          capture_output=True, text=True, timeout=60)
    check_equal((done.stdout, done.stderr), ("_ssmenv\n", ""))


@test("another shell is an error that names those that there are")
def _():
    done = subprocess.run([PROGRAM, "completion", "fish"], capture_output=True, text=True)
    check_equal((done.returncode, done.stdout), (2, ""))
    check(done.stderr.startswith("ssmenv completion: fish is none of bash|zsh\n"), done.stderr)


try:
    prepare()
    run()
finally:
    shutil.rmtree(FOLDER)
