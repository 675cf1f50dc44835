"""A small, strict AWS for tests: Parameter Store behind verified signatures, and ways to fail.

    with FakeAWS() as aws:
        aws.put("/prod/db/password", "s3cret")
        aws.fault("GetParameters", kind="throttle", times=1)
        ...                            # the client under test talks to aws.endpoint
        assert [call.names for call in aws.calls_of("GetParameters")] == ...

It listens on 127.0.0.1 on free ports: aws.endpoint (http) and, with tls=True, aws.tls_endpoint
(https; verify with aws.ca_file). aws.access_key_id and aws.secret_access_key may do everything;
further keys come from add_key() and have the policy given there. The kinds of fault are listed in
faults.KINDS and faults.CONNECTION_KINDS, a call's attributes in calls.Call.

tests/fakeaws/serve runs the same as a process; RemoteFakeAWS controls that one with the same
methods.
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Iterable, Optional

from .account import Account
from .calls import Call, CallLog
from .certificates import Certificates
from .control import control
from .faults import Fault, Faults
from .front import FrontEnd
from .iam import Policy, statements_of
from .metadata import Container, Metadata
from .remote import RemoteFakeAWS
from .server import Listener
from .services.secrets import Secret, SecretReference
from .services.sts import Role

__all__ = ["Call", "FakeAWS", "RemoteFakeAWS"]

# The example keys of AWS's own documentation.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class FakeAWS:
    access_key_id = ACCESS_KEY_ID
    secret_access_key = SECRET_ACCESS_KEY

    def __init__(
        self,
        region: str = "us-east-2",
        account: str = "111122223333",
        tls: bool = False,
        names: Iterable[str] = (),
        port: int = 0,
        tls_port: int = 0,
        state: Optional[str] = None,
    ) -> None:
        """names: further host names that the server answers to and its certificate holds. state: a
        folder for keys and certificates that is kept; without it, one that close() removes."""
        self.region = region
        self.account = account
        self._account = Account(region, account)
        self._faults = Faults()
        self._log = CallLog()
        self._front = FrontEnd(self._account, self._faults, self._log)
        self._names = ("127.0.0.1", "localhost", *names)
        self._extra_names = tuple(names)
        self._temporary = state is None
        self._state = Path(
            state or tempfile.mkdtemp(prefix="fakeaws-", dir=os.environ.get("SSMENV_STAGE") or None)
        )  # gone with the stage
        self._state.chmod(0o755)  # other users read the certificates; keys are 0600
        self._certificates: Optional[Certificates] = None
        self._listeners: list[Listener] = []
        self.add_key(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        self.endpoint = f"http://127.0.0.1:{self._listen(port).port}"
        self.tls_endpoint = self.tls_endpoint_with("good", tls_port) if tls else None

    # --- life ---

    def _listen(self, port: int = 0, context: Any = None) -> Listener:
        listener = Listener(
            self._front, functools.partial(control, self), self._names, port, context
        )
        self._listeners.append(listener)
        return listener

    def tls_endpoint_with(self, certificate: str, port: int = 0) -> str:
        """A further endpoint whose certificate is good, untrusted, wrong_name or expired, or that
        speaks no TLS newer than 1.1 (tls1.1)."""
        if self._certificates is None:
            self._certificates = Certificates(self._state, self._extra_names)
        context = self._certificates.context(certificate)
        return f"https://localhost:{self._listen(port, context).port}"

    @property
    def ca_file(self) -> Optional[str]:
        return str(self._certificates.ca_file) if self._certificates else None

    @property
    def settings(self) -> dict[str, Any]:
        names = (
            "endpoint",
            "tls_endpoint",
            "ca_file",
            "region",
            "account",
            "access_key_id",
            "secret_access_key",
        )
        return {name: getattr(self, name) for name in names}

    def close(self) -> None:
        self.release()
        self._log.close()
        for listener in self._listeners:
            listener.close()
        if self._temporary:
            shutil.rmtree(self._state, ignore_errors=True)

    def __enter__(self) -> FakeAWS:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

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
        """policy None: everything is allowed. See iam.statements_of(). life: in seconds; without it,
        the key lives until it is expired."""
        with self._account.lock:
            self._account.add_key(access_key_id, secret, session_token, policy, expired, life)

    def set_policy(self, policy: Policy, access_key_id: str = ACCESS_KEY_ID) -> None:
        with self._account.lock:
            self._account.keys[access_key_id].statements = statements_of(policy)

    def set_origin(
        self, address: Optional[str] = None, endpoint: Optional[str] = None
    ) -> None:
        """Where AWS sees the administrator's calls come from: a public address, or, without any, a
        VPC endpoint."""
        origin = {"aws:SourceIp": address} if address else {"aws:SourceVpce": endpoint or ""}
        with self._account.lock:
            self._account.keys[ACCESS_KEY_ID].origin = origin

    def put(
        self,
        name: str,
        value: str,
        type: str = "SecureString",
        key_id: Optional[str] = None,
        labels: Iterable[str] = (),
        account: Optional[str] = None,
    ) -> int:
        """A further version of the parameter, with these labels; returns its number. key_id: a
        customer key, for which reading needs kms:Decrypt too. account: another account, which
        shares the parameter: it is found by its ARN only."""
        with self._account.lock:
            number = self._account.put(name, value, type, key_id, account)
            for label in labels:
                self._account.store_of(account).label(name, number, label)
            return number

    def label(self, name: str, version: int, label: str) -> None:
        with self._account.lock:
            self._account.parameters.label(name, version, label)

    def delete(self, name: str) -> None:
        with self._account.lock:
            self._account.parameters.delete(name)

    def put_secret(
        self,
        name: str,
        value: Optional[str] = None,
        binary: Optional[str] = None,
        key_id: Optional[str] = None,
        account: Optional[str] = None,
    ) -> str:
        """A further version of a secret of Secrets Manager; returns its id. binary: base64, in the
        place of a text. key_id and account as with put()."""
        with self._account.lock:
            stamp = round(self._account.now(), 3)
            return self._account.secrets.put(name, value, binary, stamp, key_id, account)

    def stage_secret(self, name: str, version_id: str, stage: str) -> None:
        with self._account.lock:
            self._secret(name).stage(version_id, stage)

    def delete_secret(self, name: str) -> None:
        """Marks it for deletion."""
        with self._account.lock:
            self._secret(name).deleted = True

    def secret_arn(self, name: str, account: Optional[str] = None) -> str:
        """With the six characters that AWS chose."""
        with self._account.lock:
            return self._account.secret_arn(self._secret(name, account))

    def _secret(self, name: str, account: Optional[str] = None) -> Secret:
        secret = self._account.secrets.find(SecretReference(name, None, account))
        if secret is None:
            raise ValueError(f"there is no secret {name}")
        return secret

    def set_clock(self, offset: float) -> None:
        """AWS's clock runs this many seconds ahead of ours: signatures and Date follow it."""
        with self._account.lock:
            self._account.clock_offset = offset

    def set_page_size(self, size: Optional[int]) -> None:
        """Pages hold at most so many entries, whatever MaxResults says."""
        with self._account.lock:
            self._account.page_size = size

    def add_role(
        self,
        name: str,
        policy: Policy = None,
        trust: Optional[list[str]] = None,
        external_id: Optional[str] = None,
        web_identity: Optional[str] = None,
        life: float = 0,
    ) -> str:
        """A role of this account; returns its ARN. The parameters are those of services.sts.Role."""
        arn = f"arn:aws:iam::{self.account}:role/{name}"
        with self._account.lock:
            self._account.roles[arn] = Role(arn, policy, trust, external_id, web_identity, life)
        return arn

    @property
    def sessions(self) -> list[tuple[str, str, str]]:
        """Role, session name and key id of each session, in their order."""
        with self._account.lock:
            return list(self._account.sessions)

    def expire(self, access_key_id: str) -> None:
        with self._account.lock:
            self._account.keys[access_key_id].expired = True

    # --- what lies beside an instance or a container ---

    def metadata(self, **options: Any) -> Metadata:
        """A metadata service whose role's keys are keys of this account; close() it."""
        return Metadata(self.add_key, self.region, **options)

    def container(self, **options: Any) -> Container:
        """An endpoint for a container's credentials; close() it."""
        return Container(self.add_key, **options)

    # --- faults ---

    def fault(
        self,
        operation: Optional[str] = None,
        times: Optional[int] = None,
        after: int = 0,
        *,
        kind: str,
        names: Optional[list[str]] = None,
        **details: Any,
    ) -> None:
        """The next `times` calls (None: all) of operation (None: any) that ask for one of names
        (None: any) fail in this way, after the first `after` of them went well. The first fault in
        force that fits is taken. details belong to the kind: see faults.py."""
        with self._account.lock:
            if kind == "hold":
                self._front.released.clear()
            self._faults.add(Fault(kind, operation, times, after, names, details))

    def clear_faults(self) -> None:
        with self._account.lock:
            self._faults.clear()

    def release(self) -> None:
        """Lets calls go on that the fault "hold" holds, and holds no more until the next one."""
        self._front.released.set()

    # --- calls ---

    @property
    def calls(self) -> list[Call]:
        return self._log.snapshot()

    def calls_of(self, operation: str) -> list[Call]:
        return self._log.snapshot(operation)

    def clear_calls(self) -> None:
        self._log.clear()

    def wait_for_calls(
        self, count: int, operation: Optional[str] = None, timeout: float = 30
    ) -> list[Call]:
        """Returns the calls when there are count of them, answered or not; else TimeoutError."""
        return self._log.wait(count, operation, timeout)

    @property
    def connections(self) -> int:
        """Accepted connections on all endpoints; over TLS, those that shook hands."""
        return sum(listener.connections for listener in self._listeners)

    @property
    def handshakes_failed(self) -> int:
        return sum(listener.handshakes_failed for listener in self._listeners)
