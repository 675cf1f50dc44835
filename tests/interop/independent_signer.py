"""Signature Version 4 a second time, written from AWS's description
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) and not
from ours: what it makes is what our signer is expected to make. It is itself compared with AWS's own
signers in sigv4.t."""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Optional
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = {"connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
            "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: tuple  # of (name, value)
    body: bytes
    key: str
    secret: str
    token: Optional[str]
    region: str
    service: str
    time: object  # datetime in UTC
    normalise: bool = True
    expires: Optional[int] = None  # seconds; None for the header form


@dataclass(frozen=True)
class Signed:
    canonical_request: str
    string_to_sign: str
    signature: str
    authorization: str
    query: str  # complete, for the presigned form


def _encode(raw):
    return quote(raw, safe="-._~")


def _normal_path(path):
    kept = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if path.endswith("/") and kept else "")


def _canonical_query(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return "&".join(f"{name}={value}" for name, value in sorted(
        (_encode(unquote_to_bytes(name)), _encode(unquote_to_bytes(value))) for name, value in pairs))


def _canonical_headers(headers):
    lines = {}
    for name, value in headers:
        if name.lower() not in UNSIGNED:
            lines.setdefault(name.lower(), []).append(re.sub("[ \t]+", " ", value).strip(" "))
    return [(name, ",".join(lines[name])) for name in sorted(lines)]


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(request):
    date = request.time.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date[:8]}/{request.region}/{request.service}/aws4_request"
    headers = list(request.headers)
    query = request.query
    if request.expires is None:
        headers.append(("X-Amz-Date", date))
        if request.token:
            headers.append(("X-Amz-Security-Token", request.token))
    canonical = _canonical_headers(headers)
    names = ";".join(name for name, _ in canonical)
    if request.expires is not None:
        added = [("X-Amz-Algorithm", ALGORITHM), ("X-Amz-Credential", f"{request.key}/{scope}"),
                 ("X-Amz-Date", date), ("X-Amz-SignedHeaders", names),
                 ("X-Amz-Expires", str(request.expires))]
        if request.token:
            added.append(("X-Amz-Security-Token", request.token))
        query = "&".join([query] * bool(query) + [f"{name}={_encode(text)}" for name, text in added])
    path = _normal_path(request.path) if request.normalise else request.path
    canonical_request = "\n".join([
        request.method, quote(path, safe="/-._~"), _canonical_query(query),
        *(f"{name}:{value}" for name, value in canonical), "", names,
        hashlib.sha256(request.body).hexdigest()])
    string_to_sign = "\n".join([ALGORITHM, date, scope,
                                hashlib.sha256(canonical_request.encode()).hexdigest()])
    key = b"AWS4" + request.secret.encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, string_to_sign).hex()
    return Signed(canonical_request, string_to_sign, signature,
                  f"{ALGORITHM} Credential={request.key}/{scope}, SignedHeaders={names}, "
                  f"Signature={signature}", f"{query}&X-Amz-Signature={signature}")


def presigned(request, expires):
    return replace(request, expires=expires)
