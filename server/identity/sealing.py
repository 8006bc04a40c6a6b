"""Small secrets at rest: random tokens, their digests, and the sealing of TOTP secrets."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SESSION_PREFIX = "lts_"
"""Begins every session token."""
MACHINE_PREFIX = "ltm_"
"""Begins every machine token, so that one that leaks into a file can be searched for."""
TOKEN_BYTES = 32
"""256 random bits."""
NONCE_BYTES = 12


class Unsealable(Exception):
    """The bytes were sealed with another key or for another account, or were changed."""


class Sealer:
    """Seals secrets with a key derived from the installation's secret (AES-256-GCM)."""

    def __init__(self, installation_secret: bytes) -> None:
        """Take at least 32 random bytes that only this installation has."""
        if len(installation_secret) < TOKEN_BYTES:
            raise ValueError("the secret of the installation is shorter than 32 bytes")
        key = HKDF(SHA256(), 32, salt=None, info=b"lienthong identity totp").derive(installation_secret)
        self._cipher = AESGCM(key)

    def seal(self, secret: str, account_id: str) -> bytes:
        """Return nonce and sealed secret, bound to the account."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), account_id.encode())

    def open(self, sealed: bytes, account_id: str) -> str:
        """Return the secret; raises Unsealable."""
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], account_id.encode()
            ).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable("the secret of the installation does not fit") from error


def new_token(prefix: str) -> str:
    """Return a fresh random token."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return what the row keeps of a token: its SHA-256. Random tokens need no salt."""
    return hashlib.sha256(token.encode()).digest()


def recovery_codes(count: int) -> tuple[str, ...]:
    """Return fresh recovery codes of 80 random bits, written ``xxxxx-xxxxx-xxxxx-xxxxx`` in hex."""
    codes = []
    for _ in range(count):
        plain = secrets.token_hex(10)
        codes.append("-".join(plain[start : start + 5] for start in range(0, 20, 5)))
    return tuple(codes)


def installation_secret(path: Path) -> bytes:
    """Read the secret of the installation, or make it (0600); blocking. Raises OSError."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(TOKEN_BYTES))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()
