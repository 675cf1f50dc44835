"""The instance metadata service, version 2 only, and the endpoint that gives a container its
credentials.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html

Both are as strict as the real ones: without a token that this service gave, and that has not
expired, nothing is answered. The credentials are keys of the account, so that what is signed with
them is verified like everything else.
"""

from __future__ import annotations

import email.utils
import json
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Optional

ROLES = "/latest/meta-data/iam/security-credentials/"
TTL_MAX = 21600
INTERFACES = "/latest/meta-data/network/interfaces/macs/"
MAC = "0e:49:61:0f:c3:11"


def timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass
class Session:
    """Temporary credentials, as such a service hands them out."""

    access_key_id: str
    secret: str
    token: str
    expires: float


@dataclass
class Question:
    """What arrived, for the test to look at."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, port: int, service: Any) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)
        self.service = service
        self.thread = threading.Thread(
            target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}
        )
        self.thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the client went away: its right


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        service = self.server.service
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", "0")))
        question = Question(self.command, self.path, headers)
        with service.lock:
            service.questions.append(question)
            status, body = service.spoil(question) or service.answer(question)
        if status is None:
            service.stopped.wait()
            self.close_connection = True
            return
        question.status = status
        data = body.encode()
        self.send_response_only(status)
        self.send_header("Server", "EC2ws")
        self.send_header("Date", email.utils.formatdate(time.time(), usegmt=True))
        self.send_header("Content-Type", service.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = _serve


Answer = tuple[Optional[int], str]  # status (None: it never answers) and body


class LocalService:
    """What both have in common: a server of its own, faults, and a log of questions."""

    content_type = "text/plain"

    def __init__(self, add_key: Callable[..., None], address: str, port: int) -> None:
        self._add_key = add_key
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self.questions: list[Question] = []
        self._faults: list[dict[str, Any]] = []
        self.session = self.new_session()
        self._server = _Server(address, port, self)
        host = f"[{address}]" if ":" in address else address
        number = int(self._server.server_address[1])
        self.url = f"http://{host}" if number == 80 else f"http://{host}:{number}"

    def new_session(self, life: float = 6 * 3600, known: bool = True, policy: Any = None) -> Session:
        """Credentials that it hands out from now on. known: AWS accepts them."""
        session = Session(
            "ASIA" + secrets.token_hex(8).upper(),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(120) + "/+==",
            time.time() + life,
        )
        if known:
            self._add_key(
                session.access_key_id, session.secret, session.token, policy, life=life
            )
        self.session = session
        return session

    def fault(
        self,
        path: str = "",
        status: Optional[int] = None,
        body: str = "",
        times: Optional[int] = None,
        method: str = "",
    ) -> None:
        """The next `times` questions (None: all) with this method (any) whose path begins so are
        answered with this status; without status, never."""
        with self.lock:
            self._faults.append(
                {"path": path, "status": status, "body": body, "times": times, "method": method}
            )

    def clear_faults(self) -> None:
        with self.lock:
            self._faults.clear()

    def spoil(self, question: Question) -> Optional[Answer]:
        for fault in self._faults:
            fits = question.path.startswith(fault["path"]) and fault["method"] in (
                "",
                question.method,
            )
            if not fits or fault["times"] == 0:
                continue
            if fault["times"] is not None:
                fault["times"] -= 1
            return fault["status"], fault["body"]
        return None

    def answer(self, question: Question) -> Answer:
        raise NotImplementedError

    def close(self) -> None:
        if self.stopped.is_set():
            return
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.thread.join()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Metadata(LocalService):
    """role None: the instance has none. enabled False: the instance's metadata options say so."""

    def __init__(
        self,
        add_key: Callable[..., None],
        region: str,
        address: str = "127.0.0.1",
        port: int = 0,
        role: Optional[str] = "app-role",
    ) -> None:
        self.region = region
        self.zone = f"{region}-lax-1a"  # a local zone: its name less one letter is no region
        self.role = role
        self.enabled = True
        self.local_ipv4 = "10.0.1.5"
        self.security_groups = ["sg-0a1b2c3d4e5f60718", "sg-0123456789abcdef0"]
        self.token_life: Optional[float] = None  # in seconds, instead of what is asked for
        self._tokens: dict[str, float] = {}
        super().__init__(add_key, address, port)

    def forget_tokens(self) -> None:
        with self.lock:
            self._tokens.clear()

    def answer(self, question: Question) -> Answer:
        if not self.enabled:
            return 403, ""
        if question.path == "/latest/api/token":
            return self._give_token(question)
        if question.method != "GET":
            return 405, ""
        token = question.headers.get("x-aws-ec2-metadata-token", "")
        if self._tokens.get(token, 0) < time.time():
            return 401, ""
        return self._describe(question.path)

    def _give_token(self, question: Question) -> Answer:
        seconds = question.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if question.method != "PUT":
            return 405, ""
        if "x-forwarded-for" in question.headers:
            return 403, ""
        if not seconds.isdecimal() or not 1 <= int(seconds) <= TTL_MAX:
            return 400, ""
        token = secrets.token_urlsafe(40) + "=="
        life = int(seconds) if self.token_life is None else self.token_life
        self._tokens[token] = time.time() + life
        return 200, token

    def _describe(self, path: str) -> Answer:
        things = {
            "/latest/meta-data/placement/region": self.region,
            "/latest/meta-data/placement/availability-zone": self.zone,
            "/latest/meta-data/placement/availability-zone/": self.zone,
            "/latest/meta-data/instance-id": "i-0123456789abcdef0",
            "/latest/meta-data/local-ipv4": self.local_ipv4,
            "/latest/meta-data/mac": MAC,
            f"{INTERFACES}{MAC}/security-group-ids": "\n".join(self.security_groups),
        }
        if self.role is not None:
            things[ROLES] = self.role
            things[ROLES + self.role] = self._document()
        return (200, things[path]) if path in things else (404, "<html>404 - Not Found</html>")

    def _document(self) -> str:
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": timestamp(time.time()),
                "Type": "AWS-HMAC",
                "AccessKeyId": self.session.access_key_id,
                "SecretAccessKey": self.session.secret,
                "Token": self.session.token,
                "Expiration": timestamp(self.session.expires),
            },
            indent=2,
        )


class Container(LocalService):
    """Answers at path only, and only with the header Authorization, where authorization is set."""

    content_type = "application/json"

    def __init__(
        self,
        add_key: Callable[..., None],
        address: str = "127.0.0.1",
        port: int = 0,
        path: str = "/v1/credentials",
        authorization: Optional[str] = None,
    ) -> None:
        self.path = path
        self.authorization = authorization
        super().__init__(add_key, address, port)

    @property
    def full_uri(self) -> str:
        return self.url + self.path

    def answer(self, question: Question) -> Answer:
        if question.method != "GET":
            return 405, json.dumps({"code": "MethodNotAllowed", "message": ""})
        if question.path != self.path:
            return 404, json.dumps({"code": "NoIdForCredentials", "message": "unknown path"})
        if question.headers.get("authorization") != self.authorization:
            return 401, json.dumps({"code": "AccessDenied", "message": "unknown token"})
        return 200, json.dumps(
            {
                "RoleArn": "arn:aws:iam::111122223333:role/task",
                "AccessKeyId": self.session.access_key_id,
                "SecretAccessKey": self.session.secret,
                "Token": self.session.token,
                "Expiration": timestamp(self.session.expires),
            }
        )
