"""moto's server (https://docs.getmoto.org/en/latest/docs/server_mode.html) with its IAM checks on.

moto recomputes signatures and evaluates the policies of users and roles, but each action against
the resource * only, and it answers refusals in XML with status 403 where AWS sends JSON and 400.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from typing import Any, Iterator, NamedTuple, Optional

Statements = Optional[list[dict[str, Any]]]

REGION = "us-east-2"
ALLOW_ALL = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
LAUNCH = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
AUTHENTICATE_NEVER = b"1000000000"
AUTHENTICATE_NOW = b"0"


class Keys(NamedTuple):
    access_key_id: str
    secret: str
    token: Optional[str] = None


@functools.lru_cache(maxsize=None)
def python_with_moto() -> Optional[str]:
    """This Python, or the one in PATH, where it can import moto's server."""
    for python in dict.fromkeys((sys.executable, shutil.which("python3") or sys.executable)):
        done = subprocess.run(
            [python, "-c", "import moto.server, flask"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode == 0:
            return python
    return None


class MotoServer:
    region = REGION

    def __init__(self, python: str) -> None:
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AWS_", "MOTO_")) and "proxy" not in key.lower()
        }
        # It ends with its standard input, also when this process is killed.
        self._process = subprocess.Popen(
            [python, "-c", LAUNCH],
            stdin=subprocess.PIPE,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._users = 0

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def __enter__(self) -> MotoServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    # --- what an administrator does, with the checks off ---

    def reset(self) -> None:
        self._post("reset", b"")
        self._post("reset-auth", AUTHENTICATE_NOW)

    def put(self, name: str, value: str, type: str = "SecureString") -> None:
        with self._administration():
            ssm = self._client("ssm")
            ssm.put_parameter(Name=name, Value=value, Type=type, Overwrite=True)

    def label(self, name: str, version: int, label: str) -> None:
        with self._administration():
            ssm = self._client("ssm")
            ssm.label_parameter_version(Name=name, ParameterVersion=version, Labels=[label])

    def put_secret(self, name: str, value: str) -> None:
        with self._administration():
            self._client("secretsmanager").create_secret(Name=name, SecretString=value)

    def add_user(self, statements: Statements = None) -> Keys:
        """The keys of a user with this policy; None: everything is allowed."""
        with self._administration():
            iam, name = self._client("iam"), self._name()
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=_policy(statements))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def add_session(self, statements: Statements = None) -> Keys:
        """Temporary keys of a role with this policy."""
        arn = self.add_role(statements)
        with self._administration():
            sts = self._client("sts")
            found = sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
            return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def add_role(self, statements: Statements = None) -> str:
        """The ARN of a role with this policy, which everybody may assume."""
        with self._administration():
            iam, name = self._client("iam"), self._name()
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(statements))
            return role["Role"]["Arn"]

    def check_policy(self, document: dict[str, Any]) -> None:
        """Raises botocore's ClientError (MalformedPolicyDocument) for what is none."""
        with self._administration():
            iam = self._client("iam")
            iam.create_policy(PolicyName=self._name(), PolicyDocument=json.dumps(document))

    @contextlib.contextmanager
    def _administration(self) -> Iterator[None]:
        self._post("reset-auth", AUTHENTICATE_NEVER)
        try:
            yield
        finally:
            self._post("reset-auth", AUTHENTICATE_NOW)

    def _name(self) -> str:
        self._users += 1
        return f"user{self._users}"

    def _post(self, action: str, body: bytes) -> None:
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/{action}", body, {"Content-Type": "text/plain"}
        )
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()

    @functools.lru_cache(maxsize=None)
    def _client(self, service: str) -> Any:
        import botocore.config
        import botocore.session

        session = botocore.session.Session()
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        return session.create_client(
            service,
            self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="administrator",
            aws_secret_access_key="administrator",
            config=botocore.config.Config(proxies={}),
        )


def _policy(statements: Statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements or ALLOW_ALL})
