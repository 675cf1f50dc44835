#!/usr/bin/python3
"""ssmenv check on a whole host, and each mistake of files, accounts and configuration once."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import check_host as host  # noqa: E402
from check_host import CONFIG, DROP_INS, FETCHER, GROUPS, HELPER, SETTINGS, SSMENV, STAGE  # noqa: E402
from check_host import append, findings, mistake, replace, ssmenv, whole, write  # noqa: E402
from tap import check, check_contains, check_equal, needs_root, run, test  # noqa: E402

@test("A host set up as the README says is good, in one line")
def _():
    needs_root()
    whole("sshd", "su", "sudo", "login", "cron")
    done = ssmenv("check", "--strict")
    check_equal((done.returncode, done.stdout, done.stderr), (0, "good: nothing is wrong\n", ""))
    check_equal(findings(), ([], 0), "as JSON")


@test("Each finding is one line: severity, place, what and what to do; then how many there are")
def _():
    needs_root()
    whole()
    write(CONFIG, "[aws]\nregoin = us-east-2\n[env user=nosuchuser]\nA = /a\n")
    append(f"{CONFIG}", "[cache]\nttl = 5\n")
    os.chmod(HELPER, 0o755)
    done = ssmenv("check")
    check_equal(done.returncode, 2, "exit status")
    lines = done.stdout.splitlines()
    check_equal(lines[0], f"error: {CONFIG}:2:1: [aws] has no key regoin; did you mean region?")
    check(lines[1].startswith(f"error: {CONFIG}:6:7: "), lines[1])
    check(lines[2].startswith(f"warning: {HELPER}: has mode 0755"), lines[2])
    check_equal(lines[3:], ["2 errors, 1 warning"])
    check_equal(done.stderr, "")


@test("Warnings count with --strict, errors count more, and notes never do")
def _():
    needs_root()
    whole()
    os.chmod(HELPER, 0o755)
    check_equal((findings()[1], findings("--strict")[1]), (0, 1), "a warning")
    os.chmod(FETCHER, 0o4711)
    check_equal((findings()[1], findings("--strict")[1]), (2, 2), "a warning and an error")
    whole()
    replace("/etc/pam.d/sshd", host.MODULE, f"{host.MODULE} config=/etc/hostname")
    check_equal((findings()[1], findings("--strict")[1]), (0, 0), "a note")
    check_equal(len(findings()[0]), 1, "notes")


# --- configuration ---

@mistake("the configuration has a mistake", "error", f"{CONFIG}:9:11", "expected")
def _():
    append(CONFIG, "[env]\nDB_HOST = \n")


@mistake("a drop-in has one", "error", f"{DROP_INS}/10-a.conf:1:2", "unknown section evn")
def _():
    write(f"{DROP_INS}/10-a.conf", "[evn]\n")


@mistake("others may write the configuration", "error", "", f"{CONFIG} has mode 0666", "chmod")
def _():
    os.chmod(CONFIG, 0o666)


@mistake("nothing is configured", "warning", CONFIG, "there is no [env] section")
def _():
    write(CONFIG, "[aws]\nregion = us-east-2\n")


@mistake("a user is not there", "warning", f"{CONFIG}:8:19", "there is no user depoly", "correct")
def _():
    append(CONFIG, '[env user=x*,root,depoly]\nX = "1"\n')


@mistake("a user who is to be left out is not there", "warning", f"{CONFIG}:8:11",
         "there is no user rooot")
def _():
    append(CONFIG, '[env user=!rooot]\nX = "1"\n')


@mistake("a group is not there", "warning", f"{CONFIG}:8:12", "there is no group dbas")
def _():
    append(CONFIG, '[env group=dbas,d*]\nX = "1"\n')


@mistake("a service is not there", "warning", f"{CONFIG}:8:19", "there is no PAM service sshdd",
         "/etc/pam.d")
def _():
    append(CONFIG, '[env service=sshd,sshdd,x*,ssmenv]\nX = "1"\n')


@mistake("a service does not use the module", "warning", f"{CONFIG}:8:14", "the service cron",
         "add", "/etc/pam.d/cron")
def _():
    append(CONFIG, '[env service=cron]\nX = "1"\n')


@mistake("a pair is overridden by half", "warning", f"{CONFIG}:9:1",
         f"DB_USER is overridden here and DB_PASS of {CONFIG}:6 is not", "two fetches",
         "write both here")
def _():
    append(CONFIG, "[env user=root]\nDB_USER = /root/db/user\n")


@test("A pair overridden as a whole, a constant, unlike names and criteria that never meet are fine")
def _():
    needs_root()
    for text in ("[env user=root]\nDB_USER = /a\nDB_PASS = /b\n", '[env user=root]\nDB_USER = "a"\n',
                 '[env user=root]\nDB_PORT = /port\n', "[env]\nAPI_KEY = /key\n"):
        whole()
        append(CONFIG, text)
        check_equal(findings(), ([], 0), text)
    whole()
    write(CONFIG, "[env user=root]\nDB_USER = /a\nDB_PASS = /b\n[env user=daemon]\nDB_USER = /c\n")
    check_equal(findings(), ([], 0), "users that differ")
    write(CONFIG, "[env service=sshd]\nDB_USER = /a\nDB_PASS = /b\n[env service=!sshd]\nDB_USER = /c\n")
    check_equal(findings(), ([], 0), "services that differ")


# --- files ---

@mistake("_ssmenv cannot read the configuration", "error", CONFIG, "_ssmenv cannot read it",
         f"chgrp _ssmenv {CONFIG}; chmod 0640")
def _():
    os.chmod(CONFIG, 0o600)


@mistake("_ssmenv cannot read a drop-in", "error", f"{DROP_INS}/a.conf", "_ssmenv cannot read it")
def _():
    write(f"{DROP_INS}/a.conf", "", 0o640)


@mistake("_ssmenv cannot enter conf.d", "error", DROP_INS, "_ssmenv cannot read it", "chmod 0750")
def _():
    os.chmod(DROP_INS, 0o700)


@mistake("a file in conf.d is not read", "warning", f"{DROP_INS}/a.conf.bak",
         "its name does not end in .conf")
def _():
    write(f"{DROP_INS}/a.conf.bak", "[env]\nA = \n")
    write(f"{DROP_INS}/.hidden", "")


@mistake("others may put files beside the configuration", "error", SETTINGS, "has mode 0777",
         f"chmod go-w {SETTINGS}")
def _():
    os.chmod(SETTINGS, 0o777)


@mistake("the folder of the configuration belongs to somebody else", "error", SETTINGS,
         "belongs to uid 979", f"chown root {SETTINGS}")
def _():
    os.chown(SETTINGS, SSMENV, 0)


@mistake("credentials are open to everybody", "error", f"{SETTINGS}/credentials", "has mode 0644",
         "chown root:_ssmenv", "chmod 0640")
def _():
    write(f"{SETTINGS}/credentials", "[default]\n")


@mistake("credentials belong to somebody else", "error", f"{SETTINGS}/credentials",
         "belongs to uid 1", "will not be trusted")
def _():
    write(f"{SETTINGS}/credentials", "[default]\n", 0o640, 1, SSMENV)


@mistake("_ssmenv cannot read the credentials", "error", f"{SETTINGS}/credentials",
         "_ssmenv cannot read it", "chgrp _ssmenv")
def _():
    write(f"{SETTINGS}/credentials", "[default]\n", 0o640)


@mistake("credentials are a link", "error", f"{SETTINGS}/credentials", "is not a regular file",
         "name the file that the link leads to")
def _():
    write(f"{SETTINGS}/real", "[default]\n", 0o640, 0, SSMENV)
    os.symlink("real", f"{SETTINGS}/credentials")


@test("credentials of root:_ssmenv 0640 are good")
def _():
    needs_root()
    whole()
    write(f"{SETTINGS}/credentials", "[default]\n", 0o640, 0, SSMENV)
    check_equal(findings(), ([], 0))


@mistake("a file that [aws] names is not there", "error", "/none/token",
         "named by web_identity_token_file", "is not there")
def _():
    write(CONFIG, "[aws]\nrole_arn = arn:aws:iam::111122223333:role/r\n"
                  'web_identity_token_file = /none/token\n[env]\nA = /a\n')


@mistake("pam_ssmenv is switched off", "warning", f"{SETTINGS}/disabled", "switched off", "remove")
def _():
    write(f"{SETTINGS}/disabled", "")


# --- programs ---

@mistake("the helper can be read", "warning", HELPER, "has mode 0755", "memory", "chmod 0711")
def _():
    os.chmod(HELPER, 0o755)


@mistake("the fetcher has a setuid bit", "error", FETCHER, "has mode 4711", "chmod 0711")
def _():
    os.chmod(FETCHER, 0o4711)


@mistake("the helper belongs to somebody else", "error", HELPER, "it belongs to uid 979",
         f"chown root {HELPER}")
def _():
    os.chown(HELPER, SSMENV, 0)


@mistake("others may write the fetcher", "error", FETCHER, "it has mode 0722", "chmod go-w")
def _():
    os.chmod(FETCHER, 0o722)


@mistake("others may write the program that asks for groups", "error", GROUPS, "it has mode 0713",
         "chmod go-w")
def _():
    os.chmod(GROUPS, 0o713)


@mistake("_ssmenv cannot start the fetcher", "error", FETCHER, "_ssmenv cannot start it")
def _():
    os.chmod(FETCHER, 0o700)


@mistake("a folder above the programs can be written by others", "error", f"{STAGE}/libexec",
         "it has mode 0777", f"chmod go-w {STAGE}/libexec")
def _():
    os.chmod(f"{STAGE}/libexec", 0o777)


@mistake("the helper is not there", "error", HELPER, "it is not there", "install")
def _():
    os.rename(HELPER, f"{HELPER}.away")


@mistake("the helper has capabilities", "error", HELPER, "file capabilities", f"setcap -r {HELPER}")
def _():
    os.setxattr(HELPER, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))


# --- the run folder ---

@mistake("the cache's folder lets others in", "warning", f"{STAGE}/run", "has mode 0755",
         f"chmod 0700 {STAGE}/run")
def _():
    os.mkdir(f"{STAGE}/run", 0o755)
    os.chown(f"{STAGE}/run", SSMENV, SSMENV)


@mistake("the cache's folder belongs to somebody else", "error", f"{STAGE}/run", "belongs to uid 1",
         "nothing is kept", "remove it")
def _():
    os.mkdir(f"{STAGE}/run", 0o700)
    os.chown(f"{STAGE}/run", 1, 1)


@mistake("the cache's folder is none", "error", f"{STAGE}/run", "is not a folder", "remove it")
def _():
    write(f"{STAGE}/run", "")


@mistake("the cache's folder lies on a disk", "warning", f"{STAGE}/run", "lies on a disk", "tmpfs")
def _():
    os.mkdir(f"{STAGE}/run", 0o700)
    host.bind("/var", f"{STAGE}/run")


# --- the account ---

@mistake("the account is missing", "error", "/etc/passwd", "there is no account _ssmenv",
         "systemd-sysusers", "useradd --system")
def _():
    replace("/etc/passwd", "_ssmenv:", "_other:")


@mistake("the account is root's", "error", "/etc/passwd", "has uid 0")
def _():
    replace("/etc/passwd", "_ssmenv:x:979:", "_ssmenv:x:0:")


@mistake("the account's group is root's", "error", "/etc/passwd", "gid 0")
def _():
    replace("/etc/passwd", "_ssmenv:x:979:979:", "_ssmenv:x:979:0:")
    os.chmod(CONFIG, 0o644)


@mistake("somebody shares the account's uid", "error", "/etc/passwd", "backup has the uid of _ssmenv")
def _():
    replace("/etc/passwd", "_ssmenv:", "backup:x:979:979::/:/bin/false\n_ssmenv:")


@mistake("the account has a login shell", "warning", "/etc/passwd", 'login shell "/bin/bash"',
         "usermod --shell")
def _():
    replace("/etc/passwd", "helper:/nonexistent:/usr/sbin/nologin", "helper:/nonexistent:/bin/bash")


@mistake("the account is in a group", "warning", "/etc/group", "is a member of docker",
         "gpasswd --delete _ssmenv docker")
def _():
    append("/etc/group", "docker:x:990:games,_ssmenv\n")


# --- who runs it ---

@test("Whoever is not root sees what can be read, and is told what could not be")
def _():
    needs_root()
    whole()
    os.chmod(CONFIG, 0o644)
    found, code = findings(user="nobody")
    check_equal(([item[0] for item in found], code), (["note"], 0), f"{found}")
    check_contains(found[0][2], "only root can try")
    os.chmod(CONFIG, 0o640)
    found, code = findings(user="nobody")
    check_equal(code, 2, "exit status")
    check_contains(found[0][2], f"{CONFIG}: Permission denied")


@test("A misused command says so with exit status 2")
def _():
    needs_root()
    whole()
    for arguments in (["--as", "a.conf"], ["--as", "a.conf", CONFIG, CONFIG], ["--stric"], ["--as"]):
        done = ssmenv("check", *arguments)
        check_equal((done.returncode, done.stdout), (2, ""), str(arguments))
        check_contains(done.stderr, "usage: ssmenv check [OPTION...] [FILE...]")


run()
