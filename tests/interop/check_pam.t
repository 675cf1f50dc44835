#!/usr/bin/python3
"""ssmenv check on PAM files and sshd's settings: each mistake once, and what looks like one and is none."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from check_host import (CONFIG, LINE, MODULE, STAGE, append, findings, mistake,  # noqa: E402
                        replace, use_module, whole, write)
import subprocess  # noqa: E402

from tap import Skip, check_contains, check_equal, needs_root, run, test  # noqa: E402

SSHD = "/etc/pam.d/sshd"
SSHD_CONFIG = "/etc/ssh/sshd_config"


def last_line(path):
    with open(path) as file:
        return f"{path}:{len(file.read().splitlines())}"


def line_of(path, part):
    with open(path) as file:
        lines = file.read().splitlines()
    return f"{path}:{[part in line for line in lines].index(True) + 1}"


def said(name, severity, argument, *parts, control="optional", module=MODULE, kind="session"):
    """A test of one line in /etc/pam.d/sshd: check finds this there, and nothing else."""
    @test(f"check finds that {name}")
    def _():
        needs_root()
        whole()
        replace(SSHD, LINE, f"{kind} {control} {module} {argument}\n")
        found, code = findings()
        check_equal([(item[0], item[1]) for item in found], [(severity, last_line(SSHD))],
                    f"findings {found}")
        check_equal(code, 2 if severity == "error" else 0, "exit status")
        for part in parts:
            check_contains(found[0][2], part)


def fine(name, function):
    @test(f"{name} is fine")
    def _():
        needs_root()
        whole()
        function()
        check_equal(findings(), ([], 0))


# --- lines ---

for kind in ("auth", "account", "password"):
    said(f"pam_ssmenv stands in an {kind} stack", "error", "", "serves sessions only",
         f"write session in the place of {kind}", kind=kind)
said("a line's type is misspelled", "error", "", 'knows no type "sesion"', "leaves this line out",
     kind="sesion")
said("a line has no control", "error", "", "a word is missing", control="")
said("a line's control is misspelled", "error", "", 'knows no control "optionl"', control="optionl")
said("an argument is unknown", "error", "on_eror=deny", 'argument "on_eror=deny" is unknown',
     "allowed: config=PATH")
said("an argument is malformed", "error", "timeout=3", 'argument "timeout=3" is malformed',
     "expected a duration from 100ms to 60s")
said("an argument is given twice", "error", "quiet quiet", 'argument "quiet" is given twice')
said("on_error=deny stands under optional", "error", "on_error=deny", "has no effect",
     '"optional"', "write required")
said("on_error=deny stands under sufficient", "error", "on_error=deny", "has no effect",
     control="sufficient")
said("on_error=deny stands under a control that ignores it", "error", "on_error=deny",
     "has no effect", control="[success=ok session_err=ignore default=bad]")
said("break_glass names no group", "warning", "on_error=deny break_glass=wheeel",
     "there is no group wheeel", control="required")
said("the helper that helper= names is not there", "error", "helper=/none/helper",
     "/none/helper is not there")
said("others may replace the helper that helper= names", "error", "helper=/bin/../tmp/helper",
     "/tmp/helper is not there")
said("the configuration that config= names is not there", "error", "config=/none.conf",
     "config= names /none.conf, which is not there")
said("another configuration has to be checked by itself", "note", "config=/etc/hostname",
     "ssmenv check --config /etc/hostname")
said("the module is not there, in an absolute path", "error", "",
     f"{STAGE}/none/pam_ssmenv.so is not there", module=f"{STAGE}/none/pam_ssmenv.so")
said("the module is not in PAM's folder, and sessions go on", "error", "",
     "is not where PAM's modules are, so no session gets variables", MODULE, module="pam_ssmenv.so")
said("the module is not in PAM's folder, and sessions do not go on", "error", "",
     "so every session is refused", module="pam_ssmenv.so", control="required")
said("the module's name is misspelled", "error", "", "pam_ssmenv is not where", module="pam_ssmenv")

fine("on_error=deny under required", lambda: replace(
    SSHD, LINE, f"session required {MODULE} on_error=deny break_glass=adm\n"))
fine("on_error=deny under a control that refuses", lambda: replace(
    SSHD, LINE, f"session [success=ok default=die] {MODULE} on_error=deny\n"))
fine("every argument", lambda: replace(
    SSHD, LINE, f"session required {MODULE} config={CONFIG} helper={STAGE}/libexec/ssmenv/"
    "ssmenv-helper timeout=3s on_error=ignore break_glass=adm quiet debug\n"))
fine("a line that a backslash continues, with a comment and in capitals", lambda: replace(
    SSHD, LINE, f"-SESSION \\\n Optional \\\n\t{MODULE} \\\n debug # timeout=\n"))
fine("a commented line", lambda: append(SSHD, f"# session optional {MODULE} nonsense\n"))
fine("what editors and packages leave behind",
     lambda: [write(f"/etc/pam.d/{name}", f"auth required {MODULE}\n")
              for name in ("sshd~", "sshd.dpkg-dist", ".sshd.swp", "su.rpmnew")])


@test("The module's own file must be root's alone")
def _():
    needs_root()
    whole()
    os.chmod(MODULE, 0o666)
    found, code = findings()
    check_equal((len(found), found[0][0], found[0][1], code), (1, "error", last_line(SSHD), 2))
    check_contains(found[0][2], f"{MODULE} has mode 0666")


@test("The helper of helper= must be root's alone")
def _():
    needs_root()
    whole()
    helper = write("/mnt/helper", "", 0o777)
    replace(SSHD, LINE, f"session optional {MODULE} helper={helper}\n")
    found, code = findings()
    check_equal((len(found), found[0][0], found[0][1], code), (1, "error", last_line(SSHD), 2))
    check_contains(found[0][2], f"{helper} has mode 0777")


@test("The shipped PAM lines are right, each of them")
def _():
    needs_root()
    with open(f"{ROOT}/config/pam.d/ssmenv.example") as file:
        lines = [line.lstrip("# ") for line in file if "pam_ssmenv.so" in line]
    check_equal(len(lines), 2, "lines in the example")
    for line in lines:
        whole()
        append("/etc/group", "wheel:x:991:\n")
        replace(SSHD, LINE, line.replace("pam_ssmenv.so", MODULE))
        check_equal(findings(), ([], 0), line)


# --- stacks ---

@mistake("the module stands before pam_systemd", "warning", f"{SSHD}:1",
         "stands before pam_systemd of /etc/pam.d/common-session:", "move it behind")
def _():
    replace(SSHD, LINE, "")
    with open(SSHD) as file:
        text = file.read()
    write(SSHD, LINE + text)


@mistake("the module stands before pam_systemd in a shared file", "warning",
         "/etc/pam.d/common-session:1", "stands before pam_systemd of /etc/pam.d/common-session:")
def _():
    replace(SSHD, LINE, "")
    with open("/etc/pam.d/common-session") as file:
        text = file.read()
    write("/etc/pam.d/common-session", LINE + text)


@mistake("the module is the only session line", "error", "/etc/pam.d/app:2",
         "is the only session line of app", "pam_permit.so")
def _():
    write("/etc/pam.d/app", f"auth required pam_permit.so\n{LINE}")


fine("a file with nothing but the module that others include", lambda: (
    replace(SSHD, LINE, "@include ssmenv\n"), write("/etc/pam.d/ssmenv", LINE)))
fine("the module below pam_permit", lambda: write(
    "/etc/pam.d/app", f"session required pam_permit.so\n{LINE}"))


@test("check finds that the module runs twice in a session")
def _():
    needs_root()
    whole()
    append("/etc/pam.d/common-session", LINE)
    found, code = findings()
    check_equal(([item[:2] for item in found], code), ([("warning", last_line(SSHD))], 0))
    check_contains(found[0][2], f"a second time, after {last_line('/etc/pam.d/common-session')}")


@test("check finds that no service uses the module")
def _():
    needs_root()
    whole()
    replace(SSHD, LINE, "")
    found, code = findings()
    check_equal(([item[:2] for item in found], code), ([("warning", "/etc/pam.d")], 0))
    check_contains(found[0][2], 'add "-session optional pam_ssmenv.so"')


@test("check finds that a jump leads past the module to pam_deny, as in the middle of common-session")
def _():
    needs_root()
    whole()
    replace(SSHD, LINE, "")
    replace("/etc/pam.d/common-session", "session\trequisite\t\t\tpam_deny.so",
            f"{LINE}session\trequisite\t\t\tpam_deny.so")
    place = line_of("/etc/pam.d/common-session", MODULE)
    found, code = findings()
    check_equal([item[:2] for item in found if "jump" in item[2]], [("error", place)], f"{found}")
    check_equal(code, 2)
    check_contains(str(found), "ends on pam_deny now and refuses every session")


@mistake("a jump leads past the module", "warning", "/etc/pam.d/app:3", "is left out whenever",
         "/etc/pam.d/app:1 is taken")
def _():
    write("/etc/pam.d/app", "session [success=2 default=ignore] pam_succeed_if.so user = x\n"
          f"session required pam_unix.so\n{LINE}session required pam_limits.so\n")


fine("a jump that ends at the module", lambda: write(
    "/etc/pam.d/app", "session [success=1 default=ignore] pam_succeed_if.so user = x\n"
    f"session required pam_unix.so\n{LINE}"))
fine("a jump over a whole substack, and one inside it", lambda: (
    write("/etc/pam.d/below", "session [default=1] pam_permit.so\nsession required pam_deny.so\n"
          "session required pam_unix.so\n"),
    write("/etc/pam.d/app", "session [success=1 default=ignore] pam_succeed_if.so user = x\n"
          f"session substack below\n{LINE}session required pam_permit.so\n")))


@test("check says that on_error=deny does not stop sudo, and may stop a user's service manager")
def _():
    needs_root()
    for service, part in (("sudo", "does not stop sudo"), ("sudo-i", "does not stop sudo-i"),
                          ("systemd-user", "can stop a user's service manager")):
        whole()
        write(f"/etc/pam.d/{service}", f"session required pam_permit.so\n"
              f"session required {MODULE} on_error=deny\n")
        found, code = findings()
        check_equal(([item[:2] for item in found if item[0] != "note"], code),
                    ([("warning", f"/etc/pam.d/{service}:2")], 0))
        check_contains(found[0][2], part)


@test("check says how long user units keep what they got")
def _():
    needs_root()
    whole()
    if not os.path.exists("/usr/lib/pam.d/systemd-user"):
        write("/usr/lib/pam.d/systemd-user", "session required pam_permit.so\n")
    append("/usr/lib/pam.d/systemd-user", LINE)
    found, code = findings()
    check_equal(([item[:2] for item in found], code),
                ([("note", last_line("/usr/lib/pam.d/systemd-user"))], 0))
    check_contains(found[0][2], "until its last session has ended")


@test("A file in /etc/pam.d stands in the place of the same in /usr/lib/pam.d")
def _():
    needs_root()
    whole()
    write("/usr/lib/pam.d/app", f"session required pam_permit.so\n{LINE}{LINE}")
    check_equal([item[2][:24] for item in findings()[0]], ["pam_ssmenv runs here a s"])
    write("/etc/pam.d/app", f"session required pam_permit.so\n{LINE}")
    check_equal(findings(), ([], 0))


@test("Files that include each other end")
def _():
    needs_root()
    whole()
    write("/etc/pam.d/a", "@include b\n@include b\nsession include b\n")
    write("/etc/pam.d/b", f"@include a\nsession substack a\n{LINE}session required pam_permit.so\n")
    found, code = findings()
    check_equal({item[0] for item in found}, {"warning"}, f"{found}")


@test("Files that include each other over and over end soon, PAM's and sshd's")
def _():
    needs_root()
    whole()
    write("/etc/pam.d/app", "@include app\n" * 100)
    for number in range(20):
        write(f"/etc/ssh/sshd_config.d/{number}.conf", "Include sshd_config.d/*.conf\n" * 5)
    os.rmdir("/run/sshd")
    try:
        check_equal(findings(), ([], 0))
    finally:
        os.mkdir("/run/sshd")


# --- other layouts ---

RHEL = {
    "system-auth": "auth required pam_env.so\naccount required pam_unix.so\n"
                   "session optional pam_keyinit.so revoke\nsession required pam_limits.so\n"
                   "-session optional pam_systemd.so\n"
                   "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet "
                   "use_uid\nsession required pam_unix.so\n",
    "postlogin": "session optional pam_umask.so silent\n"
                 "session [success=1 default=ignore] pam_succeed_if.so service !~ gdm* service !~ "
                 "su* quiet\nsession [default=1] pam_lastlog.so nowtmp showfailed\n"
                 "session optional pam_lastlog.so silent noupdate showfailed\n",
    "sshd": "auth substack password-auth\nauth include postlogin\n"
            "session required pam_selinux.so close\nsession required pam_loginuid.so\n"
            "session required pam_selinux.so open env_params\nsession required pam_namespace.so\n"
            "session optional pam_keyinit.so force revoke\nsession optional pam_motd.so\n"
            "session include password-auth\nsession include postlogin\n",
    "sudo": "auth include system-auth\nsession include system-auth\n",
    "crond": "session required pam_loginuid.so\nsession include password-auth\n",
    "other": "session required pam_deny.so\n",
}


def rhel():
    """The layout of RHEL, Fedora and Amazon Linux: authselect's files, links into /etc/authselect."""
    whole()
    for name in os.listdir("/etc/pam.d"):
        os.unlink(f"/etc/pam.d/{name}")
    for name, text in RHEL.items():
        write(f"/etc/pam.d/{name}", text)
    os.unlink("/etc/pam.d/system-auth")
    write("/mnt/authselect/system-auth", RHEL["system-auth"])
    os.symlink("/mnt/authselect/system-auth", "/etc/pam.d/system-auth")
    os.symlink("/mnt/authselect/system-auth", "/etc/pam.d/password-auth")


@test("RHEL's layout with the module at the end of sshd is fine")
def _():
    needs_root()
    rhel()
    use_module("sshd", "sudo", "crond")
    found, code = findings()
    check_equal((found, code), ([], 0))


@test("In RHEL's layout the module before the includes stands before pam_systemd")
def _():
    needs_root()
    rhel()
    write("/etc/pam.d/sshd", LINE + RHEL["sshd"])
    found, code = findings()
    check_equal(([item[:2] for item in found], code), ([("warning", "/etc/pam.d/sshd:1")], 0))
    check_contains(found[0][2], "/etc/pam.d/password-auth:5")


@test("In RHEL's layout a line between pam_succeed_if and pam_unix is left out for crond")
def _():
    needs_root()
    rhel()
    write("/mnt/authselect/system-auth", RHEL["system-auth"].replace(
        "session required pam_unix.so", f"{LINE}session required pam_unix.so"))
    found, code = findings()
    check_equal([item[:2] for item in found], [("warning", "/etc/pam.d/password-auth:7"),
                                               ("warning", "/etc/pam.d/system-auth:7")], f"{found}")
    check_contains(found[0][2], "is left out whenever the jump of /etc/pam.d/password-auth:6")


@test("Without any pam.d the lines of /etc/pam.conf count")
def _():
    needs_root()
    whole()
    bare = write("/mnt/bare/etc/pam.conf",
                 f"app session required pam_permit.so\napp -session optional {MODULE}\n"
                 f"APP auth required {MODULE}\nlone session optional {MODULE} nonsense\n")
    write("/mnt/bare/etc/passwd", "root:x:0:0::/:/bin/sh\n_ssmenv:x:979:979::/:/bin/false\n")
    write("/mnt/bare" + CONFIG, '[env]\nA = "1"\n')
    for path in ("/lib/security/pam_ssmenv.so", "/libexec/ssmenv/ssmenv-helper",
                 "/libexec/ssmenv/ssmenv-groups", "/libexec/ssmenv/ssmenv-fetch"):
        write(f"/mnt/bare{STAGE}{path}", "", 0o644 if path.endswith(".so") else 0o711)
    found, code = findings("--root", "/mnt/bare")
    check_equal([(item[1], item[2][:20]) for item in found], [
        ("/etc/pam.conf:3", "pam_ssmenv serves se"), ("/etc/pam.conf:4", 'argument "nonsense" '),
        ("/etc/pam.conf:4", "is the only session ")], f"{bare}: {found}")


# --- sshd ---

@test("check finds that UsePAM is not yes, wherever that is written")
def _():
    needs_root()
    whole()
    replace(SSHD_CONFIG, "UsePAM yes", "usepam = no")
    found, code = findings()
    check_equal(([item[:2] for item in found], code),
                ([("error", line_of(SSHD_CONFIG, "usepam = no"))], 2), f"{found}")
    check_contains(found[0][2], "UsePAM is no, so sessions by ssh get no variables")
    whole()
    write("/etc/ssh/sshd_config.d/10.conf", "# first\nUsePAM no\n")
    found, code = findings()
    check_equal([item[:2] for item in found], [("error", "/etc/ssh/sshd_config.d/10.conf:2")])
    whole()
    replace(SSHD_CONFIG, "UsePAM yes", "#UsePAM yes")
    found, code = findings()
    check_equal([item[:2] for item in found], [("error", SSHD_CONFIG)])


@test("check finds LogLevel DEBUG3, for all connections and in a Match section")
def _():
    needs_root()
    for text, place in (("LogLevel DEBUG3\n", 2), ("Match User x\n LogLevel debug3\n", 3),
                        ("Match User x\n Include sshd_config.d/*.inc\n", None)):
        whole()
        write("/etc/ssh/sshd_config.d/a.inc", "# level\nLogLevel DEBUG3\n")
        write("/etc/ssh/sshd_config.d/10.conf", "#\n" + text)
        found, code = findings()
        expected = f"/etc/ssh/sshd_config.d/{f'10.conf:{place}' if place else 'a.inc:2'}"
        check_equal(([item[:2] for item in found], code), ([("error", expected)], 2), f"{found}")
        check_contains(found[0][2], "LogLevel DEBUG3")
        check_contains(found[0][2], "write DEBUG2 at most")


@test("Other levels, other orders and files that nobody includes are fine")
def _():
    needs_root()
    for text in ("LogLevel DEBUG2\n", "LogLevel INFO\nLogLevel DEBUG3\n", "UsePAM yes\nUsePAM no\n",
                 "Match all\nUsePAM yes\n", "#LogLevel DEBUG3\n"):
        whole()
        write("/etc/ssh/sshd_config.d/10.conf", text)
        write("/etc/ssh/sshd_config.d/20.conf.off", "UsePAM no\n")
        check_equal(findings(), ([], 0), text)


@test("LogVerbose is a warning")
def _():
    needs_root()
    whole()
    write("/etc/ssh/sshd_config.d/10.conf", "LogVerbose session.c:*\n")
    found, code = findings()
    check_equal(([item[:2] for item in found], code),
                ([("warning", "/etc/ssh/sshd_config.d/10.conf:1")], 0))


@test("Where sshd itself cannot be asked, its files are read")
def _():
    needs_root()
    whole()
    os.rmdir("/run/sshd")
    try:
        check_equal(findings(), ([], 0), "as it is")
        replace(SSHD_CONFIG, "UsePAM yes", '"UsePAM" "no"')
        check_equal([item[0] for item in findings()[0]], ["error"])
    finally:
        os.mkdir("/run/sshd")


@test("What sshd itself answers is what counts")
def _():
    needs_root()
    whole()
    host_keys = [name for name in os.listdir("/etc/ssh") if name.endswith("_key")]
    if not host_keys:
        raise Skip("sshd has no host keys here")
    answer = subprocess.run(["sshd", "-T"], capture_output=True, text=True, check=True).stdout
    check_contains(answer, "usepam yes")
    replace(SSHD_CONFIG, "UsePAM yes", "Match all\nUsePAM no")
    found, code = findings()
    answer = subprocess.run(["sshd", "-T"], capture_output=True, text=True, check=False)
    expected = "UsePAM is no" if "usepam no" in answer.stdout else "does not say UsePAM"
    check_equal(([item[0] for item in found], code), (["error"], 2), f"{found}")
    check_contains(found[0][2] if answer.returncode == 0 else "does not say UsePAM", expected)


@test("sshd's settings do not matter where sshd does not use the module")
def _():
    needs_root()
    whole("su")
    replace(SSHD_CONFIG, "UsePAM yes", "UsePAM no")
    check_equal(findings(), ([], 0))


run()
