"""Providers and their trust anchors as dated configuration (config/pki), and paths judged against them."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from server.certificates.model import Anchor, Provider, Trust
from server.certificates.rules import in_force
from server.kernel.errors import Invalid
from signing.errors import PkiFault
from signing.pki.path import files
from signing.pki.path.certificate import Certificate as PathCertificate
from signing.pki.path.validate import Material, Question, validate


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: list[Provider]


def load(folder: Path) -> tuple[Provider, ...]:
    """Read every file of a folder (blocking). Raises Invalid ``certificates.configuration``."""
    found: list[Provider] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            found += msgspec.convert(values, _File).provider
        except (OSError, ValueError, msgspec.ValidationError) as error:
            raise Invalid("certificates.configuration", file=path.name, reason=str(error)) from error
    return tuple(found)


class Anchors:
    """Finds the anchors of providers in files and judges certificates by them. Every method blocks."""

    def __init__(self, providers: tuple[Provider, ...], data: Path) -> None:
        self.providers = providers
        self._data = data

    def told(self, on: date) -> tuple[Trust, ...]:
        """Return every provider in force with what is found of its anchors."""
        return tuple(
            Trust(one, tuple(self._anchor(name) for name in one.anchors))
            for one in self.providers
            if in_force(one, on)
        )

    def fault(self, pem: str, provider: Provider, at: datetime) -> str:
        """Return why no path leads from a certificate to an anchor of its provider; "" = one does.

        Intermediate authorities are looked for beside the anchors, in the folder ``certs`` of their parent.
        Revocation is not judged here: the certificate is new to us.
        """
        anchors: list[PathCertificate] = []
        others: list[PathCertificate] = []
        for name in provider.anchors:
            path = self._data / name
            try:
                anchors += files.certificates(path)
                beside = path.parent.parent / "certs"
                others += files.certificates_in(beside) if beside.is_dir() else ()
            except PkiFault:
                continue
        if not anchors:
            return "no anchor of the provider is installed"
        try:
            data = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
            target = PathCertificate(data)
        except ValueError as error:
            return f"the certificate cannot be read ({error})"
        return validate(target, Material(tuple(anchors), tuple(others)), Question(at)).reason

    def _anchor(self, name: str) -> Anchor:
        try:
            one = x509.load_pem_x509_certificate((self._data / name).read_bytes())
        except (OSError, ValueError):
            return Anchor(name, "", None, "")
        return Anchor(
            name,
            one.subject.rfc4514_string(),
            one.not_valid_after_utc.astimezone(UTC),
            one.fingerprint(hashes.SHA256()).hex(),
        )
