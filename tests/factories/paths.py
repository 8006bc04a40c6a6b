"""Certificates and revocation lists of any shape, good and bad, made with own keys for path validation.

Everything is written in DER here, since no library makes what a validator must be tried with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing import der
from signing.pki.path.certificate import ANY_POLICY, Certificate
from signing.pki.path.crls import RevocationList
from signing.pki.path.validate import Material, PathResult, Question, validate

AT: Final = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
P1, P2, P3 = "2.25.1001", "2.25.1002", "2.25.1003"
Private = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
Extension = tuple[str, bool, bytes]
"""Object identifier, critical, value."""

KEY_CERT_SIGN, CRL_SIGN = 5, 6
_ECDSA = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)
_DSA = der.sequence(der.oid("2.16.840.1.101.3.4.3.2"))
_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL)
PSS = der.sequence(
    der.oid("1.2.840.113549.1.1.10"),
    der.sequence(
        der.tlv(0xA0, _SHA256),
        der.tlv(0xA1, der.sequence(der.oid("1.2.840.113549.1.1.8"), _SHA256)),
        der.tlv(0xA2, der.integer(32)),
    ),
)
TRUE = b"\x01\x01\xff"


@cache
def key(name: str) -> Private:
    """A key by name, made once for the whole run; the name may tell its kind."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=1024 if "1024" in name else 2048)
    if name.startswith("dsa"):
        return dsa.generate_private_key(2048)
    if name.startswith("ed25519"):
        return ed25519.Ed25519PrivateKey.generate()
    if name.startswith("ed448"):
        return ed448.Ed448PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def public(private: Private) -> bytes:
    """SubjectPublicKeyInfo."""
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def algorithm(private: Private) -> bytes:
    """AlgorithmIdentifier of its signatures."""
    if isinstance(private, rsa.RSAPrivateKey):
        return _RSA
    if isinstance(private, dsa.DSAPrivateKey):
        return _DSA
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return der.sequence(der.oid("1.3.101.112"))
    if isinstance(private, ed448.Ed448PrivateKey):
        return der.sequence(der.oid("1.3.101.113"))
    return _ECDSA


def sign(private: Private, data: bytes, scheme: bytes) -> bytes:
    """Sign."""
    if isinstance(private, rsa.RSAPrivateKey):
        if scheme == PSS:
            return private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(private, dsa.DSAPrivateKey):
        return private.sign(data, hashes.SHA256())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(data, ec.ECDSA(hashes.SHA256()))
    return private.sign(data)


def name(*attributes: tuple[str, str] | str, tag: int = 0x0C) -> bytes:
    """A distinguished name; a bare text is a common name."""
    pairs = [("2.5.4.3", one) if isinstance(one, str) else one for one in attributes]
    encoding = "utf-16-be" if tag == 0x1E else "utf-8"
    return der.sequence(
        *(
            der.set_of([der.sequence(der.oid(kind), der.tlv(tag, value.encode(encoding)))])
            for kind, value in pairs
        )
    )


def time(at: datetime, *, general: bool = False) -> bytes:
    """UTCTime until 2049, or GeneralizedTime."""
    if general or at.year >= 2050:
        return der.tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").encode())
    return der.tlv(0x17, at.strftime("%y%m%d%H%M%SZ").encode())


def signed_integer(value: int) -> bytes:
    """An INTEGER that may be negative."""
    size = (8 + (value + (value < 0)).bit_length()) // 8
    return der.tlv(2, value.to_bytes(size, "big", signed=True))


def extensions(those: Iterable[Extension]) -> bytes:
    """The list of extensions, or nothing."""
    found = [
        der.sequence(der.oid(kind), TRUE if critical else b"", der.octets(value))
        for kind, critical, value in those
    ]
    return der.sequence(*found) if found else b""


def constraints(*, ca: bool = True, length: int | None = None, critical: bool = True) -> Extension:
    """BasicConstraints."""
    inner = (TRUE if ca else b"") + (b"" if length is None else der.integer(length))
    return "2.5.29.19", critical, der.tlv(0x30, inner)


def usage(*numbers: int, critical: bool = True) -> Extension:
    """KeyUsage with some bits."""
    octet = sum(0x80 >> number for number in numbers)
    return "2.5.29.15", critical, der.tlv(3, bytes((0, octet)))


def policies(*those: str, critical: bool = False) -> Extension:
    """CertificatePolicies."""
    return "2.5.29.32", critical, der.sequence(*(der.sequence(der.oid(one)) for one in those))


def mappings(*pairs: tuple[str, str]) -> Extension:
    """PolicyMappings."""
    return "2.5.29.33", True, der.sequence(*(der.sequence(der.oid(a), der.oid(b)) for a, b in pairs))


def policy_limits(*, explicit: int | None = None, mapping: int | None = None) -> Extension:
    """PolicyConstraints."""
    inner = b"".join(
        der.tlv(tag, bytes((number,)))
        for tag, number in ((0x80, explicit), (0x81, mapping))
        if number is not None
    )
    return "2.5.29.36", True, der.tlv(0x30, inner)


def inhibit_any(number: int) -> Extension:
    """InhibitAnyPolicy."""
    return "2.5.29.54", True, der.integer(number)


def general(form: int, value: bytes | str) -> bytes:
    """A GeneralName; form 4 takes a whole name."""
    raw = value.encode() if isinstance(value, str) else value
    return der.tlv(0xA4 if form == 4 else 0x80 | form, raw)


def subtrees(*, permitted: Iterable[bytes] = (), excluded: Iterable[bytes] = ()) -> Extension:
    """NameConstraints."""
    inner = b""
    for tag, those in ((0xA0, list(permitted)), (0xA1, list(excluded))):
        if those:
            inner += der.tlv(tag, b"".join(der.sequence(one) for one in those))
    return "2.5.29.30", True, der.tlv(0x30, inner)


def alternative(*those: bytes) -> Extension:
    """SubjectAltName."""
    return "2.5.29.17", False, der.sequence(*those)


def point(
    *,
    full: Iterable[bytes] = (),
    relative: bytes = b"",
    reasons: int | None = None,
    issuer: bytes = b"",
) -> bytes:
    """One DistributionPoint."""
    inner = b""
    names = b"".join(full)
    if names:
        inner += der.tlv(0xA0, der.tlv(0xA0, names))
    if relative:
        inner += der.tlv(0xA0, der.tlv(0xA1, relative))
    if reasons is not None:
        inner += der.tlv(0x81, bytes((0, reasons)))
    if issuer:
        inner += der.tlv(0xA2, general(4, issuer))
    return der.sequence(inner)


def points(*those: bytes) -> Extension:
    """CRLDistributionPoints."""
    return "2.5.29.31", False, der.sequence(*those)


def scope(
    *,
    full: Iterable[bytes] = (),
    relative: bytes = b"",
    user: bool = False,
    ca: bool = False,
    reasons: int | None = None,
    indirect: bool = False,
    attribute: bool = False,
) -> Extension:
    """IssuingDistributionPoint of a list."""
    inner = b""
    names = b"".join(full)
    if names:
        inner += der.tlv(0xA0, der.tlv(0xA0, names))
    if relative:
        inner += der.tlv(0xA0, der.tlv(0xA1, relative))
    for tag, on in ((0x81, user), (0x82, ca)):
        inner += der.tlv(tag, b"\xff") if on else b""
    if reasons is not None:
        inner += der.tlv(0x83, bytes((0, reasons)))
    for tag, on in ((0x84, indirect), (0x85, attribute)):
        inner += der.tlv(tag, b"\xff") if on else b""
    return "2.5.29.28", True, der.tlv(0x30, inner)


CA_EXTENSIONS: Final[tuple[Extension, ...]] = (constraints(), usage(KEY_CERT_SIGN, CRL_SIGN))
_serials = count(100)


@dataclass(frozen=True)
class Authority:
    """Who signs: a name and a key."""

    subject: bytes
    key: Private
    certificate: bytes = b""
    scheme: bytes = b""
    """Empty = the usual one of the key."""

    def sign(self, tbs: bytes, *, break_it: bool = False) -> bytes:
        """Put a signature to a body."""
        scheme = self.scheme or algorithm(self.key)
        value = bytearray(sign(self.key, tbs, scheme))
        if break_it:
            value[-1] ^= 1
        return der.sequence(tbs, scheme, der.tlv(3, b"\x00" + bytes(value)))

    def issue(
        self,
        subject: bytes | str,
        own: Private | str,
        those: Iterable[Extension] = CA_EXTENSIONS,
        *,
        serial: int | None = None,
        issuer: bytes | None = None,
        dates: tuple[bytes, bytes] | None = None,
        version: int = 3,
        break_it: bool = False,
        info: bytes | None = None,
    ) -> Authority:
        """Issue a certificate; the answer can issue further ones."""
        named = name(subject) if isinstance(subject, str) else subject
        private = key(own) if isinstance(own, str) else own
        start, end = dates or (time(AT - 365 * DAY), time(AT + 365 * DAY))
        listed = extensions(those)
        tbs = der.sequence(
            der.tlv(0xA0, der.integer(version - 1)) if version > 1 else b"",
            signed_integer(next(_serials) if serial is None else serial),
            self.scheme or algorithm(self.key),
            self.subject if issuer is None else issuer,
            der.sequence(start, end),
            named,
            public(private) if info is None else info,
            der.tlv(0xA3, listed) if listed and version == 3 else b"",
        )
        return Authority(named, private, self.sign(tbs, break_it=break_it))

    def leaf(self, *those: Extension, subject: bytes | str = "Người ký", **over: object) -> Authority:
        """Issue a certificate to a signer."""
        return self.issue(subject, "leaf", (usage(0), *those), **over)  # type: ignore[arg-type]  # as issue has them

    def crl(
        self,
        revoked: Mapping[int, Iterable[Extension]] | Iterable[int] = (),
        those: Iterable[Extension] = (),
        *,
        number: int = 1,
        made: datetime = AT - DAY,
        until: datetime | None = AT + 7 * DAY,
        general_time: bool = False,
        issuer: bytes | None = None,
        at: datetime = AT - 2 * DAY,
        break_it: bool = False,
    ) -> bytes:
        """Sign a revocation list."""
        listed = revoked if isinstance(revoked, Mapping) else dict.fromkeys(revoked, ())
        entries = b"".join(
            der.sequence(signed_integer(serial), time(at), extensions(own)) for serial, own in listed.items()
        )
        own = extensions([("2.5.29.20", False, der.integer(number)), *those])
        tbs = der.sequence(
            der.integer(1),
            self.scheme or algorithm(self.key),
            self.subject if issuer is None else issuer,
            time(made),
            b"" if until is None else time(until, general=general_time),
            der.tlv(0x30, entries) if entries else b"",
            der.tlv(0xA0, own),
        )
        return self.sign(tbs, break_it=break_it)

    @property
    def serial(self) -> int:
        """Serial number of its certificate."""
        return Certificate(self.certificate).serial


def delta(base: int) -> Extension:
    """DeltaCRLIndicator of a list."""
    return "2.5.29.27", True, der.integer(base)


def reason(number: int) -> Extension:
    """CRLReason of an entry."""
    return "2.5.29.21", False, der.tlv(0x0A, bytes((number,)))


def entry_issuer(whole: bytes) -> Extension:
    """CertificateIssuer of an entry."""
    return "2.5.29.29", True, der.sequence(general(4, whole))


def root(kind: str = "root", subject: bytes | str = "Gốc tin cậy", scheme: bytes = b"") -> Authority:
    """A trust anchor."""
    named = name(subject) if isinstance(subject, str) else subject
    private = key(kind)
    blank = Authority(named, private, scheme=scheme)
    return replace(blank.issue(named, private), scheme=scheme)


@dataclass
class Case:
    """What a validator is given."""

    anchor: Authority
    others: list[Authority] = field(default_factory=list)
    lists: list[bytes] | None = None
    asked: Question = field(default_factory=lambda: Question(AT))

    def judge(self, target: Authority) -> PathResult:
        """Validate."""
        return validate(
            Certificate(target.certificate),
            Material(
                (Certificate(self.anchor.certificate),),
                tuple(Certificate(one.certificate) for one in self.others),
                None if self.lists is None else tuple(RevocationList(one) for one in self.lists),
            ),
            self.asked,
        )


def asking(*those: str, explicit: bool = False, **over: bool) -> Question:
    """A question with policies."""
    return Question(AT, policies=frozenset(those or (ANY_POLICY,)), explicit=explicit, **over)
