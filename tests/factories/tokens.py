"""Tokens for tests: a certificate of the province's own authority, and its key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign import signers

from signing.keys.software import SoftwareSigner, open_pkcs12
from signing.pki import ca
from signing.pki.ca import CertificateRequest
from signing.pki.profiles import KeyType, Kind

PASSPHRASE = b"mat khau token"


@dataclass(frozen=True)
class Token:
    """A token of somebody."""

    pkcs12: bytes
    """Its key and certificates."""
    certificates: str
    """PEM, the owner's first: what an administrator registers."""

    @property
    def signer(self) -> SoftwareSigner:
        """The key in the product's own form."""
        return open_pkcs12(self.pkcs12, PASSPHRASE)

    @property
    def foreign(self) -> Any:
        """The key as pyHanko's signer: another program than ours."""
        return signers.SimpleSigner.load_pkcs12_data(self.pkcs12, (), PASSPHRASE)


def token_for(pki: Path, name: str, *, body: bool = False, organ_id: str = "") -> Token:
    """Issue a token by the development authority of an installation (``data/pki``). Blocks for key making."""
    authority = ca.open_authority(pki, passphrase=None)
    kind = Kind.ORGANISATION if body else Kind.PERSON
    issued = authority.issue(
        CertificateRequest(kind, name, organ_id=organ_id or "Z99", key=KeyType.RSA2048),
        passphrase=PASSPHRASE,
        now=datetime.now(UTC),
    )
    identity = open_pkcs12(issued.pkcs12, PASSPHRASE).identity
    chain = (identity.certificate, *identity.chain)
    pem = "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)
    return Token(issued.pkcs12, pem)
