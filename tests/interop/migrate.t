#!/usr/bin/python3
"""ssmenv migrate on the stage: what it prints, and what --apply and --credentials leave behind."""

import os
import pathlib
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from old_home import (ACCOUNT, CONFIG, CREDENTIALS, DROPIN, ETC, HEADER, KEYS, LONG_AGO,  # noqa: E402
                      SECRETS, TUTORIAL, TUTORIAL_CONFIG, Home, check_unchanged,
                      tree)
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402

PROD = ("export API_KEY=$(aws --profile prod --region eu-west-1 --output text ssm get-parameter "
        "--name /api/key --query Parameter.Value --with-decryption)\n")


def configure(text, path=CONFIG):
    path.write_text(text)
    path.chmod(0o644)


# --- looking ---

@test("the tutorial's two lines are printed as ssmenv.conf, and nothing changes")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL)
        before = tree(home.folder)
        done = home.migrate()
        check_equal(done.stdout, f"# {DROPIN}\n" + TUTORIAL_CONFIG.format(path=path, user="alice"))
        check_contains(done.stderr, "ssmenv always decrypts")
        check_contains(done.stderr, f"--apply would comment out {path}:1\n")
        check_unchanged(before, home.folder)


@test("standard input and files of other shells and owners are read by name")
def _():
    with Home() as home:
        with open(home.write("x", TUTORIAL)) as file:
            check_contains(home.migrate("-", stdin=file).stdout, "[env user=alice]\nDB_USER")
        profile = pathlib.Path("/mnt/profile.sh")
        profile.write_text(TUTORIAL)
        done = subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", profile], text=True,
                              capture_output=True, check=True)
        check_contains(done.stdout, "\n[env]\nDB_USER = DB_USER\n", "a file of root's")
        done = subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", home.folder / "x"], text=True,
                              capture_output=True, check=True)
        check_contains(done.stdout, "\n[env user=alice]\nDB_USER = DB_USER\n", "a file of alice's")
        profile.unlink()


@test("region and output come from the user's ~/.aws/config where the lines do not say")
def _():
    with Home() as home:
        home.write(".profile", "export X=$(aws ssm get-parameter --name /x --query "
                               "Parameter.Value)\n")
        check_contains(home.migrate(code=3).stderr, "X: without --output text the value comes in")
        home.write(".aws/config", "[default]\nregion = ap-south-1\noutput = text\n")
        check_contains(home.migrate().stdout, "[aws]\nregion = ap-south-1\n")


@test("who called counts without --user, under sudo too")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        program = "/mnt/ssmenv/sbin/ssmenv"
        for options in ({"env": {"SUDO_USER": "alice"}},
                        {"user": home.uid, "group": home.uid, "extra_groups": [],
                         "env": {"SUDO_USER": "root"}}):
            done = subprocess.run([program, "migrate"], text=True, capture_output=True, check=False,
                                  **options)
            check_contains(done.stdout, "[env user=alice]\nDB_USER = DB_USER\n", str(options))
        done = subprocess.run([program, "migrate", "--apply"], text=True, capture_output=True,
                              check=False, user=home.uid, group=home.uid, extra_groups=[])
        check_equal(done.returncode, 1)
        check_contains(done.stderr, "--apply writes to /etc: run it as root")


@test("wrong arguments are told with status 2, a file that is not there with 1")
def _():
    with Home() as home:
        home.migrate("--replace", code=2)
        home.migrate("--aply", code=2)
        check_contains(home.migrate("/mnt/none", code=1).stderr, "/mnt/none: No such file")
        home.user = "nobody-at-all"
        check_contains(home.migrate(code=1).stderr, "there is no user nobody-at-all")


# --- applying ---

@test("--apply writes the drop-in, comments the lines out and keeps the old file as it was")
def _():
    with Home() as home:
        path = home.write(".bashrc", "umask 022\n" + TUTORIAL + "alias l=ls\n", mode=0o640)
        done = home.migrate("--apply")
        check_equal(done.stdout, "")
        check_equal(DROPIN.read_text(),
                    HEADER + TUTORIAL_CONFIG.format(path=path, user="alice"))
        status = DROPIN.stat()
        check_equal((status.st_mode & 0o7777, status.st_uid, status.st_gid), (0o644, 0, 0))
        check_equal(path.read_text(), "umask 022\n" + "".join(
            f"# {line}\n" for line in TUTORIAL.splitlines()) + "alias l=ls\n")
        status = path.stat()
        check_equal((status.st_mode & 0o7777, status.st_uid, status.st_gid), (0o640, 2001, 2001))
        backup = home.folder / ".bashrc.before-ssmenv"
        status = backup.stat()
        check_equal(backup.read_text(), "umask 022\n" + TUTORIAL + "alias l=ls\n")
        check_equal((status.st_mode & 0o7777, status.st_uid, status.st_gid, status.st_mtime,
                     status.st_nlink), (0o640, 2001, 2001, LONG_AGO, 1))
        check_equal(sorted(entry.name for entry in home.folder.iterdir()),
                    [".bashrc", ".bashrc.before-ssmenv"])


@test("a second run finds nothing and changes nothing")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        home.migrate("--apply", "--credentials")
        before = tree(home.folder)
        done = home.migrate("--apply", "--credentials")
        check_contains(done.stderr, "nothing to take over was found")
        check_unchanged(before, home.folder)


@test("later finds join the drop-in, those for everybody in front of a user's own")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL)
        home.migrate("--apply")
        home.write(".bashrc", path.read_text() + PROD)
        profile = pathlib.Path("/mnt/profile.sh")
        profile.write_text("export EVERYBODY=$(aws --region us-east-2 --output text ssm "
                           "get-parameter --name /e --query Parameter.Value)\n")
        home.migrate("--apply")
        subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", "--apply", profile], check=True,
                       capture_output=True)
        check_equal(DROPIN.read_text(), HEADER + f"""\
# {profile}
[env]
EVERYBODY = /e

[aws prod-eu-west-1]
region = eu-west-1
profile = prod

[aws]
region = us-east-2

# {path}
[env user=alice]
DB_USER = DB_USER
DB_PASS = DB_PASS

# {path}
[env aws=prod-eu-west-1 user=alice]
API_KEY = /api/key
""")
        check((home.folder / ".bashrc.before-ssmenv.2").exists(), "the second backup is missing")
        profile.unlink()
        pathlib.Path("/mnt/profile.sh.before-ssmenv").unlink()


@test("an [aws] that is there is used where it says the same, and left alone where it does not")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        configure("[aws]\nregion = us-east-2\n[env]\nA = /a\n")
        check_lacks(home.migrate().stdout, "[aws")
        configure("[aws]\nregion = us-west-1\n[env]\nA = /a\n")
        home.migrate("--apply")
        check_contains(DROPIN.read_text(), "[aws us-east-2]\nregion = us-east-2\n")
        check_contains(DROPIN.read_text(), "[env aws=us-east-2 user=alice]\n")
        check_lacks(DROPIN.read_text(), "[aws]")


@test("a name that a later file sets is refused, with the place")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        configure("[env]\nDB_USER = /other\n", ETC / "conf.d/99-last.conf")
        before = tree(home.folder)
        done = home.migrate("--apply", code=1)
        check_contains(done.stderr, "DB_USER is set by")
        check_contains(done.stderr, "99-last.conf:2 too, and that one would win")
        check_unchanged(before, home.folder)


@test("an identity that would merge with one that nobody uses is refused")
def _():
    for other in ("role_arn = arn:aws:iam::111122223333:role/x", "region = us-east-1"):
        with Home() as home:
            home.write(".bashrc", PROD)
            configure("[aws]\nregion = us-east-2\n[env]\nA = /a\n")
            configure(f"[aws prod-eu-west-1]\n{other}\n", ETC / "conf.d/99-last.conf")
            before = tree(home.folder)
            check_contains(home.migrate("--apply", code=1).stderr,
                           "another file has settings for [aws prod-eu-west-1] too, which API_KEY")
            check_unchanged(before, home.folder)


@test("a configuration with a mistake has to be mended first")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        configure("[aws]\nregoin = us-east-2\n")
        before = tree(home.folder)
        done = home.migrate("--apply", code=1)
        check_contains(done.stderr, f"{CONFIG}:2:1: [aws] has no key regoin; did you mean region?")
        check_unchanged(before, home.folder)


@test("two files that set a variable to different parameters are refused, equal ones are not")
def _():
    with Home() as home:
        home.write(".profile", TUTORIAL)
        home.write(".bashrc", TUTORIAL)
        check_equal(home.migrate().stdout.count("DB_USER = DB_USER\n"), 2)
        home.write(".bashrc", TUTORIAL.replace("'DB_PASS'", "'OTHER'"))
        before = tree(home.folder)
        check_contains(home.migrate("--apply", code=1).stderr,
                       f"{home.folder}/.profile:2 and {home.folder}/.bashrc:2 set DB_PASS to "
                       "different parameters")
        check_unchanged(before, home.folder)


@test("a file that is read by the start-up file is spoken of, unless the lines say all themselves")
def _():
    with Home() as home:
        completion = "[ -f ~/.bash_aliases ] && . ~/.bash_aliases\n"
        path = home.write(".bashrc", completion + TUTORIAL)
        check_lacks(home.migrate().stderr, "reads another file")
        home.write(".bashrc", completion + "if true; then . ~/.secrets; fi\n" + TUTORIAL)
        check_contains(home.migrate().stderr, f"{path}:2 reads another file, which was not looked")
        home.write(".bashrc", ". ~/.secrets\n" + PROD)
        check_lacks(home.migrate().stderr, "reads another file")


@test("lines for somebody to decide give status 3, and the others are moved all the same")
def _():
    with Home() as home:
        path = home.write(".bashrc", TUTORIAL + "if true; then\n  export X=$(aws ssm get-parameter "
                                                "--name /x)\nfi\n")
        done = home.migrate("--apply", code=3)
        check_contains(done.stderr, f"{path}:4: AWS is asked inside a compound command")
        check_contains(path.read_text(), "\nif true; then\n  export X=$(aws ssm")
        check_contains(DROPIN.read_text(), "DB_USER = DB_USER\n")


@test("a folder conf.d that is not there is made")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        (ETC / "conf.d").rmdir()
        home.migrate("--apply")
        check_equal((ETC / "conf.d").stat().st_mode & 0o7777, 0o755)
        check(DROPIN.exists(), "no drop-in")


@test("output that cannot be written is an error")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        with open("/dev/full", "w") as full:
            done = subprocess.run(["/mnt/ssmenv/sbin/ssmenv", "migrate", "--user", "alice"],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        check_equal(done.returncode, 1)
        check_contains(done.stderr, "standard output cannot be written")


# --- credentials ---

def installed():
    return CREDENTIALS.read_text() if CREDENTIALS.exists() else None


DEFAULT = f"[default]\naws_access_key_id = {SECRETS[0]}\naws_secret_access_key = {SECRETS[1]}\n"


@test("--credentials installs the keys of the profiles that the lines use, and no others")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL + PROD)
        home.write(".aws/credentials", KEYS, mode=0o600)
        check_contains(home.migrate("--credentials").stderr, "--apply would install the keys of")
        check_equal(installed(), None)
        home.migrate("--apply", "--credentials")
        check_equal(installed(), DEFAULT + f"\n[prod]\naws_access_key_id = {SECRETS[2]}\n"
                                           f"aws_secret_access_key = {SECRETS[3]}\n")
        status = CREDENTIALS.stat()
        check_equal((status.st_mode & 0o7777, status.st_uid, status.st_gid), (0o640, 0, ACCOUNT))
        check_equal(sorted(entry.name for entry in ETC.iterdir()), ["conf.d", "credentials"])


@test("--credentials finds what the drop-in uses when it comes later")
def _():
    with Home() as home:
        home.write(".bashrc", PROD)
        home.write(".aws/credentials", KEYS, mode=0o600)
        check_contains(home.migrate("--apply").stderr, "the keys of the profile prod in")
        home.migrate("--apply", "--credentials")
        check_contains(installed(), "[prod]")
        check_lacks(installed(), "[default]")


@test("keys in ~/.aws/config are found, too")
def _():
    with Home() as home:
        home.write(".bashrc", PROD)
        home.write(".aws/config", f"[profile prod]\naws_access_key_id = {SECRETS[2]}\n"
                                  f"aws_secret_access_key = {SECRETS[3]}\n", mode=0o600)
        home.migrate("--apply", "--credentials")
        check_contains(installed(), "[prod]")


@test("other keys of a profile are replaced with --replace only, and other profiles stay")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        mine = "# mine\n[a]\naws_access_key_id = A\naws_secret_access_key = B\n"
        other = "[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n"
        last = "[z]\naws_access_key_id = Z\naws_secret_access_key = Z\n"
        CREDENTIALS.write_text(mine + other + last)
        CREDENTIALS.chmod(0o640)
        os.chown(CREDENTIALS, 0, ACCOUNT)
        before = tree(home.folder)
        check_contains(home.migrate("--apply", "--credentials", code=1).stderr,
                       "has other keys for the profile default: --replace")
        check_unchanged(before, home.folder)
        home.migrate("--apply", "--credentials", "--replace")
        check_equal(installed(), mine + last + "\n" + DEFAULT)


@test("keys that are installed already stay as they are")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        CREDENTIALS.write_text("# mine\n" + DEFAULT)
        CREDENTIALS.chmod(0o640)
        os.chown(CREDENTIALS, 0, ACCOUNT)
        home.migrate("--apply", "--credentials")
        check_equal(installed(), "# mine\n" + DEFAULT)


@test("profiles without keys of their own are refused, with the reason")
def _():
    for line, reason in (("aws_session_token = t", "temporary"),
                         ("role_arn = arn:aws:iam::111122223333:role/x", "assumes a role"),
                         ("credential_process = /x", "runs a program"),
                         ("sso_start_url = https://x", "through a browser")):
        with Home() as home:
            home.write(".bashrc", TUTORIAL)
            home.write(".aws/credentials", DEFAULT + line + "\n", mode=0o600)
            before = tree(home.folder)
            check_contains(home.migrate("--apply", "--credentials", code=1).stderr, reason)
            check_unchanged(before, home.folder)


@test("without keys in the home the instance's role is spoken of, and the lines are moved")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        check_contains(home.migrate("--apply", "--credentials").stderr, "role does without")
        check_equal(installed(), None)
        check(DROPIN.exists(), "no drop-in")


@test("a profile that nobody has is spoken of, as one that has no keys of its own")
def _():
    with Home() as home:
        home.write(".bashrc", PROD)
        check_contains(home.migrate().stderr, f"the profile prod has to stand in {CREDENTIALS} or")
        home.write(".aws/config", "[profile prod]\nsso_session = x\n")
        check_contains(home.migrate().stderr, "used the profile prod of alice, and it logs in "
                                              "through a browser")


@test("without --credentials keys in the home are spoken of, with what is better")
def _():
    with Home() as home:
        home.write(".bashrc", TUTORIAL)
        home.write(".aws/credentials", KEYS, mode=0o600)
        check_contains(home.migrate().stderr, "Better is no key at all: give the instance a role")


run()
