"""A host for ssmenv check on the stage: whole at first, then with one mistake at a time.

whole() puts everything back: PAM's files as the machine's packages left them and with the module added
the way the README says, sshd's settings, accounts, configuration, modes.
"""

import json
import os
import shutil
import subprocess

from tap import check_contains, check_equal, needs_root, test

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STAGE = os.environ.get("SSMENV_STAGE", "")
PROGRAM = f"{STAGE}/sbin/ssmenv"
SETTINGS = f"{STAGE}/etc/ssmenv"
CONFIG = f"{SETTINGS}/ssmenv.conf"
DROP_INS = f"{SETTINGS}/conf.d"
HELPER = f"{STAGE}/libexec/ssmenv/ssmenv-helper"
GROUPS = f"{STAGE}/libexec/ssmenv/ssmenv-groups"
FETCHER = f"{STAGE}/libexec/ssmenv/ssmenv-fetch"
MODULE = f"{STAGE}/lib/security/pam_ssmenv.so"
LINE = f"-session optional {MODULE}\n"
SSMENV = 979  # uid and gid of _ssmenv on the stage

# Folders that the tests write into, and the copies that put them back.
PRISTINE = {"/etc/pam.d": "/mnt/pristine/pam.d", "/usr/lib/pam.d": "/mnt/pristine/lib-pam.d",
            "/etc/ssh": "/mnt/pristine/ssh"}
ACCOUNTS = ("/etc/passwd", "/etc/group")
GOOD = ('[aws]\nregion = us-east-2\n\n[env]\nDB_USER = /prod/db/user\nDB_PASS = /prod/db/password\n'
        'DB_PORT = "5432"\n')


def prepare():
    """Once: the stage's own folders take the place of the machine's."""
    for folder, copy in PRISTINE.items():
        if not os.path.isdir(folder):
            os.makedirs(copy)
            continue
        shutil.copytree(folder, copy, symlinks=True)
        if folder == "/etc/pam.d":
            add_pam_systemd(f"{copy}/common-session")
        private = f"{copy}.used"
        shutil.copytree(folder, private, symlinks=True)
        subprocess.run(["mount", "--bind", private, folder], check=True)
    for path in ACCOUNTS:
        shutil.copy(path, f"/mnt/pristine/{os.path.basename(path)}")
    os.makedirs("/run/sshd", exist_ok=True)  # without it sshd answers nothing


def add_pam_systemd(path):
    """As Debian's libpam-systemd leaves the file; not every machine has that package."""
    with open(path, "r+") as file:
        if "pam_systemd.so" not in file.read():
            file.write("session optional pam_systemd.so\n")


def write(path, text, mode=0o644, uid=0, gid=0):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    return path


def append(path, text):
    with open(path, "a") as file:
        file.write(text)
    return path


def replace(path, old, new):
    with open(path) as file:
        text = file.read()
    if old not in text:
        raise AssertionError(f"{path} does not hold {old!r}")
    with open(path, "w") as file:
        file.write(text.replace(old, new, 1))


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def empty(folder):
    for name in os.listdir(folder):
        remove(f"{folder}/{name}")


bound = []  # until the host is whole again


def bind(folder, place):
    subprocess.run(["mount", "--bind", folder, place], check=True)
    bound.append(place)


def use_module(*services):
    """As the README has it: at the end of the service's file."""
    for service in services:
        append(f"/etc/pam.d/{service}", LINE)


def whole(*services):
    if not os.path.isdir("/mnt/pristine"):
        prepare()
    for folder, copy in PRISTINE.items():
        empty(folder)
        shutil.copytree(copy, folder, symlinks=True, dirs_exist_ok=True)
    for path in ACCOUNTS:
        shutil.copyfile(f"/mnt/pristine/{os.path.basename(path)}", path)
    if os.path.exists(f"{HELPER}.away"):
        os.rename(f"{HELPER}.away", HELPER)
    for path, mode in ((f"{STAGE}/libexec", 0o755), (HELPER, 0o711), (GROUPS, 0o711), (FETCHER, 0o711),
                       (MODULE, 0o644), (SETTINGS, 0o755)):
        os.chown(path, 0, 0)
        os.chmod(path, mode)
    while bound:
        subprocess.run(["umount", bound.pop()], check=True)
    remove(f"{STAGE}/run")
    shutil.rmtree(SETTINGS)
    os.makedirs(DROP_INS)
    write(CONFIG, GOOD, 0o640, 0, SSMENV)
    use_module(*(services or ("sshd",)))


def ssmenv(*arguments, user=None, leaks=True, **options):
    """leaks: look for them, which takes its time and needs /proc and the right to one's own memory."""
    leaks = leaks and "--root" not in arguments and user is None
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                   "ASAN_OPTIONS": f"detect_leaks={int(leaks)}"}
    if user is not None:
        options.update(user=user, group="nogroup", extra_groups=[])
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          check=False, env=environment, **options)
    reports = os.listdir(f"{STAGE}/log")
    if reports:
        with open(f"{STAGE}/log/{reports[0]}") as file:
            raise AssertionError(f"the sanitizer says: {file.read()}")
    return done


def findings(*arguments, **options):
    """What check finds, as (severity, place, text)."""
    done = ssmenv("check", "--json", *arguments, leaks=False, **options)
    if done.stderr:
        raise AssertionError(done.stderr)
    found = json.loads(done.stdout)
    place = [":".join(str(item[key]) for key in ("file", "line", "column") if item.get(key))
             for item in found["findings"]]
    return [(item["severity"], place[i], item["text"])
            for i, item in enumerate(found["findings"])], done.returncode


EXIT = {"error": 2, "warning": 0, "note": 0}


def mistake(name, severity, place, *parts, services=()):
    """A test: what the function breaks on a whole host is found, and nothing else is."""
    def register(function):
        @test(f"check finds that {name}")
        def _():
            needs_root()
            whole(*services)
            function()
            found, code = findings()
            check_equal([(item[0], item[1]) for item in found], [(severity, place)],
                        f"findings {found}")
            for part in parts:
                check_contains(found[0][2], part)
            check_equal(code, EXIT[severity], "exit status")
        return function

    return register
