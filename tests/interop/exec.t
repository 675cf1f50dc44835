#!/usr/bin/python3 -B
"""ssmenv exec: the program gets the variables, its user, and everything else as it was."""

import os
import pathlib
import select
import signal
import socket
import subprocess
import unicodedata

from commands import (ENVIRONMENT, HELPER, STAGE, command, configure, enter, needs_stage, other_helper,
                      output_of, refused, start)

enter()

from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

PLAIN = '[env]\nDB_USER = "app"\nDB_PASS = "correct horse\\n\\"battery\\" \\$staple"\n'
PAIR = {"DB_USER": "app", "DB_PASS": 'correct horse\n"battery" $staple'}
PRISTINE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# One constant, and a set that fails at once: nobody listens there.
HALF = ('[aws]\nregion = us-east-2\nendpoint_url = http://127.0.0.1:1\n[env]\nDB_USER = "app"\n'
        "[env]\nDB_PASS = /db/password\n")


def environment_of(*arguments, **options):
    """The environment of a program that ssmenv starts."""
    dump = output_of("exec", *arguments, "--", "env", "-0", **options)
    return dict(entry.split("=", 1) for entry in dump.split("\0") if entry)


def add_user():
    """app has a group of its own and two more, as a service's account."""
    needs_stage()
    with open("/etc/passwd", "a", encoding="utf-8") as passwd:
        passwd.write("app:x:2001:2002::/srv/app:/usr/sbin/nologin\nbare:x:2009:2009:::\n"
                     "staff:x:2010:0:in the group of root:/:/bin/sh\n")
    with open("/etc/group", "a", encoding="utf-8") as group:
        group.write("app:x:2002:\nqueue:x:2003:app\nreports:x:2004:app\n")


if os.environ["SSMENV_STAGE"]:
    add_user()


def write_credentials():
    path = STAGE / "etc/ssmenv/credentials"
    path.write_text("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\n")
    os.chown(path, 0, 979)
    path.chmod(0o640)


def processes_of(uid):
    return [int(folder.name) for folder in pathlib.Path("/proc").glob("[0-9]*")
            if folder.stat().st_uid == uid or f"Uid:\t{uid}\t" in (folder / "status").read_text()]


# --- the environment -----------------------------------------------------------------------------


@test("the variables come on top of the environment, and replace what is there")
def _():
    configure(PLAIN)
    check_equal(environment_of(environment={**ENVIRONMENT, "KEPT": "1", "DB_USER": "old"}),
                {**ENVIRONMENT, "KEPT": "1", **PAIR})


@test("--user adds HOME, USER, LOGNAME and SHELL of that user")
def _():
    configure(PLAIN)
    check_equal(environment_of("--user", "app", environment={**ENVIRONMENT, "HOME": "/root"}),
                {**ENVIRONMENT, **PAIR, "HOME": "/srv/app", "USER": "app", "LOGNAME": "app",
                 "SHELL": "/usr/sbin/nologin"})


@test("--pristine leaves PATH, HOME, USER, LOGNAME and SHELL, and the variables")
def _():
    configure(PLAIN)
    hostile = {**ENVIRONMENT, "LD_PRELOAD": "", "SECRET": "x", "USER": "x", "LANG": "x"}
    check_equal(environment_of("--pristine", "--user=app", environment=hostile),
                {**PAIR, "PATH": PRISTINE_PATH, "HOME": "/srv/app", "USER": "app",
                 "LOGNAME": "app", "SHELL": "/usr/sbin/nologin"})
    check_equal(environment_of("--pristine", environment=hostile),
                {**PAIR, "PATH": PRISTINE_PATH, "HOME": "/root", "USER": "root",
                 "LOGNAME": "root", "SHELL": "/bin/bash"})


@test("an account without home and shell has / and /bin/sh")
def _():
    configure(PLAIN)
    environment = environment_of("--user=bare")
    check_equal((environment["HOME"], environment["SHELL"]), ("/", "/bin/sh"))


@test("user and service select the sections; the service is ssmenv unless it is said")
def _():
    configure('[env service=ssmenv]\nA = "default"\n[env service=backup user=app]\nB = "backup"\n')
    check_equal(environment_of(), {**ENVIRONMENT, "A": "default"})
    chosen = environment_of("--service=backup", "--user=app")
    check_equal({name: chosen.get(name) for name in "AB"}, {"A": None, "B": "backup"})


@test("another configuration counts, also by a relative path")
def _():
    configure(None)
    other = STAGE / "etc/other.conf"
    other.write_text('[env]\nOTHER = "yes"\n')
    for path in (other, "../etc/other.conf"):
        check_equal(environment_of("--config", path, cwd=STAGE / "sbin"),
                    {**ENVIRONMENT, "OTHER": "yes"})


# --- the user ------------------------------------------------------------------------------------

STATUS = "import os; print(os.getresuid(), os.getresgid(), sorted(os.getgroups()))"
REGAIN = """
import os
for attempt in (lambda: os.setuid(0), lambda: os.seteuid(0), lambda: os.setgid(0),
                lambda: os.setgroups([0])):
    try:
        attempt()
        print("regained")
    except PermissionError:
        pass
print([line for line in open("/proc/self/status") if line.startswith(("CapPrm", "CapEff"))])
"""


@test("with --user all three ids and all groups are the user's, and root cannot be regained")
def _():
    configure(PLAIN)
    check_equal(output_of("exec", "--user=app", "--", "/usr/bin/python3", "-c", STATUS),
                "(2001, 2001, 2001) (2002, 2002, 2002) [2002, 2003, 2004]\n")
    check_equal(output_of("exec", "--user=app", "--", "/usr/bin/python3", "-c", REGAIN),
                "['CapPrm:\\t0000000000000000\\n', 'CapEff:\\t0000000000000000\\n']\n")


@test("without --user ids and groups stay")
def _():
    configure(PLAIN)
    done = command("exec", "/usr/bin/python3", "-c", STATUS, extra_groups=[7, 8])
    check_equal((done.stdout, done.stderr), ("(0, 0, 0) (0, 0, 0) [7, 8]\n", ""))


@test("where root could be regained, nothing is started")
def _():
    configure(PLAIN)
    for user in ("app", "staff"):  # the helper would not work either, whence --on-error
        done = subprocess.run(["setpriv", "--securebits", "+no_setuid_fixup", STAGE / "sbin/ssmenv",
                               "exec", "--on-error=ignore", "--user", user, "echo", "started"],
                              capture_output=True, text=True)
        check_equal((done.returncode, done.stdout), (125, ""), done.stderr)
        check_contains(done.stderr, "ssmenv exec: root can be regained: is a capability kept?\n")


@test("a user whose group is root's is no mistake")
def _():
    configure(PLAIN)
    check_equal(output_of("exec", "--user=staff", "--", "/usr/bin/python3", "-c", STATUS),
                "(2010, 2010, 2010) (0, 0, 0) [0]\n")


@test("where ids cannot be changed, nothing is started")
def _():
    configure(PLAIN)
    done = subprocess.run(["setpriv", "--bounding-set", "-setuid", STAGE / "sbin/ssmenv",
                           "exec", "--on-error=ignore", "--user=app", "echo", "started"],
                          capture_output=True, text=True)
    check_equal((done.returncode, done.stdout), (125, ""), done.stderr)
    check_contains(done.stderr, "ssmenv exec: uid 2001 cannot be taken on: Operation not permitted")


@test("whoever is not root is told to be root")
def _():
    configure(PLAIN)
    refused("exec", "echo", "started", user=2001, group=2002, status=125,
            message="ssmenv exec: only root can hand on variables: run it as root\n")


# --- the process ---------------------------------------------------------------------------------


@test("the program has the process and the exit status that ssmenv had")
def _():
    configure(PLAIN)
    process = start("exec", "sh", "-c", "echo $$ $PPID; exit 7", stdout=subprocess.PIPE)
    output, _ = process.communicate(timeout=60)
    check_equal(output.split(), [b"%d" % process.pid, b"%d" % os.getpid()])
    check_equal(process.returncode, 7)


@test("a signal to it is a signal to the program, and its death the program's")
def _():
    configure(PLAIN)
    process = start("exec", "--", "sh", "-c", "trap 'echo caught; exit 3' USR1; echo ready; read _",
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    check_equal(process.stdout.readline(), b"ready\n")
    process.send_signal(signal.SIGUSR1)
    process.stdin.close()
    check_equal((process.stdout.readline(), process.wait(60)), (b"caught\n", 3))
    check_equal(command("exec", "sh", "-c", "kill -KILL $$").returncode, -signal.SIGKILL)


@test("standard input, further descriptors, folder, umask and limits are the program's")
def _():
    configure(PLAIN)
    read, write = os.pipe()
    os.write(write, b"from 9\n")
    os.close(write)
    os.dup2(read, 9)
    script = "cat; cat <&9; pwd; umask; ulimit -n; ls /proc/self/fd | tr '\\n' ' '"
    process = start("exec", "sh", "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    pass_fds=(9,), cwd="/usr/bin", umask=0o037)
    output, _ = process.communicate(b"from 0\n", timeout=60)
    limit = subprocess.run(["sh", "-c", "ulimit -n"], capture_output=True, text=True).stdout.strip()
    check_equal(output.decode(), f"from 0\nfrom 9\n/usr/bin\n0037\n{limit}\n0 1 2 3 9 ")
    os.close(read)
    os.close(9)


@test("ignored and blocked signals stay what they were, and no child is left to it")
def _():
    configure(PLAIN)

    def prepare():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR2])

    arguments = ["/usr/bin/python3", "-c",
                 "print(*(l for l in open('/proc/self/status') if l[:6] in ('SigBlk', 'SigIgn')), "
                 "open('/proc/thread-self/children').read(), sep='', end='')"]
    plain = subprocess.run(arguments, preexec_fn=prepare, capture_output=True, text=True).stdout
    check_contains(plain, "SigBlk:\t0000000000000800\n")
    check_equal(output_of("exec", *arguments, preexec_fn=prepare), plain)


@test("ssmenv that is ended while it waits takes helper and fetcher with it")
def _():
    with socket.create_server(("127.0.0.1", 0)) as server:
        configure(f"[aws]\nregion = us-east-2\nendpoint_url = http://127.0.0.1:"
                  f"{server.getsockname()[1]}\n[env]\nDB_PASS = /db/password\n")
        write_credentials()
        process = start("exec", "--timeout=60s", "true")
        server.settimeout(60)
        connection, _ = server.accept()  # which is never answered
        helpers = [os.pidfd_open(pid) for pid in processes_of(979)]
        check_equal(len(helpers), 2, "helper and fetcher")
        process.terminate()
        check_equal(process.wait(60), -signal.SIGTERM)
        for helper in helpers:
            check(select.select([helper], [], [], 30)[0], "it lives on")
            os.close(helper)
        connection.close()


# --- what goes wrong -----------------------------------------------------------------------------


@test("126: the program cannot be run; 127: there is none")
def _():
    configure(PLAIN)
    refused("exec", "/etc/passwd", status=126, message="/etc/passwd: Permission denied\n")
    refused("exec", "/", status=126, message="/: Permission denied\n")
    refused("exec", "no-such-program", status=127,
            message="ssmenv exec: no-such-program: No such file or directory\n")


@test("125: wrong arguments, and users that do not exist")
def _():
    configure(PLAIN)
    refused("exec", status=125, message="too few arguments: COMMAND [ARGUMENT...]")
    refused("exec", "--usr=app", "true", status=125, message="did you mean --user?")
    refused("exec", "--user=nobody-here", "true", status=125, message="there is no user nobody-here\n")
    refused("exec", "--user", "x" * 300, "true", status=125, message="there is no user x")
    refused("exec", "--service", "x" * 300, "true", status=125, message="is too long")
    for wrong in ("99ms", "61s", "5", "soon", "-1s"):
        refused("exec", f"--timeout={wrong}", "true", status=125, message="--timeout is from 100ms to 60s")


@test("125: a mistake in the configuration, with its place; --on-error=ignore starts without")
def _():
    configure('[env]\nDB_USER = "open\n')
    message = refused("exec", "echo", "started", status=125, message="ssmenv.conf:2:")
    check_contains(message, "ssmenv exec: echo is not started; --on-error=ignore starts it all the same")
    done = command("exec", "--on-error=ignore", "sh", "-c", "echo started ${DB_USER-without}")
    check_equal((done.returncode, done.stdout), (0, "started without\n"))
    check_contains(done.stderr, "ssmenv.conf:2:")


@test("125: half of the variables are not enough, unless --on-error=ignore says so")
def _():
    configure(HALF)
    message = refused("exec", "--timeout=2s", "echo", "started", status=125, message="DB_PASS")
    check_lacks(message, "127.0.0.1:1/x")
    done = command("exec", "--timeout=2s", "--on-error=ignore", "sh", "-c",
                   "echo $DB_USER ${DB_PASS-without}")
    check_equal((done.returncode, done.stdout), (0, "app without\n"))
    check_contains(done.stderr, "DB_PASS")


@test("125: no section is for this user and service, or there is no configuration")
def _():
    for text in (None, "", '[env service=sshd]\nA = "1"\n'):
        configure(text)
        refused("exec", "echo", "started", status=125,
                message="has no variables for user root, service ssmenv\n")


@test("125: the helper is missing, or not root's own")
def _():
    configure(PLAIN)
    kept = HELPER.with_suffix(".kept")
    HELPER.rename(kept)
    try:
        refused("exec", "true", status=125, message=f"{HELPER}: No such file or directory")
        HELPER.write_bytes(kept.read_bytes())
        HELPER.chmod(0o777)
        refused("exec", "true", status=125, message="is not a file that only root can write")
    finally:
        kept.rename(HELPER)


@test("125: there is no account for the helper")
def _():
    configure(PLAIN)
    passwd = pathlib.Path("/etc/passwd")
    text = passwd.read_text()
    try:
        passwd.write_text("".join(line for line in text.splitlines(True) if "_ssmenv" not in line))
        refused("exec", "true", status=125, message="there is no account _ssmenv")
    finally:
        passwd.write_text(text)


# Behaviours of tests/module/fake-helper.c, and what is said about them.
LIES = {
    "ld-preload": "sets LD_PRELOAD, which must never be set",
    "path": "sets PATH, which must never be set",
    "name-with-equals": "illegal name",
    "twice": "sets GOOD twice",
    "value-of-65537-bytes": "the value of LONG has 65537 bytes",
    "300-variables": "300 variables",
    "one-byte-too-much": "bytes together",
    "failed-with-variables": "malformed",
    "trailing-byte": "malformed",
    "garbage": "ssmenv-helper: sent no frame",
    "version-2": "ssmenv-helper: sent no frame",
    "10-mib": "ssmenv-helper",
    "exit-1": "ssmenv-helper ended with status 1",
    "killed": "ssmenv-helper was ended by signal",
    "truncated": "ssmenv-helper",
    "hang": "ssmenv-helper",
    "exit-1-with-child": "ssmenv-helper",
    "stopped": "ssmenv-helper",
}


@test("125: a helper that lies, fails or hangs; nothing of it is left")
def _():
    for behaviour, message in LIES.items():
        with other_helper("fake-helper", behaviour) as config:
            refused("exec", f"--config={config}", "--timeout=1s", "echo", "started", status=125,
                    message=message)
            for pid in pathlib.Path(f"{config}.pids").read_text().split():
                check(not alive(int(pid)), f"{behaviour} left {pid}")


def alive(pid):
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        return not select.select([descriptor], [], [], 5)[0]
    finally:
        os.close(descriptor)


@test("what the helper says cannot steer a terminal")
def _():
    with other_helper("fake-helper", "answer-hostile-text") as config:
        done = command("exec", f"--config={config}", "true")
    for character in done.stderr.replace("\n", ""):
        check(unicodedata.category(character) != "Cc", f"{character!r} in {done.stderr!r}")


@test("old values are used, and it is said how old they are")
def _():
    with other_helper("fake-helper", "answer-stale") as config:
        done = command("exec", f"--config={config}", "sh", "-c", "echo $DB_USER")
    check_equal((done.returncode, done.stdout), (0, "app\n"))
    check_contains(done.stderr, "ssmenv exec: warning: the values are ")


# --- how the helper is asked ---------------------------------------------------------------------


@test("the helper is started as the module starts it")
def _():
    with other_helper("observing-helper", "observe") as config:
        seen = environment_of(f"--config={config}", "--user=app", "--service=backup", "--timeout=9s",
                              environment={**ENVIRONMENT, "SECRET": "x"})
    first, *arguments = seen["SEEN_ARGUMENTS"].splitlines()
    values = dict(argument.removeprefix("--").split("=", 1) for argument in arguments)
    check_equal(first, "ssmenv-helper")
    check(0 < int(values.pop("timeout-ms")) <= 9000, "timeout-ms")
    check_equal(values.pop("parent"), seen["SEEN_PARENT"])
    check_equal(values, {"user": "app", "service": "backup", "config": str(config), "uid": "979",
                         "gid": "979"})
    check_equal(list(dict(argument.split("=", 1) for argument in arguments)),
                ["--user", "--service", "--config", "--timeout-ms", "--parent", "--uid", "--gid"])
    check_equal((seen["SEEN_SESSION"], seen["SEEN_GROUP"]), (seen["SEEN_PROCESS"],) * 2)
    descriptors = [line.split(":")[0] for line in seen["SEEN_DESCRIPTORS"].splitlines()]
    check_equal(descriptors, ["0=/dev/null", "1=pipe", "2=/dev/null"])
    check_equal([line.split("=")[0] for line in seen["SEEN_ENVIRONMENT"].splitlines()],
                ["PATH", "LC_ALL"])


run()
