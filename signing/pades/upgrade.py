"""Raising the level of a signature that stayed below the one wanted, once its services answer again.

- B-B to B-T: the time-stamp goes into the room that was kept for it, as long as nothing was signed after;
  the signature value stays, so nobody has to sign again.
- B-T to B-LT and B-LTA: one more update with the validation data, and a document time-stamp.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from asn1crypto import cms as asn1_cms
from cryptography import x509

from signing import cms
from signing.errors import FieldFault, ServiceFault, UnreadableFile
from signing.keys.protocol import SignerIdentity
from signing.model import Level
from signing.pades.deferred import Finished, Signed, prolonged
from signing.pades.fields import find
from signing.pades.longterm import fill_room
from signing.pades.opening import read
from signing.pades.revision import Revision, entry
from signing.pades.syntax import Buffer
from signing.pki.reader import NotDer
from signing.services import Services


def raised(pdf: Buffer, field: str, level: Level, services: Services, at: datetime) -> Finished:
    """Bring the signature in ``field`` to ``level``; ``reached`` says how far it came, ``shortfall`` why not.

    ``pdf`` must end with that signature's update when it has no time-stamp yet. Raises FieldFault
    (no such signature, or something was signed after it), KeyFault ``signing.key_revoked`` and
    UnreadableFile.
    """
    start, end, contents = read(pdf, lambda revision: _room(revision, field))
    try:
        data = asn1_cms.ContentInfo.load(contents)["content"]
        signer = data["signer_infos"][0]
        identity = _identity(data, signer)
        value: bytes = signer["signature"].native
        token = _token(signer)
    except (IndexError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise UnreadableFile(f"the signature in field {field} cannot be read") from error
    base: Buffer = pdf
    if token is None:
        if bytes(pdf[end:]).count(b"startxref") != 1:
            raise FieldFault(
                f"something was added after the signature in field {field}: a time-stamp would break that",
                code="signing.not_last",
            )
        try:
            if services.timestamper is None:
                raise ServiceFault("no time-stamping authority is configured")
            token = services.timestamper.stamp(hashlib.sha256(value).digest(), at)
        except ServiceFault as error:
            return Finished(pdf, b"", field, Level.B_B, error)
        base = fill_room(bytes(pdf), (start, end), _stamped(contents, token))
        contents = bytes.fromhex(base[start + 1 : end - 1].decode("ascii"))
    signed = Signed(base, b"", contents, identity, token)
    tail, reached, shortfall = prolonged(signed, level, services, at)
    return Finished(base, tail, field, reached, shortfall)


def _stamped(contents: bytes, token: bytes) -> bytes:
    """Return a message with a time-stamp of its signature value."""
    try:
        return cms.with_timestamp(contents, token)
    except NotDer as error:
        raise UnreadableFile(
            f"the signature is not written in DER ({error}): it takes no time-stamp"
        ) from error


def _room(revision: Revision, field: str) -> tuple[int, int, bytes]:
    """Return where the hexadecimal string of a signature stands in the file, and its value."""
    found = find(revision, field)
    value = found.inherited("/V")
    ranges, contents = entry(revision, value, "/ByteRange"), entry(revision, value, "/Contents")
    if not found.is_signature or not isinstance(contents, bytes) or not isinstance(ranges, list):
        raise FieldFault(f"field {field} is not signed", code="signing.field_missing")
    numbers = [n for n in ranges if isinstance(n, int)]
    if len(numbers) != 4 or not 0 < numbers[1] < numbers[2]:
        raise UnreadableFile(f"the byte range of the signature in field {field} is wrong")
    return numbers[1], numbers[2], contents


def _identity(data: asn1_cms.SignedData, signer: asn1_cms.SignerInfo) -> SignerIdentity:
    """Return the signer's certificate and its issuers, from the message."""
    encoded = [choice.chosen.dump() for choice in data["certificates"]]
    opened = [x509.load_der_x509_certificate(one) for one in encoded]
    serial: int = signer["sid"].chosen["serial_number"].native
    own = next(c for c in opened if c.serial_number == serial)
    return SignerIdentity.of(own, tuple(c for c in opened if c is not own))


def _token(signer: asn1_cms.SignerInfo) -> bytes | None:
    """Return the signature's time-stamp, if it has one."""
    for attribute in signer["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            return bytes(attribute["values"][0].dump())
    return None
