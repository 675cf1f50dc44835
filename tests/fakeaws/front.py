"""AWS's front end: finds the service, checks the signature, executes the operation, logs the call."""

from __future__ import annotations

import json
import threading
from typing import Any, Optional

from . import sigv4
from .account import Account
from .calls import Call, CallLog
from .faults import KINDS, Faults
from .iam import Key
from .services import Service, services_of
from .wire import JSON_TYPE, AWSError, Reply, Request, json_error, json_reply

UNKNOWN_OPERATION = Reply(404, b"<UnknownOperationException/>\n", {"Content-Type": "text/xml"},
                          "UnknownOperationException")
MISDIRECTED = Reply(421, b"<html><body>There is no such host here.</body></html>",
                    {"Content-Type": "text/html"}, "Misdirected")


class FrontEnd:
    def __init__(self, account: Account, faults: Faults, log: CallLog) -> None:
        self.account = account
        self.faults = faults
        self.log = log
        self.released = threading.Event()
        self._services = services_of(account)

    def handle(self, request: Request, hosts: frozenset[str]) -> Reply:
        call = self.log.begin(request)
        reply = json_error(AWSError("InternalFailure", status=500))
        try:
            reply = self._handle(request, call, hosts)
        except AWSError as error:
            call.reason = sigv4.reason(error) or ""
            reply = json_error(error)
        finally:
            self.log.end(call, reply)
        return reply

    def _handle(self, request: Request, call: Call, hosts: frozenset[str]) -> Reply:
        if (request.header("host") or "").lower() not in hosts:
            return _copy(MISDIRECTED)
        if request.header("content-type") != JSON_TYPE:
            return _copy(UNKNOWN_OPERATION)
        service, call.operation = self._route(request)
        call.service = service.signing_name
        with self.account.lock:
            key = sigv4.verify(request, self.account.keys, self.account.region,
                               service.signing_name, self.account.now())
            call.key_id = key.access_key_id
            call.request = parse_document(request.body)
            call.names = service.names(call.operation, call.request)
            fault = self.faults.for_call(call)
            call.fault = fault.kind if fault else ""
        self.log.identified()
        exchange = VerifiedExchange(self, service, call, key)
        return KINDS[fault.kind](fault, exchange) if fault else exchange.answer()

    def _route(self, request: Request) -> tuple[Service, str]:
        prefix, _, operation = (request.header("x-amz-target") or "").rpartition(".")
        for service in self._services:
            if prefix == service.target_prefix and operation in service.operations():
                if (request.method, request.path) == ("POST", "/"):
                    return service, operation
        raise AWSError("UnknownOperationException")


class VerifiedExchange:
    """See faults.Exchange."""

    def __init__(self, front: FrontEnd, service: Service, call: Call, key: Key) -> None:
        self._front = front
        self._service = service
        self.call = call
        self.key = key

    def answer(self) -> Reply:
        try:
            with self._front.account.lock:
                result = self._service.call(self.call.operation, self.call.request, self.key)
        except AWSError as error:
            self.call.reason = sigv4.reason(error) or ""
            return json_error(error)
        return json_reply(200, result)

    def parameter_arn(self, name: str) -> str:
        return name if name.startswith("arn:") else self._front.account.parameter_arn(
            name.partition(":")[0])

    def now(self) -> float:
        return self._front.account.now()

    def hold(self) -> None:
        self._front.released.wait()

    def next_page(self, skipped: int) -> str:
        account, request = self._front.account, self.call.request
        position = account.page_position(self.call.operation, request)
        return account.page_token(self.call.operation, request, position + skipped)


def parse_document(body: bytes) -> dict[str, Any]:
    """The request's JSON object; anything that a careful serialiser would not write is refused."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_object,
                              parse_constant=_constant)
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


def _constant(text: str) -> Optional[float]:
    raise ValueError(f"{text} is no JSON.")


def _copy(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, dict(reply.headers), reply.code)
