#!/usr/bin/python3
"""The real ssmenv-fetch against moto with its IAM checks on, where moto can be imported: the cases
of fetch.t, so that what holds for the fake is no habit of a server that this project wrote."""

import os
import shutil
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
from fetcher import DENIED, FAILED, FOUND, MISSING, Fetcher, children, parameter  # noqa: E402
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


try:
    run()
finally:
    if moto is not None:
        moto.close()
