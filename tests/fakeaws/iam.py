"""Access keys and the policies attached to them.

A policy is a list of statements with Effect, Action, Resource and Condition, evaluated as IAM does:
an explicit Deny wins, else one Allow is needed. What is not modelled (other conditions than those
below, principals, Not…) is refused when the policy is attached, so that no test passes because of a
statement without effect.
See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .wire import AWSError

Statement = dict[str, Any]
Policy = Union[dict[str, Any], list[Statement], Statement, None]

ALLOW_ALL: list[Statement] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
KNOWN = {"Sid", "Effect", "Action", "Resource", "Condition"}
CONDITION_KEYS = {"aws:SourceIp", "aws:SourceVpce", "kms:ViaService"}
Context = dict[str, str]  # what is known of a call, by condition key
COMPARISONS = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "IpAddress": lambda actual, wanted: (
        ipaddress.ip_address(actual) in ipaddress.ip_network(wanted)
    ),
}


@dataclass
class Key:
    access_key_id: str
    secret: str
    session_token: Optional[str] = None
    statements: list[Statement] = field(default_factory=list)
    principal: str = ""
    expired: bool = False
    expires: Optional[float] = None  # by AWS's clock
    # Where its calls come from, as AWS sees it.
    origin: Context = field(default_factory=lambda: {"aws:SourceIp": "203.0.113.7"})


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
        _check_condition(statement)
    return statements


def _check_condition(statement: Statement) -> None:
    condition = statement.get("Condition", {"StringEquals": {}})
    for comparison, keys in condition.items():
        if comparison not in COMPARISONS or set(keys) - CONDITION_KEYS:
            raise ValueError(f"this condition is not modelled: {condition}")
    if not condition:
        raise ValueError(f"a condition without anything: {statement}")


def _holds(statement: Statement, context: Context) -> bool:
    """Every key of every comparison; one of its values is enough."""
    return all(
        key in context
        and any(COMPARISONS[comparison](context[key], value) for value in _as_list(values))
        for comparison, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _as_list(value: Union[str, list[str]]) -> list[str]:
    return [value] if isinstance(value, str) else value


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """IAM's wildcards: * for any text, ? for one character, nothing else is special."""
    translated = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch(translated, text, flags) is not None


def authorize(
    key: Key, action: str, resource: str, suffix: str = "", via: Optional[str] = None
) -> None:
    """Raises AccessDeniedException with the sentence that AWS answers, and suffix after it. via: the
    service that calls in the name of the key; such a call has no address of the key's own."""
    context = key.origin if via is None else {"kms:ViaService": via}
    effects = {
        statement["Effect"]
        for statement in key.statements
        if any(matches(a, action, ignore_case=True) for a in _as_list(statement["Action"]))
        and any(matches(r, resource) for r in _as_list(statement["Resource"]))
        and _holds(statement, context)
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
