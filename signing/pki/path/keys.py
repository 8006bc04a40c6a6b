"""Public keys and signatures of certificates and lists (RFC 3279, 4055, 5480, 5758, 8410)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing import der
from signing.pki import reader
from signing.pki.path import elements
from signing.pki.reader import NotDer

Key: TypeAlias = (
    rsa.RSAPublicKey
    | ec.EllipticCurvePublicKey
    | dsa.DSAPublicKey
    | ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
)
SMALLEST_RSA: Final = 2048
"""Bits; smaller keys can be broken or soon may be, so a path over one proves nothing."""
SMALLEST_DSA: Final = 2048
SMALLEST_OLD_DSA: Final = 1024
"""With ``old_dsa``: what RFC 3279 pairs with SHA-1."""

_SHA256, _SHA384, _SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()
_SHA1 = hashes.SHA1()  # noqa: S303 - only for DSA of 1024 bits, and only when asked for
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": _SHA256,
    "2.16.840.1.101.3.4.2.2": _SHA384,
    "2.16.840.1.101.3.4.2.3": _SHA512,
}
_RSA: Final[dict[str, hashes.HashAlgorithm]] = {
    "1.2.840.113549.1.1.11": _SHA256,
    "1.2.840.113549.1.1.12": _SHA384,
    "1.2.840.113549.1.1.13": _SHA512,
    "1.2.840.113549.1.1.14": hashes.SHA224(),
}
_ECDSA: Final[dict[str, hashes.HashAlgorithm]] = {
    "1.2.840.10045.4.3.1": hashes.SHA224(),
    "1.2.840.10045.4.3.2": _SHA256,
    "1.2.840.10045.4.3.3": _SHA384,
    "1.2.840.10045.4.3.4": _SHA512,
}
_DSA: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.3.1": hashes.SHA224(),
    "2.16.840.1.101.3.4.3.2": _SHA256,
}
_OLD_DSA: Final = "1.2.840.10040.4.3"
_PSS: Final = "1.2.840.113549.1.1.10"
_ED25519: Final = "1.3.101.112"
_ED448: Final = "1.3.101.113"
_DSA_KEY: Final = bytes.fromhex("2a8648ce380401")
_WEAK: Final = {
    "1.2.840.113549.1.1.2": "MD2",
    "1.2.840.113549.1.1.4": "MD5",
    "1.2.840.113549.1.1.5": "SHA-1",
    "1.2.840.10045.4.1": "SHA-1",
    _OLD_DSA: "SHA-1",
}


class Unusable(Exception):
    """A key or algorithm cannot be used; the message says why in a few words."""


def public_key(info: bytes, inherited: Key | None, *, old_dsa: bool = False) -> Key:
    """Load a SubjectPublicKeyInfo.

    ``inherited`` is the key of the issuer: a DSA key without parameters takes those (RFC 3279, 2.3.2).
    ``old_dsa`` accepts DSA keys of 1024 bits. Raises Unusable.
    """
    try:
        loaded = _without_parameters(info, inherited) or _load(info)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable("a public key cannot be read") from error
    if isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size < SMALLEST_RSA:
        raise Unusable(f"an RSA key of only {loaded.key_size} bits")
    smallest = SMALLEST_OLD_DSA if old_dsa else SMALLEST_DSA
    if isinstance(loaded, dsa.DSAPublicKey) and loaded.key_size < smallest:
        raise Unusable(f"a DSA key of only {loaded.key_size} bits")
    return loaded


@lru_cache(maxsize=1024)
def _load(info: bytes) -> Key:
    loaded = load_der_public_key(info)
    if not isinstance(loaded, Key):
        raise UnsupportedAlgorithm("no key for signatures")
    return loaded


def _without_parameters(info: bytes, inherited: Key | None) -> dsa.DSAPublicKey | None:
    """Return a DSA key that has its parameters from its issuer, None when it is no such key."""
    at, end = reader.whole(info)
    start, stop = reader.expect(info, at, end, reader.SEQUENCE)
    first, last = reader.expect(info, start, stop, reader.OBJECT_IDENTIFIER)
    if info[first:last] != _DSA_KEY or info[last:stop] not in (b"", reader.NULL):
        return None
    if not isinstance(inherited, dsa.DSAPublicKey):
        raise NotDer("a DSA key without parameters and none to inherit")
    number, _ = reader.integer(elements.bit_string(info, stop, end), 0, end - stop)
    parameters = inherited.parameters().parameter_numbers()
    return dsa.DSAPublicNumbers(number, parameters).public_key()


def verify(key: Key, algorithm: bytes, signature: bytes, data: bytes) -> None:
    """Verify a signature of a certificate or list. Raises Unusable when it does not hold."""
    try:
        _verifier(key, algorithm)(signature, data)
    except InvalidSignature:
        raise Unusable("a signature does not hold") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable("a signature cannot be read") from error


def _verifier(key: Key, algorithm: bytes) -> Callable[[bytes, bytes], None]:
    at, end = reader.whole(algorithm)
    first, last = reader.expect(algorithm, at, end, reader.OBJECT_IDENTIFIER)
    name, parameters = elements.dotted(algorithm[first:last]), algorithm[last:end]
    if name == _OLD_DSA and isinstance(key, dsa.DSAPublicKey) and key.key_size < SMALLEST_DSA:
        return lambda signature, data: key.verify(signature, data, _SHA1)  # the key was let in on purpose
    if name in _WEAK:
        raise Unusable(f"a signature with {_WEAK[name]}, which can be forged")
    if isinstance(key, rsa.RSAPublicKey):
        if name == _PSS:
            digest, salt = _pss(parameters)
            scheme = padding.PSS(padding.MGF1(digest), salt)
            return lambda signature, data: key.verify(signature, data, scheme, digest)
        if name in _RSA and parameters in (reader.NULL, b""):
            return lambda signature, data: key.verify(signature, data, padding.PKCS1v15(), _RSA[name])
    elif isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA and not parameters:
        return lambda signature, data: key.verify(signature, data, ec.ECDSA(_ECDSA[name]))
    elif isinstance(key, dsa.DSAPublicKey) and name in _DSA:
        return lambda signature, data: key.verify(signature, data, _DSA[name])
    elif (isinstance(key, ed25519.Ed25519PublicKey) and name == _ED25519) or (
        isinstance(key, ed448.Ed448PublicKey) and name == _ED448
    ):
        return key.verify
    raise Unusable("a signature algorithm that is unknown or does not fit the key")


def _pss(parameters: bytes) -> tuple[hashes.HashAlgorithm, int]:
    """Read RSASSA-PSS-params (RFC 4055, 3.1): one hash for both, which is not the default SHA-1."""
    at, end = reader.whole(parameters)
    digest: hashes.HashAlgorithm | None = None
    mask = b""
    salt = 20
    while at < end:
        tag, start, stop = reader.head(parameters, at, end)
        if tag == 0xA0:
            digest = _hash(parameters, start, stop)
        elif tag == 0xA1:
            mask = parameters[start:stop]
        elif tag == 0xA2:
            salt, _ = reader.integer(parameters, start, stop)
        elif tag != 0xA3 or parameters[start:stop] != der.integer(1):
            raise NotDer("unknown parameters of a signature")
        at = stop
    if digest is None or not mask:
        raise Unusable("a signature with SHA-1, which can be forged")
    first, last = reader.whole(mask)
    _, after = reader.expect(mask, first, last, reader.OBJECT_IDENTIFIER)
    if mask[first:after] != _MGF1 or _hash(mask, after, last).name != digest.name or salt < 0:
        raise Unusable("a signature with two different hashes")
    return digest, salt


_MGF1: Final = der.oid("1.2.840.113549.1.1.8")


def _hash(data: bytes, at: int, end: int) -> hashes.HashAlgorithm:
    name, _ = reader.algorithm(data, at, end)
    found = _HASHES.get(elements.dotted(name[2:]))
    if found is None:
        raise Unusable("a signature with a hash that is unknown or weak")
    return found
