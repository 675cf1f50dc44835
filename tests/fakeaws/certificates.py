"""A private certificate authority and server certificates, made with the openssl command.

Certificates are made when they are first asked for. Besides the good one there are those that a
client has to refuse: of another authority, for another name, and expired.
"""

from __future__ import annotations

import os
import secrets
import ssl
import subprocess
from pathlib import Path
from typing import Iterable

CONFIG = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""

KINDS = ("good", "untrusted", "wrong_name", "expired", "tls1.1")


class Certificates:
    def __init__(self, folder: Path, names: Iterable[str] = ()) -> None:
        self.folder = folder
        self.names = ("DNS:localhost", "IP:127.0.0.1", "IP:::1", *(f"DNS:{name}" for name in names))
        self.ca_file = self._authority("ca")

    def context(self, kind: str = "good") -> ssl.SSLContext:
        """A server's TLS context with a certificate of this kind."""
        if kind not in KINDS:
            raise ValueError(f"no certificate of kind {kind!r}: {', '.join(KINDS)}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if kind == "tls1.1":
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        else:
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        certificate = self.folder / f"{kind}.pem"
        if not certificate.exists():
            self._server(kind, certificate)
        context.load_cert_chain(certificate, self.folder / f"{kind}.key")
        return context

    def _authority(self, name: str) -> Path:
        certificate = self.folder / f"{name}.pem"
        if not certificate.exists():
            request = self._request(name, self.names)
            _sign(request, certificate, "authority", "30", "-signkey", request.with_suffix(".key"))
        return certificate

    def _server(self, kind: str, certificate: Path) -> None:
        authority = self._authority("other-ca" if kind == "untrusted" else "ca")
        names = ("DNS:elsewhere.invalid",) if kind == "wrong_name" else self.names
        _sign(
            self._request(kind, names),
            certificate,
            "server",
            "-1" if kind == "expired" else "30",
            "-CA",
            authority,
            "-CAkey",
            authority.with_suffix(".key"),
        )

    def _request(self, stem: str, names: Iterable[str]) -> Path:
        """A key and a request to certify it."""
        request = self.folder / f"{stem}.csr"
        config = request.with_suffix(".cnf")
        config.write_text(CONFIG.format(names=",".join(names)))
        _openssl(
            "req",
            "-new",
            "-config",
            config,
            "-subj",
            f"/CN=fakeaws {stem}",
            "-nodes",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-keyout",
            request.with_suffix(".key"),
            "-out",
            request,
        )
        return request


def _sign(request: Path, certificate: Path, section: str, days: str, *signer: object) -> None:
    _openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-out",
        certificate,
        "-days",
        days,
        "-extfile",
        request.with_suffix(".cnf"),
        "-extensions",
        section,
        "-set_serial",
        secrets.randbits(64),
        *signer,
    )
    certificate.chmod(0o644)


def _openssl(*arguments: object) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OPENSSL_CONF"}
    done = subprocess.run(
        ["openssl", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")
