"""Secrets Manager, as far as reading a value goes.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ..iam import Key, authorize
from ..wire import AWSError, Reply, json_error
from .json_service import JsonService, Members, constraint, validation_error
from .secrets import DEFAULT_KEY, STAGE_MAX, Secret, SecretReference, SecretVersion, parse_secret_id

if TYPE_CHECKING:
    from ..account import Account

MEMBERS: dict[str, Members] = {
    "GetSecretValue": {
        "SecretId": (str, True),
        "VersionId": (str, False),
        "VersionStage": (str, False),
    },
}


class SecretsManager(JsonService):
    target_prefix = "secretsmanager"
    signing_name = "secretsmanager"
    members = MEMBERS

    def __init__(self, account: Account) -> None:
        self.account = account

    def names(self, operation: str, request: dict[str, Any]) -> list[str]:
        return [request["SecretId"]]

    def call(self, operation: str, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = parse_secret_id(request["SecretId"])
        if reference.region not in (None, self.account.region):
            raise validation_error(f"The ARN's region is not {self.account.region}.")
        version_id, stage = request.get("VersionId"), request.get("VersionStage")
        if version_id is not None and not 32 <= len(version_id) <= 64:
            raise constraint(version_id, "versionId", "have length between 32 and 64")
        if stage is not None and not 1 <= len(stage) <= STAGE_MAX:
            raise constraint(stage, "versionStage", f"have length between 1 and {STAGE_MAX}")
        secret = self.account.secrets.find(reference)
        self._authorize(secret, reference, key)
        if secret is None:
            raise _not_found("Secrets Manager can't find the specified secret.")
        if secret.deleted:
            raise AWSError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for "
                "deletion.",
            )
        version = secret.version(version_id, stage)
        if version is None:
            raise _not_found(_lacking(version_id, stage))
        read_key(self.account, secret, key)
        return self._shown(secret, version)

    def _authorize(self, secret: Optional[Secret], reference: SecretReference, key: Key) -> None:
        """What does not exist has no suffix yet that a policy could allow."""
        arn = (
            self.account.secret_arn(secret)
            if secret
            else self.account.arn(
                "secretsmanager", f"secret:{reference.name}", reference.account
            )
        )
        authorize(key, "secretsmanager:GetSecretValue", arn)

    def _shown(self, secret: Secret, version: SecretVersion) -> dict[str, Any]:
        value = (
            {"SecretString": version.text}
            if version.text is not None
            else {"SecretBinary": version.binary}
        )
        return {
            "ARN": self.account.secret_arn(secret),
            "Name": secret.name,
            "VersionId": version.id,
            **value,
            "VersionStages": sorted(version.stages),
            "CreatedDate": version.created,
        }

    def error(self, error: AWSError) -> Reply:
        """This service writes Message with a capital letter."""
        fields = {} if error.message is None else {"Message": error.message}
        return json_error(AWSError(error.code, None, error.status, {**fields, **error.fields}))


def read_key(account: Account, secret: Secret, key: Key) -> None:
    """The default key lets every principal of its own account decrypt, and nobody else."""
    if secret.key_id == DEFAULT_KEY and secret.account == account.number:
        return
    try:
        host = account.host("secretsmanager")
        authorize(key, "kms:Decrypt", account.key_arn(secret.key_id), via=host)
    except AWSError:
        raise AWSError("AccessDeniedException", "Access to KMS is not allowed") from None
    if secret.key_id == DEFAULT_KEY:
        raise AWSError("AccessDeniedException", "Access to KMS is not allowed")


def _lacking(version_id: Optional[str], stage: Optional[str]) -> str:
    what = f"VersionId: {version_id}" if version_id else f"staging label: {stage or 'AWSCURRENT'}"
    return f"Secrets Manager can't find the specified secret value for {what}"


def _not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message)
