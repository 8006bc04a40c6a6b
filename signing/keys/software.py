"""Keys from PKCS#12 files (RFC 7292), opened once and held."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from signing.errors import KeyFault
from signing.keys.protocol import SignatureAlgorithm, SignerIdentity

_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}


@dataclass(frozen=True, slots=True)
class SoftwareSigner:
    """A private key in memory with its certificate. See :class:`signing.keys.protocol.Signer`."""

    identity: SignerIdentity
    algorithm: SignatureAlgorithm
    _key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        """Name the owner only; a key never reaches a log."""
        return f"SoftwareSigner({self.identity.name!r})"

    def sign_raw(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Hash and sign ``data``. Raises KeyFault when the algorithm does not fit the key."""
        digest = _HASHES[algorithm.digest]
        if isinstance(self._key, rsa.RSAPrivateKey):
            if algorithm is not SignatureAlgorithm.RSA_PKCS1_SHA256:
                raise KeyFault(f"an RSA key cannot sign with {algorithm}")
            return self._key.sign(data, padding.PKCS1v15(), digest)
        if algorithm is SignatureAlgorithm.RSA_PKCS1_SHA256:
            raise KeyFault(f"an elliptic curve key cannot sign with {algorithm}")
        return self._key.sign(data, ec.ECDSA(digest))


def open_pkcs12(data: bytes, passphrase: bytes) -> SoftwareSigner:
    """Open a PKCS#12 file. Raises KeyFault for a wrong passphrase, a broken file or an unfit key.

    Opening costs tens of milliseconds by design (the key derivation): do it once and hold the result.
    """
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(data, passphrase)
    except ValueError as error:
        raise KeyFault("the key file cannot be opened: wrong passphrase, or not a PKCS#12 file") from error
    if key is None or certificate is None:
        raise KeyFault("the key file holds no private key with a certificate")
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < 2048:
            raise KeyFault(f"the RSA key has {key.key_size} bits; at least 2048 are required")
        algorithm = SignatureAlgorithm.RSA_PKCS1_SHA256
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in ("secp256r1", "secp384r1"):
            raise KeyFault(f"the curve {key.curve.name} is not supported; use P-256 or P-384")
        small = key.curve.key_size <= 256
        algorithm = SignatureAlgorithm.ECDSA_SHA256 if small else SignatureAlgorithm.ECDSA_SHA384
    else:
        raise KeyFault("only RSA and elliptic curve keys can sign PDF files")
    return SoftwareSigner(SignerIdentity.of(certificate, tuple(chain)), algorithm, key)
