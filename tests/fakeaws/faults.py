"""Faults that a test injects: every way in which AWS, or the way to it, can fail.

A fault is chosen only for a request whose signature was right; a wrong one is always answered as
such. Each kind is a function from the fault and the exchange to a reply. Those that stand for a
refusal do not execute the operation; those that spoil an answer do.
"""

from __future__ import annotations

import dataclasses
import email.utils
import json
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Protocol

from .calls import Call
from .iam import Key, denied
from .wire import AWSError, Peer, Reply, json_reply

MIB = 1024 * 1024


class Exchange(Protocol):
    """A verified request on its way to an answer."""

    call: Call
    key: Key

    def answer(self) -> Reply:
        """Executes the operation; its errors come as replies too."""

    def refuse(self, error: AWSError) -> Reply:
        """The error as the service that was asked writes it."""

    def parameter_arn(self, name: str) -> str:
        ...

    def now(self) -> float:
        ...

    def hold(self) -> None:
        """Returns when the test releases what it holds."""

    def next_page(self, skipped: int) -> str:
        """A token that continues where this request begins, plus skipped."""


@dataclass
class Fault:
    kind: str
    operation: Optional[str] = None  # None: every operation
    times: Optional[int] = None  # None: until cleared
    after: int = 0  # that many calls that would match pass unharmed first
    names: Optional[list[str]] = None  # only calls that ask for one of these
    details: dict[str, Any] = field(default_factory=dict)

    def named(self, call: Call) -> Optional[str]:
        """The first name of the call that the fault concerns."""
        for name in call.names:
            if self.names is None or name in self.names or name.partition(":")[0] in self.names:
                return name
        return None

    def concerns(self, call: Call) -> bool:
        return self.operation in (None, call.operation) and (
            self.names is None or self.named(call) is not None
        )


class Faults:
    """The faults in force. Callers hold the account's lock."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        if fault.kind not in KINDS and fault.kind not in CONNECTION_KINDS:
            known = ", ".join(sorted({*KINDS, *CONNECTION_KINDS}))
            raise ValueError(f"no fault of kind {fault.kind!r}: {known}")
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def for_call(self, call: Call) -> Optional[Fault]:
        return self._take(lambda fault: fault.kind in KINDS and fault.concerns(call))

    def for_connection(self) -> Optional[Fault]:
        return self._take(lambda fault: fault.kind in CONNECTION_KINDS)

    def _take(self, fits: Callable[[Fault], bool]) -> Optional[Fault]:
        for fault in self._faults:
            if not fits(fault) or fault.times == 0:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None


# --- refusals ------------------------------------------------------------------------------------


def _error(code: str, message: Optional[str], status: int = 400) -> Callable[..., Reply]:
    def refuse(fault: Fault, exchange: Exchange) -> Reply:
        return exchange.refuse(
            AWSError(
                fault.details.get("code", code),
                fault.details.get("message", message),
                fault.details.get("status", status),
            )
        )

    return refuse


def _access_denied(fault: Fault, exchange: Exchange) -> Reply:
    action = f"ssm:{exchange.call.operation}"
    resource = exchange.parameter_arn(fault.named(exchange.call) or "*")
    return exchange.refuse(
        denied(
            exchange.key,
            action,
            resource,
            f"because no identity-based policy allows the {action} action",
        )
    )


def _service_unavailable(fault: Fault, exchange: Exchange) -> Reply:
    page = b"<html><body><b>Http/1.1 Service Unavailable</b></body> </html>"
    return Reply(503, page, {"Content-Type": "text/html"})


def _redirect(fault: Fault, exchange: Exchange) -> Reply:
    location = fault.details.get("location", "http://127.0.0.1:9/")
    return Reply(fault.details.get("status", 307), b"", {"Location": location})


def _body(fault: Fault, exchange: Exchange) -> Reply:
    """A body of the test's own; without one, a page as a captive portal shows it."""
    body = fault.details.get("body", "<html><body>Please log in.</body></html>")
    kind = fault.details.get("content_type", "text/html")
    return Reply(fault.details.get("status", 200), body.encode(), {"Content-Type": kind})


def _document(fault: Fault, exchange: Exchange) -> Reply:
    """JSON, but not of the shape that the operation answers."""
    return json_reply(fault.details.get("status", 200), fault.details.get("document", []))


def _garbage(fault: Fault, exchange: Exchange) -> Reply:
    return dataclasses.replace(json_reply(200, None), body=bytes(range(256)) * 4)


def _empty(fault: Fault, exchange: Exchange) -> Reply:
    return dataclasses.replace(json_reply(fault.details.get("status", 200), None), body=b"")


# --- spoiled answers -----------------------------------------------------------------------------


def _headers(fault: Fault, exchange: Exchange) -> Reply:
    """The answer (of another kind of fault, if `base` names one) with more headers."""
    base = KINDS[fault.details["base"]] if "base" in fault.details else None
    reply = base(fault, exchange) if base else exchange.answer()
    reply.headers.update(fault.details.get("headers", {}))
    return reply


def _date(fault: Fault, exchange: Exchange) -> Reply:
    reply = exchange.answer()
    when = exchange.now() + fault.details.get("seconds", 3600)
    reply.headers["Date"] = email.utils.formatdate(when, usegmt=True)
    return reply


def _hold(fault: Fault, exchange: Exchange) -> Reply:
    exchange.hold()
    return exchange.answer()


def _repeated_token(fault: Fault, exchange: Exchange) -> Reply:
    """A page that says to continue where it began."""
    reply = exchange.answer()
    document = json.loads(reply.body)
    document["NextToken"] = exchange.call.request.get("NextToken") or exchange.next_page(0)
    return dataclasses.replace(reply, body=json.dumps(document).encode())


def _empty_page(fault: Fault, exchange: Exchange) -> Reply:
    """No parameters, yet more to come: nothing is lost, the next page begins here."""
    return json_reply(200, {"Parameters": [], "NextToken": exchange.next_page(0)})


# --- deliveries ----------------------------------------------------------------------------------


def _nothing(peer: Peer, head: bytes, body: bytes) -> bool:
    return False


def _hang(peer: Peer, head: bytes, body: bytes) -> bool:
    peer.wait_until_closed()
    return False


def _reset(peer: Peer, head: bytes, body: bytes) -> bool:
    peer.reset()
    return False


def _head_only(peer: Peer, head: bytes, body: bytes) -> bool:
    peer.send(head)
    peer.wait_until_closed()
    return False


def _drip(fault: Fault) -> Callable[[Peer, bytes, bytes], bool]:
    def deliver(peer: Peer, head: bytes, body: bytes) -> bool:
        for byte in head + body:
            peer.send(bytes([byte]))
            peer.pause(fault.details.get("interval", 1.0))
        return True

    return deliver


def _delayed(fault: Fault) -> Callable[[Peer, bytes, bytes], bool]:
    def deliver(peer: Peer, head: bytes, body: bytes) -> bool:
        peer.pause(fault.details.get("seconds", 0.1))
        peer.send(head + body)
        return True

    return deliver


def _truncated(fault: Fault) -> Callable[[Peer, bytes, bytes], bool]:
    def deliver(peer: Peer, head: bytes, body: bytes) -> bool:
        peer.send(head + body[: fault.details.get("keep", len(body) // 2)])
        return False

    return deliver


def _silent(delivery: Any) -> Callable[..., Reply]:
    """The operation is executed, but no status ever reaches the client."""

    def spoil(fault: Fault, exchange: Exchange) -> Reply:
        return dataclasses.replace(exchange.answer(), status=0, delivery=delivery)

    return spoil


def _delivered(delivery_of: Callable[[Fault], Any]) -> Callable[..., Reply]:
    def spoil(fault: Fault, exchange: Exchange) -> Reply:
        return dataclasses.replace(exchange.answer(), delivery=delivery_of(fault))

    return spoil


def _wrong_length(fault: Fault, exchange: Exchange) -> Reply:
    """Content-Length says more (or, with a negative `by`, less) than the body has."""
    reply = exchange.answer()
    reply.headers["Content-Length"] = str(len(reply.body) + fault.details.get("by", 10))
    return dataclasses.replace(reply, delivery=_truncated(Fault("", details={"keep": None})))


def _huge(fault: Fault, exchange: Exchange) -> Reply:
    """A well-formed answer that does not end soon; with `chunked` it does not say how long."""
    size = fault.details.get("bytes", 64 * MIB)
    reply = json_reply(200, None)
    if fault.details.get("chunked"):
        reply.headers["Transfer-Encoding"] = "chunked"
    else:
        reply.headers["Content-Length"] = str(size)
    chunked = bool(fault.details.get("chunked"))

    def deliver(peer: Peer, head: bytes, body: bytes) -> bool:
        opening = b'{"Parameters":[],"InvalidParameters":["'
        peer.send(head)
        sent = 0
        while sent < size:
            piece = opening if sent == 0 else b"A" * min(MIB // 4, size - sent)
            peer.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
        return False

    return dataclasses.replace(reply, delivery=deliver)


# What older replies say; a policy without kms:Decrypt gives the newer sentence.
KMS_MESSAGE = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in "
    "this region, or you are not allowed to access. (Service: AWSKMS; Status Code: 400; "
    "Error Code: AccessDeniedException; Request ID: 00000000-0000-4000-8000-000000000000)"
)

KINDS: dict[str, Callable[[Fault, Exchange], Reply]] = {
    # AWS refuses.
    "throttle": _error("ThrottlingException", "Rate exceeded"),
    "internal_error": _error("InternalServerError", "An error occurred on the server side.", 500),
    "service_unavailable": _service_unavailable,
    "access_denied": _access_denied,
    "kms_denied": _error("AccessDeniedException", KMS_MESSAGE),
    "unrecognized_client": _error(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    ),
    "invalid_signature": _error(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature " "you provided.",
    ),
    "expired_token": _error(
        "ExpiredTokenException", "The security token included in the request is expired"
    ),
    "error": _error("UnknownError", None),  # details: code, message, status
    # Something that is not AWS answers, or AWS answers something else.
    "redirect": _redirect,
    "body": _body,
    "document": _document,
    "garbage": _garbage,
    "empty": _empty,
    # AWS answers, and then something happens to the answer.
    "headers": _headers,
    "date": _date,
    "hold": _hold,
    "delay": _delivered(_delayed),
    "slow": _delivered(_drip),
    "truncated": _delivered(_truncated),
    "wrong_length": _wrong_length,
    "huge": _huge,
    "hang": _silent(_hang),
    "hang_body": _delivered(lambda fault: _head_only),
    "close": _silent(_nothing),
    "reset": _silent(_reset),
    # Pages.
    "repeated_token": _repeated_token,
    "empty_page": _empty_page,
}

# What happens to a connection before its first byte, also before a TLS handshake.
CONNECTION_KINDS: dict[str, Callable[[Peer], None]] = {
    "connect_hang": lambda peer: peer.wait_until_closed(),
    "connect_close": lambda peer: None,
    "connect_reset": lambda peer: peer.reset(),
}
