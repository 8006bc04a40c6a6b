"""Checkpoints: the size and root of a log as text, signed so that anybody can keep and compare them.

The text is C2SP tlog-checkpoint, the signature C2SP signed-note with Ed25519 (type 0x01)::

    lienthong.example/audit
    42
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — lienthong.example/audit Az3grlgt...AYQ8=
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from storage.ledger.merkle import HASH_BYTES

ED25519 = b"\x01"
"""Signature type of Ed25519 in the signed-note specification."""
COSIGNATURE = b"\x04"
"""Signature type of a witness: Ed25519 over the text and a time (C2SP tlog-cosignature, cosignature/v1)."""
TIME_BYTES = 8
SIGNATURE_MARK = "— "
"""EM DASH and a space: how a signature line begins."""
KEY_ID_BYTES = 4
SIGNATURES_MAX = 16
"""More signature lines than this are refused."""


class CheckpointError(Exception):
    """A checkpoint or key cannot be read, or its signature does not hold; says why."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Whom a signature line names."""

    name: str
    """Name of the key: not empty, no space, no ``+``; usually the origin of the log."""
    public_key: bytes
    """Ed25519, 32 bytes."""
    kind: bytes = ED25519
    """Signature type: of a log or of a witness."""

    def __post_init__(self) -> None:
        """Refuse a name or key that the specification does not allow. Raises CheckpointError."""
        if not self.name or "+" in self.name or any(letter.isspace() for letter in self.name):
            raise CheckpointError(f"not a key name: {self.name!r}")
        if len(self.public_key) != 32:
            raise CheckpointError("an Ed25519 key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || LF || type || key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public_key).digest()[
            :KEY_ID_BYTES
        ]

    def __str__(self) -> str:
        """Return the verifier key: ``name+id in hex+base64(type || key)``."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(self.kind + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Read a verifier key. Raises CheckpointError."""
        # Base64 may hold a + of its own, so only the first two separate.
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise CheckpointError("a verifier key has three parts")
        name, key_id, encoded = parts
        body = _bytes(encoded)
        if body[:1] not in (ED25519, COSIGNATURE):
            raise CheckpointError("only Ed25519 keys are known")
        key = cls(name, body[1:], body[:1])
        if key.key_id.hex() != key_id:
            raise CheckpointError("the id of the verifier key is not its own")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a log at one size."""

    origin: str
    """Unique name of the log: one line."""
    size: int
    """Leaves in the tree."""
    root: bytes
    """Root over them, 32 bytes."""
    extensions: tuple[str, ...] = ()
    """Further lines, none of them empty."""

    def text(self) -> str:
        """Return the text that is signed; ends with a newline. Raises CheckpointError."""
        lines = [self.origin, str(self.size), _base64(self.root), *self.extensions]
        if any(not _is_line(line) for line in lines) or self.size < 0 or len(self.root) != HASH_BYTES:
            raise CheckpointError("a checkpoint has an origin, a size, a root of 32 bytes and no empty line")
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint. Raises CheckpointError."""
        if not text.endswith("\n"):
            raise CheckpointError("the last line has no end")
        lines = text[:-1].split("\n")
        if len(lines) < 3 or any(not _is_line(line) for line in lines):
            raise CheckpointError("three lines or more are needed, none of them empty")
        origin, size, root = lines[:3]
        if not size.isascii() or not size.isdecimal() or (size != "0" and size.startswith("0")):
            raise CheckpointError(f"not a size: {size}")
        digest = _bytes(root)
        if len(digest) != HASH_BYTES:
            raise CheckpointError("a root has 32 bytes")
        if len(size) > 19:
            raise CheckpointError("the size is out of range")
        return cls(origin, int(size), digest, tuple(lines[3:]))


def sign(checkpoint: Checkpoint, key: NoteKey, signer: Callable[[bytes], bytes]) -> str:
    """Return the signed note; ``signer`` makes an Ed25519 signature (64 bytes) with the private half."""
    text = checkpoint.text()
    return f"{text}\n{SIGNATURE_MARK}{key.name} {_base64(key.key_id + signer(text.encode()))}\n"


def cosign(text: str, key: NoteKey, signer: Callable[[bytes], bytes], at: int) -> str:
    """Return the line by which a witness says that ``text`` is the largest consistent tree it saw at ``at``.

    ``at`` counts seconds since 1970 (C2SP tlog-cosignature). The line ends with a newline.
    """
    signature = signer(_cosigned(text, at))
    return f"{SIGNATURE_MARK}{key.name} {_base64(key.key_id + at.to_bytes(TIME_BYTES, 'big') + signature)}\n"


def cosignatures(note: str, keys: Sequence[NoteKey]) -> dict[NoteKey, int]:
    """Return which witnesses have cosigned a note, and when (seconds since 1970).

    Lines of unknown keys are passed over. Raises CheckpointError when one of a known witness does not hold.
    """
    text, lines = split(note)
    known = {(key.name, key.key_id): key for key in keys if key.kind == COSIGNATURE}
    found = {}
    for line in lines:
        name, key_id, signature = _signature(line)
        if key := known.get((name, key_id)):
            _check(key, signature, text)
            found[key] = int.from_bytes(signature[:TIME_BYTES], "big")
    return found


def verify(note: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Return the checkpoint of a note signed by one of ``keys``. Raises CheckpointError."""
    return Checkpoint.parse(verified_text(note, keys))


def verified_text(note: str, keys: Sequence[NoteKey]) -> str:
    """Return the text of a note signed by one of ``keys``. Raises CheckpointError.

    Lines of unknown keys are passed over (witnesses may add theirs); a line of a known key must hold.
    """
    text, lines = split(note)
    known = {(key.name, key.key_id): key for key in keys if key.kind == ED25519}
    held = False
    for line in lines:
        name, key_id, signature = _signature(line)
        key = known.get((name, key_id))
        if key is None:
            continue
        _check(key, signature, text)
        held = True
    if not held:
        raise CheckpointError("no known key has signed")
    return text


def split(note: str) -> tuple[str, list[str]]:
    """Return the signed text and the signature lines, nothing verified. Raises CheckpointError."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or len(lines) < 2 or lines.pop() != "":
        raise CheckpointError("a note is a text, an empty line and signature lines")
    if len(lines) > SIGNATURES_MAX or any(not line.startswith(SIGNATURE_MARK) for line in lines):
        raise CheckpointError("the signature lines cannot be read")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes, bytes]:
    """Return key name, key id and signature of one line."""
    name, separator, encoded = line.removeprefix(SIGNATURE_MARK).partition(" ")
    body = _bytes(encoded)
    if not name or not separator or len(body) <= KEY_ID_BYTES:
        raise CheckpointError("the signature lines cannot be read")
    return name, body[:KEY_ID_BYTES], body[KEY_ID_BYTES:]


def _check(key: NoteKey, signature: bytes, text: str) -> None:
    """Raise CheckpointError unless the signature of one line holds over the text."""
    message = text.encode()
    if key.kind == COSIGNATURE:
        message = _cosigned(text, int.from_bytes(signature[:TIME_BYTES], "big"))
        signature = signature[TIME_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except InvalidSignature as error:
        raise CheckpointError(f"the signature of {key.name} does not hold") from error


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _is_line(line: str) -> bool:
    return bool(line) and not any(unicodedata.category(letter) == "Cc" for letter in line)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointError("not base64") from error
    if _base64(data) != text:
        raise CheckpointError("not canonical base64")
    return data
