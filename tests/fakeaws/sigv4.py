"""Checks a request's Signature Version 4 the way AWS's front end does.

The signature is recomputed by botocore's own signer over the request as it was received: its
method, path, query and body, and exactly the headers that SignedHeaders lists. Everything around
the signature (date, scope, which headers must be signed, session token) is checked here, because a
signer has no reason to. Of the two places for the date only X-Amz-Date is known, and signatures in
the query string are not. See
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any, Optional

from botocore.auth import SigV4Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .iam import Key
from .wire import AWSError, Request

ALGORITHM = "AWS4-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
CLOCK_TOLERANCE = 300  # seconds, in either direction
ONCE = (
    "host",
    "authorization",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-content-sha256",
    "content-type",
    "content-length",
)

INVALID_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check "
    "your AWS Secret Access Key and signing method. Consult the service documentation for "
    "details."
)


def invalid_signature(message: str) -> AWSError:
    return AWSError("InvalidSignatureException", message)


@dataclass(frozen=True)
class Authorization:
    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


@dataclass
class _Received:
    """What botocore's signer reads of a request."""

    method: str
    url: str
    headers: HTTPHeaders
    body: bytes
    params: None = None
    context: dict[str, Any] = field(default_factory=dict)


class _Recomputed(SigV4Auth):  # type: ignore[misc]
    """Signs the headers that the client says it signed, not those a client ought to sign."""

    signed: tuple[str, ...] = ()

    def headers_to_sign(self, request: _Received) -> HTTPHeaders:
        chosen = HTTPHeaders()
        for name, value in request.headers.items():
            if name.lower() in self.signed:
                chosen[name.lower()] = value
        return chosen


def verify(request: Request, keys: dict[str, Key], region: str, service: str, now: float) -> Key:
    """The key that signed the request, or AWSError."""
    _check_sent_once(request)
    authorization = parse_authorization(request)
    key = keys.get(authorization.key_id)
    if key is None:
        raise AWSError("UnrecognizedClientException", INVALID_TOKEN)
    _check_session_token(request, key, now)
    _check_scope(authorization, region, service)
    _check_date(request, authorization, now)
    _check_signed_headers(request, authorization)
    _check_payload_header(request)
    _check_signature(request, authorization, key)
    return key


def parse_authorization(request: Request) -> Authorization:
    text = request.header("authorization")
    if text is None:
        raise AWSError("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = text.partition(" ")
    if algorithm != ALGORITHM:
        raise AWSError("IncompleteSignatureException", f"Unsupported algorithm: {algorithm}")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise AWSError(
                "IncompleteSignatureException", f"Authorization header requires '{name}' parameter."
            )
    scope = parts["Credential"].split("/")
    if len(scope) < 5:
        raise AWSError(
            "IncompleteSignatureException",
            "Credential must have at least 5 slash-delimited elements.",
        )
    if scope[-1] != "aws4_request":
        raise invalid_signature(
            "Credential should be scoped with a valid terminator: 'aws4_request', "
            f"not '{scope[-1]}'."
        )
    return Authorization(
        "/".join(scope[:-4]),
        scope[-4],
        scope[-3],
        scope[-2],
        tuple(parts["SignedHeaders"].split(";")),
        parts["Signature"],
    )


def _check_sent_once(request: Request) -> None:
    for name in ONCE:
        if len(request.header_values(name)) > 1:
            raise invalid_signature(f"The header {name} was sent more than once.")


def _check_session_token(request: Request, key: Key, now: float) -> None:
    token = request.header("x-amz-security-token")
    if token != key.session_token:
        raise AWSError("UnrecognizedClientException", INVALID_TOKEN)
    if key.expired or (key.expires is not None and key.expires < now):
        raise AWSError("ExpiredTokenException", EXPIRED_TOKEN)


def _check_scope(authorization: Authorization, region: str, service: str) -> None:
    if authorization.region != region:
        raise invalid_signature(
            f"Credential should be scoped to a valid region, not '{authorization.region}'. "
        )
    if authorization.service != service:
        raise invalid_signature(f"Credential should be scoped to correct service: '{service}'. ")


def _check_date(request: Request, authorization: Authorization, now: float) -> None:
    text = request.header("x-amz-date")
    if text is None or not re.fullmatch(r"\d{8}T\d{6}Z", text):
        raise AWSError(
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format'. "
            f"Got '{text or ''}'. See http://en.wikipedia.org/wiki/ISO_8601",
        )
    if text[:8] != authorization.date:
        raise invalid_signature(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{authorization.date}' != '{text[:8]}', from '{text}'."
        )
    signed = datetime.datetime.strptime(text, DATE_FORMAT).replace(tzinfo=datetime.timezone.utc)
    offset = signed.timestamp() - now
    if offset < -CLOCK_TOLERANCE:
        raise invalid_signature(
            f"Signature expired: {text} is now earlier than "
            f"{_date(now - CLOCK_TOLERANCE)} ({_date(now)} - 5 min.)"
        )
    if offset > CLOCK_TOLERANCE:
        raise invalid_signature(
            f"Signature not yet current: {text} is still later than "
            f"{_date(now + CLOCK_TOLERANCE)} ({_date(now)} + 5 min.)"
        )


def _date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(DATE_FORMAT)


def _check_signed_headers(request: Request, authorization: Authorization) -> None:
    signed = authorization.signed_headers
    if list(signed) != sorted({name.lower() for name in signed}):
        raise invalid_signature("SignedHeaders must be lower-case, sorted and without duplicates.")
    if "host" not in signed:
        raise invalid_signature(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    sent = {name.lower() for name, _ in request.headers}
    unsigned = sorted(name for name in sent if name.startswith("x-amz-") and name not in signed)
    if unsigned:
        raise invalid_signature(
            "There were headers present in the request which were not signed: "
            + ", ".join(unsigned)
        )
    missing = sorted(set(signed) - sent)
    if missing:
        raise invalid_signature(
            "SignedHeaders lists headers that were not sent: " + ", ".join(missing)
        )


def _check_payload_header(request: Request) -> None:
    declared = request.header("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(request.body).hexdigest():
        raise invalid_signature("The value of x-amz-content-sha256 is not the hash of the body.")


def _check_signature(request: Request, authorization: Authorization, key: Key) -> None:
    canonical, expected = signature_of(request, authorization, key)
    if not hmac.compare_digest(expected.encode(), authorization.signature.encode()):
        raise invalid_signature(
            f"{MISMATCH}\n\nThe Canonical String for this request should have "
            f"been\n'{canonical}'\n"
        )


def signature_of(request: Request, authorization: Authorization, key: Key) -> tuple[str, str]:
    """Canonical request and signature that belong to what was received."""
    headers = HTTPHeaders()
    for name, value in request.headers:
        headers.add_header(name, value)
    received = _Received(
        request.method,
        f"http://host{request.target}",
        headers,
        request.body,
        context={"timestamp": request.header("x-amz-date")},
    )
    signer = _Recomputed(
        Credentials(key.access_key_id, key.secret), authorization.service, authorization.region
    )
    signer.signed = authorization.signed_headers
    canonical: str = signer.canonical_request(received)
    text = signer.string_to_sign(received, canonical)
    return canonical, signer.signature(text, received)


def reason(error: AWSError) -> Optional[str]:
    """The first line of a refusal, for the call log."""
    return error.message.splitlines()[0] if error.message else None
