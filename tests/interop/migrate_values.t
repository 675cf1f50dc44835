#!/usr/bin/python3
"""The same start-up file twice: once read by a real bash that runs Debian's aws, once moved by ssmenv
migrate and answered by ssmenv-helper. The values have to be the same."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/fakeaws", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from aws_clients import AWS  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from old_home import TUTORIAL, Home  # noqa: E402
from tap import Skip, check_equal, run, test  # noqa: E402

SECRET = "p@ss \"word\" $HOME \\n 'é' #1"
REST = "--query Parameter.Value --output text"

# Each asks for other parameters than the tutorial's lines, and none takes a shape from another.
FILE = TUTORIAL + f"""\
AWS_PROFILE=unused
export STAGE=prod
case $- in *i*) echo interactive;; esac
export QUOTED="$(aws ssm get-parameter --with-decryption \\
    --name "/$STAGE/db/password" --region=us-east-2 {REST} 2>/dev/null)"
BACKTICKS=`aws --region us-east-2 ssm get-parameter --name=/lines {REST}`
export BACKTICKS
export BY_NAME=$(aws --region us-east-2 ssm get-parameters --names /lines /prod/db/user --output text \\
    --query "Parameters[?Name=='/prod/db/user'].Value")
export AWS_DEFAULT_REGION=us-east-2
export MISSING=$(aws ssm get-parameter --name /none {REST} 2>/dev/null || echo "not there")
export JQ=$(aws ssm get-parameter --name /prod/db/user --output json | jq -r .Parameter.Value)
export MEMBER=$(aws secretsmanager get-secret-value --secret-id prod/json --query SecretString \\
    --output text | jq -r '."odd key"'); export OLD=$(aws ssm get-parameter --name /prod/db/user:1 {REST})
"""
NAMES = ("DB_USER", "DB_PASS", "QUOTED", "BACKTICKS", "BY_NAME", "MISSING", "JQ", "MEMBER", "OLD")


def fill(aws):
    """Encrypted is only what is asked for with decryption: else the shell would have ciphertext."""
    for name, value in (("DB_USER", "app"), ("DB_PASS", "plain pass"),
                        ("/lines", "first\n  second\tthird"), ("/prod/db/user", "old one"),
                        ("/prod/db/user", "new one")):
        aws.put(name, value, type="String")
    aws.put("/prod/db/password", SECRET, type="SecureString")
    aws.put_secret("prod/json", '{"odd key": "member é", "other": 1}')


def values_of_bash(home, aws, path):
    """What the file gives in a shell; aws is Debian's, which cannot be told its endpoint otherwise."""
    programs = home.folder / "bin"
    programs.mkdir()
    wrapper = programs / "aws"
    wrapper.write_text(f'#!/bin/sh\nexec {AWS} --endpoint-url {aws.endpoint} "$@"\n')
    wrapper.chmod(0o755)
    script = f'. {path}; for name in {" ".join(NAMES)}; do printf "%s=%s\\0" $name "${{!name}}"; done'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=300, check=True,
        env={"HOME": str(home.folder), "PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
             "AWS_EC2_METADATA_DISABLED": "true"})
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)


def values_of_ssmenv(aws, user):
    text = helper.CONFIG.with_name("conf.d").joinpath("50-migrated.conf")
    text.write_text(text.read_text().replace("region = us-east-2\n",
                                             f"region = us-east-2\nendpoint_url = {aws.endpoint}\n"))
    reply = helper.log_in(user=user)
    check_equal((reply.outcome, reply.error), ("complete", ""), "the login")
    return reply.variables


@test("every variable has the value that bash and aws gave it")
def _():
    if not os.environ["SSMENV_STAGE"]:
        raise Skip("needs root")
    for program in (AWS, "bash", "jq"):
        if not shutil.which(program):
            raise Skip(f"needs {program}")
    with Home() as home, FakeAWS() as aws:
        fill(aws)
        home.write(".aws/credentials", f"[default]\naws_access_key_id = {aws.access_key_id}\n"
                                       f"aws_secret_access_key = {aws.secret_access_key}\n", 0o600)
        path = home.write(".bashrc", FILE)
        before = values_of_bash(home, aws, path)
        check_equal(sorted(before), sorted(NAMES), "what bash has")
        check_equal(before["QUOTED"], SECRET, "what bash has of QUOTED")
        home.migrate("--apply", "--credentials")
        check_equal(values_of_ssmenv(aws, home.user), before)
        after = values_of_bash_again(path)
        check_equal(after, {name: "from the login" for name in NAMES}, "with the new file")


def values_of_bash_again(path):
    """The file that is left asks nobody and changes none of the variables."""
    environment = {name: "from the login" for name in NAMES}
    done = subprocess.run(["bash", "-c", f". {path}; env -0"], capture_output=True, text=True,
                          timeout=60, check=True, env={"PATH": "/usr/bin:/bin", **environment})
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    return {name: found[name] for name in NAMES}


run()
