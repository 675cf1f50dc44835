#!/usr/bin/python3
"""ssmenv policy: with what it prints a login works, and without any single statement of it not; the
fake evaluates ARNs and conditions, and what IAM's grammar demands is checked here."""

import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from cloud import write_file  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from policy_grammar import check_grammar  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, needs_root, run, test  # noqa: E402

PROGRAM = f"{helper.STAGE}/sbin/ssmenv"
ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NO_FILES = "credentials_file = /nonexistent\nconfig_file = /nonexistent\n"


def command(*arguments):
    needs_root()
    return subprocess.run([PROGRAM, "policy", *arguments], capture_output=True, text=True,
                          timeout=60, check=False, env={"PATH": "/usr/bin:/bin"})


def policy(*arguments, account=ACCOUNT):
    """What is printed, and the warnings."""
    options = [f"--account={account}"] if account else []
    done = command(*options, *arguments)
    check_equal(done.returncode, 0, f"exit status, with {done.stderr!r}")
    document = json.loads(done.stdout)
    for one in [document] if "Version" in document else document.values():
        check_grammar(one)
    return document, done.stderr.splitlines()


def policy_of(configuration, *arguments, **how):
    needs_root()
    helper.configure(configuration)
    return policy(*arguments, **how)


def resources(document, action):
    found = [statement["Resource"] for statement in document["Statement"]
             if statement["Action"] == action]
    check_equal(len(found), 1, f"statements for {action}")
    return found[0]


# --- a login with it, and without any of it -------------------------------------------------------

class Login:
    """Everything that can be fetched, under two identities."""

    def __enter__(self):
        needs_root()
        self.aws = FakeAWS()
        self.role = f"arn:aws:iam::{ACCOUNT}:role/path/params"
        for name in ("DB_USER", "/fallback", "/users/deploy/token", "/prod/app/level"):
            self.aws.put(name, "x")
        for name in ("/keyed", "/audit"):
            self.aws.put(name, "x", key_id=KEY)
        self.aws.put_secret("prod/db", '{"username": "x"}')
        self.aws.put_secret("rds!db-1", '{"password": "x"}', key_id=KEY)
        helper.write_credentials(self.aws.access_key_id, self.aws.secret_access_key)
        where = f"region = us-east-2\nendpoint_url = {self.aws.endpoint}\n"
        helper.configure(
            f"[aws]\n{where}[env]\nA = DB_USER\nB = /gone:3 || /fallback\n[env service=sshd]\n"
            "C = /users/%u/token\nD = /keyed\nE = /aws/reference/secretsmanager/prod/db#username\n"
            "F = secret:rds!db-1?stage=AWSCURRENT#password\nG_* = /prod/app/*\n"
            f"[aws central]\n{where}role_arn = {self.role}\n[env aws=central]\nH = /audit\n")
        return self

    def __exit__(self, *_):
        self.aws.close()

    def outcome(self, documents):
        """Of a login whose credentials have the first two policies, and whose role has the third."""
        own, assuming, role = documents
        self.aws.set_policy(own["Statement"] + assuming["Statement"])
        self.aws.add_role("path/params", policy=role["Statement"])
        shutil.rmtree(helper.CACHE, ignore_errors=True)
        return helper.log_in().outcome


def without(documents, number):
    """The policies without the one statement, counted through all of them."""
    rest = []
    for document in documents:
        kept = [statement for index, statement in enumerate(document["Statement"])
                if index != number]
        number -= len(document["Statement"])
        rest.append({**document, "Statement": kept})
    return rest


@test("a login is allowed everything with it, and misses something without any single statement")
def _():
    with Login() as login:
        printed, _ = policy("--kms-key", KEY)
        check_equal(list(printed), ["[aws]", "[aws central], its own credentials",
                                    f"[aws central], {login.role}"])
        documents = list(printed.values())
        check_equal(login.outcome(documents), "complete")
        count = sum(len(document["Statement"]) for document in documents)
        check_equal(count, 7)
        for number in range(count):
            check(login.outcome(without(documents, number)) != "complete",
                  f"nothing is missing without statement {number}")


@test("no resource of it can be left out")
def _():
    with Login() as login:
        printed, _ = policy("--kms-key", KEY)
        documents = list(printed.values())
        for statement in documents[0]["Statement"]:
            if isinstance(statement["Resource"], str):
                continue
            for resource in list(statement["Resource"]):
                statement["Resource"].remove(resource)
                check(login.outcome(documents) != "complete", f"nothing misses {resource}")
                statement["Resource"].append(resource)


@test("bound to an address, a login works from there, with keys and references, and nowhere else")
def _():
    with Login() as login:
        printed, _ = policy("--kms-key", KEY, "--source-ip", "203.0.113.0/24,2001:db8::/32")
        documents = list(printed.values())
        login.aws.set_origin(address="203.0.113.7")
        check_equal(login.outcome(documents), "complete")
        login.aws.set_origin(address="198.51.100.7")
        check_equal(login.outcome(documents), "failed")
        login.aws.set_origin(endpoint="vpce-0123456789abcdef0")
        check_equal(login.outcome(documents), "failed")


@test("bound to VPC endpoints, a login works through any of them, and nowhere else")
def _():
    with Login() as login:
        printed, _ = policy("--kms-key", KEY, "--source-vpce", "vpce-11111111,vpce-22222222")
        documents = list(printed.values())[:2] + [{"Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}]  # the fake's role has an address
        login.aws.set_origin(endpoint="vpce-22222222")
        check_equal(login.outcome(documents), "complete")
        login.aws.set_origin(address="203.0.113.7")
        check(login.outcome(documents) != "complete", "complete from elsewhere")


# --- what it prints -------------------------------------------------------------------------------

@test("the smallest configuration has the smallest policy, to the letter")
def _():
    needs_root()
    helper.configure(f"[aws]\nregion = us-east-2\n{NO_FILES}[env]\nDB_PASS = /prod/db/password\n")
    done = command("--account", ACCOUNT)
    check_equal((done.returncode, done.stderr), (0, ""))
    check_equal(done.stdout, """\
{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Parameters",
            "Effect": "Allow",
            "Action": "ssm:GetParameters",
            "Resource": "arn:aws:ssm:us-east-2:111122223333:parameter/prod/db/password"
        }
    ]
}
""")


START = f"[aws]\nregion = us-east-2\n{NO_FILES}"
ARN = f"arn:aws:ssm:us-east-2:{ACCOUNT}:parameter"
SECRET = f"arn:aws:secretsmanager:us-east-2:{ACCOUNT}:secret"


def names(what, lines, action, wanted):
    @test(what)
    def _():
        document, _ = policy_of(f"{START}[env]\n{lines}")
        check_equal(resources(document, action), wanted)


names("selectors are stripped, every alternative counts, each name stands once, in order",
      "A = /b:3 || /c:prod || /a\nB = /b\nC = NAME#member\n", "ssm:GetParameters",
      [f"{ARN}/NAME", f"{ARN}/a", f"{ARN}/b", f"{ARN}/c"])
names("an ARN stays what it is, but for its selector",
      "A = arn:aws:ssm:eu-west-1:444455556666:parameter/x/y:2\n", "ssm:GetParameters",
      "arn:aws:ssm:eu-west-1:444455556666:parameter/x/y")
names("an import is allowed on its path, without the last slash", "A_* = /a/b/*\nB_* = /c/**\n",
      "ssm:GetParametersByPath", [f"{ARN}/a/b", f"{ARN}/c"])
names("an import of everything is allowed on the root", "A_* = /**\n", "ssm:GetParametersByPath",
      f"{ARN}/")
names("a reference needs the parameter …", "A = /aws/reference/secretsmanager/p/d:AWSPREVIOUS\n",
      "ssm:GetParameters", f"{ARN}/aws/reference/secretsmanager/p/d")
names("… and the secret", "A = /aws/reference/secretsmanager/p/d:AWSPREVIOUS\nB = secret:x\n",
      "secretsmanager:GetSecretValue", [f"{SECRET}:p/d-??????", f"{SECRET}:x-??????"])
names("the ARN of a secret is completed where its end is missing",
      f"A = secret:{SECRET}:x-AbCdEf?stage=S\nB = secret:{SECRET}:y\n",
      "secretsmanager:GetSecretValue", [f"{SECRET}:x-AbCdEf", f"{SECRET}:y-??????"])


names("parameters that AWS publishes belong to no account", "A = /aws/service/ami/x\nB = /a\n",
      "ssm:GetParameters",
      [f"{ARN}/a", "arn:aws:ssm:us-east-2::parameter/aws/service/ami/x"])


@test("sections of every user, group and service count")
def _():
    document, _ = policy_of(f"{START}[env user=a]\nA = /a\n[env group=b service=c]\nA = /b\n")
    check_equal(resources(document, "ssm:GetParameters"), [f"{ARN}/a", f"{ARN}/b"])


@test("%u becomes a wildcard, and a warning says what that means")
def _():
    document, warnings = policy_of(f"{START}[env]\nA = /users/%u/token\nB = secret:%u\n")
    check_equal(resources(document, "ssm:GetParameters"), f"{ARN}/users/*/token")
    check_equal(resources(document, "secretsmanager:GetSecretValue"), f"{SECRET}:*-??????")
    check_equal(len(warnings), 2)
    check_equal(warnings[0], f"ssmenv policy: warning: {helper.CONFIG}:6: %u becomes *, since IAM "
                             "does not know who logs in: whoever has this policy reads the values "
                             "of all users")


@test("%i becomes the pattern of all instances' ids, and a warning says what that means")
def _():
    document, warnings = policy_of(f"{START}[env]\nA = /hosts/%i/of/%u\n")
    check_equal(resources(document, "ssm:GetParameters"), f"{ARN}/hosts/i-*/of/*")
    check_equal(len(warnings), 2)
    check_contains(warnings[1], f"{helper.CONFIG}:6: %i becomes i-*")


@test("an import is warned of")
def _():
    _, warnings = policy_of(f"{START}[env]\nA_* = /a/*\n")
    check_equal(warnings, [f"ssmenv policy: warning: {helper.CONFIG}:6: an import: whoever may read "
                           "a path may read everything below it, also what another statement "
                           "denies by name"])


@test("an account that is not known is a wildcard, with one warning; a role's account is known")
def _():
    document, warnings = policy_of(f"{START}[env]\nA = /a\n[aws b]\n{START[6:]}[env aws=b]\nA = /b\n",
                                   account=None)
    check_equal([resources(one, "ssm:GetParameters") for one in document.values()],
                ["arn:aws:ssm:us-east-2:*:parameter/a", "arn:aws:ssm:us-east-2:*:parameter/b"])
    check_equal(len(warnings), 1)
    check_contains(warnings[0], "* stands for the account in the policy: give --account")
    document, warnings = policy_of(
        f"{START}role_arn = arn:aws:iam::444455556666:role/r\n[env]\nA = /a\n")
    check_equal(warnings, [])
    check_equal(resources(document["[aws], arn:aws:iam::444455556666:role/r"], "ssm:GetParameters"),
                "arn:aws:ssm:us-east-2:444455556666:parameter/a")


@test("a region that is not known is a wildcard, with a warning")
def _():
    document, warnings = policy_of(f"[aws]\n{NO_FILES}[env]\nA = /a\n")
    check_equal(resources(document, "ssm:GetParameters"), f"arn:aws:ssm:*:{ACCOUNT}:parameter/a")
    check_equal(len(warnings), 1)
    check_contains(warnings[0], "[aws]: * stands for the region in the policy: no region is")


@test("ARNs have the partition of their region")
def _():
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
                              ("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc")):
        document, _ = policy_of(
            f"[aws]\nregion = {region}\n{NO_FILES}[env]\nA = /a\nB = secret:x\n")
        check_equal(resources(document, "ssm:GetParameters"),
                    f"arn:{partition}:ssm:{region}:{ACCOUNT}:parameter/a")
        check_equal(resources(document, "secretsmanager:GetSecretValue"),
                    f"arn:{partition}:secretsmanager:{region}:{ACCOUNT}:secret:x-??????")


@test("each step to a role of the profile is allowed to whoever takes it; a web identity needs nothing")
def _():
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two", "three")]
    config = write_file(f"[profile p]\nrole_arn = {roles[1]}\nsource_profile = q\n"
                        f"[profile q]\nrole_arn = {roles[0]}\nsource_profile = r\n[profile r]\n"
                        "aws_access_key_id = a\naws_secret_access_key = b\n")
    start = f"[aws]\nregion = us-east-2\nconfig_file = {config}\ncredentials_file = /nonexistent\n"
    document, _ = policy_of(f"{start}profile = p\nrole_arn = {roles[2]}\n[env]\nA = /a\n")
    holders = ["its own credentials", *roles]
    check_equal(list(document), [f"[aws], {holder}" for holder in holders])
    for holder, role in zip(holders, roles):
        check_equal(resources(document[f"[aws], {holder}"], "sts:AssumeRole"), role)
    document, _ = policy_of(f"{START}role_arn = {roles[0]}\nweb_identity_token_file = /token\n"
                            "[env]\nA = /a\n")
    check_equal([statement["Action"] for statement in document["Statement"]], ["ssm:GetParameters"])


@test("a customer key is used through the services that are asked in its region, never bound")
def _():
    document, _ = policy_of(f"{START}[env]\nA = /a\n", "--kms-key", KEY, "--source-ip", "203.0.113.7")
    statement = document["Statement"][1]
    check_equal((statement["Action"], statement["Resource"]), ("kms:Decrypt", KEY))
    check_equal(statement["Condition"],
                {"StringEquals": {"kms:ViaService": "ssm.us-east-2.amazonaws.com"}})
    document, _ = policy_of(f"{START}[env]\nA = /a\nB = secret:x\n", "--kms-key", KEY)
    check_equal(document["Statement"][2]["Condition"]["StringEquals"]["kms:ViaService"],
                ["secretsmanager.us-east-2.amazonaws.com", "ssm.us-east-2.amazonaws.com"])
    document, warnings = policy_of(f"{START}[env]\nA = /a\n", "--kms-key",
                                   KEY.replace("us-east-2", "eu-west-1"))
    check_equal(len(document["Statement"]), 1)
    check_contains(warnings[0], "nothing is read in the region of --kms-key")


@test("a database user is allowed where an option names one")
def _():
    document, _ = policy_of(f"{START}[env]\nA = /a\n", "--db-user", "db-ABC/app")
    check_equal(resources(document, "rds-db:connect"),
                f"arn:aws:rds-db:us-east-2:{ACCOUNT}:dbuser:db-ABC/app")
    document, warnings = policy_of(START, "--db-user", "app")
    check_equal(resources(document, "rds-db:connect"),
                f"arn:aws:rds-db:us-east-2:{ACCOUNT}:dbuser:*/app")
    check_contains(warnings[0], "app may log in to every one")


@test("a policy that IAM would refuse for its size is warned of")
def _():
    lines = "".join(f"A{number} = /a/long/name/of/a/parameter/{number:03}\n" for number in range(90))
    document, warnings = policy_of(f"{START}[env]\n{lines}")
    size = len(re.sub(r"\s", "", json.dumps(document)))
    check_equal(len(warnings), 1)
    check_contains(warnings[0], f"the policy of [aws] has {size} characters, more than the 6144")


# --- what it refuses ------------------------------------------------------------------------------

def refuses(option, value, *parts):
    @test(f"{option} {value} is refused: {parts[0]}")
    def _():
        done = command(option, value)
        check_equal((done.returncode, done.stdout), (2, ""))
        for part in (*parts, "usage: ssmenv policy"):
            check_contains(done.stderr, part)


PRIVATE = ("private address, which AWS never sees", "NAT gateway", "--source-vpce")
refuses("--source-ip", "10.0.1.5/32", *PRIVATE)
refuses("--source-ip", "203.0.113.7,172.31.0.0/16", *PRIVATE)
refuses("--source-ip", "192.168.1.1", *PRIVATE)
refuses("--source-ip", "0.0.0.0/0", "everybody")
refuses("--source-vpce", "vpc-11111111", "not the id of a VPC endpoint")
refuses("--account", "1234", "twelve digits")
refuses("--kms-key", f"arn:aws:kms:us-east-2:{ACCOUNT}:alias/app", "an alias is nothing that a policy")
refuses("--db-user", "db-A/*", "expected RESOURCE/USER")


@test("an address and an endpoint exclude each other")
def _():
    done = command("--source-ip", "203.0.113.7", "--source-vpce", "vpce-11111111")
    check_equal(done.returncode, 2)
    check_contains(done.stderr, "has no public address")


@test("a configuration that fetches nothing, or is wrong, has no policy")
def _():
    needs_root()
    helper.configure('[env]\nA = "constant"\n')
    done = command()
    check_equal((done.returncode, done.stdout), (1, ""))
    check_contains(done.stderr, "nothing is fetched from AWS")
    helper.configure("[env]\nA = /a:\n")
    done = command()
    check_equal((done.returncode, done.stdout), (1, ""))
    check_contains(done.stderr, f"{helper.CONFIG}:2:")


@test("no constant of the configuration is printed")
def _():
    document, warnings = policy_of(f'{START}[let]\nS = "hidden"\n[env]\nA = "hidden"\nB = /a\n')
    check_lacks(json.dumps(document) + str(warnings), "hidden")


run()
