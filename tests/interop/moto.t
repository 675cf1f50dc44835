#!/usr/bin/python3
"""The real ssmenv-fetch against moto with its IAM checks on, where moto can be imported: the cases
of fetch.t, so that what holds for the fake is no habit of a server that this project wrote."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "interop")]

if "SSMENV_STAGE" not in os.environ:
    stage = str(TESTS / "stage")
    os.execv(stage, [stage, "sanitized", sys.executable, os.path.abspath(__file__)])

from fetch_cases import CASES, allow  # noqa: E402
from fetcher import (DENIED, FAILED, FOUND, MISSING, Fetcher, children, parameter,  # noqa: E402
                     secret)
from moto_server import MotoServer, python_with_moto  # noqa: E402
from tap import Skip, check_contains, check_equal, run, test  # noqa: E402

NOT_AS_AWS = {
    "a secret of Secrets Manager is reached through its reference": "it answers with the secret's "
    "own name, where AWS repeats the reference"
}


class Cloud:
    """See fetch_cases.py."""

    def __init__(self, server):
        self.server = server
        self.region = server.region
        self.put, self.label, self.put_secret = server.put, server.label, server.put_secret
        self.access_key_id = server.add_user().access_key_id
        self.folder = tempfile.mkdtemp(prefix="moto-", dir=os.environ["SSMENV_STAGE"] or None)
        os.chmod(self.folder, 0o755)

    def fetcher(self, statements=None):
        return self.fetcher_with(*self.server.add_user(statements))

    def fetcher_with(self, access_key_id, secret, session_token=None):
        descriptor, path = tempfile.mkstemp(dir=self.folder)
        lines = ["[default]", f"aws_access_key_id = {access_key_id}"]
        lines.append(f"aws_secret_access_key = {secret}")
        if session_token:
            lines.append(f"aws_session_token = {session_token}")
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")
        settings = {"trust_uid": str(os.getuid())}
        if os.environ["SSMENV_STAGE"]:
            settings = {}
            shutil.chown(path, "root", "_ssmenv")
            os.chmod(path, 0o640)
        return Fetcher(
            region=self.region,
            endpoint_url=self.server.endpoint,
            credentials_file=path,
            config_file=os.path.join(self.folder, "none"),
            **settings,
        )


moto = None


def moto_server():
    """One server for all tests: it takes seconds to start."""
    global moto
    if moto is None:
        python = python_with_moto()
        if python is None:
            raise Skip("moto's server cannot be imported (pip install 'moto[server]')")
        moto = MotoServer(python)
    moto.reset()
    return moto


def moto_test(name):
    def register(function):
        def against_moto():
            if name in NOT_AS_AWS:
                raise Skip(f"moto is not as AWS here: {NOT_AS_AWS[name]}")
            cloud = Cloud(moto_server())
            try:
                function(cloud)
            finally:
                shutil.rmtree(cloud.folder)

        return test(name)(against_moto)

    return register


for name, function in CASES:
    moto_test(name)(function)


for count in (9, 10, 11):

    @moto_test(f"an import of {count} parameters, around the length of a page, is whole")
    def page_boundary(cloud, count=count):
        values = {f"/app/n{number:02}": str(number) for number in range(count)}
        for name, value in values.items():
            cloud.put(name, value)
        check_equal(cloud.fetcher().ask(children("/app/")).answers[0].values, values)


@moto_test("where only ssm:GetParameters is granted names are fetched, and imports denied")
def get_parameters_only(cloud):
    cloud.put("/a", "value")
    fetcher = cloud.fetcher(allow("ssm:GetParameters"))
    result = fetcher.ask(parameter("/a"), parameter("/gone"), children("/"))
    check_equal(result.states, [FOUND, MISSING, DENIED], "states")
    check_equal(result.answers[0].value, "value")


@moto_test("temporary keys of a role work with their session token, and have the role's policy")
def session(cloud):
    cloud.put("x", "value")
    keys = cloud.server.add_session(allow("ssm:GetParameters"))
    result = cloud.fetcher_with(*keys).ask(parameter("x"), children("/"))
    check_equal(result.states, [FOUND, DENIED], "states")
    check_equal(result.answers[0].value, "value")


@moto_test("temporary keys with another session token are no verdict about a parameter")
def wrong_token(cloud):
    keys = cloud.server.add_session()._replace(token="IQoJb3JpZ2luX2VjE//another==")
    result = cloud.fetcher_with(*keys).ask(parameter("x"), children("/"))
    check_equal(result.states, [FAILED, FAILED], "states")
    for error in result.errors:
        check_contains(error, "InvalidClientTokenId")


# --- roles and secrets ----------------------------------------------------------------------------


@moto_test("a role is assumed by whoever may, and its policy is what counts then")
def role(cloud):
    cloud.put("x", "value")
    cloud.put("/y", "value")
    arn = cloud.server.add_role(allow("ssm:GetParameters"))
    fetcher = cloud.fetcher(allow("sts:AssumeRole")).with_settings(role_arn=arn)
    result = fetcher.ask(parameter("x"), children("/"))
    check_equal(result.states, [FOUND, DENIED], "states")
    check_equal(result.answers[0].value, "value")


@moto_test("a role that may not be assumed is an error that names action and role")
def no_role(cloud):
    arn = cloud.server.add_role()
    result = cloud.fetcher(allow("ssm:*")).with_settings(role_arn=arn).ask(parameter("x"))
    check_equal(result.states, [FAILED], "states")
    check_contains(result.errors[0], f"AccessDenied for sts:AssumeRole on {arn}")


@moto_test("a wrong secret key cannot assume a role, and the text says so")
def wrong_secret_for_role(cloud):
    fetcher = cloud.fetcher_with(cloud.access_key_id, "wrong")
    result = fetcher.with_settings(role_arn=cloud.server.add_role()).ask(parameter("x"))
    check_equal(result.states, [FAILED], "states")
    check_contains(result.errors[0], "SignatureDoesNotMatch for sts:AssumeRole")
    check_contains(result.errors[0], "check the secret key")
    check_contains(result.errors[0], f"it was asked with access key {cloud.access_key_id} of ")


@moto_test("secrets are fetched by name, member and stage; one that is not there is missing")
def secrets_manager(cloud):
    cloud.put_secret("prod/db", '{"username": "me", "password": "s3cret"}')
    result = cloud.fetcher(allow("secretsmanager:GetSecretValue")).ask(
        secret("prod/db", "/password"), secret("prod/db?stage=AWSCURRENT", "/username"),
        secret("none"))
    check_equal(result.states, [FOUND, FOUND, MISSING], "states")
    check_equal([answer.value for answer in result.answers[:2]], ["s3cret", "me"])


@moto_test("a secret that is not allowed is denied, and the text names the action")
def denied_secret(cloud):
    cloud.put_secret("prod/db", "x")
    result = cloud.fetcher(allow("ssm:*")).ask(secret("prod/db"))
    check_equal(result.states, [DENIED], "states")
    check_contains(result.errors[0], "for secretsmanager:GetSecretValue on prod/db")
    check_contains(result.errors[0], "the policy lacks this action on "
                                     "arn:aws:secretsmanager:us-east-2:*:secret:prod/db-??????")


# --- ssmenv policy --------------------------------------------------------------------------------


def printed_policy(folder, *options):
    """What ssmenv policy prints for one parameter, one import, one secret and one role."""
    if not os.environ["SSMENV_STAGE"]:
        raise Skip("needs root")
    path = os.path.join(folder, "ssmenv.conf")
    with open(path, "w") as file:
        file.write("[aws]\nregion = us-east-2\ncredentials_file = /nonexistent\n"
                   "config_file = /nonexistent\n[env]\nA = /a\nB_* = /b/*\nC = secret:c\n"
                   "D = /users/%u/token\n[aws central]\nregion = us-east-2\n"
                   "role_arn = arn:aws:iam::123456789012:role/r\n[env aws=central]\nE = /e\n")
    os.chmod(path, 0o644)
    program = f"{os.environ['SSMENV_STAGE']}/sbin/ssmenv"
    done = subprocess.run([program, "policy", f"--config={path}", *options], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)


@moto_test("what ssmenv policy prints passes moto's validator of policies, bound or not")
def policy_grammar(cloud):
    key = ("--kms-key", "arn:aws:kms:us-east-2:123456789012:key/1234abcd")
    for options in ([], [*key, "--account=123456789012"], [*key, "--source-ip=203.0.113.0/24"],
                    ["--source-vpce=vpce-12345678,vpce-87654321", "--db-user=db-ABC/app"]):
        for document in printed_policy(cloud.folder, *options).values():
            cloud.server.check_policy(document)


@moto_test("the actions that ssmenv policy prints are those that are needed, each of them")
def policy_actions(cloud):
    cloud.put("/a", "x")
    cloud.put("/b/x", "x")
    cloud.put_secret("c", "x")
    documents = list(printed_policy(cloud.folder).values())
    # moto knows every resource of these actions as *.
    statements = [{**statement, "Resource": "*"} for document in documents[:2]
                  for statement in document["Statement"]]
    check_equal(len(statements), 4)
    arn = cloud.server.add_role(allow("ssm:GetParameters"))

    def found(granted):
        fetcher = cloud.fetcher(granted)
        result = fetcher.ask(parameter("/a"), children("/b/"), secret("c"), parameter("/a", "", 1),
                             identities=[fetcher.settings, {**fetcher.settings, "role_arn": arn}])
        return [state == FOUND for state in result.states]

    check_equal(found(statements), [True] * 4)
    for number, statement in enumerate(statements):
        check_equal(found([other for other in statements if other is not statement]),
                    [index != number for index in range(4)], f"without {statement['Action']}")


try:
    run()
finally:
    if moto is not None:
        moto.close()
