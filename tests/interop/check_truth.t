#!/usr/bin/python3
"""What ssmenv check says of a PAM stack, and what the machine's libpam does with it."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import subprocess  # noqa: E402

from check_host import CONFIG, LINE, MODULE, findings, whole, write  # noqa: E402
from tap import check_contains, check_equal, needs_root, run, test  # noqa: E402

HOST = f"{ROOT}/build/sanitized/tests/host"
OK = "session required pam_permit.so\n"
MISSING = MODULE.replace("pam_ssmenv.so", "pam_ssmenv_none.so")
SUCCESS = 0


def session(service, *options):
    """What pam_open_session returns, or pam_authenticate, and whether the variable is there."""
    report = "/mnt/report"
    environment = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([HOST, report, "/etc/pam.d", service, f"module={MODULE}", "user=daemon",
                           *options], env=environment, capture_output=True, timeout=60, check=False)
    check_equal(done.returncode, 0, f"host says {done.stderr}")
    with open(report) as file:
        facts = [line.split() for line in file]
    variables = [bytes.fromhex(fact[1]).decode() for fact in facts if fact[0] == "variable"]
    return int(dict(facts)["result"]), "WITNESS=yes" in variables


# Name, stack, whether the session begins, whether it has its variables, and part of what check says.
STACKS = (
    ("a good stack", OK + LINE, True, True, None),
    ("a line in capitals, continued and commented", OK + f"-SESSION \\\n Optional {MODULE} # x\\\n",
     True, True, None),
    ("a control in brackets", OK + f"session [success=ok default=die] {MODULE}\n", True, True, None),
    ("an argument in brackets", OK + f"session optional {MODULE} [debug]\n", True, True, None),
    ("the only line, with the module there", LINE, True, True, "is the only session line"),
    ("the only line, with the module missing", f"-session optional {MISSING}\n", False, False,
     "is the only session line"),
    ("a missing module under optional", OK + f"session optional {MISSING}\n", True, False,
     "is not there"),
    ("a missing module under required", OK + f"session required {MISSING}\n", False, False,
     "is not there"),
    ("a misspelled control", OK + f"session optionl {MODULE}\n", False, None,
     "refuses every session here"),
    ("no control", OK + f"session {MODULE}\n", False, None, "a word is missing"),
    ("an unknown argument", OK + f"session optional {MODULE} nonsense\n", True, False,
     "so no session gets variables here"),
    ("on_error=deny with a mistake, under optional",
     OK + f"session optional {MODULE} on_error=deny nonsense\n", True, False, "has no effect"),
    ("on_error=deny with a mistake, under sufficient",
     OK + f"session sufficient {MODULE} on_error=deny nonsense\n", True, False, "has no effect"),
    ("on_error=deny with a mistake, under required",
     OK + f"session required {MODULE} on_error=deny nonsense\n", False, None, "nonsense"),
    ("the middle of Debian's common-session",
     f"session [default=1] pam_permit.so\n{LINE}session requisite pam_deny.so\n{OK}", False, False,
     "refuses every session: move it to the end"),
    ("the lines of a jump", f"session [success=1 default=ignore] pam_permit.so\n{LINE}{OK}", True, False,
     "is left out whenever the jump of"),
    ("behind the lines of a jump", f"session [success=1 default=ignore] pam_permit.so\n"
     f"session requisite pam_deny.so\n{LINE}{OK}", True, True, None),
    ("behind a jump over a substack", "session [success=1 default=ignore] pam_permit.so\n"
     f"session substack below\n{LINE}{OK}", True, True, None),
    ("within a jump over a substack and more", "session [success=2 default=ignore] pam_permit.so\n"
     f"session substack below\n{LINE}{OK}", True, False, "is left out whenever the jump of"),
    ("behind a jump that is a file's own, included", "@include jumping\n" + LINE, True, True, None),
)


def agree(name, stack, begins, variables, part):
    @test(f"check and libpam agree about {name}")
    def _():
        needs_root()
        whole("su")
        write(CONFIG, '[env]\nWITNESS = "yes"\n')
        write("/etc/pam.d/below", "session requisite pam_deny.so\nsession requisite pam_deny.so\n")
        write("/etc/pam.d/jumping", f"session [default=1] pam_permit.so\n"
              f"session requisite pam_deny.so\n{OK}")
        write("/etc/pam.d/app", stack)
        found = [item for item in findings()[0] if item[1].startswith("/etc/pam.d/app:")]
        if part is None:
            check_equal(found, [], "findings")
        else:
            check_contains(" ".join(item[2] for item in found), part)
        result, has = session("app")
        check_equal(result == SUCCESS, begins, f"whether the session begins ({result})")
        if variables is not None:
            check_equal(has, variables, "whether it has its variables")


for case in STACKS:
    agree(*case)


@test("check and libpam agree about lines in other stacks, and of no stack at all")
def _():
    needs_root()
    whole("su")
    for line, begins, part in (("", True, None),
                               (f"sesion optional {MODULE}\n", True, "leaves this line out"),
                               (f"sesion required {MODULE}\n", False, "refuses every login here"),
                               (f"auth optional {MODULE}\n", True, "does nothing here"),
                               (f"auth required {MODULE}\n", False, "here it refuses everybody")):
        write("/etc/pam.d/app", f"auth required pam_permit.so\n{OK}{line}")
        found = [item for item in findings()[0] if item[1].startswith("/etc/pam.d/app:")]
        check_contains(" ".join(item[2] for item in found), part or "")
        check_equal(bool(found), part is not None, f"{found}")
        check_equal(session("app", "authenticate")[0] == SUCCESS, begins, line)


run()
