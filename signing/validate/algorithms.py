"""Digests and signature algorithms: what each identifier means, and which are strong enough today.

Strong is what TT 15/2025/TT-BKHCN and ETSI TS 119 312 list: SHA-256 and stronger, RSA from 2048 bits (PKCS#1
v1.5 and PSS), ECDSA on curves from 256 bits, Ed25519 and Ed448.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from signing.validate.asn1 import SEQUENCE, BadEncoding, Part, first

SMALLEST_RSA: Final = 2048
SMALLEST_CURVE: Final = 256
WEAK_DIGESTS: Final = frozenset({"md5", "sha1"})
"""Collisions are known; seen in old files, so named and not called broken."""

_DIGESTS: Final = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.6": "sha512_256",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.9": "sha3_384",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
}
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha512_256": hashes.SHA512_256,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}
_RSA_ENCRYPTION, _RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
_EC_KEY = "1.2.840.10045.2.1"
_WITH_DIGEST: Final = {
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "2.16.840.1.101.3.4.3.10": "sha3_256",
    "2.16.840.1.101.3.4.3.11": "sha3_384",
    "2.16.840.1.101.3.4.3.12": "sha3_512",
}
_EDWARDS: Final = {"1.3.101.112": ed25519.Ed25519PublicKey, "1.3.101.113": ed448.Ed448PublicKey}


class Unknown(BadEncoding):
    """The algorithm is not one that is judged here."""


class Scheme(NamedTuple):
    """A signature algorithm with its parameters."""

    identifier: str
    digest: str
    """Digest of what is signed; empty for EdDSA."""
    mask: str = ""
    """PSS: digest of the mask function."""
    salt: int = 0
    """PSS: length of the salt."""

    @property
    def weak(self) -> bool:
        """Whether its digest is broken."""
        return self.digest in WEAK_DIGESTS


def digest_name(algorithm: Part) -> str:
    """Return the name (of :mod:`hashlib`) of an AlgorithmIdentifier. Raises Unknown."""
    identifier = algorithm.need(SEQUENCE).parts()[0].oid()
    if identifier in _WITH_DIGEST:  # some writers put the signature algorithm here
        return _WITH_DIGEST[identifier]
    if identifier not in _DIGESTS:
        raise Unknown("a digest algorithm is not known")
    return _DIGESTS[identifier]


def scheme_of(algorithm: Part, digest: str) -> Scheme:
    """Return the scheme of an AlgorithmIdentifier; ``digest`` where it names none. Raises BadEncoding."""
    pieces = algorithm.need(SEQUENCE).parts()
    identifier = pieces[0].oid()
    if identifier in (_RSA_ENCRYPTION, _EC_KEY):
        return Scheme(identifier, digest)
    if identifier in _WITH_DIGEST:
        return Scheme(identifier, _WITH_DIGEST[identifier])
    if identifier in _EDWARDS:
        return Scheme(identifier, "")
    if identifier == _RSA_PSS:
        return _pss(pieces[1] if len(pieces) > 1 else None)
    raise Unknown("the signature algorithm is not known")


def _pss(parameters: Part | None) -> Scheme:
    """Read RSASSA-PSS-params (RFC 4055, 3.1)."""
    digest, mask, salt = "sha1", "sha1", 20
    for piece in parameters.need(SEQUENCE).parts() if parameters is not None else ():
        inner = first(piece.content)[0]
        if piece.tag == 0xA0:
            digest = digest_name(inner)
        elif piece.tag == 0xA1:
            mask = digest_name(inner.need(SEQUENCE).parts()[1])
        elif piece.tag == 0xA2:
            salt = inner.integer()
    if not 0 <= salt <= 512:
        raise BadEncoding("the salt of a signature is absurd")
    return Scheme(_RSA_PSS, digest, mask, salt)


def holds(key: PublicKeyTypes, value: bytes, message: bytes, scheme: Scheme, *, hashed: bool = False) -> bool:
    """Whether a signature value over a message is that of a key.

    ``hashed``: the message is given as its digest (never for EdDSA). Raises Unknown.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey) and scheme.identifier.startswith("1.2.840.113549.1.1."):
            key.verify(value, message, _padding(scheme), _hash(scheme, hashed=hashed))
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme.digest:
            key.verify(value, message, ec.ECDSA(_hash(scheme, hashed=hashed)))
        elif hashed:
            raise Unknown("the signature algorithm is not known in this form")
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) and not scheme.digest:
            key.verify(value, message)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm as error:
        raise Unknown("the signature algorithm is not known") from error
    return True


def _hash(scheme: Scheme, *, hashed: bool) -> hashes.HashAlgorithm | utils.Prehashed:
    made = _HASHES[scheme.digest]()
    return utils.Prehashed(made) if hashed else made


def _padding(scheme: Scheme) -> padding.AsymmetricPadding:
    if scheme.identifier != _RSA_PSS:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(_HASHES[scheme.mask]()), scheme.salt)


def weak_key(key: PublicKeyTypes) -> bool:
    """Whether a key is too short today, or of a kind that is not used any more."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < SMALLEST_RSA
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size < SMALLEST_CURVE
    return not isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
