"""AWS's front end: finds the service, checks the signature, executes the operation, logs."""

from __future__ import annotations

import threading
from typing import Optional

from . import sigv4
from .account import Account
from .calls import Call, CallLog
from .faults import KINDS, Faults
from .iam import Key
from .services import Service, services_of
from .wire import JSON_TYPE, AWSError, Reply, Request, json_error


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
        finally:
            self.log.end(call, reply)
        return reply

    def _handle(self, request: Request, call: Call, hosts: frozenset[str]) -> Reply:
        if (request.header("host") or "").lower() not in hosts:
            return _misdirected()
        service = self._service(request, call)
        if service is None:
            return _unknown_operation(request)
        try:
            return self._serve(request, call, service)
        except AWSError as error:
            call.reason = sigv4.reason(error) or ""
            return service.error(error)

    def _serve(self, request: Request, call: Call, service: Service) -> Reply:
        with self.account.lock:
            key = self._verify(request, call, service)
            call.key_id = key.access_key_id
            call.request = service.parse(call.operation, request)
            call.names = service.names(call.operation, call.request)
            fault = self.faults.for_call(call)
            call.fault = fault.kind if fault else ""
        self.log.identified()
        exchange = VerifiedExchange(self, service, call, key)
        return KINDS[fault.kind](fault, exchange) if fault else exchange.answer()

    def _verify(self, request: Request, call: Call, service: Service) -> Key:
        """The key that signed; one that may do nothing for the operations that nobody signs."""
        is_signed = getattr(service, "is_signed", lambda operation: True)
        if not is_signed(call.operation):
            return Key("", "")
        return sigv4.verify(
            request,
            self.account.keys,
            self.account.region,
            service.signing_name,
            self.account.now(),
        )

    def _service(self, request: Request, call: Call) -> Optional[Service]:
        for service in self._services:
            operation = service.operation(request)
            if operation is not None:
                call.operation, call.service = operation, service.signing_name
                return service
        return None


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
            return self.refuse(error)
        return self._service.reply(result)

    def refuse(self, error: AWSError) -> Reply:
        self.call.reason = sigv4.reason(error) or ""
        return self._service.error(error)

    def parameter_arn(self, name: str) -> str:
        return (
            name
            if name.startswith("arn:")
            else self._front.account.parameter_arn(name.partition(":")[0])
        )

    def now(self) -> float:
        return self._front.account.now()

    def hold(self) -> None:
        self._front.released.wait()

    def next_page(self, skipped: int) -> str:
        account, request = self._front.account, self.call.request
        position = account.page_position(self.call.operation, request)
        return account.page_token(self.call.operation, request, position + skipped)


def _unknown_operation(request: Request) -> Reply:
    """JSON for those who speak JSON, XML for everybody else."""
    if request.header("content-type") == JSON_TYPE:
        return json_error(AWSError("UnknownOperationException"))
    return Reply(
        404,
        b"<UnknownOperationException/>\n",
        {"Content-Type": "text/xml"},
        "UnknownOperationException",
    )


def _misdirected() -> Reply:
    return Reply(
        421,
        b"<html><body>There is no such host here.</body></html>",
        {"Content-Type": "text/html"},
        "Misdirected",
    )
