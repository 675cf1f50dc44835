"""Control over HTTP: POST /_control/NAME with {"args": [...], "kwargs": {...}}.

NAME is a method or attribute of FakeAWS from the two lists below; the answer is {"result": ...}, or
{"error": ..., "message": ...} for a mistake in the call itself.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from .wire import AWSError, Reply

METHODS = (
    "add_key",
    "add_role",
    "expire",
    "set_policy",
    "put",
    "put_secret",
    "stage_secret",
    "delete_secret",
    "secret_arn",
    "delete",
    "label",
    "fault",
    "clear_faults",
    "release",
    "clear_calls",
    "calls_of",
    "wait_for_calls",
    "set_clock",
    "set_page_size",
    "tls_endpoint_with",
)
ATTRIBUTES = ("calls", "connections", "handshakes_failed", "settings")
MISTAKES = {
    "ValueError": ValueError,
    "TypeError": TypeError,
    "TimeoutError": TimeoutError,
    "AttributeError": AttributeError,
    "AWSError": RuntimeError,
}


def control(target: Any, name: str, body: bytes) -> Reply:
    try:
        document = {"result": _invoke(target, name, json.loads(body or b"{}"))}
        status = 200
    except (ValueError, TypeError, TimeoutError, AttributeError, AWSError) as error:
        document = {"error": _kind(error), "message": str(error)}
        status = 400
    return Reply(
        status, json.dumps(document, default=_plain).encode(), {"Content-Type": "application/json"}
    )


def _invoke(target: Any, name: str, request: dict[str, Any]) -> Any:
    if name in ATTRIBUTES:
        return getattr(target, name)
    if name in METHODS:
        return getattr(target, name)(*request.get("args", ()), **request.get("kwargs", {}))
    raise AttributeError(f"no control {name}: {', '.join(METHODS + ATTRIBUTES)}")


def _kind(error: Exception) -> str:
    return next(
        (kind.__name__ for kind in type(error).__mro__ if kind.__name__ in MISTAKES), "ValueError"
    )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
