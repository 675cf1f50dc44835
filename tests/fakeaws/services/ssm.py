"""Systems Manager, as far as Parameter Store goes.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html and its
neighbours. Where AWS leaves something open, the answer here is the inconvenient one: parameters
come in another order than they were asked for, a page may be short, a name given twice is refused.
"""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any, Optional

from ..iam import Key, authorize
from ..wire import AWSError
from .json_service import JsonService, Members, constraint, validation_error
from .parameters import (
    DEFAULT_KEY,
    PATH_RULE,
    Parameter,
    Reference,
    Version,
    check_name,
    parse_reference,
)
from .secretsmanager import read_key

if TYPE_CHECKING:
    from ..account import Account

NAMES_MAX = 10
PAGE_MAX = 10
SECRETS = "/aws/reference/secretsmanager/"
KMS_SUFFIX = (
    " (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; "
    "Request ID: 00000000-0000-4000-8000-000000000000)"
)

MEMBERS: dict[str, Members] = {
    "GetParameter": {"Name": (str, True), "WithDecryption": (bool, False)},
    "GetParameters": {"Names": (list, True), "WithDecryption": (bool, False)},
    "GetParametersByPath": {
        "Path": (str, True),
        "Recursive": (bool, False),
        "WithDecryption": (bool, False),
        "MaxResults": (int, False),
        "NextToken": (str, False),
    },
    "GetParameterHistory": {
        "Name": (str, True),
        "WithDecryption": (bool, False),
        "MaxResults": (int, False),
        "NextToken": (str, False),
    },
    "DescribeParameters": {"MaxResults": (int, False), "NextToken": (str, False)},
    "PutParameter": {
        "Name": (str, True),
        "Value": (str, True),
        "Type": (str, False),
        "KeyId": (str, False),
        "Overwrite": (bool, False),
        "Tier": (str, False),
        "Description": (str, False),
    },
    "LabelParameterVersion": {
        "Name": (str, True),
        "ParameterVersion": (int, False),
        "Labels": (list, True),
    },
    "DeleteParameter": {"Name": (str, True)},
}


class SystemsManager(JsonService):
    target_prefix = "AmazonSSM"
    signing_name = "ssm"
    members = MEMBERS

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.parameters

    def names(self, operation: str, request: dict[str, Any]) -> list[str]:
        found = request.get("Names", request.get("Name", request.get("Path", [])))
        return [found] if isinstance(found, str) else [str(name) for name in found or []]

    def call(self, operation: str, request: dict[str, Any], key: Key) -> dict[str, Any]:
        result: dict[str, Any] = OPERATIONS[operation](self, request, key)
        return result

    # --- reading ---

    def get_parameter(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = self._reference("GetParameter", request["Name"], key)
        self._authorize("ssm:GetParameter", reference, key)
        if reference.name.startswith(SECRETS):
            return {"Parameter": self._secret(reference, request, key)}
        parameter, version = self.account.store_of(reference.account).find(reference)
        if parameter is None:
            raise AWSError("ParameterNotFound")
        if version is None:
            raise AWSError(
                "ParameterVersionNotFound",
                f"Systems Manager could not find version {reference.selector[1:]} of "
                f"{parameter.name}. Verify the version and try again.",
            )
        shown = self._shown(
            parameter, version, reference.selector, request, key, reference.account
        )
        return {"Parameter": shown}

    def get_parameters(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        names = request["Names"]
        check_names(names)
        references = [self._reference("GetParameters", name, key) for name in names]
        asked = [reference.asked for reference in references]
        if len(set(asked)) != len(asked):
            raise validation_error(f"Duplicate names in the request: [{', '.join(asked)}]")
        for reference in references:
            self._authorize("ssm:GetParameters", reference, key)
        shown, invalid = [], []
        for reference in references:
            found = self._look_up(reference, request, key)
            if found is None:
                invalid.append(reference.asked)
            else:
                shown.append(found)
        return {"Parameters": shown[::-1], "InvalidParameters": invalid[::-1]}

    def _look_up(
        self, reference: Reference, request: dict[str, Any], key: Key
    ) -> Optional[dict[str, Any]]:
        if reference.name.startswith(SECRETS):
            try:
                return self._secret(reference, request, key)
            except AWSError as error:
                if error.code == "ParameterNotFound":
                    return None
                raise
        parameter, version = self.account.store_of(reference.account).find(reference)
        if parameter is None or version is None:
            return None
        return self._shown(
            parameter, version, reference.selector, request, key, reference.account
        )

    def get_parameters_by_path(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        path = request["Path"].strip()
        if not path.startswith("/"):
            raise validation_error(PATH_RULE)
        if path != "/":
            check_name(path.rstrip("/"))
        authorize(key, "ssm:GetParametersByPath", self.account.parameter_arn(path))
        found = self.store.below(path, request.get("Recursive", False))
        page, token = self._page("GetParametersByPath", found, request, PAGE_MAX)
        shown = [self._shown(parameter, parameter.latest, "", request, key) for parameter in page]
        return {"Parameters": shown, **token}

    def get_parameter_history(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = self._reference("GetParameterHistory", request["Name"], key)
        self._authorize("ssm:GetParameterHistory", reference, key)
        parameter, _ = self.account.store_of(reference.account).find(reference)
        if parameter is None:
            raise AWSError("ParameterNotFound")
        page, token = self._page("GetParameterHistory", parameter.versions, request, 50)
        return {
            "Parameters": [self._history(parameter, version, request, key) for version in page],
            **token,
        }

    def describe_parameters(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        authorize(key, "ssm:DescribeParameters", self.account.arn("ssm", "*"))
        page, token = self._page("DescribeParameters", self.store.below("/", True), request, 50)
        return {"Parameters": [self._described(parameter) for parameter in page], **token}

    # --- writing ---

    def put_parameter(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = self._reference("PutParameter", request["Name"], key)
        self._authorize("ssm:PutParameter", reference, key)
        name = reference.name
        if name.lower().lstrip("/").startswith("aws"):
            raise AWSError(
                "AccessDeniedException", f"No access to reserved parameter name: {name}."
            )
        existing = self.store.parameters.get(name)
        if existing and not request.get("Overwrite"):
            raise AWSError(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this "
                "value, set the overwrite option in the request to true.",
            )
        kind = request.get("Type") or (existing.latest.type if existing else None)
        if kind is None:
            raise validation_error("A parameter type is required when you create a parameter.")
        limit = 8192 if request.get("Tier") == "Advanced" else 4096
        if not 1 <= len(request["Value"].encode()) <= limit:
            raise validation_error(f"Value must have 1 to {limit} bytes.")
        version = self.account.put(name, request["Value"], kind, request.get("KeyId"))
        return {"Version": version, "Tier": request.get("Tier", "Standard")}

    def label_parameter_version(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = self._reference("LabelParameterVersion", request["Name"], key)
        self._authorize("ssm:LabelParameterVersion", reference, key)
        for label in request["Labels"]:
            self.store.label(reference.name, request.get("ParameterVersion"), label)
        return {"InvalidLabels": [], "ParameterVersion": request.get("ParameterVersion", 0)}

    def delete_parameter(self, request: dict[str, Any], key: Key) -> dict[str, Any]:
        reference = self._reference("DeleteParameter", request["Name"], key)
        self._authorize("ssm:DeleteParameter", reference, key)
        self.store.delete(reference.name)
        return {}

    # --- shapes ---

    def _shown(
        self,
        parameter: Parameter,
        version: Version,
        selector: str,
        request: dict[str, Any],
        key: Key,
        account: Optional[str] = None,
    ) -> dict[str, Any]:
        shown = {
            "Name": parameter.name,
            "Type": version.type,
            "Value": self._value(version, request, key),
            "Version": version.number,
            "LastModifiedDate": version.modified,
            "ARN": self.account.parameter_arn(parameter.name, account),
            "DataType": "text",
        }
        if selector:
            shown["Selector"] = selector
        return shown

    def _value(self, version: Version, request: dict[str, Any], key: Key) -> str:
        if version.type != "SecureString":
            return version.value
        if not request.get("WithDecryption", False):
            return ciphertext()
        if version.key_id != DEFAULT_KEY:
            # The default key's own policy lets every principal of the account decrypt.
            authorize(
                key,
                "kms:Decrypt",
                self.account.key_arn(version.key_id),
                KMS_SUFFIX,
                via=self.account.host("ssm"),
            )
        return version.value

    def _history(
        self, parameter: Parameter, version: Version, request: dict[str, Any], key: Key
    ) -> dict[str, Any]:
        return {
            "Name": parameter.name,
            "Type": version.type,
            "Value": self._value(version, request, key),
            "Version": version.number,
            "Labels": sorted(version.labels),
            "LastModifiedDate": version.modified,
            "LastModifiedUser": key.principal,
            "Tier": "Standard",
            "Policies": [],
            "DataType": "text",
        }

    def _described(self, parameter: Parameter) -> dict[str, Any]:
        return {
            "Name": parameter.name,
            "ARN": self.account.parameter_arn(parameter.name),
            "Type": parameter.latest.type,
            "Version": parameter.latest.number,
            "LastModifiedDate": parameter.latest.modified,
            "Tier": "Standard",
            "Policies": [],
            "DataType": "text",
        }

    def _secret(self, reference: Reference, request: dict[str, Any], key: Key) -> dict[str, Any]:
        """A secret of Secrets Manager, read through its reference in Parameter Store."""
        if not request.get("WithDecryption", False):
            raise validation_error(
                "WithDecryption flag must be True for retrieving a Secret Manager secret."
            )
        secret = self.account.secrets.get(reference.name[len(SECRETS) :])
        version = secret.selected(reference.selector[1:]) if secret else None
        arn = (
            self.account.secret_arn(secret)
            if secret
            else self.account.arn("secretsmanager", f"secret:{reference.name[len(SECRETS) :]}")
        )
        authorize(key, "secretsmanager:GetSecretValue", arn, via=self.account.host("ssm"))
        if secret is None or version is None or secret.deleted:
            raise AWSError(
                "ParameterNotFound",
                "An error occurred (ParameterNotFound) when referencing Secrets Manager: "
                f"Secret {reference.name} not found.",
            )
        read_key(self.account, secret, key)
        source = {
            "ARN": arn,
            "name": secret.name,
            "versionId": version.id,
            "versionStages": sorted(version.stages),
        }
        return {
            "Name": reference.name,
            "Type": "SecureString",
            "Value": version.text,
            "Version": 0,
            "SourceResult": json.dumps(source),
            "LastModifiedDate": version.created,
            "ARN": arn,
            "DataType": "text",
        }

    # --- names and pages ---

    def _reference(self, operation: str, text: str, key: Key) -> Reference:
        """The reference; for a name that cannot exist, IAM is asked about everything first."""
        try:
            reference = parse_reference(text)
        except AWSError:
            authorize(key, f"ssm:{operation}", self.account.arn("ssm", "*"))
            raise
        if reference.region not in (None, self.account.region):
            raise validation_error(f"The ARN's region is not {self.account.region}: {text}")
        return reference

    def _authorize(self, action: str, reference: Reference, key: Key) -> None:
        authorize(key, action, self.account.parameter_arn(reference.name, reference.account))

    def _page(
        self, operation: str, items: list[Any], request: dict[str, Any], maximum: int
    ) -> tuple[list[Any], dict[str, str]]:
        size = request.get("MaxResults", maximum)
        if not 1 <= size <= maximum:
            raise constraint(size, "maxResults", f"have value between 1 and {maximum}")
        start = self.account.page_position(operation, request)
        end = start + min(size, self.account.page_size or size)
        token = {"NextToken": self.account.page_token(operation, request, end)}
        return items[start:end], token if end < len(items) else {}


OPERATIONS = {
    "GetParameter": SystemsManager.get_parameter,
    "GetParameters": SystemsManager.get_parameters,
    "GetParametersByPath": SystemsManager.get_parameters_by_path,
    "GetParameterHistory": SystemsManager.get_parameter_history,
    "DescribeParameters": SystemsManager.describe_parameters,
    "PutParameter": SystemsManager.put_parameter,
    "LabelParameterVersion": SystemsManager.label_parameter_version,
    "DeleteParameter": SystemsManager.delete_parameter,
}


def ciphertext() -> str:
    """What an undecrypted SecureString looks like: base64 of a KMS ciphertext blob."""
    return base64.b64encode(b"\x01\x02\x02\x00x" + os.urandom(120)).decode()


def check_names(names: list[Any]) -> None:
    if any(not isinstance(name, str) for name in names):
        raise AWSError("SerializationException", "Names holds something that is no string")
    if not names:
        raise constraint("[]", "names", "have length greater than or equal to 1")
    if len(names) > NAMES_MAX:
        raise constraint(
            f"[{', '.join(names)}]", "names", f"have length less than or equal to {NAMES_MAX}"
        )
