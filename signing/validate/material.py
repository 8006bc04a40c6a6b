"""What a verifier trusts and knows: anchors, intermediate certificates, revocation lists.

Rule for revocation (which the contract leaves open): lists are used whenever they are given, and found
beside the anchors (see :func:`load`). A revoked certificate is never passed; a list that is too old or not
the issuer's own makes the result INDETERMINATE / TRY_LATER. When no list of an issuer is at hand at all the
report says ``not_checked`` and the signature may still pass, unless ``require_revocation`` is set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.errors import SigningError

_MOST_FILES = 5_000
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class TrustFault(SigningError):
    """The trust anchors cannot be read, or there are none."""

    code = "signing.trust"


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """DER bytes only, so that it travels to other processes."""

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()
    """OCSP answers at hand."""
    require_revocation: bool = False
    """True: a certificate whose revocation was not checked is INDETERMINATE / TRY_LATER."""


def load(path: Path) -> TrustMaterial:
    """Read anchors from a PEM (or DER) file or from the files of a folder.

    Revocation lists are taken from ``*.crl`` in the same folder, in its ``crl`` folder and in a ``crl``
    folder beside it, as ``lienthong pki`` lays them out; intermediate certificates from ``certs`` likewise;
    OCSP answers from ``*.ors`` in the folder or its ``ocsp`` folder.
    Raises TrustFault.
    """
    folder = path if path.is_dir() else path.parent
    files = _files(path, ("*.pem", "*.crt", "*.cer")) if path.is_dir() else [path]
    anchors: list[bytes] = []
    for file in files:
        anchors += _certificates(_read(file), file)
    if not anchors:
        raise TrustFault(f"{path} holds no certificate: give a PEM file or a folder of them")
    intermediates: list[bytes] = []
    crls: list[bytes] = []
    answers: list[bytes] = []
    for place in (folder, folder / "crl", folder.parent / "crl"):
        for file in _files(place, ("*.crl",)):
            crls += _lists(_read(file), file)
    for place in (folder, folder / "ocsp"):
        answers += [_read(file) for file in _files(place, ("*.ors",))]
    for place in (folder / "certs", folder.parent / "certs"):
        for file in _files(place, ("*.pem", "*.crt")):
            intermediates += _certificates(_read(file), file)
    return TrustMaterial(tuple(anchors), tuple(intermediates), tuple(crls), tuple(answers))


def _files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = sorted(file for pattern in patterns for file in folder.glob(pattern) if file.is_file())
    if len(found) > _MOST_FILES:
        raise TrustFault(f"{folder} holds more than {_MOST_FILES} files")
    return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TrustFault(f"{file} cannot be read: {error.strerror}") from error


def _certificates(data: bytes, file: Path) -> list[bytes]:
    try:
        blocks = _PEM.findall(data)
        if blocks:
            return [x509.load_pem_x509_certificate(b).public_bytes(Encoding.DER) for b in blocks]
        return [x509.load_der_x509_certificate(data).public_bytes(Encoding.DER)]
    except ValueError as error:
        raise TrustFault(f"{file} is no certificate") from error


def _lists(data: bytes, file: Path) -> list[bytes]:
    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
    except ValueError as error:
        raise TrustFault(f"{file} is no revocation list") from error
    return [crl.public_bytes(Encoding.DER)]
