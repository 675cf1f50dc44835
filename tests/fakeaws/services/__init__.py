"""The services that the fake offers, one file each.

A service names the protocol's target prefix and the name its requests are signed for, and answers
operations; adding one is a file here and a line in SERVICES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..iam import Key

if TYPE_CHECKING:
    from ..account import Account


class Service(Protocol):
    target_prefix: str  # of X-Amz-Target
    signing_name: str

    def operations(self) -> tuple[str, ...]: ...

    def names(self, operation: str, request: dict[str, Any]) -> list[str]:
        """What the request asks for, for the call log and for faults that concern a name."""

    def call(self, operation: str, request: dict[str, Any], key: Key) -> dict[str, Any]:
        """The result, or AWSError."""


def services_of(account: Account) -> list[Service]:
    from .ssm import SystemsManager

    return [SystemsManager(account)]
