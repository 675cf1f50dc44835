"""The Security Token Service, as far as roles and callers go, over the query protocol.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import re
import secrets
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional
from xml.sax.saxutils import escape

from ..iam import Key, Policy, authorize
from ..wire import AWSError, Reply, Request, request_id

if TYPE_CHECKING:
    from ..account import Account

FORM_TYPE = "application/x-www-form-urlencoded"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
WEB_IDENTITY = "AssumeRoleWithWebIdentity"
CALLER = "GetCallerIdentity"
MEMBERS = {
    "AssumeRole": {"RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds"},
    WEB_IDENTITY: {"RoleArn", "RoleSessionName", "WebIdentityToken", "DurationSeconds"},
    CALLER: set(),
}
# What the JSON services call otherwise.
CODES = {
    "AccessDeniedException": "AccessDenied",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "ExpiredTokenException": "ExpiredToken",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
}
FORBIDDEN = set(CODES.values())


@dataclass
class Role:
    arn: str
    policy: Policy  # of those who assumed it
    trust: Optional[list[str]]  # ids of keys, or ARNs of roles, that may assume it; None: any
    external_id: Optional[str]
    web_identity: Optional[str]  # a token that may assume it
    life: float  # of its sessions, in seconds, instead of what is asked for; 0: what is asked for
    duration_max: int = 3600


class SecurityTokenService:
    signing_name = "sts"

    def __init__(self, account: Account) -> None:
        self._account = account

    def operation(self, request: Request) -> Optional[str]:
        if (request.header("content-type") or "").partition(";")[0] != FORM_TYPE:
            return None
        fields = dict(urllib.parse.parse_qsl(request.body.decode("latin-1")))
        action = fields.get("Action", "")
        return action if action in MEMBERS and fields.get("Version") == "2011-06-15" else None

    def is_signed(self, operation: str) -> bool:
        return operation != WEB_IDENTITY

    def parse(self, operation: str, request: Request) -> dict[str, Any]:
        if (request.method, request.path) != ("POST", "/"):
            raise AWSError("InvalidAction", status=404)
        pairs = urllib.parse.parse_qsl(
            request.body.decode(), keep_blank_values=True, strict_parsing=True
        )
        fields = dict(pairs)
        del fields["Action"], fields["Version"]
        if len(fields) + 2 != len(pairs) or set(fields) - MEMBERS[operation]:
            raise AWSError("MalformedQueryString", f"unknown or repeated: {sorted(fields)}")
        if operation == WEB_IDENTITY and request.header("authorization"):
            raise AWSError("SignatureDoesNotMatch", "this call is not signed", 403)
        return fields

    def names(self, operation: str, request: dict[str, Any]) -> list[str]:
        return [request["RoleArn"]] if "RoleArn" in request else []

    def call(self, operation: str, request: dict[str, Any], key: Key) -> dict[str, Any]:
        if operation == CALLER:  # no policy can deny it
            return {"operation": operation, "principal": key.principal}
        name = request.get("RoleSessionName", "")
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
            raise AWSError("ValidationError", f"roleSessionName {name!r}")
        role = self._account.roles.get(request.get("RoleArn", ""))
        if operation == WEB_IDENTITY:
            self._check_token(role, request)
        else:
            self._check_trust(role, request, key)
        assert role is not None
        seconds = int(request.get("DurationSeconds", "3600"))
        if not 900 <= seconds <= role.duration_max:
            raise AWSError("ValidationError", "The requested DurationSeconds exceeds the maximum")
        return {"operation": operation, **self._session(role, name, role.life or seconds)}

    def _check_trust(self, role: Optional[Role], request: dict[str, Any], key: Key) -> None:
        authorize(key, "sts:AssumeRole", request.get("RoleArn", ""))
        trusted = role is not None and (
            role.trust is None
            or key.access_key_id in role.trust
            or any(key.principal.startswith(_session_arn(arn)) for arn in role.trust)
        )
        if role is None or not trusted or role.external_id != request.get("ExternalId"):
            raise AWSError(
                "AccessDenied",
                f"User: {key.principal} is not authorized to perform: sts:AssumeRole on "
                f"resource: {request.get('RoleArn')}",
                403,
            )

    def _check_token(self, role: Optional[Role], request: dict[str, Any]) -> None:
        token = request.get("WebIdentityToken", "")
        if not 4 <= len(token) <= 20000:
            raise AWSError("ValidationError", "webIdentityToken")
        if role is None or role.web_identity is None:
            raise AWSError(
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                403,
            )
        if token != role.web_identity:
            raise AWSError("InvalidIdentityToken", "No OpenIDConnect provider found")

    def _session(self, role: Role, name: str, seconds: float) -> dict[str, Any]:
        key_id = "ASIA" + secrets.token_hex(8).upper()
        secret = secrets.token_urlsafe(30)
        token = secrets.token_urlsafe(200) + "/+=="
        self._account.add_key(key_id, secret, token, role.policy, life=seconds)
        self._account.keys[key_id].principal = f"{_session_arn(role.arn)}{name}"
        self._account.sessions.append((role.arn, name, key_id))
        expires = time.gmtime(self._account.now() + seconds)
        return {
            "AccessKeyId": key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", expires),
            "principal": self._account.keys[key_id].principal,
        }

    def reply(self, result: dict[str, Any]) -> Reply:
        operation = result["operation"]
        if operation == CALLER:
            return self._reply(operation, self._caller(result["principal"]))
        members = "".join(
            f"      <{name}>{escape(result[name])}</{name}>\n"
            for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        )
        return self._reply(
            operation,
            f"    <AssumedRoleUser>\n      <AssumedRoleId>AROA:x</AssumedRoleId>\n"
            f"      <Arn>{escape(result['principal'])}</Arn>\n    </AssumedRoleUser>\n"
            f"    <Credentials>\n{members}    </Credentials>\n",
        )

    def _caller(self, principal: str) -> str:
        return (
            f"    <Arn>{escape(principal)}</Arn>\n    <UserId>AIDA:x</UserId>\n"
            f"    <Account>{self._account.number}</Account>\n"
        )

    def _reply(self, operation: str, members: str) -> Reply:
        body = (
            f'<{operation}Response xmlns="{NAMESPACE}">\n  <{operation}Result>\n'
            f"{members}  </{operation}Result>\n"
            f"  <ResponseMetadata>\n    <RequestId>{request_id()}</RequestId>\n"
            f"  </ResponseMetadata>\n</{operation}Response>\n"
        )
        return _xml(200, body, "")

    def error(self, error: AWSError) -> Reply:
        code = CODES.get(error.code, error.code)
        status = 403 if code in FORBIDDEN and error.status == 400 else error.status
        kind = "Sender" if status < 500 else "Receiver"
        body = (
            f'<ErrorResponse xmlns="{NAMESPACE}">\n  <Error>\n    <Type>{kind}</Type>\n'
            f"    <Code>{code}</Code>\n    <Message>{escape(error.message or '')}</Message>\n"
            f"  </Error>\n  <RequestId>{request_id()}</RequestId>\n</ErrorResponse>\n"
        )
        return _xml(status, body, code)


def _session_arn(role_arn: str) -> str:
    """What the ARNs of a role's sessions begin with."""
    account, _, name = role_arn.removeprefix("arn:aws:iam::").partition(":role/")
    return f"arn:aws:sts::{account}:assumed-role/{name.rpartition('/')[2]}/"


def _xml(status: int, body: str, code: str) -> Reply:
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id()}
    return Reply(status, body.encode(), headers, code)
