"""Access keys and the policies attached to them.

A policy is a list of statements with Effect, Action and Resource, evaluated as IAM does: an
explicit Deny wins, else one Allow is needed. What is not modelled (conditions, principals, Not…) is
refused when the policy is attached, so that no test passes because of a statement without effect.
See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .wire import AWSError

Statement = dict[str, Any]
Policy = Union[dict[str, Any], list[Statement], Statement, None]

ALLOW_ALL: list[Statement] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
KNOWN = {"Sid", "Effect", "Action", "Resource"}


@dataclass
class Key:
    access_key_id: str
    secret: str
    session_token: Optional[str] = None
    statements: list[Statement] = field(default_factory=list)
    principal: str = ""
    expired: bool = False


def statements_of(policy: Policy) -> list[Statement]:
    """The statements of a policy document, a list of statements or one; None allows everything."""
    if policy is None:
        return ALLOW_ALL
    if isinstance(policy, dict):
        policy = policy.get("Statement", policy)
    statements: list[Statement] = policy if isinstance(policy, list) else [policy or {}]
    for statement in statements:
        unknown = set(statement) - KNOWN
        if unknown or not {"Effect", "Action", "Resource"} <= set(statement):
            raise ValueError(f"this statement is not modelled: {statement}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"Effect is Allow or Deny: {statement}")
    return statements


def _as_list(value: Union[str, list[str]]) -> list[str]:
    return [value] if isinstance(value, str) else value


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """IAM's wildcards: * for any text, ? for one character, nothing else is special."""
    translated = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch(translated, text, flags) is not None


def authorize(key: Key, action: str, resource: str, suffix: str = "") -> None:
    """Raises AccessDeniedException with the sentence that AWS answers, and suffix after it."""
    effects = {
        statement["Effect"]
        for statement in key.statements
        if any(matches(a, action, ignore_case=True) for a in _as_list(statement["Action"]))
        and any(matches(r, resource) for r in _as_list(statement["Resource"]))
    }
    if "Deny" in effects:
        raise denied(
            key, action, resource, f"with an explicit deny in an identity-based policy{suffix}"
        )
    if "Allow" not in effects:
        raise denied(
            key,
            action,
            resource,
            f"because no identity-based policy allows the {action} action{suffix}",
        )


def denied(key: Key, action: str, resource: str, why: str) -> AWSError:
    return AWSError(
        "AccessDeniedException",
        f"User: {key.principal} is not authorized to perform: "
        f"{action} on resource: {resource} {why}",
    )
