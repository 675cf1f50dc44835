#!/usr/bin/python3 -B
"""What does not log in gets its variables all the same: the recipes of the README."""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess

from machine import CACHE, PREFIX, ROOT, attempt, enter, run as run_program

enter()

import logins  # noqa: E402
from instance import PASSWORD, USER_VALUE, check_nothing_left, instance  # noqa: E402
from logins import parse_environment  # noqa: E402
from tap import Skip, check, check_contains, check_equal, check_lacks, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

PROGRAM = PREFIX / "sbin/ssmenv"
README = (ROOT / "README.md").read_text()
BOTH = {"DB_USER": USER_VALUE, "DB_PASS": PASSWORD}
ANYWHERE = "[env]\nDB_USER = DB_USER\nDB_PASS = /prod/db/password\n"
ONLY_SSMENV = ANYWHERE.replace("[env]", "[env service=ssmenv]")


def recipe(part):
    """The indented block of the README that has this part, as it is for this copy of the programs."""
    section = README.partition("\n## Where PAM does not reach\n")[2].partition("\n## ")[0]
    for block in re.findall(r"(?:^    .*\n)+", section, re.M):
        if part in block:
            text = re.sub(r"^    ", "", block, flags=re.M)
            return re.sub(r"(/usr/sbin/)?\bssmenv (?=exec|env)", f"{PROGRAM} ", text)
    raise AssertionError(f"no recipe with {part!r}")


def pair_of(environment):
    return {name: environment.get(name) for name in BOTH}


def executed(*arguments, **options):
    """The environment of a program that ssmenv exec starts."""
    return parse_environment(run_program([PROGRAM, "exec", *arguments, "env", "-0"], **options))


def add_app():
    """The account of the recipes."""
    try:
        pwd.getpwnam("app")
    except KeyError:
        instance().machine.add_user("app", 2050, ["queue"])


# --- one cache -----------------------------------------------------------------------------------


@test("exec and env are answered from the cache that a login filled, and the other way round")
def _():
    for first, second in ((lambda: logins.su("deploy"), lambda: executed("--user", "deploy")),
                          (lambda: executed("--user", "deploy"), lambda: logins.su("deploy"))):
        instance().configure(ANYWHERE)
        check_equal(pair_of(first()), BOTH, "the first")
        check_equal([call.operation for call in instance().aws.calls], ["GetParameters"], "calls")
        instance().aws.clear_calls()
        check_equal(pair_of(second()), BOTH, "the second")
        dump = run_program([PROGRAM, "env", "--user=deploy", "--format=null"])
        check_equal(parse_environment(dump), BOTH, "env")
        check_equal(instance().aws.calls, [], "calls of the second")
        check_equal({path.stat().st_uid for path in CACHE.rglob("*")}, {979}, "owners in the cache")
    check_nothing_left()


# --- systemd -------------------------------------------------------------------------------------


def unit_with(lines):
    return f"[Unit]\nDescription=A recipe\n{lines}" + ("" if "ExecStart=" in lines else
                                                      "ExecStart=/bin/true\n")


@test("systemd-analyze verify has nothing to say about the recipes for services")
def _():
    instance()
    if not shutil.which("systemd-analyze"):
        raise Skip("there is no systemd-analyze")
    add_app()
    for part in ("ExecStart=!", "EnvironmentFile="):
        unit = pathlib.Path("/mnt/app.service")
        unit.write_text(unit_with(recipe(part).replace("/usr/local/bin/app", "/bin/true")))
        done = attempt(["systemd-analyze", "verify", "--man=no", unit])
        check_equal((done.returncode, done.stdout + done.stderr), (0, b""), part)


@test("a service's ExecStart runs the program as its user, with the variables")
def _():
    instance().configure(ONLY_SSMENV)
    add_app()
    line = re.search(r"^ExecStart=!(.*)$", recipe("ExecStart=!"), re.M)[1]
    words = line.replace("/usr/local/bin/app", "/usr/bin/env -0").split()
    environment = parse_environment(run_program(words))
    check_equal(pair_of(environment), BOTH)
    check_equal((environment["USER"], environment["HOME"]), ("app", "/mnt/home/app"))
    words[words.index("/usr/bin/env"):] = ["id", "-Gn"]
    check_equal(run_program(words), b"app queue\n")


@test("a drop-in's ExecStartPre writes a file for root alone, which systemd reads to the same values")
def _():
    instance().configure(ONLY_SSMENV)
    add_app()
    command = re.search(r"^ExecStartPre=\+/bin/sh -c '(.*)'$", recipe("ExecStartPre="), re.M)[1]
    run_program(["/bin/sh", "-c", command])
    file = pathlib.Path("/run/app.environment")
    check_equal((stat.S_IMODE(file.stat().st_mode), file.stat().st_uid), (0o600, 0))
    # systemd's reading is tested with format systemd; a shell reads this form as well.
    script = 'set -a; . /run/app.environment; exec env -0'
    check_equal(pair_of(parse_environment(run_program(["sh", "-c", script]))), BOTH)
    run_program(re.search(r"^ExecStopPost=\+(.*)$", recipe("ExecStartPre="), re.M)[1].split())
    check(not file.exists(), "the file is left")


# --- cron, containers, scripts -------------------------------------------------------------------


@contextlib.contextmanager
def cron_with(line):
    """A cron daemon of its own with one line of /etc/cron.d."""
    folder = pathlib.Path("/etc/cron.d")
    folder.mkdir(exist_ok=True)
    table = folder / "ssmenv-test"
    table.write_text(f"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n{line}\n")
    table.chmod(0o644)
    pathlib.Path("/run/crond.reboot").unlink(missing_ok=True)
    daemon = subprocess.Popen(["cron", "-f"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait()
        table.unlink()


@test("a line of cron runs its program as the user, with the variables")
def _():
    instance().configure(ONLY_SSMENV)
    add_app()
    line = re.search(r"`5 \* \* \* \* (root ssmenv exec .*?) /usr/local/bin/app --hourly`", README)[1]
    fifo = logins.Fifo("app")
    line = line.replace("ssmenv", str(PROGRAM), 1)
    with cron_with(f"@reboot {line} sh -c 'env -0 >{fifo.path}'"):
        environment = parse_environment(fifo.read())
    check_equal((pair_of(environment), environment["USER"]), (BOTH, "app"))


@test("a container's entry point is process 1, as the user, with the variables")
def _():
    instance().configure(ONLY_SSMENV)
    add_app()
    words = json.loads(re.search(r"`ENTRYPOINT (\[.*?\])`", README)[1])
    check_equal(words[0], "/usr/sbin/ssmenv")
    script = "echo $$; id -un; env -0"
    output = run_program(["unshare", "--pid", "--fork", "--mount", "--mount-proc", PROGRAM, *words[1:],
                          "sh", "-c", script])
    pid, user, dump = output.split(b"\n", 2)
    check_equal((pid, user), (b"1", b"app"))
    check_equal(pair_of(parse_environment(dump)), BOTH)


@test("a script of root's has the named variables, and ends where one is not set")
def _():
    instance().configure(ONLY_SSMENV)
    line = re.search(r"`(variables=\$\(ssmenv env .*?)` \|\n", README)[1].replace("\\|", "|")
    line = line.replace("ssmenv", str(PROGRAM), 1)
    check_equal(pair_of(parse_environment(run_program(["sh", "-c", f"{line}; env -0"]))), BOTH)
    done = attempt(["sh", "-c", line.replace("DB_PASS", "DB_PASSWORD") + "; echo went on"])
    check_equal((done.returncode, done.stdout), (1, b""))
    check_contains(done.stderr.decode(), "ssmenv env: DB_PASSWORD is not set")


# --- Session Manager -----------------------------------------------------------------------------


@test("the shell profile of a Session document turns Session Manager's shell into a login with variables")
def _():
    instance().configure(ANYWHERE.replace("[env]", "[env user=deploy service=sudo-i]"))
    profile = json.loads(recipe("shellProfile"))["inputs"]["shellProfile"]["linux"]
    check(len(profile) <= 512, "AWS allows 512 characters")
    # As the agent does it: a shell on a terminal, without PAM, that is typed to.
    os.environ["TERM"] = "dumb"
    terminal = Terminal(["setpriv", "--reuid=2001", "--regid=2001", "--init-groups", "sh"])
    terminal.expect("$ ")
    fifo = logins.Fifo("deploy")
    terminal.type(f"env -0 >{fifo.path}")
    check_equal(pair_of(parse_environment(fifo.read())), {"DB_USER": None, "DB_PASS": None}, "before")
    terminal.type(profile)
    fifo = logins.Fifo("deploy")
    terminal.type(f"env -0 >{fifo.path}; exit")
    environment = parse_environment(fifo.read())
    terminal.end()
    check_equal(pair_of(environment), BOTH)
    check_equal((environment["USER"], environment["HOME"]), ("deploy", "/mnt/home/deploy"))


@test("no value has come near the system log")
def _():
    everything = instance().log.raw()
    for secret in (USER_VALUE, PASSWORD, instance().aws.secret_access_key):
        check_lacks(everything, secret.encode(), "log")


run()
