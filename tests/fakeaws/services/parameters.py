"""The parameters of one account and region: names, versions, labels.

Grammar and limits are those of
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

from ..wire import AWSError
from .json_service import constraint, validation_error

TYPES = ("String", "StringList", "SecureString")
DEFAULT_KEY = "alias/aws/ssm"
NAME_MAX = 2048
SELECTOR_MAX = 128
LEVELS_MAX = 15
VERSIONS_MAX = 100

NAME_RULE = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, '
    "it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a "
    "mix of letters, numbers and the following 3 symbols .-_"
)
PATH_RULE = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must "
    'begin with a forward slash "/".'
)
ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):ssm:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"parameter(?P<name>/[^:]*)(?::(?P<selector>.*))?",
    re.DOTALL,
)


def check_name(name: str) -> None:
    """A name or path without selector."""
    segments = name.split("/")
    if name.startswith("/"):
        segments = segments[1:]
    elif len(segments) > 1:
        raise validation_error("Parameter name must be a fully qualified name.")
    if any(not re.fullmatch(r"[A-Za-z0-9_.-]+", segment) for segment in segments):
        raise validation_error(NAME_RULE)
    if segments[0].lower().startswith("ssm"):
        raise validation_error(NAME_RULE)
    if len(segments) > LEVELS_MAX:
        raise AWSError(
            "HierarchyLevelLimitExceededException",
            f"Hierarchy level exceeds the maximum of {LEVELS_MAX}",
        )


@dataclass(frozen=True)
class Reference:
    """What a request calls a parameter: its name, or its ARN, each with a selector or without."""

    asked: str  # as in the request, blanks at the ends removed
    name: str
    selector: str  # "" or ":3" or ":label"
    region: Optional[str] = None  # of an ARN
    account: Optional[str] = None


def parse_reference(text: str) -> Reference:
    if not 1 <= len(text) <= NAME_MAX:
        raise constraint(
            text,
            "name",
            f"have length less than or equal to {NAME_MAX}"
            if text
            else "have length greater than or equal to 1",
        )
    asked = text.strip()
    arn = ARN.fullmatch(asked)
    if arn:
        # The ARN of DB_USER and that of /DB_USER look the same; the store decides which there is.
        reference = Reference(
            asked,
            arn["name"],
            f":{arn['selector']}" if arn["selector"] else "",
            arn["region"],
            arn["account"],
        )
    else:
        name, colon, selector = asked.partition(":")
        reference = Reference(asked, name, colon + selector)
    check_name(reference.name)
    if reference.selector and not re.fullmatch(r":[A-Za-z0-9_.-]+", reference.selector):
        raise validation_error(f"Invalid selector '{reference.selector}'.")
    if len(reference.selector) > SELECTOR_MAX:
        raise validation_error(f"Selector exceeds the maximum length of {SELECTOR_MAX}.")
    return reference


@dataclass
class Version:
    number: int
    value: str
    type: str
    key_id: str
    modified: float
    labels: set[str] = field(default_factory=set)


@dataclass
class Parameter:
    name: str
    versions: list[Version] = field(default_factory=list)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def version(self, selector: str) -> Optional[Version]:
        """The version of a selector without colon; the latest where it is empty."""
        if not selector:
            return self.latest
        for version in self.versions:
            if selector == str(version.number) or selector in version.labels:
                return version
        return None


class ParameterStore:
    def __init__(self) -> None:
        self.parameters: dict[str, Parameter] = {}

    def put(self, name: str, value: str, kind: str, key_id: str, modified: float) -> Version:
        check_name(name)
        if kind not in TYPES:
            raise constraint(kind, "type", f"satisfy enum value set: [{', '.join(TYPES)}]")
        parameter = self.parameters.setdefault(name, Parameter(name))
        number = parameter.latest.number + 1 if parameter.versions else 1
        parameter.versions.append(Version(number, value, kind, key_id, modified))
        del parameter.versions[:-VERSIONS_MAX]
        return parameter.latest

    def delete(self, name: str) -> None:
        if self.parameters.pop(name, None) is None:
            raise AWSError("ParameterNotFound")

    def label(self, name: str, number: Optional[int], label: str) -> None:
        """A label names one version; set again, it moves."""
        parameter = self.parameters.get(name)
        if parameter is None:
            raise AWSError("ParameterNotFound")
        wanted = parameter.version(str(number) if number is not None else "")
        if wanted is None:
            raise AWSError("ParameterVersionNotFound")
        if not re.fullmatch(r"(?!\d|aws|ssm)[A-Za-z0-9_.-]{1,100}", label):
            raise validation_error(f"Invalid label '{label}'.")
        for version in parameter.versions:
            version.labels.discard(label)
        wanted.labels.add(label)

    def find(self, reference: Reference) -> tuple[Optional[Parameter], Optional[Version]]:
        parameter = self.parameters.get(reference.name)
        if parameter is None and reference.region is not None:
            parameter = self.parameters.get(reference.name[1:])
        if parameter is None:
            return None, None
        return parameter, parameter.version(reference.selector[1:])

    def below(self, path: str, recursive: bool) -> list[Parameter]:
        """The parameters under a path, sorted; under / also those whose names have no slash."""
        prefix = path.rstrip("/") + "/"
        found = []
        for name, parameter in self.parameters.items():
            full = name if name.startswith("/") else f"/{name}"
            rest = full[len(prefix) :]
            if full.startswith(prefix) and rest and (recursive or "/" not in rest):
                found.append(parameter)
        return sorted(found, key=lambda parameter: parameter.name)
