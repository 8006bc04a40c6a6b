"""Signatures as other programs make them, built by hand: any algorithm, any kind, any message."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signing import der
from signing.pki import profiles
from signing.pki.ca import Authority
from signing.pki.profiles import Kind
from signing.validate.syntax import Dict, Ref, Value
from tests.data.pdf_updates import Updater, written

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_DIGESTS = {
    "md5": ("1.2.840.113549.2.5", hashes.MD5),
    "sha1": ("1.3.14.3.2.26", hashes.SHA1),
    "sha256": ("2.16.840.1.101.3.4.2.1", hashes.SHA256),
    "sha512": ("2.16.840.1.101.3.4.2.3", hashes.SHA512),
}


@dataclass(frozen=True)
class HandKey:
    """A key with its certificate."""

    private: PrivateKey
    certificate: x509.Certificate
    chain: tuple[bytes, ...] = ()


def certified(
    authority: Authority,
    key: PrivateKey,
    *extensions: tuple[x509.ExtensionType, bool],
    begins: timedelta = timedelta(hours=-1),
    ends: timedelta = timedelta(days=30),
) -> HandKey:
    """Have the issuing authority certify any key, with any extensions; times from now."""
    from tests.unit.signing.samples import NOW

    issuer = authority.issuing
    name = profiles.subject_name("Người khác", "000.00.01.X99", Kind.PERSON)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.certificate.subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(NOW + begins).not_valid_after(NOW + ends)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(issuer.key, hashes.SHA256())
    return HandKey(key, made, (issuer.certificate.public_bytes(Encoding.DER),))


@dataclass
class Recipe:
    """How a message is made."""

    digest: str = "sha256"
    pss: bool = False
    attributes: bool = True
    signing_certificate: bool = True
    content: bytes = b""
    """What is signed inside the message (adbe.pkcs7.sha1)."""
    claimed_key: HandKey | None = None
    """The certificate that the message names instead of the key's own."""
    unsigned: Callable[[bytes], bytes] | None = None
    """Unsigned attributes (their SET's content) made from the signature value."""
    indefinite: bool = False
    """Written with indefinite lengths (BER)."""
    extra: list[bytes] = field(default_factory=list)
    """More certificates."""


def message(digest: bytes, key: HandKey, recipe: Recipe) -> bytes:
    """Return a SignedData message over a digest of the content."""
    claimed = recipe.claimed_key or key
    certificate = claimed.certificate.public_bytes(Encoding.DER)
    oid, _ = _DIGESTS[recipe.digest]
    algorithm = der.sequence(der.oid(oid), der.NULL)
    attributes = b""
    if recipe.attributes:
        found = [
            der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of([der.oid("1.2.840.113549.1.7.1")])),
            der.sequence(der.oid("1.2.840.113549.1.9.4"), der.set_of([der.octets(digest)])),
        ]
        if recipe.signing_certificate:
            hashed = der.octets(hashlib.sha256(certificate).digest())
            named = der.sequence(der.sequence(der.sequence(hashed)))
            found.append(der.sequence(der.oid("1.2.840.113549.1.9.16.2.47"), der.set_of([named])))
        attributes = der.set_of(found)
    value = _sign(key.private, attributes, digest, recipe)
    issuer = claimed.certificate.issuer.public_bytes()
    parts = [
        der.integer(1),
        der.sequence(issuer, der.integer(claimed.certificate.serial_number)),
        algorithm,
        b"\xa0" + attributes[1:] if attributes else b"",
        _algorithm(key.private, recipe),
        der.octets(value),
    ]
    if recipe.unsigned is not None:
        parts.append(der.tlv(0xA1, recipe.unsigned(value)))
    inside = [der.oid("1.2.840.113549.1.7.1")]
    if recipe.content:
        inside.append(der.tlv(0xA0, der.octets(recipe.content)))
    certificates = der.tlv(0xA0, certificate + b"".join((*key.chain, *recipe.extra)))
    signed = (der.integer(1), der.set_of([algorithm]), der.sequence(*inside), certificates)
    body = (*signed, der.set_of([der.sequence(*parts)]))
    kind = der.oid("1.2.840.113549.1.7.2")
    if recipe.indefinite:
        inner = b"\x30\x80" + b"".join(body) + b"\0\0"
        return b"\x30\x80" + kind + b"\xa0\x80" + inner + b"\0\0" + b"\0\0"
    return der.sequence(kind, der.tlv(0xA0, der.sequence(*body)))


def _sign(key: PrivateKey, attributes: bytes, digest: bytes, recipe: Recipe) -> bytes:
    made = _DIGESTS[recipe.digest][1]()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(attributes)
    hashed = hashes.Hash(made)
    hashed.update(attributes)
    value = hashed.finalize() if attributes else digest
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(value, ec.ECDSA(Prehashed(made)))
    pad = padding.PSS(padding.MGF1(made), made.digest_size) if recipe.pss else padding.PKCS1v15()
    return key.sign(value, pad, Prehashed(made))


def _algorithm(key: PrivateKey, recipe: Recipe) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return der.sequence(der.oid("1.3.101.112"))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return der.sequence(der.oid("1.2.840.10045.4.3.2"))
    if not recipe.pss:
        return der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
    digest = der.sequence(der.oid(_DIGESTS[recipe.digest][0]), der.NULL)
    mask = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
    salt = der.integer(_DIGESTS[recipe.digest][1]().digest_size)
    tagged = (der.tlv(0xA0, digest), der.tlv(0xA1, mask), der.tlv(0xA2, salt))
    return der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(*tagged))


def hand_signed(
    pdf: bytes,
    contents: Callable[[bytes], bytes],
    *,
    kind: str = "ETSI.CAdES.detached",
    name: bytes = b"hand",
    entries: bytes = b"",
    room: int = 9000,
) -> bytes:
    """Sign in a new invisible field: ``contents`` makes the value from the signed bytes."""
    updater = Updater(pdf)
    text = (
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/" + kind.encode() + b"/ByteRange[0 %s]/Contents<%s>%s>>"
    )
    value = Ref(updater.next, 0)
    updater.next += 1
    updater.objects.append((value.number, text % (b"*" * 40, b"0" * (2 * room), entries)))
    widget: Dict = {"FT": b"", "T": name, "V": value, "F": 132, "Rect": [0, 0, 0, 0]}
    raw = written(widget).replace(b"/FT <>", b"/FT /Sig /Type /Annot /Subtype /Widget")
    field_ref = Ref(updater.next, 0)
    updater.next += 1
    updater.objects.append((field_ref.number, raw))
    root = updater.view.root
    form = root.get("AcroForm")
    known = updater.view.dictionary(form)
    fields: Value = [*updater.view.array(known.get("Fields")), field_ref]
    if isinstance(form, Ref):
        updater.set(form.number, {**known, "Fields": fields, "SigFlags": 3})
    else:
        updater.set(updater.root, {**root, "AcroForm": {**known, "Fields": fields, "SigFlags": 3}})
    whole = bytearray(updater.result())
    start = whole.index(b"/Contents<", len(pdf)) + 9
    end = start + 2 * room + 2
    ranges = re.compile(rb"\*{40}").search(whole, len(pdf))
    assert ranges is not None
    whole[ranges.start() : ranges.end()] = (b"%d %d %d" % (start, end, len(whole) - end)).ljust(40)
    made = contents(bytes(whole[:start] + whole[end:])).hex().encode()
    whole[start + 1 : start + 1 + len(made)] = made
    return bytes(whole)


def by_hand(
    pdf: bytes,
    key: HandKey,
    recipe: Recipe | None = None,
    *,
    kind: str = "ETSI.CAdES.detached",
    name: bytes = b"hand",
    entries: bytes = b"",
) -> bytes:
    """Sign with a message of that recipe."""
    chosen = recipe or Recipe()

    def contents(signed: bytes) -> bytes:
        return message(hashlib.new(chosen.digest, signed, usedforsecurity=False).digest(), key, chosen)

    return hand_signed(pdf, contents, kind=kind, name=name, entries=entries)
