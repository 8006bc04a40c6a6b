"""Reading CMS SignedData (RFC 5652) and judging its signature value."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from signing.validate import asn1
from signing.validate.algorithms import Scheme, digest_name, holds, scheme_of
from signing.validate.asn1 import OCTETS, OID, SEQUENCE, SET, BadEncoding, Part

DATA: Final = "1.2.840.113549.1.7.1"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_TIME_STAMP: Final = "1.2.840.113549.1.9.16.2.14"
_REVOCATION_ARCHIVE: Final = "1.2.840.113583.1.1.8"
_MOST_CERTIFICATES: Final = 200


@lru_cache(maxsize=2048)
def certificate_of(der: bytes) -> x509.Certificate:
    """Return a certificate, read once for each worker. Raises BadEncoding."""
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise BadEncoding("a certificate cannot be read") from error


@lru_cache(maxsize=2048)
def key_of(der: bytes) -> PublicKeyTypes:
    """Return the public key of a certificate. Raises BadEncoding."""
    try:
        return certificate_of(der).public_key()
    except Exception as error:  # the library raises many kinds for odd keys
        raise BadEncoding("the key of a certificate cannot be used") from error


@dataclass(slots=True)
class Signer:
    """The one SignerInfo of a message (5.3)."""

    digest: str
    """Name of the digest of the content."""
    scheme: Scheme
    value: bytes
    """The signature value."""
    signed: bytes
    """The signed attributes as they are hashed (a DER SET); empty when there are none."""
    attributes: dict[str, list[Part]] = field(default_factory=dict)
    unsigned: dict[str, list[Part]] = field(default_factory=dict)
    issuer: bytes = b""
    """DER name of the certificate's issuer, with ``serial``; empty when named by key identifier."""
    serial: int = 0
    key_identifier: bytes = b""


@dataclass
class Message:
    """A SignedData message with one signer."""

    content_type: str
    content: bytes | None
    """What is signed, when it is inside."""
    certificates: tuple[bytes, ...]
    lists: tuple[bytes, ...]
    """Revocation lists among the message's own."""
    signer: Signer

    @cached_property
    def certificate(self) -> bytes | None:
        """DER of the signer's certificate, None when it is not included."""
        signer = self.signer
        for der in self.certificates:
            try:
                found = certificate_of(der)
                if signer.issuer:
                    if found.serial_number == signer.serial and found.issuer.public_bytes() == signer.issuer:
                        return der
                elif _identifier(found) == signer.key_identifier:
                    return der
            except (BadEncoding, ValueError):
                continue
        return None

    @property
    def claimed_at(self) -> datetime | None:
        """The signing-time attribute, None when there is none."""
        found = self.signer.attributes.get(_SIGNING_TIME)
        try:
            return found[0].time() if found else None
        except BadEncoding:
            return None

    def digest_matches(self, digest: bytes, *, content_type: str) -> bool:
        """Whether the signed attributes speak of this digest and kind of content (5.4, 11.1, 11.2)."""
        kinds = self.signer.attributes.get(_CONTENT_TYPE, [])
        digests = self.signer.attributes.get(_MESSAGE_DIGEST, [])
        if len(kinds) != 1 or len(digests) != 1 or kinds[0].oid() != content_type:
            return False
        return digests[0].need(OCTETS).content == digest

    def value_holds(self, key: PublicKeyTypes, digest: bytes) -> bool:
        """Whether the signature value is that of a key; ``digest`` is what was signed without attributes."""
        if self.signer.signed:
            return holds(key, self.signer.value, self.signer.signed, self.signer.scheme)
        return holds(key, self.signer.value, digest, self.signer.scheme, hashed=True)

    def names_certificate(self, der: bytes) -> bool | None:
        """Whether the signed attribute names this certificate (RFC 5035); None when there is no such one."""
        attributes = self.signer.attributes
        for identifier, usual in ((_SIGNING_CERTIFICATE_V2, "sha256"), (_SIGNING_CERTIFICATE, "sha1")):
            if identifier in attributes:
                first = attributes[identifier][0].need(SEQUENCE).parts()[0].parts()[0].need(SEQUENCE).parts()
                named = digest_name(first[0]) if first[0].tag == SEQUENCE else usual
                value = first[1] if first[0].tag == SEQUENCE else first[0]
                hashed = hashlib.new(named, der, usedforsecurity=False).digest()
                return hashed == value.need(OCTETS).content
        return None

    def time_stamps(self) -> list[Part]:
        """Return the signature time-stamps among the unsigned attributes."""
        return self.signer.unsigned.get(_TIME_STAMP, [])

    def archived(self) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """Return revocation lists and OCSP answers of Adobe's signed attribute."""
        lists: list[bytes] = list(self.lists)
        answers: list[bytes] = []
        for archive in self.signer.attributes.get(_REVOCATION_ARCHIVE, [])[:1]:
            for part in archive.need(SEQUENCE).parts():
                inner = asn1.first(part.content)[0].parts()
                if part.tag == 0xA0:
                    lists += [one.whole for one in inner]
                elif part.tag == 0xA1:
                    answers += [one.whole for one in inner]
        return tuple(lists), tuple(answers)


def _identifier(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


def read(data: bytes) -> Message:
    """Read a ContentInfo with SignedData. Raises BadEncoding; zeros may follow it."""
    whole, end = asn1.definite(data)
    if data[end:].strip(b"\0"):
        raise BadEncoding("something is hidden behind the signature value")
    return _signed_data(asn1.first(whole)[0])


def from_part(part: Part) -> Message:
    """Read a ContentInfo that stands in another message. Raises BadEncoding."""
    return _signed_data(part)


def _signed_data(info: Part) -> Message:
    try:
        kind, body = info.need(SEQUENCE).parts()[:2]
        if kind.oid() != _SIGNED_DATA:
            raise BadEncoding("the signature is no SignedData message")
        return _message(asn1.first(body.need(0xA0).content)[0].need(SEQUENCE).parts())
    except (ValueError, IndexError) as error:
        raise BadEncoding("the signature is no whole SignedData message") from error


def _message(fields: list[Part]) -> Message:
    encapsulated = fields[2].need(SEQUENCE).parts()
    content = asn1.first(encapsulated[1].content)[0] if len(encapsulated) > 1 else None
    certificates: list[bytes] = []
    lists: list[bytes] = []
    for piece in fields[3:-1]:
        if piece.tag == 0xA0:
            certificates = [c.whole for c in piece.parts() if c.tag == SEQUENCE][:_MOST_CERTIFICATES]
        elif piece.tag == 0xA1:
            lists = [c.whole for c in piece.parts() if c.tag == SEQUENCE][:_MOST_CERTIFICATES]
    signers = fields[-1].need(SET).parts()
    if len(signers) != 1:
        raise BadEncoding("a signature in a PDF file has exactly one signer")
    return Message(
        encapsulated[0].oid(),
        content.content if content is not None else None,
        tuple(certificates),
        tuple(lists),
        _signer(signers[0].need(SEQUENCE).parts()),
    )


def _signer(fields: list[Part]) -> Signer:
    named, digest = fields[1], digest_name(fields[2])
    rest = fields[3:]
    signed = rest.pop(0) if rest[0].tag == 0xA0 else None
    made = Signer(digest, scheme_of(rest[0], digest), rest[1].need(OCTETS).content, b"")
    if signed is not None:
        made.signed = b"\x31" + signed.whole[1:]
        made.attributes = _attributes(signed)
    if len(rest) > 2 and rest[2].tag == 0xA1:
        made.unsigned = _attributes(rest[2])
    if named.tag == 0x80:
        made.key_identifier = named.content
    else:
        issuer, serial = named.need(SEQUENCE).parts()[:2]
        made.issuer, made.serial = issuer.whole, serial.integer()
    return made


def _attributes(block: Part) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for attribute in block.parts():
        identifier, values = attribute.need(SEQUENCE).parts()[:2]
        name = identifier.need(OID).oid()
        if name in found:
            raise BadEncoding("an attribute of the signature stands there twice")
        found[name] = values.need(SET).parts()
    return found
