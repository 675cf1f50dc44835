"""The log of calls: one record for each request that arrived, also for those that were refused."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Optional

from .wire import Reply, Request


@dataclass
class Call:
    number: int  # counted from 1 since the start or the last clear
    time: float  # of arrival, seconds since the epoch
    method: str
    target: str
    headers: list[tuple[str, str]]
    connection: int  # the same number: the same TCP connection
    tls: bool
    concurrency: int  # calls under way when this one arrived, itself included
    service: str = ""
    operation: str = ""  # "" where the request named none that exists
    request: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    key_id: str = ""  # of the key that signed it; "" where the signature was refused
    status: Optional[int] = None  # None: not answered (yet)
    code: str = ""  # AWS's error code in the answer
    reason: str = ""  # first line of AWS's message
    fault: str = ""  # kind of the injected fault

    def header(self, name: str) -> Optional[str]:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class CallLog:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[Call] = []
        self._under_way = 0
        self._closed = False

    def begin(self, request: Request) -> Call:
        with self._changed:
            self._under_way += 1
            call = Call(
                len(self._calls) + 1,
                time.time(),
                request.method,
                request.target,
                list(request.headers),
                request.connection,
                request.tls,
                self._under_way,
            )
            self._calls.append(call)
            return call

    def identified(self) -> None:
        """A call's operation is known now: those who wait for it look again."""
        with self._changed:
            self._changed.notify_all()

    def end(self, call: Call, reply: Reply) -> None:
        with self._changed:
            self._under_way -= 1
            call.status = reply.status or None
            call.code = reply.code
            self._changed.notify_all()

    def snapshot(self, operation: Optional[str] = None) -> list[Call]:
        with self._changed:
            return [call for call in self._calls if operation in (None, call.operation)]

    def clear(self) -> None:
        with self._changed:
            self._calls.clear()

    def wait(self, count: int, operation: Optional[str], timeout: float) -> list[Call]:
        """The calls, as soon as there are count of them (arrived, not necessarily answered)."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or len(self.snapshot(operation)) >= count, timeout
            )
            found = self.snapshot(operation)
        if len(found) < count:
            raise TimeoutError(f"{len(found)} calls instead of {count} after {timeout} s")
        return found

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
