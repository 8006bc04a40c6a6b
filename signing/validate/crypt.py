"""Reading files that are encrypted for nobody: the standard security handler with an empty password.

ISO 32000-2, 7.6.4: such a file opens in every viewer without a question, so its signatures can be judged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from signing.validate.syntax import Dict, Malformed, Stream, Value, whole

_PAD: Final = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_LOCKED: Final = "the PDF file is protected by a password"


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a file and how it is used."""

    key: bytes
    strings: str
    """Method for strings: ``None``, ``V2``, ``AESV2`` or ``AESV3``."""
    streams: str
    """Method for streams, likewise."""
    metadata: bool
    """Whether metadata is encrypted too."""

    def value(self, value: Value, number: int, generation: int) -> Value:
        """Return a value of an object of the file with its strings and its stream in the clear."""
        if isinstance(value, Stream):
            entries = {k: self._strings(v, number, generation) for k, v in value.entries.items()}
            return Stream(entries, self._stream(value, number, generation))
        return self._strings(value, number, generation)

    def _stream(self, value: Stream, number: int, generation: int) -> bytes:
        kind = value.entries.get("Type")
        if kind == "XRef" or (kind == "Metadata" and not self.metadata):
            return value.raw
        filters = value.entries.get("Filter")
        if filters == "Crypt" or (isinstance(filters, list) and "Crypt" in filters):
            return value.raw
        return self._open(value.raw, number, generation, self.streams)

    def _strings(self, value: Value, number: int, generation: int) -> Value:
        if isinstance(value, bytes):
            return self._open(value, number, generation, self.strings)
        if isinstance(value, list):
            return [self._strings(v, number, generation) for v in value]
        if isinstance(value, dict):
            signature = "ByteRange" in value and "Contents" in value
            return {
                key: v if signature and key == "Contents" else self._strings(v, number, generation)
                for key, v in value.items()
            }
        return value

    def _open(self, data: bytes, number: int, generation: int, method: str) -> bytes:
        if method == "None":
            return data
        key = self.key
        if method != "AESV3":
            salted = key + number.to_bytes(3, "little") + generation.to_bytes(2, "little")
            salted += b"sAlT" if method == "AESV2" else b""
            key = hashlib.md5(salted, usedforsecurity=False).digest()[: min(len(key) + 5, 16)]
        return _rc4(key, data) if method == "V2" else _cbc(key, data)


def _rc4(key: bytes, data: bytes) -> bytes:
    return Cipher(ARC4(key), mode=None).decryptor().update(data)


def _cbc(key: bytes, data: bytes) -> bytes:
    if len(data) < 32 or len(data) % 16:
        return b""
    opener = Cipher(algorithms.AES(key), modes.CBC(data[:16])).decryptor()  # the file's choice, not ours
    plain = opener.update(data[16:])
    return plain[: -plain[-1]] if 1 <= plain[-1] <= 16 else plain


def opened(encrypt: Dict, identifier: bytes) -> Key:
    """Return the key of a file that needs no password. Raises Malformed when it needs one."""
    version, revision = whole(encrypt.get("V")) or 0, whole(encrypt.get("R")) or 0
    owner, user = encrypt.get("O"), encrypt.get("U")
    if encrypt.get("Filter") != "Standard" or not isinstance(owner, bytes) or not isinstance(user, bytes):
        raise Malformed(_LOCKED)
    strings, streams = _methods(encrypt, version)
    metadata = encrypt.get("EncryptMetadata") is not False
    if revision >= 5:
        return Key(_aes_key(encrypt, user, revision), strings, streams, metadata)
    permissions = (whole(encrypt.get("P")) or 0) & 0xFFFFFFFF
    bits = 40 if version == 1 else 128 if version == 4 else whole(encrypt.get("Length")) or 40
    size = min(max(bits // 8, 5), 16)
    seed = _PAD + owner[:32] + permissions.to_bytes(4, "little") + identifier
    seed += b"\xff\xff\xff\xff" if revision >= 4 and not metadata else b""
    key = hashlib.md5(seed, usedforsecurity=False).digest()
    for _ in range(50 if revision >= 3 else 0):
        key = hashlib.md5(key[:size], usedforsecurity=False).digest()
    key = key[:size]
    if _user_entry(key, revision, identifier)[:16] != user[:16]:
        raise Malformed(_LOCKED)
    return Key(key, strings, streams, metadata)


def _user_entry(key: bytes, revision: int, identifier: bytes) -> bytes:
    """Return what ``/U`` holds for this key (7.6.4.4)."""
    if revision == 2:
        return _rc4(key, _PAD)
    value = _rc4(key, hashlib.md5(_PAD + identifier, usedforsecurity=False).digest())
    for step in range(1, 20):
        value = _rc4(bytes(b ^ step for b in key), value)
    return value


def _methods(encrypt: Dict, version: int) -> tuple[str, str]:
    if version in (1, 2):
        return "V2", "V2"
    if version not in (4, 5):
        raise Malformed(_LOCKED)
    filters = encrypt.get("CF")

    def method(name: Value) -> str:
        if name in (None, "Identity"):
            return "None"
        found = filters.get(str(name)) if isinstance(filters, dict) else None
        how = str(found.get("CFM", "None")) if isinstance(found, dict) else ""
        if how not in ("None", "V2", "AESV2", "AESV3"):
            raise Malformed(_LOCKED)
        return how

    return method(encrypt.get("StrF")), method(encrypt.get("StmF"))


def _aes_key(encrypt: Dict, user: bytes, revision: int) -> bytes:
    """Return the key of revision 5 or 6 (7.6.4.3.3)."""
    wrapped = encrypt.get("UE")
    if not isinstance(wrapped, bytes) or len(wrapped) < 32 or len(user) < 48:
        raise Malformed(_LOCKED)
    if _hardened(user[32:40], revision) != user[:32]:
        raise Malformed(_LOCKED)
    middle = _hardened(user[40:48], revision)
    return Cipher(algorithms.AES(middle), modes.CBC(bytes(16))).decryptor().update(wrapped[:32])


def _hardened(salt: bytes, revision: int) -> bytes:
    """Return the hash of an empty password (algorithm 2.B; plain SHA-256 for revision 5)."""
    key = hashlib.sha256(salt).digest()
    if revision == 5:
        return key
    step = 0
    while True:
        block = key * 64
        mixed = Cipher(algorithms.AES(key[:16]), modes.CBC(key[16:32])).encryptor().update(block)
        kind = sum(mixed[:16]) % 3
        key = hashlib.new(("sha256", "sha384", "sha512")[kind], mixed).digest()
        step += 1
        if step >= 64 and mixed[-1] <= step - 32:
            return key[:32]
