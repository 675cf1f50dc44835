"""The protocol "JSON 1.1" (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

Every operation is a POST to / with the operation in X-Amz-Target; errors carry their code in
__type. What a careful serialiser would not write is refused, also where AWS is more patient.
"""

from __future__ import annotations

import json
from typing import Any, Optional

from ..wire import JSON_TYPE, AWSError, Reply, Request, json_error, json_reply

# Of each member of a request: its type, and whether it must be there.
Members = dict[str, tuple[type, bool]]


class JsonService:
    target_prefix: str
    signing_name: str
    members: dict[str, Members]  # of each operation

    def operation(self, request: Request) -> Optional[str]:
        """The operation that the request names, where it is one of this service."""
        prefix, _, name = (request.header("x-amz-target") or "").rpartition(".")
        if request.header("content-type") == JSON_TYPE and prefix == self.target_prefix:
            return name if name in self.members else None
        return None

    def parse(self, operation: str, request: Request) -> dict[str, Any]:
        if (request.method, request.path) != ("POST", "/"):
            raise AWSError("UnknownOperationException")
        document = _parse_object(request.body)
        self._check_members(operation, document)
        return document

    def _check_members(self, operation: str, document: dict[str, Any]) -> None:
        members = self.members[operation]
        for name, value in document.items():
            if name not in members:
                raise AWSError("SerializationException", f"{operation} has no member {name}")
            if type(value) is not members[name][0]:
                raise AWSError(
                    "SerializationException",
                    f"{name} is no {members[name][0].__name__}: {type(value).__name__}",
                )
        for name, (_, required) in members.items():
            if required and name not in document:
                raise constraint("null", name[0].lower() + name[1:], "not be null")

    def reply(self, result: dict[str, Any]) -> Reply:
        return json_reply(200, result)

    def error(self, error: AWSError) -> Reply:
        return json_error(error)


def validation_error(message: str) -> AWSError:
    return AWSError("ValidationException", message)


def constraint(value: object, member: str, rule: str) -> AWSError:
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{member}' failed to "
        f"satisfy constraint: Member must {rule}"
    )


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant
        )
    except ValueError as error:
        raise AWSError("SerializationException", str(error)) from error
    if not isinstance(document, dict):
        raise AWSError("SerializationException", "The request is no JSON object.")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A member is there twice.")
    return members


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON.")
