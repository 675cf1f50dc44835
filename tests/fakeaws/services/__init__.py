"""The services that the fake offers, one file each.

A service recognises its requests, names what they are signed for, and answers operations; adding
one is a file here and a line in services_of().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Protocol

from ..iam import Key
from ..wire import AWSError, Reply, Request

if TYPE_CHECKING:
    from ..account import Account


class Service(Protocol):
    signing_name: str

    def operation(self, request: Request) -> Optional[str]:
        """The operation that the request names, or None where it is none of this service."""

    def parse(self, operation: str, request: Request) -> dict[str, Any]:
        """The request's members, or AWSError."""

    def names(self, operation: str, request: dict[str, Any]) -> list[str]:
        """What the request asks for, for the call log and for faults that concern a name."""

    def call(self, operation: str, request: dict[str, Any], key: Key) -> dict[str, Any]:
        """The result, or AWSError."""

    def reply(self, result: dict[str, Any]) -> Reply:
        ...

    def error(self, error: AWSError) -> Reply:
        ...


def services_of(account: Account) -> list[Service]:
    from .secretsmanager import SecretsManager
    from .ssm import SystemsManager
    from .sts import SecurityTokenService

    return [SystemsManager(account), SecretsManager(account), SecurityTokenService(account)]
