"""A request as it was received and a reply as it will be sent.

Nothing here interprets a request beyond HTTP itself: header names keep their case and order, and
repeated headers stay apart, since a signature covers the request as it was on the wire.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Protocol

JSON_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Request:
    method: str
    target: str  # as on the request line, with the query
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int  # which accepted connection it came on, counted from 1
    tls: bool

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> Optional[str]:
        """The header's value without blanks around it; the first where it was sent twice."""
        values = self.header_values(name)
        return values[0] if values else None

    def header_values(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.headers if key.lower() == name]


class Peer(Protocol):
    """The client's side of a connection, as far as a delivery needs it."""

    def send(self, data: bytes) -> None:
        ...

    def wait_until_closed(self) -> None:
        ...

    def pause(self, seconds: float) -> None:
        ...

    def reset(self) -> None:
        ...


# Puts head and body on the wire. False: the connection is closed afterwards.
Delivery = Callable[[Peer, bytes, bytes], bool]


def deliver_whole(peer: Peer, head: bytes, body: bytes) -> bool:
    peer.send(head + body)
    return True


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""  # AWS's error code, for the call log
    delivery: Delivery = deliver_whole


@dataclass
class AWSError(Exception):
    """What a service answers instead of a result; fields are further members of the JSON body."""

    code: str
    message: Optional[str] = None
    status: int = 400
    fields: dict[str, Any] = field(default_factory=dict)


def request_id() -> str:
    return str(uuid.uuid4())


def json_reply(status: int, document: Any, code: str = "") -> Reply:
    return Reply(
        status,
        json.dumps(document).encode(),
        {"Content-Type": JSON_TYPE, "x-amzn-RequestId": request_id()},
        code,
    )


def json_error(error: AWSError) -> Reply:
    """JSON 1.1 error: the code in __type, no error header, as Systems Manager sends it."""
    document: dict[str, Any] = {"__type": error.code}
    if error.message is not None:
        document["message"] = error.message
    document.update(error.fields)
    return json_reply(error.status, document, error.code)
