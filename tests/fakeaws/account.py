"""One AWS account in one region: its keys, parameters and secrets, and its clock."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from typing import Any, Optional

from .iam import Key, Policy, statements_of
from .services.parameters import DEFAULT_KEY, ParameterStore
from .services.secrets import Secret, SecretStore
from .wire import AWSError


class Account:
    """Not safe in threads by itself: whoever changes or reads it holds lock."""

    def __init__(self, region: str, number: str) -> None:
        self.region = region
        self.number = number
        self.lock = threading.RLock()
        self.keys: dict[str, Key] = {}
        self.parameters = ParameterStore()
        self.shared: dict[str, ParameterStore] = {}  # by other accounts
        self.secrets = SecretStore(number)
        self.roles: dict[str, Any] = {}  # services.sts.Role, by ARN
        self.sessions: list[tuple[str, str, str]] = []  # role, session name and key id of each
        self.clock_offset = 0.0
        self.page_size: Optional[int] = None
        self._page_seal = secrets.token_hex(8)

    def now(self) -> float:
        return time.time() + self.clock_offset

    # --- names ---

    def arn(self, service: str, resource: str, account: Optional[str] = None) -> str:
        return f"arn:aws:{service}:{self.region}:{account or self.number}:{resource}"

    def parameter_arn(self, name: str, account: Optional[str] = None) -> str:
        return self.arn("ssm", f"parameter/{name.removeprefix('/')}", account)

    def host(self, service: str) -> str:
        """The service's endpoint, by which others know it when it calls them."""
        return f"{service}.{self.region}.amazonaws.com"

    def key_arn(self, key_id: str) -> str:
        return key_id if key_id.startswith("arn:") else self.arn("kms", f"key/{key_id}")

    def secret_arn(self, secret: Secret) -> str:
        return self.arn(
            "secretsmanager", f"secret:{secret.name}-{secret.suffix}", secret.account
        )

    # --- contents ---

    def add_key(
        self,
        access_key_id: str,
        secret: str,
        session_token: Optional[str] = None,
        policy: Policy = None,
        expired: bool = False,
        life: Optional[float] = None,
    ) -> None:
        principal = f"arn:aws:iam::{self.number}:user/fake"
        if session_token is not None:
            principal = f"arn:aws:sts::{self.number}:assumed-role/fake/session"
        self.keys[access_key_id] = Key(
            access_key_id, secret, session_token, statements_of(policy), principal, expired
        )
        if life is not None:
            self.keys[access_key_id].expires = self.now() + life

    def store_of(self, number: Optional[str]) -> ParameterStore:
        """The parameters of an account: None is this one, others share theirs with it."""
        if number in (None, self.number):
            return self.parameters
        return self.shared.setdefault(number or "", ParameterStore())

    def put(
        self,
        name: str,
        value: str,
        kind: str = "SecureString",
        key_id: Optional[str] = None,
        account: Optional[str] = None,
    ) -> int:
        """Adds a version and returns its number."""
        stamp = round(self.now(), 3)
        return self.store_of(account).put(name, value, kind, key_id or DEFAULT_KEY, stamp).number

    # --- pages: a token belongs to the request that got it ---

    def page_token(self, operation: str, request: dict[str, Any], position: int) -> str:
        token = [self._page_seal, operation, _query(request), position, secrets.token_hex(4)]
        return base64.b64encode(json.dumps(token).encode()).decode()

    def page_position(self, operation: str, request: dict[str, Any]) -> int:
        token = request.get("NextToken")
        if token is None:
            return 0
        try:
            seal, of, query, position, _ = json.loads(base64.b64decode(token, validate=True))
        except ValueError:
            seal = of = query = position = None
        if (seal, of, query) != (self._page_seal, operation, _query(request)):
            raise AWSError("InvalidNextToken", "The specified token isn't valid.")
        return int(position)


def _query(request: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")
    }
