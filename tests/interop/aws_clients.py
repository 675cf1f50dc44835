"""The clients of the interop tests: raw requests, botocore's client and the aws command line.

The signer here shares nothing with the one that the fake verifies with (botocore's), so that a
request which both accept says something. It is the procedure of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import hmac
import json
import os
import socket
import subprocess
import tempfile
import urllib.parse
from dataclasses import dataclass
from typing import Any, Callable, Optional

JSON_TYPE = "application/x-amz-json-1.1"
AWS = "/usr/bin/aws"


@dataclass(frozen=True)
class RawRequest:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def replace(self, **changes: Any) -> RawRequest:
        return dataclasses.replace(self, **changes)

    def with_header(self, name: str, value: str) -> RawRequest:
        return self.replace(
            headers=tuple(
                (key, value if key.lower() == name.lower() else old) for key, old in self.headers
            )
        )

    def without_header(self, name: str) -> RawRequest:
        return self.replace(
            headers=tuple(
                (key, value) for key, value in self.headers if key.lower() != name.lower()
            )
        )

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def encoded(self) -> bytes:
        head = f"{self.method} {self.target} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in self.headers
        )
        return f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body


@dataclass(frozen=True)
class Signer:
    key_id: str
    secret: str
    token: Optional[str] = None
    region: str = "us-east-2"
    service: str = "ssm"

    def sign(self, request: RawRequest, when: Optional[datetime.datetime] = None) -> RawRequest:
        """Adds X-Amz-Date, the session token and Authorization over all headers."""
        when = when or datetime.datetime.now(datetime.timezone.utc)
        date = when.strftime("%Y%m%dT%H%M%SZ")
        added = [("X-Amz-Date", date)]
        if self.token:
            added.append(("X-Amz-Security-Token", self.token))
        request = request.replace(headers=request.headers + tuple(added))
        names = sorted({name.lower() for name, _ in request.headers})
        scope = f"{date[:8]}/{self.region}/{self.service}/aws4_request"
        canonical = "\n".join(
            [
                request.method,
                _canonical_path(request.target),
                _canonical_query(request.target),
                *(f"{name}:{_canonical_value(request, name)}" for name in names),
                "",
                ";".join(names),
                hashlib.sha256(request.body).hexdigest(),
            ]
        )
        text = "\n".join(
            ["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        authorization = (
            f"AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return request.replace(headers=request.headers + (("Authorization", authorization),))


def _canonical_path(target: str) -> str:
    return urllib.parse.quote(target.partition("?")[0], safe="/~")


def _canonical_query(target: str) -> str:
    pairs = [pair.partition("=") for pair in target.partition("?")[2].split("&") if pair]
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs))


def _canonical_value(request: RawRequest, name: str) -> str:
    return ",".join(
        " ".join(value.split()) for key, value in request.headers if key.lower() == name
    )


def ssm_request(host: str, operation: str, document: Any, *more: tuple[str, str]) -> RawRequest:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return RawRequest(
        "POST",
        "/",
        (
            ("Host", host),
            ("Content-Type", JSON_TYPE),
            ("X-Amz-Target", f"AmazonSSM.{operation}"),
            *more,
        ),
        body,
    )


@dataclass(frozen=True)
class RawReply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.document["__type"])

    @property
    def message(self) -> str:
        return str(self.document.get("message", ""))


def connect(endpoint: str) -> socket.socket:
    port = urllib.parse.urlsplit(endpoint).port
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def exchange(endpoint: str, request: bytes) -> RawReply:
    """Sends the bytes, says that no more will come, and reads what comes back."""
    with connect(endpoint) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return parse_reply(read_to_end(connection))


def parse_reply(received: bytes) -> RawReply:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return RawReply(int(status.split()[1]), headers, body)


@functools.lru_cache(maxsize=None)
def _session() -> Any:
    """Shared, since reading the model of a service takes longer than most tests."""
    import botocore.session

    session = botocore.session.Session()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    return session


def botocore_client(
    aws: Any,
    endpoint: Optional[str] = None,
    service: str = "ssm",
    keys: Optional[tuple[str, ...]] = None,
) -> Any:
    """botocore's own client with these keys (id, secret and session token), or with the fake's
    default key; nothing is taken from the environment."""
    import botocore.config

    endpoint = endpoint or aws.endpoint
    access_key_id, secret, *token = keys or (aws.access_key_id, aws.secret_access_key)
    return _session().create_client(
        service,
        aws.region,
        endpoint_url=endpoint,
        verify=aws.ca_file if endpoint.startswith("https") else None,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        aws_session_token=token[0] if token else None,
        config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60, proxies={}),
    )


def error_of(operation: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """What botocore's parser made of the error, with the exception's class in it."""
    from botocore.exceptions import ClientError

    try:
        operation(**arguments)
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return {
            "Message": "",
            **error.response["Error"],
            "Class": type(error).__name__,
            "Status": metadata["HTTPStatusCode"],
            "RequestId": metadata.get("RequestId"),
        }
    raise AssertionError("the call succeeded")


def aws_command(
    aws: Any,
    *arguments: str,
    endpoint: Optional[str] = None,
    service: str = "ssm",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Debian's aws with these arguments, an empty home and the fake's default key."""
    with tempfile.TemporaryDirectory(prefix="aws-home-") as home:
        return subprocess.run(
            [AWS, "--endpoint-url", endpoint or aws.endpoint, service, *arguments],
            env={
                "HOME": home,
                "PATH": "/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "AWS_PAGER": "",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",
                "AWS_DEFAULT_REGION": aws.region,
                "AWS_DEFAULT_OUTPUT": "json",
                "AWS_ACCESS_KEY_ID": aws.access_key_id,
                "AWS_SECRET_ACCESS_KEY": aws.secret_access_key,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
