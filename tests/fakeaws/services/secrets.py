"""The secrets of one region: names, versions and the stages that name versions.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
"""

from __future__ import annotations

import random
import re
import string
import uuid
from dataclasses import dataclass, field
from typing import Optional

from .json_service import constraint, validation_error

DEFAULT_KEY = "alias/aws/secretsmanager"
ID_MAX = 2048
STAGE_MAX = 256
ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"secret:(?P<name>.+)"
)


@dataclass
class SecretVersion:
    id: str
    text: Optional[str]
    binary: Optional[str]  # base64
    created: float
    stages: set[str] = field(default_factory=set)


@dataclass
class Secret:
    name: str
    account: str
    key_id: str
    suffix: str  # AWS's own, of six characters, in the ARN only
    versions: list[SecretVersion] = field(default_factory=list)
    deleted: bool = False

    def add(self, version: SecretVersion) -> None:
        """The new version becomes AWSCURRENT, the current one AWSPREVIOUS."""
        for older in self.versions:
            older.stages.discard("AWSPREVIOUS")
            if "AWSCURRENT" in older.stages:
                older.stages = {*older.stages - {"AWSCURRENT"}, "AWSPREVIOUS"}
        version.stages.add("AWSCURRENT")
        self.versions.append(version)

    def stage(self, version_id: str, stage: str) -> None:
        """A stage names one version; set again, it moves."""
        for version in self.versions:
            version.stages.discard(stage)
            if version.id == version_id:
                version.stages.add(stage)

    def version(self, version_id: Optional[str], stage: Optional[str]) -> Optional[SecretVersion]:
        """Both must hold where both are given; without any, the current one."""
        if version_id is None and stage is None:
            stage = "AWSCURRENT"
        for version in self.versions:
            if version_id in (None, version.id) and (stage is None or stage in version.stages):
                return version
        return None

    def selected(self, selector: str) -> Optional[SecretVersion]:
        """For references of Parameter Store: the selector is a version id or a stage."""
        if not selector:
            return self.version(None, None)
        return self.version(selector, None) or self.version(None, selector)


@dataclass(frozen=True)
class SecretReference:
    """What a request calls a secret: its name, or its ARN, whole or without the suffix."""

    name: str
    region: Optional[str] = None  # of an ARN
    account: Optional[str] = None


def parse_secret_id(text: str) -> SecretReference:
    if not 1 <= len(text) <= ID_MAX:
        raise constraint(text, "secretId", f"have length between 1 and {ID_MAX}")
    arn = ARN.fullmatch(text)
    name = arn["name"] if arn else text
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@!-]+", name):
        raise validation_error(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
            "following: -/_+=.@!"
        )
    return SecretReference(name, arn["region"], arn["account"]) if arn else SecretReference(name)


class SecretStore:
    def __init__(self, account: str) -> None:
        self.account = account
        self._secrets: list[Secret] = []

    def put(
        self,
        name: str,
        text: Optional[str],
        binary: Optional[str],
        created: float,
        key_id: Optional[str] = None,
        account: Optional[str] = None,
    ) -> str:
        """Adds a version and returns its id."""
        parse_secret_id(name)
        if (text is None) == (binary is None):
            raise ValueError("a secret has a text or bytes")
        owner = account or self.account
        secret = next((s for s in self._secrets if (s.name, s.account) == (name, owner)), None)
        if secret is None:
            suffix = "".join(random.choices(string.ascii_letters + string.digits, k=6))
            secret = Secret(name, owner, key_id or DEFAULT_KEY, suffix)
            self._secrets.append(secret)
        secret.add(SecretVersion(str(uuid.uuid4()), text, binary, created))
        return secret.versions[-1].id

    def get(self, name: str) -> Optional[Secret]:
        """A secret of this account."""
        return self.find(SecretReference(name))

    def find(self, reference: SecretReference) -> Optional[Secret]:
        """Those of other accounts are found by ARN only."""
        owner = reference.account or self.account
        for secret in self._secrets:
            names = [secret.name]
            if reference.region is not None:
                names.append(f"{secret.name}-{secret.suffix}")
            if secret.account == owner and reference.name in names:
                return secret
        return None
