"""A signature in two steps: bytes to be signed out, signature value in.

``begin`` writes the update with room for the signature and says what the key must sign; whoever holds the
key (this process, a token behind a browser, a remote agent) returns the value; ``finish`` checks that it
is the value of that key over that file and puts it in. Between the two a :class:`Pending` can be stored.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import cms, stamps
from signing.errors import ServiceFault, SigningError
from signing.keys.protocol import (
    SignatureAlgorithm,
    Signer,
    SignerIdentity,
    default_algorithm,
    require_fit,
    require_true,
)
from signing.keys.software import SoftwareSigner
from signing.model import Level
from signing.pades.appearance import Appearance
from signing.pades.longterm import append, fill_room
from signing.pades.opening import updated
from signing.pades.placing import (
    Placement,
    SignatureText,
    place,
    require_identity_valid,
    signature_entries,
)
from signing.pades.revision import Revision
from signing.pades.syntax import Buffer
from signing.pades.values import Value
from signing.services import Services, Timestamper


@dataclass(frozen=True, slots=True)
class Pending:
    """A signature that waits for its value."""

    base: Buffer
    """The file as it was given; "" when it had to be written anew (then ``tail`` is the whole file)."""
    tail: bytes
    """What is appended to it, with room for the signature."""
    room: tuple[int, int]
    """Where in ``tail`` the hexadecimal string of ``/Contents`` stands, with its angle brackets."""
    field: str
    """Name of the field that will hold the signature."""
    identity: SignerIdentity
    """Whose key must sign."""
    algorithm: SignatureAlgorithm
    level: Level
    """The level wanted; room is kept for it."""
    document_digest: bytes
    """Digest of the byte ranges, by the hash of ``algorithm``."""
    to_be_signed: bytes
    """DER of the signed attributes: what the key signs (RFC 5652, 5.4)."""

    @property
    def digest(self) -> bytes:
        """Hash of :attr:`to_be_signed`, for agents that are given a digest and not the bytes."""
        return hashlib.new(self.algorithm.digest, self.to_be_signed).digest()

    def to_bytes(self) -> bytes:
        """Return a form that can be stored; without ``base``, which the store has already."""
        certificates = (self.identity.certificate, *self.identity.chain)
        return json.dumps(
            {
                "form": 1,
                "base_size": len(self.base),
                "tail": _text(self.tail),
                "room": self.room,
                "field": self.field,
                "certificates": [_text(c.public_bytes(Encoding.DER)) for c in certificates],
                "algorithm": self.algorithm.value,
                "level": self.level.value,
                "document_digest": _text(self.document_digest),
            }
        ).encode()

    @classmethod
    def from_bytes(cls, stored: bytes, base: Buffer) -> Pending:
        """Read the stored form back; ``base`` is the file that was given to :func:`begin`.

        Raises SigningError ``signing.pending`` when they do not belong together.
        """
        try:
            held = json.loads(stored)
            first, *chain = (x509.load_der_x509_certificate(_bytes(c)) for c in held["certificates"])
            identity = SignerIdentity.of(first, tuple(chain))
            digest = _bytes(held["document_digest"])
            start, end = held["room"]
            pending = cls(
                base=base if held["base_size"] else b"",
                tail=_bytes(held["tail"]),
                room=(int(start), int(end)),
                field=held["field"],
                identity=identity,
                algorithm=SignatureAlgorithm(held["algorithm"]),
                level=Level(held["level"]),
                document_digest=digest,
                to_be_signed=cms.signed_attributes(digest, identity),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SigningError("the stored signature cannot be read", code="signing.pending") from error
        if ranges_digest(pending.base, pending.tail, pending.room, pending.algorithm.digest) != digest:
            raise SigningError(
                "the file is not the one that this signature was begun for", code="signing.pending"
            )
        return pending


@dataclass(frozen=True, slots=True)
class Finished:
    """A signed file, and how far it came."""

    base: Buffer
    """What the file begins with: the file as it was given, "" when it had to be written anew."""
    tail: bytes
    """What follows it."""
    field: str
    reached: Level
    """The level of the file."""
    shortfall: SigningError | None = None
    """Why it is below the level wanted; None = it is not."""

    @property
    def pdf(self) -> bytes:
        """The whole file."""
        return bytes(self.base) + self.tail


def begin(
    pdf: Buffer,
    identity: SignerIdentity,
    field: str,
    look: Appearance,
    words: SignatureText,
    at: datetime,
    *,
    level: Level = Level.B_B,
    algorithm: SignatureAlgorithm | None = None,
    new_field: bool = False,
) -> Pending:
    """Write a signature into an empty signature field, or into a new invisible one, without its value.

    ``at`` (aware) becomes the claimed time. ``algorithm`` None: PKCS#1 v1.5 for RSA, ECDSA for elliptic
    curves. Raises FieldFault (missing, signed, no signature field, or taken), KeyFault (certificate not
    valid at ``at``, or of another kind than the algorithm) and UnreadableFile.
    """

    def change(revision: Revision, entries: dict[str, Value], digits: int) -> str:
        place(revision, Placement(field, new_field, look, entries, digits))
        return field

    return started(pdf, identity, words, at, change, level=level, algorithm=algorithm)


def started(
    pdf: Buffer,
    identity: SignerIdentity,
    words: SignatureText,
    at: datetime,
    change: Callable[[Revision, dict[str, Value], int], str],
    *,
    level: Level,
    algorithm: SignatureAlgorithm | None,
    mend: bool = False,
) -> Pending:
    """Begin a signature that ``change`` places: given an update, the entries of the signature dictionary and
    the digits to keep for its value, it returns the name of the field. Raises as :func:`begin`.
    """
    require_identity_valid(identity, at)
    chosen = algorithm or default_algorithm(identity.certificate)
    if algorithm is not None:
        require_fit(identity.certificate, chosen)
    digits = cms.reservation(identity, timestamp=level is not Level.B_B)
    entries = signature_entries(identity.name, words, at)
    done = updated(pdf, lambda revision: change(revision, entries, digits), mend=mend)
    tail, room = done.written.tail, done.written.room
    if room is None:
        raise SigningError("no signature was placed")
    base = done.base
    digest = ranges_digest(base, tail, room, chosen.digest)
    if done.rewritten:
        shift = len(base)
        base, tail, room = b"", bytes(base) + tail, (room[0] + shift, room[1] + shift)
    return Pending(
        base=base,
        tail=tail,
        room=room,
        field=done.result,
        identity=identity,
        algorithm=chosen,
        level=level,
        document_digest=digest,
        to_be_signed=cms.signed_attributes(digest, identity),
    )


def finish(
    pending: Pending,
    value: bytes,
    at: datetime,
    services: Services = Services(),  # noqa: B008 - immutable
) -> Finished:
    """Put a signature value in, and bring the file to the level wanted as far as the services answer.

    The value is verified with the key of the certificate first. When a service does not answer, the file is
    returned at the level reached with the reason in ``shortfall``: the caller tells it and tries again
    later. Raises KeyFault ``signing.value_wrong`` or ``signing.key_revoked``.
    """
    require_true(pending.identity.certificate, pending.algorithm, value, pending.to_be_signed)
    return _finished(pending, value, at, services)


def _finished(pending: Pending, value: bytes, at: datetime, services: Services) -> Finished:
    token, shortfall = None, None
    if pending.level is not Level.B_B:
        try:
            token = _stamper(services).stamp(hashlib.sha256(value).digest(), at)
        except ServiceFault as error:
            shortfall = error
    message = cms.assemble(pending.to_be_signed, value, pending.algorithm, pending.identity, timestamp=token)
    tail = fill_room(pending.tail, pending.room, message)
    if token is None:
        return Finished(pending.base, tail, pending.field, Level.B_B, shortfall)
    start, end = pending.room
    contents = bytes.fromhex(tail[start + 1 : end - 1].decode("ascii"))
    signed = Signed(pending.base, tail, contents, pending.identity, token)
    tail, reached, shortfall = prolonged(signed, pending.level, services, at)
    return Finished(pending.base, tail, pending.field, reached, shortfall)


@dataclass(frozen=True, slots=True)
class Signed:
    """A file whose newest signature is at level B-T."""

    base: Buffer
    tail: bytes
    contents: bytes
    """The value of the signature's ``/Contents``, padding included."""
    identity: SignerIdentity
    token: bytes
    """Its time-stamp."""


def prolonged(
    signed: Signed, level: Level, services: Services, at: datetime
) -> tuple[bytes, Level, ServiceFault | None]:
    """Bring a signature from B-T to B-LT or B-LTA; return the tail, the level reached, and why not more."""
    tail = signed.tail
    if level not in (Level.B_LT, Level.B_LTA):
        return tail, Level.B_T, None
    try:
        source = services.revocation
        if source is None:
            raise ServiceFault("no source of revocation information is configured")
        evidence = source.evidence(signed.identity.certificate, signed.identity.chain, at)
        authority, issuers = stamps.parse(signed.token).signer()
        evidence = evidence + source.evidence(authority, (*issuers, *signed.identity.chain), at)
    except ServiceFault as error:
        return tail, Level.B_T, error
    contents = signed.contents
    wanted = level is Level.B_LTA
    more, room, _ = append(signed.base, tail, contents, evidence, stamped=wanted)
    if room is None:
        return tail + more, Level.B_LT, None
    start, end = room[0] + len(tail), room[1] + len(tail)
    try:
        digest = ranges_digest(signed.base, tail + more, (start, end), "sha256")
        token = _stamper(services).stamp(digest, at)
    except ServiceFault as error:
        more, _, _ = append(signed.base, tail, contents, evidence, stamped=False)
        return tail + more, Level.B_LT, error
    return fill_room(tail + more, (start, end), token), Level.B_LTA, None


def _stamper(services: Services) -> Timestamper:
    if services.timestamper is None:
        raise ServiceFault("no time-stamping authority is configured")
    return services.timestamper


def complete(
    pending: Pending,
    key: Signer,
    at: datetime,
    services: Services = Services(),  # noqa: B008 - immutable
) -> Finished:
    """Sign with a key of this process and finish. Raises as :func:`finish`, and what the key raises."""
    value = key.sign_raw(pending.to_be_signed, pending.algorithm)
    if isinstance(key, SoftwareSigner) and key.identity is pending.identity:
        # Opening the key file made sure that key and certificate belong together, and the library checks
        # what it computes: to verify once more would only cost.
        return _finished(pending, value, at, services)
    return finish(pending, value, at, services)


def ranges_digest(base: Buffer, tail: bytes, room: tuple[int, int], digest: str) -> bytes:
    """Return the digest of all but the room (ISO 32000-1, 12.8.1, ``/ByteRange``)."""
    state = hashlib.new(digest, base)
    view = memoryview(tail)
    state.update(view[: room[0]])
    state.update(view[room[1] :])
    return state.digest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
